//! A DTLS session without I/O.

use core::fmt;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use dimpl::crypto::Dtls12CipherSuite;
use dimpl::{Config, Dtls, Output};

use super::config::DtlsConfig;
use super::credentials::PskCredentials;
use super::error::DtlsError;

/// The most that one record carries (RFC 5246, section 6.2.1).
const LONGEST_RECORD: usize = 1 << 14;
/// Records that wait for the application; what comes on top is dropped, as a full UDP socket would.
const RECEIVE_QUEUE: usize = 32;
/// Retransmissions enough to fill any handshake timeout.
const RETRIES: usize = 64;

/// Where a session is in its life.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum DtlsState {
    /// The handshake is under way; see [`DtlsSession::deadline`].
    Handshaking,
    /// Application data flows.
    Connected,
    /// One side has closed the session.
    Closed,
    /// The session is of no use any more.
    Failed(DtlsError),
}

/// The client's end of a DTLS session. It does no I/O and reads no clock.
///
/// After each call that hands something in, take out [`next_datagram`](Self::next_datagram) until it is empty, and
/// look at [`state`](Self::state) and [`deadline`](Self::deadline) again. Forged and damaged datagrams are dropped.
pub struct DtlsSession {
    /// Boxed: it has several kilobytes, which every future that holds a session would carry.
    dtls: Box<Dtls>,
    state: DtlsState,
    deadline: Instant,
    /// Something has come from the peer.
    heard: bool,
    outgoing: VecDeque<Vec<u8>>,
    received: VecDeque<Vec<u8>>,
    scratch: Vec<u8>,
}

impl DtlsSession {
    /// Starts a handshake; the ClientHello is ready to be sent.
    ///
    /// # Errors
    /// [`DtlsError::InvalidConfig`] when a value of `config` is out of range.
    pub fn open(
        now: Instant,
        credentials: &PskCredentials,
        config: &DtlsConfig,
    ) -> Result<Self, DtlsError> {
        let identity = credentials.identity().to_vec();
        let config = Config::builder()
            .with_psk_client(identity, Arc::new(credentials.clone()))
            .dtls12_cipher_suites(&[Dtls12CipherSuite::PSK_AES128_CCM_8])
            .dtls13_cipher_suites(&[])
            .handshake_timeout(config.handshake_timeout)
            .flight_start_rto(config.first_retransmission)
            .flight_retries(RETRIES)
            .mtu(config.mtu)
            .build()?;
        let mut dtls = Box::new(Dtls::new_12_psk(Arc::new(config), now));
        dtls.set_active(true);
        let mut session = Self {
            dtls,
            state: DtlsState::Handshaking,
            deadline: now,
            heard: false,
            outgoing: VecDeque::new(),
            received: VecDeque::new(),
            scratch: vec![0; 2048],
        };
        session.handle_timeout(now);
        Ok(session)
    }

    /// Where the session is in its life.
    #[must_use]
    pub const fn state(&self) -> DtlsState {
        self.state
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due; `None` when nothing is waited for.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        (self.state == DtlsState::Handshaking).then_some(self.deadline)
    }

    /// A datagram that came from the peer.
    pub fn handle_datagram(&mut self, now: Instant, datagram: &[u8]) {
        if !self.alive() {
            return;
        }
        self.heard = true;
        let handled = self
            .dtls
            .handle_timeout(now)
            .and_then(|()| self.dtls.handle_packet(datagram));
        self.settle(handled);
    }

    /// Time has passed: sends a flight again, or gives the handshake up.
    pub fn handle_timeout(&mut self, now: Instant) {
        if !self.alive() {
            return;
        }
        let handled = self.dtls.handle_timeout(now);
        self.settle(handled);
    }

    /// Puts `data` into a record of its own, in a datagram of its own.
    ///
    /// # Errors
    /// [`DtlsError::RecordTooLong`] above 16,384 bytes, [`DtlsError::NotConnected`] before the handshake is finished,
    /// [`DtlsError::Closed`] after a close, and the cause of the failure after a failure.
    pub fn send(&mut self, now: Instant, data: &[u8]) -> Result<(), DtlsError> {
        match self.state {
            DtlsState::Connected => {}
            DtlsState::Handshaking => return Err(DtlsError::NotConnected),
            DtlsState::Closed => return Err(DtlsError::Closed),
            DtlsState::Failed(error) => return Err(error),
        }
        if data.len() > LONGEST_RECORD {
            return Err(DtlsError::RecordTooLong);
        }
        let sent = self
            .dtls
            .handle_timeout(now)
            .and_then(|()| self.dtls.send_application_data(data).map(drop));
        self.settle(sent);
        match self.state {
            DtlsState::Failed(error) => Err(error),
            _ => Ok(()),
        }
    }

    /// The oldest record of application data, as much of it as fits `buffer`, and its full length.
    pub fn receive(&mut self, buffer: &mut [u8]) -> Option<usize> {
        let record = self.received.pop_front()?;
        for (to, from) in buffer.iter_mut().zip(&record) {
            *to = *from;
        }
        Some(record.len())
    }

    /// The next datagram for the peer; it stays the next one until [`datagram_sent`](Self::datagram_sent).
    #[must_use]
    pub fn next_datagram(&self) -> Option<&[u8]> {
        self.outgoing.front().map(Vec::as_slice)
    }

    /// The datagram that [`next_datagram`](Self::next_datagram) showed has left.
    pub fn datagram_sent(&mut self) {
        self.outgoing.pop_front();
    }

    /// Ends the session: close_notify when it is connected, nothing at all during the handshake.
    pub fn close(&mut self) {
        if !self.alive() {
            return;
        }
        let closed = self.dtls.close();
        self.settle(closed);
        if self.alive() {
            self.state = DtlsState::Closed;
        }
    }

    const fn alive(&self) -> bool {
        matches!(self.state, DtlsState::Handshaking | DtlsState::Connected)
    }

    /// Takes over what dimpl has to say after a call.
    fn settle(&mut self, handled: Result<(), dimpl::Error>) {
        // A session that fails may still have an alert to send.
        self.drain();
        if let Err(error) = handled {
            self.state = DtlsState::Failed(match error.into() {
                DtlsError::HandshakeTimeout if !self.heard => DtlsError::NoAnswer,
                error => error,
            });
        }
    }

    fn drain(&mut self) {
        loop {
            match self.dtls.poll_output(&mut self.scratch) {
                Output::Packet(datagram) => self.outgoing.push_back(datagram.to_vec()),
                Output::ApplicationData(record) if self.received.len() < RECEIVE_QUEUE => {
                    self.received.push_back(record.to_vec());
                }
                Output::Connected => self.state = DtlsState::Connected,
                Output::CloseNotify => self.state = DtlsState::Closed,
                Output::BufferTooSmall { needed } => self.scratch.resize(needed, 0),
                Output::Timeout(deadline) => {
                    self.deadline = deadline;
                    return;
                }
                _ => {}
            }
        }
    }
}

impl fmt::Debug for DtlsSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DtlsSession")
            .field("state", &self.state)
            .field("outgoing", &self.outgoing.len())
            .field("received", &self.received.len())
            .finish_non_exhaustive()
    }
}
