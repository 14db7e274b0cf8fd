//! Sockets of the computer, called as the modem's are and answering with the modem's error numbers.

use core::cell::RefCell;
use core::future::poll_fn;
use core::net::{IpAddr, Ipv6Addr, SocketAddr};
use core::task::{Poll, Waker};
use core::time::Duration;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{ToSocketAddrs, UdpSocket};
use std::time::Instant as StdInstant;

use carrier_mock::conformance::peer::HostPeer;
use carrier_mock::conformance::sessions::Places;
use carrier_nrf91::net::{
    Descriptor, Errno, Family, Interest, Protocol, SocketOption, Sockets, Status,
};
use embedded_nal_async::AddrType;
use lwm2m_carrier::hal::Clock;
use lwm2m_core::time::Instant;
use socket2::{Domain, SockAddr, Socket, Type};

/// A peer of each family that the computer has.
pub(crate) fn peers() -> Vec<HostPeer> {
    let mut peers = vec![HostPeer::new().unwrap()];
    match HostPeer::on(Ipv6Addr::LOCALHOST.into()) {
        Ok(peer) => peers.push(peer),
        Err(error) => println!("without IPv6, this computer has no ::1: {error}"),
    }
    peers
}

/// The family of a peer's address, as the stack wants it.
pub(crate) fn family(peer: &HostPeer) -> AddrType {
    match peer.address() {
        IpAddr::V4(_) => AddrType::IPv4,
        IpAddr::V6(_) => AddrType::IPv6,
    }
}

/// The places of the checks.
pub(crate) fn places<'h>(peer: &HostPeer, host: &'h str) -> Places<'h> {
    Places::new(host, peer.udp())
        .with_streams(peer.tcp())
        .with_refused(host, peer.refused())
}

/// The modem's limit (`NRF_MODEM_MAX_SOCKET_COUNT`).
const MOST: usize = 8;

/// At most eight sockets.
#[derive(Debug, Default)]
pub(crate) struct HostSockets(RefCell<[Option<Host>; MOST]>);

#[derive(Debug)]
enum Host {
    Udp(UdpSocket),
    Tcp(Socket),
}

/// Linux's numbers are not the modem's.
fn errno(error: &io::Error) -> Errno {
    match error.kind() {
        ErrorKind::WouldBlock => Errno::AGAIN,
        ErrorKind::ConnectionRefused => Errno::CONNREFUSED,
        ErrorKind::ConnectionReset => Errno::CONNRESET,
        ErrorKind::BrokenPipe => Errno::PIPE,
        ErrorKind::NotConnected => Errno::NOTCONN,
        ErrorKind::NetworkUnreachable => Errno::NETUNREACH,
        ErrorKind::AddrNotAvailable => Errno::ADDRNOTAVAIL,
        _ => match error.raw_os_error() {
            Some(115) => Errno::INPROGRESS,
            Some(114) => Errno::ALREADY,
            Some(106) => Errno::ISCONN,
            Some(90) => Errno::MSGSIZE,
            _ => Errno::IO,
        },
    }
}

impl HostSockets {
    pub(crate) fn count(&self) -> usize {
        self.0.borrow().iter().flatten().count()
    }

    fn with<T>(
        &self,
        socket: Descriptor,
        call: impl FnOnce(&mut Host) -> io::Result<T>,
    ) -> Result<T, Errno> {
        let mut all = self.0.borrow_mut();
        let index = usize::try_from(socket.0).unwrap();
        let socket = all[index].as_mut().ok_or(Errno::BADF)?;
        call(socket).map_err(|error| errno(&error))
    }
}

impl Sockets for HostSockets {
    fn open(&self, family: Family, protocol: Protocol) -> Result<Descriptor, Errno> {
        let mut all = self.0.borrow_mut();
        let free = all.iter().position(Option::is_none).ok_or(Errno::MFILE)?;
        let (domain, any) = match family {
            Family::Ipv4 => (Domain::IPV4, IpAddr::from([0; 4])),
            Family::Ipv6 => (Domain::IPV6, IpAddr::from([0; 16])),
        };
        let socket = match protocol {
            Protocol::Udp => UdpSocket::bind((any, 0)).and_then(|it| {
                it.set_nonblocking(true)?;
                Ok(Host::Udp(it))
            }),
            Protocol::Tcp => Socket::new(domain, Type::STREAM, None).and_then(|it| {
                it.set_nonblocking(true)?;
                Ok(Host::Tcp(it))
            }),
            Protocol::Dtls | Protocol::Tls => return Err(Errno::PROTONOSUPPORT),
        };
        all[free] = Some(socket.map_err(|error| errno(&error))?);
        Ok(Descriptor(i32::try_from(free).unwrap()))
    }

