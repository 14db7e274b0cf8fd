//! Servers as the network sees them: an address, and a door that may ask for a key.
//!
//! Secure sessions are simulated without cryptography, in the rhythm of DTLS 1.2 with a pre-shared key: three flights
//! each way, every one a datagram on the lossy network; then each datagram carries one byte in front, the content type
//! of RFC 5246 section 6.2.1. A server that refuses a key falls silent, as most do, and the device's handshake times out.

use core::cell::RefCell;
use core::net::SocketAddr;

use heapless::Vec;

use crate::server::{ServerNode, StreamServer};

/// Devices whose security context a listener keeps; the oldest make room.
const MAX_ASSOCIATIONS: usize = 4;

/// Content type of a datagram that ends a secure session (`close_notify`).
pub(crate) const ALERT: u8 = 21;
/// Content type of a datagram of the handshake: the number of the flight and of the device's session follow.
pub(crate) const HANDSHAKE: u8 = 22;
/// Content type of a datagram of an open secure session.
pub(crate) const APPLICATION_DATA: u8 = 23;
/// Flights of a handshake in each direction.
pub(crate) const FLIGHTS: u8 = 3;

/// What a server asks of those who connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Guard {
    /// Nothing: `coap://`.
    Plain,
    /// A pre-shared key that its credentials know: `coaps://`.
    Psk,
}

/// How an address treats those who connect to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Door {
    /// A server, if there is one, is reached.
    #[default]
    Open,
    /// Connections are refused: at once for a secure session of datagrams, with the first datagram for a plain one, after
    /// a round trip for a stream.
    Refuses,
    /// There is no way to the address.
    NoRoute,
}

/// What a server of streams shows those who connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StreamGuard<'w> {
    /// Nothing: TCP.
    Plain,
    /// A certificate: simulated TLS. The device trusts the server when the tags that it names hold exactly these bytes, the
    /// certificate of the server's authority, as [`CredentialKind::CaChain`](lwm2m_carrier::hal::CredentialKind::CaChain).
    Tls(&'w [u8]),
}

#[derive(Debug)]
pub(crate) struct StreamListener<'w> {
    pub(crate) address: SocketAddr,
    pub(crate) guard: StreamGuard<'w>,
    pub(crate) server: &'w RefCell<dyn StreamServer + 'w>,
}

#[derive(Debug)]
pub(crate) struct Listener<'w> {
    pub(crate) address: SocketAddr,
    pub(crate) guard: Guard,
    pub(crate) server: &'w RefCell<dyn ServerNode + 'w>,
    associations: Vec<SocketAddr, MAX_ASSOCIATIONS>,
}

impl<'w> Listener<'w> {
    pub(crate) const fn new(
        address: SocketAddr,
        guard: Guard,
        server: &'w RefCell<dyn ServerNode + 'w>,
    ) -> Self {
        Self {
            address,
            guard,
            server,
            associations: Vec::new(),
        }
    }

    /// Takes note that `peer` has shown the right key.
    pub(crate) fn associate(&mut self, peer: SocketAddr) {
        self.dissociate(peer);
        if self.associations.is_full() {
            self.associations.remove(0);
        }
        let _ = self.associations.push(peer);
    }

    pub(crate) fn dissociate(&mut self, peer: SocketAddr) {
        self.associations.retain(|other| *other != peer);
    }

    pub(crate) fn is_associated(&self, peer: SocketAddr) -> bool {
        self.associations.contains(&peer)
    }

    /// Forgets all security contexts.
    pub(crate) fn forget(&mut self) {
        self.associations.clear();
    }
}
