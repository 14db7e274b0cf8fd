//! A modem that secures sessions, as the header files of its library describe it: one handshake at a time, options that are
//! known or not, a connection that can be saved.

use core::cell::{Cell, RefCell};
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::task::{Context, Poll, Waker};
use std::collections::VecDeque;

use carrier_nrf91::net::{
    Descriptor, Errno, Family, HandshakeTimeout, Interest, PeerVerification, Protocol,
    ReleaseAssistance, SocketOption, Sockets, Status,
};
use lwm2m_carrier::hal::Clock;
use lwm2m_core::time::Instant;

/// What was set on a socket.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Set {
    Tags(Vec<u32>),
    Host(String),
    Verify(PeerVerification),
    Suites(Vec<i32>),
    Cache(bool),
    Purge,
    Timeout(HandshakeTimeout),
    Cid(bool),
    Save,
    Load,
    Rai(ReleaseAssistance),
}

#[derive(Debug, Default)]
pub(crate) struct Socket {
    pub(crate) protocol: Option<Protocol>,
    pub(crate) set: Vec<Set>,
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) sent: Vec<Vec<u8>>,
    pub(crate) coming: VecDeque<Result<Vec<u8>, Errno>>,
    pub(crate) connected: bool,
    pub(crate) saved: bool,
    pub(crate) closed: bool,
    /// Bytes that are taken before [`Errno::AGAIN`]; no limit without.
    pub(crate) room: Option<usize>,
}

/// The modem. Sockets keep their numbers after they were closed, so that they can be looked at.
#[derive(Default)]
pub(crate) struct Modem {
    pub(crate) sockets: RefCell<Vec<Socket>>,
    /// How handshakes end; without, they go on.
    pub(crate) handshakes: RefCell<VecDeque<Result<(), Errno>>>,
    /// Options that are answered with an error.
    pub(crate) refuses: RefCell<Vec<(Set, Errno)>>,
    /// What names resolve to.
    pub(crate) names: RefCell<Vec<(Family, Result<IpAddr, Errno>)>>,
    /// What the next connects are answered with at once.
    pub(crate) connects: RefCell<VecDeque<Errno>>,
    pub(crate) cid: Cell<Option<i32>>,
    pub(crate) shortened: Cell<Option<i32>>,
}

impl Modem {
    pub(crate) fn open_sockets(&self) -> usize {
        self.sockets.borrow().iter().filter(|it| !it.closed).count()
    }

    pub(crate) fn with<T>(&self, number: usize, look: impl FnOnce(&mut Socket) -> T) -> T {
        look(&mut self.sockets.borrow_mut()[number])
    }

    fn at<T>(
        &self,
        socket: Descriptor,
        call: impl FnOnce(&mut Socket) -> Result<T, Errno>,
    ) -> Result<T, Errno> {
        let mut all = self.sockets.borrow_mut();
        let socket = &mut all[usize::try_from(socket.0).unwrap()];
        if socket.closed {
            return Err(Errno::BADF);
        }
        call(socket)
    }
}

impl Sockets for Modem {
    fn open(&self, _: Family, protocol: Protocol) -> Result<Descriptor, Errno> {
        if self.open_sockets() == 8 {
            return Err(Errno::MFILE);
        }
        let mut all = self.sockets.borrow_mut();
        all.push(Socket {
            protocol: Some(protocol),
            ..Socket::default()
        });
        Ok(Descriptor(i32::try_from(all.len() - 1).unwrap()))
    }

    fn connect(&self, socket: Descriptor, peer: SocketAddr) -> Result<(), Errno> {
        if let Some(error) = self.connects.borrow_mut().pop_front() {
            return Err(error);
        }
        let busy = self
            .sockets
            .borrow()
            .iter()
            .enumerate()
            .any(|(number, it)| {
                let secured = it.protocol.is_some_and(Protocol::is_secured);
                let other = number != usize::try_from(socket.0).unwrap();
                other && secured && it.peer.is_some() && !it.connected && !it.closed
            });
        self.at(socket, |it| {
            let begun = it.peer.replace(peer).is_some();
            if it.protocol == Some(Protocol::Udp) {
                it.connected = true;
                return Ok(());
            }
            if it.connected {
                return Err(Errno::ISCONN);
            }
            if it.protocol.is_some_and(Protocol::is_secured) && busy {
                return Err(Errno::BUSY);
            }
            if begun {
                return Err(Errno::ALREADY);
            }
            Err(Errno::INPROGRESS)
        })
    }

    fn bind(&self, _: Descriptor, _: SocketAddr) -> Result<(), Errno> {
        Ok(())
    }

