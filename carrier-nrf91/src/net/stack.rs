//! The modem's sockets as an embedded-nal-async stack.

use core::net::{IpAddr, SocketAddr};

use embedded_io_async::{ErrorType, Read, Write};
use embedded_nal_async::{AddrType, ConnectedUdp, Dns, TcpConnect, UdpStack, UnconnectedUdp};

use super::socket::{Socket, whole};
use super::{Errno, Family, Protocol, Sockets};

/// An embedded-nal-async stack over the modem: UDP, TCP and names, IPv4 and IPv6.
///
/// Names are resolved by the modem and the operator's servers, and **the call waits** until it is done, because the modem has
/// no other. The modem tells no local address: the one that was asked for is given back. Of a datagram that is longer than
/// the buffer the rest is lost, and the length of what was copied is told.
#[derive(Clone, Copy, Debug)]
pub struct ModemStack<S> {
    sockets: S,
}

impl<S: Sockets + Clone> ModemStack<S> {
    /// A stack over these sockets.
    pub const fn new(sockets: S) -> Self {
        Self { sockets }
    }

    fn bound(&self, local: SocketAddr) -> Result<ModemUdp<S>, Errno> {
        let family = Family::of(local.ip());
        let socket = Socket::open(self.sockets.clone(), family, Protocol::Udp)?;
        if local.port() != 0 || !local.ip().is_unspecified() {
            socket.bind(local)?;
        }
        Ok(ModemUdp { socket, local })
    }
}

/// A UDP socket; closed when it is dropped.
#[derive(Debug)]
pub struct ModemUdp<S: Sockets> {
    socket: Socket<S>,
    local: SocketAddr,
}

impl<S: Sockets> ConnectedUdp for ModemUdp<S> {
    type Error = Errno;

    async fn send(&mut self, data: &[u8]) -> Result<(), Errno> {
        whole(self.socket.send(data).await?, data.len())
    }

    async fn receive_into(&mut self, buffer: &mut [u8]) -> Result<usize, Errno> {
        self.socket.receive(buffer).await
    }
}

impl<S: Sockets> UnconnectedUdp for ModemUdp<S> {
    type Error = Errno;

    async fn send(
        &mut self,
        _local: SocketAddr,
        remote: SocketAddr,
        data: &[u8],
    ) -> Result<(), Errno> {
        whole(self.socket.send_to(data, remote).await?, data.len())
    }

    async fn receive_into(
        &mut self,
        buffer: &mut [u8],
    ) -> Result<(usize, SocketAddr, SocketAddr), Errno> {
        let (len, remote) = self.socket.receive_from(buffer).await?;
        Ok((len, self.local, remote))
    }
}

impl<S: Sockets + Clone> UdpStack for ModemStack<S> {
    type Error = Errno;
    type Connected = ModemUdp<S>;
    type UniquelyBound = ModemUdp<S>;
    type MultiplyBound = ModemUdp<S>;

    async fn connect_from(
        &self,
        local: SocketAddr,
        remote: SocketAddr,
    ) -> Result<(SocketAddr, ModemUdp<S>), Errno> {
        let mut udp = self.bound(local)?;
        udp.socket.connect(remote).await?;
        Ok((local, udp))
    }

    async fn bind_single(&self, local: SocketAddr) -> Result<(SocketAddr, ModemUdp<S>), Errno> {
        Ok((local, self.bound(local)?))
    }

    async fn bind_multiple(&self, local: SocketAddr) -> Result<ModemUdp<S>, Errno> {
        self.bound(local)
    }
}

/// A TCP connection; closed when it is dropped.
#[derive(Debug)]
pub struct ModemTcp<S: Sockets> {
    socket: Socket<S>,
}

impl<S: Sockets> ErrorType for ModemTcp<S> {
    type Error = Errno;
}

impl<S: Sockets> Read for ModemTcp<S> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Errno> {
        if buffer.is_empty() {
            return Ok(0);
        }
        self.socket.receive(buffer).await
    }
}

impl<S: Sockets> Write for ModemTcp<S> {
    async fn write(&mut self, data: &[u8]) -> Result<usize, Errno> {
        if data.is_empty() {
            return Ok(0);
        }
        self.socket.send(data).await
    }

    async fn flush(&mut self) -> Result<(), Errno> {
        Ok(())
    }
}

impl<S: Sockets + Clone> TcpConnect for ModemStack<S> {
    type Error = Errno;
    type Connection<'a>
        = ModemTcp<S>
    where
        Self: 'a;

    async fn connect(&self, remote: SocketAddr) -> Result<ModemTcp<S>, Errno> {
        let family = Family::of(remote.ip());
        let mut socket = Socket::open(self.sockets.clone(), family, Protocol::Tcp)?;
        socket.connect(remote).await?;
        Ok(ModemTcp { socket })
    }
}

/// What the modem resolves names to; the first of both families where either will do.
pub(super) fn resolve(
    sockets: &impl Sockets,
    host: &str,
    kind: &AddrType,
) -> Result<IpAddr, Errno> {
    match kind {
        AddrType::IPv4 => sockets.resolve(host, Family::Ipv4),
        AddrType::IPv6 => sockets.resolve(host, Family::Ipv6),
        AddrType::Either => sockets
            .resolve(host, Family::Ipv4)
            .or_else(|_| sockets.resolve(host, Family::Ipv6)),
    }
}

impl<S: Sockets + Clone> Dns for ModemStack<S> {
    type Error = Errno;

    async fn get_host_by_name(&self, host: &str, addr_type: AddrType) -> Result<IpAddr, Errno> {
        resolve(&self.sockets, host, &addr_type)
    }

    /// # Errors
    /// Always [`Errno::OPNOTSUPP`]: the modem has no such query.
    async fn get_host_by_address(&self, _: IpAddr, _: &mut [u8]) -> Result<usize, Errno> {
        Err(Errno::OPNOTSUPP)
    }
}
