//! One step of the world: to the next thing that happens.

use core::net::SocketAddr;

use lwm2m_carrier::hal::CredentialKind;
use lwm2m_core::time::{Duration, Instant};

use super::listener::{ALERT, APPLICATION_DATA, FLIGHTS, Guard, HANDSHAKE};
use super::{DATAGRAM, DEVICE, World};
use crate::server::Verdict;

impl World<'_> {
    /// Goes to the next thing that happens, or the next deadline. `false`: there is none, ever.
    pub(super) fn step(&self, until: Instant) -> bool {
        self.count_step();
        if self.attention.take() {
            self.idle.set(0);
            return true;
        }
        let waited_for = self.timers.borrow().earliest();
        let next = [waited_for, self.next_event(), Some(until)];
        let target = next.into_iter().flatten().min().unwrap_or(until);
        let target = target.min(self.horizon.get());
        if target == Instant::FAR_FUTURE {
            self.idle.set(self.idle.get().saturating_add(1));
            return false;
        }
        self.idle.set(0);
        self.clock.advance_to(target);
        self.process();
        true
    }

    /// When something happens by itself.
    fn next_event(&self) -> Option<Instant> {
        let now = self.now();
        let soon = now + Duration::from_millis(1);
        let listeners = self.listeners.borrow();
        // A server whose timeout has passed was polled in vain: it must not stop the clock.
        let servers = listeners
            .iter()
            .filter_map(|listener| listener.server.borrow().next_timeout(now))
            .min();
        let streams = self.next_of_stream_servers();
        [
            servers.map(|at| at.max(soon)),
            streams.map(|at| at.max(soon)),
            self.streams.borrow().next_timeout(),
            self.network.borrow().next_delivery(),
            self.sessions.borrow().next_timeout(),
            self.link.borrow().next_change(now),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Does everything that is due now.
    fn process(&self) {
        let change = if self.powered.get() {
            self.link.borrow_mut().update(self.now())
        } else {
            None
        };
        if let Some(state) = change {
            self.link_changed(state);
        }
        self.poll_handshakes();
        while self.deliver_one() || self.serve_one() || self.step_streams() {
            self.count_step();
        }
    }

    /// Sends a datagram of the device.
    pub(crate) fn transmit(&self, port: u16, to: SocketAddr, datagram: &[u8]) {
        let from = SocketAddr::new(DEVICE, port);
        let mut network = self.network.borrow_mut();
        let _ = network.send(self.now(), from, to, datagram);
    }

    /// Takes one datagram to where it goes.
    fn deliver_one(&self) -> bool {
        let mut buf = [0; DATAGRAM + 1];
        let delivery = self.network.borrow_mut().deliver(self.now(), &mut buf);
        let Some(delivery) = delivery else {
            return false;
        };
        let datagram = buf.get(..delivery.len).unwrap_or_default();
        if delivery.to.ip() == DEVICE {
            self.arrive(delivery.from, delivery.to.port(), datagram);
        } else {
            self.arrive_at_server(delivery.from, delivery.to, datagram);
        }
        true
    }

    /// Takes a datagram that has come to a server's address.
    fn arrive_at_server(&self, from: SocketAddr, to: SocketAddr, datagram: &[u8]) {
        let now = self.now();
        let mut listeners = self.listeners.borrow_mut();
        let Some(listener) = listeners.iter_mut().find(|l| l.address == to) else {
            return;
        };
        match (listener.guard, datagram) {
            (Guard::Plain, _) => listener.server.borrow_mut().handle(now, from, datagram),
            (Guard::Psk, [APPLICATION_DATA, payload @ ..]) if listener.is_associated(from) => {
                listener.server.borrow_mut().handle(now, from, payload);
            }
            (Guard::Psk, [HANDSHAKE, flight, session]) => {
                let server = listener.server.borrow();
                if !server.is_present() {
                    return;
                }
                if *flight == FLIGHTS {
                    let verify = |identity: &[u8], key: &[u8]| server.verify(identity, key);
                    if self.verdict(*session, verify) != Some(Verdict::Accepted) {
                        return;
                    }
                    listener.associate(from);
                }
                let mut network = self.network.borrow_mut();
                let _ = network.send(now, to, from, &[HANDSHAKE, *flight]);
            }
            (Guard::Psk, [ALERT]) => listener.dissociate(from),
            _ => {}
        }
    }

    /// What becomes of the key that a session presents.
    fn verdict(
        &self,
        session: u8,
        verify: impl FnOnce(&[u8], &[u8]) -> Verdict,
    ) -> Option<Verdict> {
        let tag = self.sessions.borrow().tag(session)?;
        let keys = self.keys.borrow();
        let identity = keys.bytes(tag, CredentialKind::PskIdentity)?;
        let key = keys.bytes(tag, CredentialKind::Psk)?;
        Some(verify(identity, key))
    }

    /// Lets one server send one datagram.
    fn serve_one(&self) -> bool {
        let now = self.now();
        let mut buf = [0; DATAGRAM + 1];
        let [content_type, payload @ ..] = &mut buf;
        for listener in self.listeners.borrow().iter() {
            let Some(transmit) = listener.server.borrow_mut().poll(now, payload) else {
                continue;
            };
            let (from, to) = (listener.address, transmit.to);
            let mut network = self.network.borrow_mut();
            if listener.guard == Guard::Plain {
                let datagram = payload.get(..transmit.len).unwrap_or_default();
                let _ = network.send(now, from, to, datagram);
            } else if listener.is_associated(to) {
                *content_type = APPLICATION_DATA;
                let datagram = buf.get(..=transmit.len).unwrap_or_default();
                let _ = network.send(now, from, to, datagram);
            }
            return true;
        }
        false
    }
}
