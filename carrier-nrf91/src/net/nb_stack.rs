//! The modem's sockets as an embedded-nal stack: each call polls what the asynchronous side awaits, once.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use core::task::{Context, Poll, Waker};

use embedded_nal::{
    AddrType, Dns, TcpClientStack, TcpError, TcpErrorKind, UdpClientStack, UdpFullStack,
};

use super::socket::{Socket, whole};
use super::stack::resolve;
use super::{Errno, Family, Protocol, Sockets};

/// An embedded-nal stack over the modem, with the properties of [`ModemStack`](super::ModemStack).
///
/// embedded-nal makes a socket before it says for which addresses: the modem's is made with the first peer. A socket that is
/// only bound is for the family that the stack was made with.
#[derive(Clone, Copy, Debug)]
pub struct NbModemStack<S> {
    sockets: S,
    family: Family,
}

impl<S: Sockets + Clone> NbModemStack<S> {
    /// A stack over these sockets, which binds to addresses of `family`.
    pub const fn new(sockets: S, family: Family) -> Self {
        Self { sockets, family }
    }
}

/// A TCP socket; closed when it is dropped.
#[derive(Debug)]
pub struct NbTcpSocket<S: Sockets>(Option<Socket<S>>);

/// A UDP socket; closed when it is dropped.
#[derive(Debug)]
pub struct NbUdpSocket<S: Sockets> {
    socket: Option<Socket<S>>,
    peer: Option<SocketAddr>,
}

/// Polls once, waking nobody.
fn once<T>(call: impl FnOnce(&Context<'_>) -> Poll<Result<T, Errno>>) -> nb::Result<T, Errno> {
    match call(&Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result.map_err(nb::Error::Other),
        Poll::Pending => Err(nb::Error::WouldBlock),
    }
}

impl TcpError for Errno {
    fn kind(&self) -> TcpErrorKind {
        match *self {
            Self::PIPE | Self::NOTCONN => TcpErrorKind::PipeClosed,
            _ => TcpErrorKind::Other,
        }
    }
}

impl<S: Sockets + Clone> TcpClientStack for NbModemStack<S> {
    type TcpSocket = NbTcpSocket<S>;
    type Error = Errno;

    fn socket(&mut self) -> Result<NbTcpSocket<S>, Errno> {
        Ok(NbTcpSocket(None))
    }

    fn connect(
        &mut self,
        socket: &mut NbTcpSocket<S>,
        remote: SocketAddr,
    ) -> nb::Result<(), Errno> {
        let open = match socket.0.take() {
            Some(open) => open,
            None => Socket::open(self.sockets.clone(), Family::of(remote.ip()), Protocol::Tcp)?,
        };
        let open = socket.0.insert(open);
        let connected = once(|context| open.poll_connect(remote, context));
        // The next attempt takes a new socket.
        if matches!(connected, Err(nb::Error::Other(_))) {
            socket.0 = None;
        }
        connected
    }

    fn send(&mut self, socket: &mut NbTcpSocket<S>, data: &[u8]) -> nb::Result<usize, Errno> {
        let open = socket.0.as_ref().ok_or(Errno::NOTCONN)?;
        if data.is_empty() {
            return Ok(0);
        }
        once(|context| open.poll_send(data, context))
    }

    fn receive(
        &mut self,
        socket: &mut NbTcpSocket<S>,
        buffer: &mut [u8],
    ) -> nb::Result<usize, Errno> {
        let open = socket.0.as_ref().ok_or(Errno::NOTCONN)?;
        if buffer.is_empty() {
            return Ok(0);
        }
        match once(|context| open.poll_receive(buffer, context))? {
            // embedded-nal tells the end of the stream as an error.
            0 => Err(Errno::PIPE.into()),
            len => Ok(len),
        }
    }

    fn close(&mut self, socket: NbTcpSocket<S>) -> Result<(), Errno> {
        drop(socket);
        Ok(())
    }
}

impl<S: Sockets + Clone> UdpClientStack for NbModemStack<S> {
    type UdpSocket = NbUdpSocket<S>;
    type Error = Errno;

    fn socket(&mut self) -> Result<NbUdpSocket<S>, Errno> {
        Ok(NbUdpSocket {
            socket: None,
            peer: None,
        })
    }

    fn connect(&mut self, socket: &mut NbUdpSocket<S>, remote: SocketAddr) -> Result<(), Errno> {
        let family = Family::of(remote.ip());
        let mut open = Socket::open(self.sockets.clone(), family, Protocol::Udp)?;
        // Without a handshake it is done at once.
        once(|context| open.poll_connect(remote, context)).map_err(|error| match error {
            nb::Error::Other(error) => error,
            nb::Error::WouldBlock => Errno::AGAIN,
        })?;
        socket.socket = Some(open);
        socket.peer = Some(remote);
        Ok(())
    }

    fn send(&mut self, socket: &mut NbUdpSocket<S>, data: &[u8]) -> nb::Result<(), Errno> {
        let open = socket.socket.as_ref().filter(|_| socket.peer.is_some());
        let open = open.ok_or(Errno::NOTCONN)?;
        let sent = once(|context| open.poll_send(data, context))?;
        Ok(whole(sent, data.len())?)
    }

    fn receive(
        &mut self,
        socket: &mut NbUdpSocket<S>,
        buffer: &mut [u8],
    ) -> nb::Result<(usize, SocketAddr), Errno> {
        let open = socket.socket.as_ref().ok_or(Errno::NOTCONN)?;
        match socket.peer {
            Some(peer) => once(|context| open.poll_receive(buffer, context)).map(|len| (len, peer)),
            None => once(|context| open.poll_receive_from(buffer, context)),
        }
    }

    fn close(&mut self, socket: NbUdpSocket<S>) -> Result<(), Errno> {
        drop(socket);
        Ok(())
    }
}

impl<S: Sockets + Clone> UdpFullStack for NbModemStack<S> {
    fn bind(&mut self, socket: &mut NbUdpSocket<S>, local_port: u16) -> Result<(), Errno> {
        let open = Socket::open(self.sockets.clone(), self.family, Protocol::Udp)?;
        if local_port != 0 {
            let any = match self.family {
                Family::Ipv4 => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
                Family::Ipv6 => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
            };
            open.bind(SocketAddr::new(any, local_port))?;
        }
        socket.socket = Some(open);
        socket.peer = None;
        Ok(())
    }

    fn send_to(
        &mut self,
        socket: &mut NbUdpSocket<S>,
        remote: SocketAddr,
        data: &[u8],
    ) -> nb::Result<(), Errno> {
        let open = socket.socket.as_ref().ok_or(Errno::NOTCONN)?;
        let sent = once(|context| open.poll_send_to(data, remote, context))?;
        Ok(whole(sent, data.len())?)
    }
}

impl<S: Sockets + Clone> Dns for NbModemStack<S> {
    type Error = Errno;

    fn get_host_by_name(&mut self, host: &str, addr_type: AddrType) -> nb::Result<IpAddr, Errno> {
        Ok(resolve(&self.sockets, host, &addr_type)?)
    }

    /// # Errors
    /// Always [`Errno::OPNOTSUPP`]: the modem has no such query.
    fn get_host_by_address(&mut self, _: IpAddr, _: &mut [u8]) -> nb::Result<usize, Errno> {
        Err(Errno::OPNOTSUPP.into())
    }
}
