//! What a world needs of a server, whatever it serves.

use core::fmt;
use core::net::SocketAddr;

use lwm2m_core::time::Instant;

use super::{BootstrapServer, ManagementServer, Transmit, Verdict};

/// A server that a [`World`](crate::world::World) can run; further ones may be written by a test.
pub trait ServerNode: fmt::Debug {
    /// Takes a datagram from `from`.
    fn handle(&mut self, now: Instant, from: SocketAddr, datagram: &[u8]);

    /// Writes the next datagram to `buf` (1,280 bytes); called until it answers `None`.
    #[must_use]
    fn poll(&mut self, now: Instant, buf: &mut [u8]) -> Option<Transmit>;

    /// When [`poll`](Self::poll) has something to do, unless a datagram comes before.
    #[must_use]
    fn next_timeout(&self, now: Instant) -> Option<Instant>;

    /// What a handshake with this identity and key ends with.
    #[must_use]
    fn verify(&self, identity: &[u8], key: &[u8]) -> Verdict;

    /// Whether the server is there at all: one that is not does not even begin a handshake.
    #[must_use]
    fn is_present(&self) -> bool;
}

impl ServerNode for BootstrapServer<'_> {
    fn handle(&mut self, now: Instant, from: SocketAddr, datagram: &[u8]) {
        self.handle(now, from, datagram);
    }

    fn poll(&mut self, now: Instant, buf: &mut [u8]) -> Option<Transmit> {
        self.poll(now, buf)
    }

    fn next_timeout(&self, _now: Instant) -> Option<Instant> {
        self.next_timeout()
    }

    fn verify(&self, identity: &[u8], key: &[u8]) -> Verdict {
        self.credentials().check(identity, key)
    }

    fn is_present(&self) -> bool {
        !self.is_gone()
    }
}

impl ServerNode for ManagementServer<'_> {
    fn handle(&mut self, now: Instant, from: SocketAddr, datagram: &[u8]) {
        self.handle(now, from, datagram);
    }

    fn poll(&mut self, now: Instant, buf: &mut [u8]) -> Option<Transmit> {
        self.poll(now, buf)
    }

    fn next_timeout(&self, now: Instant) -> Option<Instant> {
        self.next_timeout(now)
    }

    fn verify(&self, identity: &[u8], key: &[u8]) -> Verdict {
        self.credentials().check(identity, key)
    }

    fn is_present(&self) -> bool {
        !self.is_gone()
    }
}
