//! One stream between the device and a server: TCP, and simulated TLS, in the rhythm of their round trips.
//!
//! The two sides end for themselves, as those of a real connection do: where the network has failed, one of them may
//! take it for open for long after the other has given it up.

use core::net::SocketAddr;

use heapless::Deque;
use lwm2m_carrier::errno;
use lwm2m_carrier::hal::{SessionError, SessionErrorKind, SessionId};
use lwm2m_core::time::{Duration, Instant};

use super::flow::Flow;
use crate::server::Connection;

/// Bytes of the window of a stream: what a server may have under way to the device, or waiting there to be read.
pub const STREAM_WINDOW: usize = 4096;

/// Bytes that the device may have under way to a server.
pub const STREAM_SEND_BUFFER: usize = 2048;

/// How long one side sends a segment again and again before it gives the connection up; RFC 1122, section 4.2.3.5,
/// asks for at least 100 s.
pub const STREAM_GIVE_UP: Duration = Duration::from_secs(100);

/// Round trips of a TLS 1.2 handshake (RFC 5246, section 7.3), after the one of TCP.
const TLS_ROUND_TRIPS: u8 = 2;

/// News of room in the window that are under way at a time; what is read beyond that goes with the last one.
const MAX_UPDATES: usize = 8;

/// The peer has ended the stream in due form.
pub(super) const ENDED: SessionError = SessionError::new(SessionErrorKind::Closed, errno::ENOTCONN);
/// The peer, or a NAT between, has reset the stream.
pub(super) const RESET: SessionError =
    SessionError::new(SessionErrorKind::Reset, errno::ECONNRESET);
/// Nobody has acknowledged what was sent.
pub(super) const TIMED_OUT: SessionError =
    SessionError::new(SessionErrorKind::Timeout, errno::ETIMEDOUT);
/// The link is down.
pub(crate) const LINK_LOST: SessionError =
    SessionError::new(SessionErrorKind::Reset, errno::ENETDOWN);

/// How far a stream has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Round trips of the handshake are left.
    Connecting {
        /// This many, the one under way included.
        left: u8,
        /// When it ends; `None`: its answer will not come.
        due: Option<Instant>,
        /// When the device gives it up.
        give_up: Instant,
    },
    Open,
}

/// The handshake of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tls {
    /// None: TCP alone.
    Absent,
    /// It succeeds.
    Trusted,
    /// The device does not trust the server, or the server does not speak TLS.
    Untrusted,
}

/// The end of the server's side, under way to the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ending {
    pub(super) due: Instant,
    pub(super) error: SessionError,
}

/// One stream.
#[derive(Debug)]
pub(crate) struct Stream {
    /// The device's side, until it has closed it or heard of its end.
    pub(super) session: Option<SessionId>,
    /// The server's side, until it has.
    pub(super) connection: Option<Connection>,
    pub(super) server: SocketAddr,
    pub(super) tls: Tls,
    pub(super) phase: Phase,
    /// Rebindings of the NAT when the stream was opened: one more, and it is cut.
    pub(super) rebindings: u32,
    /// What the device sends.
    pub(super) up: Flow<STREAM_SEND_BUFFER>,
    /// What it receives.
    pub(super) down: Flow<STREAM_WINDOW>,
    /// Bytes that were read, the news of it under way to the server.
    updates: Deque<(usize, Instant), MAX_UPDATES>,
    /// The device's side has ended: when the server hears of it.
    pub(super) left_at: Option<Instant>,
    /// The server's side has ended.
    pub(super) ending: Option<Ending>,
    /// What the server sends does not arrive: when it gives up.
    pub(super) server_gives_up: Option<Instant>,
    /// What the device sends does not arrive: when it gives up.
    pub(super) device_gives_up: Option<Instant>,
    /// The library holds the stream back.
    pub(super) held: bool,
    /// The library is to be told that it is open.
    pub(super) opened: bool,
    /// The library is to be told that it has ended, once it has read what has arrived.
    pub(super) ended: Option<SessionError>,
    pub(super) sent: u64,
    pub(super) received: u64,
}

impl Stream {
    pub(super) const fn new(
        session: SessionId,
        server: SocketAddr,
        tls: Tls,
        rebindings: u32,
        give_up: Instant,
    ) -> Self {
        let left = match tls {
            Tls::Absent => 1,
            _ => 1 + TLS_ROUND_TRIPS,
        };
        Self {
            session: Some(session),
            connection: None,
            server,
            tls,
            phase: Phase::Connecting {
                left,
                due: None,
                give_up,
            },
            rebindings,
            up: Flow::new(),
            down: Flow::new(),
            updates: Deque::new(),
            left_at: None,
            ending: None,
            server_gives_up: None,
            device_gives_up: None,
            held: false,
            opened: false,
            ended: None,
            sent: 0,
            received: 0,
        }
    }

    /// Bytes that the server may send now, as far as it knows.
    pub(super) fn window(&self) -> usize {
        let unknown: usize = self.updates.iter().map(|(len, _)| *len).sum();
        let closed = self.ending.is_some() || self.server_gives_up.is_some();
        if closed || self.connection.is_none() {
            return 0;
        }
        self.down.room(unknown)
    }

    /// The library reads; the server hears at `known_at` that there is room.
    pub(super) fn read(&mut self, buffer: &mut [u8], known_at: Instant) -> usize {
        let len = self.down.take(buffer);
        self.received = self.received.saturating_add(len as u64);
        if self.updates.is_full()
            && let Some((bytes, due)) = self.updates.back_mut()
        {
            *bytes += len;
            *due = known_at;
        } else {
            let _ = self.updates.push_back((len, known_at));
        }
        len
    }

    /// News of room arrive at the server; true if there were any.
    pub(super) fn update_window(&mut self, now: Instant) -> bool {
        if self.updates.front().is_some_and(|(_, due)| *due <= now) {
            self.updates.pop_front();
            return true;
        }
        false
    }

    /// Whether [`Sessions::receive`](lwm2m_carrier::hal::Sessions::receive) has something of this stream.
    pub(super) const fn has_news(&self) -> bool {
        self.session.is_some()
            && (self.opened || (!self.held && (self.down.arrived() > 0 || self.ended.is_some())))
    }

    /// The device's side has ended with an error; what is under way to it is lost.
    pub(super) fn end(&mut self, error: SessionError) {
        self.down.cut();
        self.ending = None;
        self.opened = false;
        if self.ended.is_none() {
            self.ended = Some(error);
        }
    }

    /// When the device hears of the end of the server's side: not before everything in front of it has arrived.
    pub(super) fn ending_due(&self) -> Option<Instant> {
        let due = self.ending?.due;
        Some(self.down.last_due().map_or(due, |last| last.max(due)))
    }

    /// Whether both sides are gone.
    pub(super) const fn is_over(&self) -> bool {
        self.session.is_none() && self.connection.is_none()
    }

    /// When something happens by itself, what the server does left aside.
    pub(super) fn next_timeout(&self) -> Option<Instant> {
        let phase = match self.phase {
            Phase::Connecting { due, give_up, .. } if self.ended.is_none() => {
                Some(due.unwrap_or(give_up).min(give_up))
            }
            _ => None,
        };
        [
            phase,
            self.up.next_due(),
            self.down.next_due(),
            self.updates.front().map(|(_, due)| *due),
            self.left_at,
            self.ending_due(),
            self.server_gives_up,
            self.device_gives_up,
        ]
        .into_iter()
        .flatten()
        .min()
    }
}
