//! What is outside the device: its servers, their names and their doors.

use core::cell::RefCell;
use core::net::{IpAddr, SocketAddr};

use lwm2m_core::time::Instant;

use super::listener::{Door, Guard, Listener, StreamGuard, StreamListener};
use super::{DEVICE, TooMany, World};
use crate::server::{ServerNode, StreamServer};

impl<'w> World<'w> {
    /// Adds a server at `address`, found under the name `host` (which may be the address itself).
    ///
    /// # Errors
    /// [`TooMany`]: there are [`MAX_SERVERS`](super::MAX_SERVERS) servers or [`MAX_NAMES`](super::MAX_NAMES) names.
    pub fn add_server(
        &self,
        host: &'w str,
        address: SocketAddr,
        guard: Guard,
        server: &'w RefCell<dyn ServerNode + 'w>,
    ) -> Result<(), TooMany> {
        let mut listeners = self.listeners.borrow_mut();
        let listener = Listener::new(address, guard, server);
        listeners.push(listener).map_err(|_| TooMany)?;
        self.name(host, address)
    }

    /// Adds a server of streams at `address`, found under the name `host` (which may be the address itself). A server of
    /// datagrams may have the same address.
    ///
    /// # Errors
    /// As [`add_server`](Self::add_server).
    pub fn add_stream_server(
        &self,
        host: &'w str,
        address: SocketAddr,
        guard: StreamGuard<'w>,
        server: &'w RefCell<dyn StreamServer + 'w>,
    ) -> Result<(), TooMany> {
        let mut listeners = self.stream_listeners.borrow_mut();
        let listener = StreamListener {
            address,
            guard,
            server,
        };
        listeners.push(listener).map_err(|_| TooMany)?;
        self.name(host, address)
    }

    fn name(&self, host: &'w str, address: SocketAddr) -> Result<(), TooMany> {
        if host.parse::<IpAddr>().is_ok() {
            return Ok(());
        }
        self.set_name(host, Some(address.ip()))
    }

    /// Sets what a name resolves to; `None`: it does not.
    ///
    /// # Errors
    /// [`TooMany`]: there are [`MAX_NAMES`](super::MAX_NAMES) names.
    pub fn set_name(&self, host: &'w str, address: Option<IpAddr>) -> Result<(), TooMany> {
        let mut names = self.names.borrow_mut();
        if let Some(entry) = names.iter_mut().find(|(name, _)| *name == host) {
            entry.1 = address;
            return Ok(());
        }
        names.push((host, address)).map_err(|_| TooMany)
    }

    /// Sets how an address treats those who connect.
    ///
    /// # Errors
    /// [`TooMany`]: [`MAX_SERVERS`](super::MAX_SERVERS) addresses were given a door already.
    pub fn set_door(&self, address: SocketAddr, door: Door) -> Result<(), TooMany> {
        let mut doors = self.doors.borrow_mut();
        if let Some(entry) = doors.iter_mut().find(|(known, _)| *known == address) {
            entry.1 = door;
            return Ok(());
        }
        doors.push((address, door)).map_err(|_| TooMany)
    }

    /// Whether a datagram that the server at `server` sends now to `peer`, where it has seen the device, comes to an open
    /// session of the device, were nothing lost on the way: device and link are up, the NAT has the binding, and a server
    /// that asks for keys has the security context. Gaps of the network are not looked at.
    #[must_use]
    pub fn reaches(&self, server: SocketAddr, peer: SocketAddr) -> bool {
        let listeners = self.listeners.borrow();
        let listener = listeners.iter().find(|l| l.address == server);
        let knows = listener.is_some_and(|l| l.guard == Guard::Plain || l.is_associated(peer));
        let port = self.network.borrow().inside(self.now(), peer.port());
        let opens = |port| self.sessions.borrow().is_open(port, server);
        self.is_running() && knows && peer.ip() == DEVICE && port.is_some_and(opens)
    }

    /// Makes the server at `address` forget all security contexts, as its restart does.
    pub fn forget_associations(&self, address: SocketAddr) {
        let mut listeners = self.listeners.borrow_mut();
        for listener in listeners.iter_mut().filter(|l| l.address == address) {
            listener.forget();
        }
    }

    pub(crate) fn resolve(&self, host: &str) -> Option<IpAddr> {
        let names = self.names.borrow();
        names.iter().find(|(name, _)| *name == host)?.1
    }

    pub(crate) fn door(&self, address: SocketAddr) -> Door {
        let doors = self.doors.borrow();
        let known = doors.iter().find(|(known, _)| *known == address);
        known.map_or(Door::Open, |(_, door)| *door)
    }

    /// What the server of streams at this address shows, if there is one.
    pub(crate) fn stream_guard(&self, address: SocketAddr) -> Option<StreamGuard<'w>> {
        let listeners = self.stream_listeners.borrow();
        let listener = listeners.iter().find(|l| l.address == address)?;
        Some(listener.guard)
    }

    /// Asks the server of streams at this address something.
    pub(crate) fn with_stream_server<T>(
        &self,
        address: SocketAddr,
        ask: impl FnOnce(&mut dyn StreamServer) -> T,
    ) -> Option<T> {
        let listeners = self.stream_listeners.borrow();
        let listener = listeners.iter().find(|l| l.address == address)?;
        Some(ask(&mut *listener.server.borrow_mut()))
    }

    /// When a server of streams has something to send.
    pub(super) fn next_of_stream_servers(&self) -> Option<Instant> {
        let now = self.now();
        let listeners = self.stream_listeners.borrow();
        let streams = self.streams.borrow();
        let timeouts = streams.writable().filter_map(|(address, connection)| {
            let listener = listeners.iter().find(|l| l.address == address)?;
            listener.server.borrow().next_timeout(now, connection)
        });
        timeouts.min()
    }
}
