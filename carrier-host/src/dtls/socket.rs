//! A DTLS session over a UDP socket.

use core::net::SocketAddr;
use std::time::Instant;

use embedded_nal_async::{ConnectedUdp, UdpStack};
use tokio::time;

use super::config::DtlsConfig;
use super::credentials::PskCredentials;
use super::error::DtlsError;
use super::session::{DtlsSession, DtlsState};
use crate::net::{AsyncConnectedUdp, AsyncStack};

/// The longest datagram over IPv4 is shorter than this.
const LONGEST_DATAGRAM: usize = 65_535;

/// A DTLS session with one server, over a UDP socket of its own. Each send is one record in one datagram.
///
/// Dropping it forgets the session without a word to the server; [`close`](Self::close) says goodbye.
#[derive(Debug)]
pub struct DtlsSocket {
    session: DtlsSession,
    udp: AsyncConnectedUdp,
    local: SocketAddr,
    datagram: Box<[u8]>,
}

impl DtlsSocket {
    /// Opens a socket and completes the handshake with `server`.
    ///
    /// # Errors
    /// [`DtlsError::NoAnswer`] or [`DtlsError::HandshakeTimeout`] after `config.handshake_timeout` at the latest; [`DtlsError::Net`] as soon as
    /// the server's host refuses or cannot be reached; the peer's alert.
    pub async fn connect(
        server: SocketAddr,
        credentials: &PskCredentials,
        config: &DtlsConfig,
    ) -> Result<Self, DtlsError> {
        let (local, udp) = UdpStack::connect(&AsyncStack::new(), server).await?;
        let mut socket = Self {
            session: DtlsSession::open(now(), credentials, config)?,
            udp,
            local,
            datagram: vec![0; LONGEST_DATAGRAM].into_boxed_slice(),
        };
        socket.flush().await?;
        while socket.session.state() == DtlsState::Handshaking {
            socket.step().await?;
        }
        match socket.session.state() {
            DtlsState::Connected => Ok(socket),
            DtlsState::Failed(error) => Err(error),
            _ => Err(DtlsError::Closed),
        }
    }

    /// The local address of the socket.
    #[must_use]
    pub const fn local(&self) -> SocketAddr {
        self.local
    }

    /// Sends close_notify and gives the socket up.
    ///
    /// # Errors
    /// [`DtlsError::Net`] when the alert could not be sent; the session is over all the same.
    pub async fn close(mut self) -> Result<(), DtlsError> {
        self.session.close();
        self.flush().await
    }

    /// Waits for a datagram or for the session's deadline, and hands it to the session.
    async fn step(&mut self) -> Result<(), DtlsError> {
        let received = self.udp.receive_into(&mut self.datagram);
        let received = match self.session.deadline() {
            Some(deadline) => time::timeout_at(deadline.into(), received).await,
            None => Ok(received.await),
        };
        match received {
            Ok(len) => {
                let datagram = self.datagram.get(..len?).unwrap_or_default();
                self.session.handle_datagram(now(), datagram);
            }
            Err(_) => self.session.handle_timeout(now()),
        }
        self.flush().await
    }

    /// Sends what the session wants sent. When cancelled, the rest is sent next time.
    async fn flush(&mut self) -> Result<(), DtlsError> {
        while let Some(datagram) = self.session.next_datagram() {
            self.udp.send(datagram).await?;
            self.session.datagram_sent();
        }
        Ok(())
    }
}

impl ConnectedUdp for DtlsSocket {
    type Error = DtlsError;

    /// Sends `data` as one record.
    async fn send(&mut self, data: &[u8]) -> Result<(), DtlsError> {
        self.session.send(now(), data)?;
        self.flush().await
    }

    /// Waits for a record; cancelling loses none.
    ///
    /// [`DtlsError::Closed`] when the server has closed the session. An error of the socket beneath, such as the
    /// refusal of an earlier datagram, leaves the session as it is.
    async fn receive_into(&mut self, buffer: &mut [u8]) -> Result<usize, DtlsError> {
        self.flush().await?;
        loop {
            if let Some(len) = self.session.receive(buffer) {
                return Ok(len);
            }
            match self.session.state() {
                DtlsState::Connected | DtlsState::Handshaking => self.step().await?,
                DtlsState::Closed => return Err(DtlsError::Closed),
                DtlsState::Failed(error) => return Err(error),
            }
        }
    }
}

/// The time as tokio sees it, so that a paused runtime is obeyed.
fn now() -> Instant {
    time::Instant::now().into_std()
}
