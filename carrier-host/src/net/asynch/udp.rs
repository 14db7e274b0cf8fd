//! UDP sockets on tokio.

use core::net::SocketAddr;

use embedded_nal_async::{ConnectedUdp, UdpStack, UnconnectedUdp};
use tokio::net::UdpSocket;

use super::AsyncStack;
use crate::net::bind::{bind_udp, inward, outward};
use crate::net::datagram::Datagram;
use crate::net::error::NetError;

/// A UDP socket with one peer. The peer's refusal (ICMP port unreachable) is an error of the next call.
#[derive(Debug)]
pub struct AsyncConnectedUdp {
    socket: UdpSocket,
    datagram: Datagram,
}

/// A UDP socket without a peer.
///
/// The local address that its `receive_into` reports is the one it was bound to: where that is unspecified, the
/// operating system is not asked which of the host's addresses the datagram came to.
#[derive(Debug)]
pub struct AsyncUdp {
    socket: UdpSocket,
    local: SocketAddr,
    datagram: Datagram,
}

impl AsyncUdp {
    fn bind(local: SocketAddr) -> Result<Self, NetError> {
        let socket = UdpSocket::from_std(bind_udp(local)?)?;
        let local = socket.local_addr()?;
        Ok(Self {
            socket,
            local,
            datagram: Datagram::new(),
        })
    }

    /// The address and port that the socket is bound to.
    #[must_use]
    pub const fn local(&self) -> SocketAddr {
        self.local
    }
}

impl ConnectedUdp for AsyncConnectedUdp {
    type Error = NetError;

    async fn send(&mut self, data: &[u8]) -> Result<(), NetError> {
        self.socket.send(data).await?;
        Ok(())
    }

    async fn receive_into(&mut self, buffer: &mut [u8]) -> Result<usize, NetError> {
        let len = self.socket.recv(self.datagram.room()).await?;
        Ok(self.datagram.hand_over(len, buffer))
    }
}

impl UnconnectedUdp for AsyncUdp {
    type Error = NetError;

    /// `local` is not looked at: the socket has one local address.
    async fn send(
        &mut self,
        _local: SocketAddr,
        remote: SocketAddr,
        data: &[u8],
    ) -> Result<(), NetError> {
        let remote = outward(self.local, remote);
        self.socket.send_to(data, remote).await?;
        Ok(())
    }

    async fn receive_into(
        &mut self,
        buffer: &mut [u8],
    ) -> Result<(usize, SocketAddr, SocketAddr), NetError> {
        let (len, remote) = self.socket.recv_from(self.datagram.room()).await?;
        Ok((
            self.datagram.hand_over(len, buffer),
            self.local,
            inward(remote),
        ))
    }
}

impl UdpStack for AsyncStack {
    type Error = NetError;
    type Connected = AsyncConnectedUdp;
    type UniquelyBound = AsyncUdp;
    type MultiplyBound = AsyncUdp;

    async fn connect_from(
        &self,
        local: SocketAddr,
        remote: SocketAddr,
    ) -> Result<(SocketAddr, AsyncConnectedUdp), NetError> {
        let socket = UdpSocket::from_std(bind_udp(local)?)?;
        socket.connect(outward(local, remote)).await?;
        let local = socket.local_addr()?;
        let datagram = Datagram::new();
        Ok((inward(local), AsyncConnectedUdp { socket, datagram }))
    }

    /// An unspecified address stays unspecified: the socket hears every address of the host, which outlives a change
    /// of the host's addresses. Its port is chosen and reported.
    async fn bind_single(&self, local: SocketAddr) -> Result<(SocketAddr, AsyncUdp), NetError> {
        let socket = AsyncUdp::bind(local)?;
        Ok((socket.local, socket))
    }

    async fn bind_multiple(&self, local: SocketAddr) -> Result<AsyncUdp, NetError> {
        AsyncUdp::bind(local)
    }
}