    fn send(&self, socket: Descriptor, bytes: &[u8]) -> Result<usize, Errno> {
        self.at(socket, |it| {
            if it.saved {
                return Err(Errno::PROTO);
            }
            let len = it.room.map_or(bytes.len(), |room| room.min(bytes.len()));
            if len == 0 {
                return Err(Errno::AGAIN);
            }
            it.room = it.room.map(|room| room - len);
            it.sent.push(bytes[..len].to_vec());
            Ok(len)
        })
    }

    fn send_to(&self, socket: Descriptor, bytes: &[u8], _: SocketAddr) -> Result<usize, Errno> {
        self.send(socket, bytes)
    }

    fn receive(&self, socket: Descriptor, buffer: &mut [u8]) -> Result<usize, Errno> {
        self.at(socket, |it| {
            let stream = it.protocol.is_some_and(Protocol::is_stream);
            let mut bytes = it.coming.pop_front().unwrap_or(Err(Errno::AGAIN))?;
            let len = bytes.len().min(buffer.len());
            buffer[..len].copy_from_slice(&bytes[..len]);
            if stream && len < bytes.len() {
                bytes.drain(..len);
                it.coming.push_front(Ok(bytes));
            }
            Ok(len)
        })
    }

    fn receive_from(
        &self,
        socket: Descriptor,
        buffer: &mut [u8],
    ) -> Result<(usize, SocketAddr), Errno> {
        let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, 5683));
        Ok((self.receive(socket, buffer)?, peer))
    }

    fn set_option(&self, socket: Descriptor, option: SocketOption<'_>) -> Result<(), Errno> {
        let set = match option {
            SocketOption::SecurityTags(tags) => Set::Tags(tags.to_vec()),
            SocketOption::HostName(name) => Set::Host(name.to_str().unwrap().to_owned()),
            SocketOption::PeerVerification(level) => Set::Verify(level),
            SocketOption::CipherSuites(suites) => Set::Suites(suites.to_vec()),
            SocketOption::SessionCache(on) => Set::Cache(on),
            SocketOption::PurgeSessionCache => Set::Purge,
            SocketOption::HandshakeTimeout(limit) => Set::Timeout(limit),
            SocketOption::ConnectionId(on) => Set::Cid(on),
            SocketOption::SaveConnection => Set::Save,
            SocketOption::LoadConnection => Set::Load,
            SocketOption::ReleaseAssistance(what) => Set::Rai(what),
            _ => panic!("{option:?}"),
        };
        let refused = self
            .refuses
            .borrow()
            .iter()
            .find(|it| it.0 == set)
            .map(|it| it.1);
        self.at(socket, |it| {
            it.set.push(set.clone());
            if let Some(error) = refused {
                return Err(error);
            }
            match set {
                Set::Save => it.saved = true,
                Set::Load => it.saved = false,
                _ => {}
            }
            Ok(())
        })
    }

    fn status(&self, socket: Descriptor, status: Status) -> Result<i32, Errno> {
        let handshake = || self.handshakes.borrow_mut().pop_front();
        match status {
            Status::Error => self.at(socket, |it| match handshake() {
                Some(Err(error)) => Ok(error.0),
                Some(Ok(())) => {
                    it.connected = true;
                    Ok(0)
                }
                None => Ok(0),
            }),
            Status::ConnectionId => self.cid.get().ok_or(Errno::NOPROTOOPT),
            Status::Handshake => self.shortened.get().ok_or(Errno::NOPROTOOPT),
            _ => Err(Errno::NOPROTOOPT),
        }
    }

    fn close(&self, socket: Descriptor) -> Result<(), Errno> {
        self.at(socket, |it| {
            it.closed = true;
            Ok(())
        })?;
        // What must not lead to a panic.
        Err(Errno(99))
    }

    fn resolve(&self, _: &str, family: Family) -> Result<IpAddr, Errno> {
        let names = self.names.borrow();
        let known = names.iter().find(|it| it.0 == family);
        // NRF_EAI_NONAME
        known.map_or(Err(Errno(-2)), |it| it.1)
    }

    fn watch(&self, _: Descriptor, _: Interest, _: &Waker) {}
}

/// Time that the test sets. A wait for later does not end by itself.
#[derive(Clone, Copy)]
pub(crate) struct SetClock<'a>(pub(crate) &'a Cell<u64>);

impl Clock for SetClock<'_> {
    fn now(&self) -> Instant {
        Instant::from_millis(self.0.get())
    }

    async fn wait(&mut self, until: Instant) {
        core::future::poll_fn(|_| match self.now() >= until {
            true => Poll::Ready(()),
            false => Poll::Pending,
        })
        .await;
    }
}

/// What the future returns when it is polled once.
pub(crate) fn once<F: Future>(future: F) -> Option<F::Output> {
    let mut context = Context::from_waker(Waker::noop());
    match core::pin::pin!(future).poll(&mut context) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}
