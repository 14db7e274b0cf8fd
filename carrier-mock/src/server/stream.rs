//! What a world needs of a server of streams, whatever it serves.

use core::fmt;

use lwm2m_core::time::Instant;

/// One connection; each has a number of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Connection(u32);

impl Connection {
    /// The connection with this number.
    #[must_use]
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }
}

/// What a server does next on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(
    clippy::exhaustive_enums,
    reason = "this is all that a socket can be told"
)]
pub enum Outgoing {
    /// Nothing for now.
    Nothing,
    /// It sends the first bytes of the buffer, at least one.
    Bytes(usize),
    /// It ends the connection in due form, behind what it has sent, and forgets it.
    Close,
    /// It resets the connection and forgets it; what the device has not read by then is lost.
    Reset,
}

/// A server of streams that a [`World`](crate::world::World) can run; further ones may be written by a test.
pub trait StreamServer: fmt::Debug {
    /// A device has connected, its handshake done. `false`: the server has no room, and the connection is reset.
    #[must_use]
    fn accept(&mut self, now: Instant, connection: Connection) -> bool;

    /// Takes bytes, cut anywhere.
    fn receive(&mut self, now: Instant, connection: Connection, bytes: &[u8]);

    /// What the server does next. Called until it answers [`Outgoing::Nothing`] or the connection has ended, while the
    /// device's window has room: `buffer` is never longer than that, nor empty.
    #[must_use]
    fn poll(&mut self, now: Instant, connection: Connection, buffer: &mut [u8]) -> Outgoing;

    /// When [`poll`](Self::poll) has something to do, unless bytes come before.
    #[must_use]
    fn next_timeout(&self, now: Instant, connection: Connection) -> Option<Instant>;

    /// The device or the network has ended the connection. Not called after the server has ended it.
    fn closed(&mut self, now: Instant, connection: Connection);

    /// Whether the server is there at all: one that is not does not even answer those who connect.
    #[must_use]
    fn is_present(&self) -> bool {
        true
    }
}