    fn connect(&self, socket: Descriptor, peer: SocketAddr) -> Result<(), Errno> {
        self.with(socket, |it| match it {
            Host::Udp(it) => it.connect(peer),
            Host::Tcp(it) => it.connect(&SockAddr::from(peer)),
        })
    }

    fn bind(&self, socket: Descriptor, local: SocketAddr) -> Result<(), Errno> {
        self.with(socket, |it| {
            if let Host::Udp(it) = it {
                *it = UdpSocket::bind(local)?;
                it.set_nonblocking(true)?;
            }
            Ok(())
        })
    }

    fn send(&self, socket: Descriptor, bytes: &[u8]) -> Result<usize, Errno> {
        self.with(socket, |it| match it {
            Host::Udp(it) => it.send(bytes),
            Host::Tcp(it) => it.write(bytes),
        })
    }

    fn send_to(&self, socket: Descriptor, bytes: &[u8], peer: SocketAddr) -> Result<usize, Errno> {
        self.with(socket, |it| match it {
            Host::Udp(it) => it.send_to(bytes, peer),
            Host::Tcp(it) => it.write(bytes),
        })
    }

    fn receive(&self, socket: Descriptor, buffer: &mut [u8]) -> Result<usize, Errno> {
        self.with(socket, |it| match it {
            Host::Udp(it) => it.recv(buffer),
            Host::Tcp(it) => it.read(buffer),
        })
    }

    fn receive_from(
        &self,
        socket: Descriptor,
        buffer: &mut [u8],
    ) -> Result<(usize, SocketAddr), Errno> {
        self.with(socket, |it| match it {
            Host::Udp(it) => it.recv_from(buffer),
            Host::Tcp(_) => Err(ErrorKind::Unsupported.into()),
        })
    }

    fn set_option(&self, _: Descriptor, _: SocketOption<'_>) -> Result<(), Errno> {
        Err(Errno::NOPROTOOPT)
    }

    fn status(&self, socket: Descriptor, status: Status) -> Result<i32, Errno> {
        match status {
            Status::Error => self.with(socket, |it| {
                let error = match it {
                    Host::Udp(it) => it.take_error(),
                    Host::Tcp(it) => it.take_error(),
                };
                Ok(error?.map_or(0, |error| errno(&error).0))
            }),
            _ => Err(Errno::NOPROTOOPT),
        }
    }

    fn close(&self, socket: Descriptor) -> Result<(), Errno> {
        let index = usize::try_from(socket.0).unwrap();
        self.0.borrow_mut()[index]
            .take()
            .map(drop)
            .ok_or(Errno::BADF)
    }

    fn resolve(&self, host: &str, family: Family) -> Result<IpAddr, Errno> {
        // NRF_EAI_NONAME
        let unknown = Errno(-2);
        let mut found = (host, 0).to_socket_addrs().map_err(|_| unknown)?;
        found
            .find_map(|it| (Family::of(it.ip()) == family).then_some(it.ip()))
            .ok_or(unknown)
    }

    fn watch(&self, _: Descriptor, _: Interest, waker: &Waker) {
        // Polled again and again: `SleepingClock` sleeps between two polls.
        waker.wake_by_ref();
    }
}

/// Milliseconds since it was made; a wait sleeps one of them at a time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SleepingClock(StdInstant);

impl SleepingClock {
    pub(crate) fn new() -> Self {
        Self(StdInstant::now())
    }
}

impl Clock for SleepingClock {
    fn now(&self) -> Instant {
        Instant::from_millis(u64::try_from(self.0.elapsed().as_millis()).unwrap())
    }

    async fn wait(&mut self, until: Instant) {
        poll_fn(|context| {
            if self.now() >= until {
                return Poll::Ready(());
            }
            std::thread::sleep(Duration::from_millis(1));
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }
}
