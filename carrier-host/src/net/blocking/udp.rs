//! Non-blocking UDP sockets.

use core::net::SocketAddr;
use std::net::UdpSocket;

use embedded_nal::{UdpClientStack, UdpFullStack};

use super::{BlockingStack, nb_error};
use crate::net::bind::{bind_udp, bind_udp_port, inward, outward, unspecified_like};
use crate::net::datagram::Datagram;
use crate::net::error::{NetError, NetErrorKind};

/// `EMSGSIZE` of Linux.
const EMSGSIZE: i32 = 90;

/// A UDP socket. The operating system's socket is made when it is bound, connected, or first sent from.
#[derive(Debug)]
pub struct BlockingUdp {
    socket: Option<(UdpSocket, SocketAddr)>,
    datagram: Datagram,
}

impl BlockingUdp {
    /// The operating system's socket and its local address, bound to any port of `peer`'s family if there is none.
    fn bound_for(&mut self, peer: SocketAddr) -> Result<&(UdpSocket, SocketAddr), NetError> {
        let bound = match self.socket.take() {
            Some(bound) => bound,
            None => with_local(bind_udp(unspecified_like(peer))?)?,
        };
        Ok(self.socket.insert(bound))
    }

    /// The address and port that the socket is bound to, if it is.
    #[must_use]
    pub fn local(&self) -> Option<SocketAddr> {
        self.socket.as_ref().map(|(_, local)| inward(*local))
    }
}

fn with_local(socket: UdpSocket) -> Result<(UdpSocket, SocketAddr), NetError> {
    let local = socket.local_addr()?;
    Ok((socket, local))
}

const fn not_connected() -> nb::Error<NetError> {
    nb::Error::Other(NetError::new(NetErrorKind::NotConnected))
}

impl UdpClientStack for BlockingStack {
    type UdpSocket = BlockingUdp;
    type Error = NetError;

    fn socket(&mut self) -> Result<BlockingUdp, NetError> {
        Ok(BlockingUdp {
            socket: None,
            datagram: Datagram::new(),
        })
    }

    fn connect(&mut self, socket: &mut BlockingUdp, remote: SocketAddr) -> Result<(), NetError> {
        let (udp, local) = socket.bound_for(remote)?;
        udp.connect(outward(*local, remote))?;
        // Connecting chose the local address.
        let local = udp.local_addr()?;
        if let Some((_, old)) = &mut socket.socket {
            *old = local;
        }
        Ok(())
    }

    fn send(&mut self, socket: &mut BlockingUdp, data: &[u8]) -> nb::Result<(), NetError> {
        let (udp, _) = socket.socket.as_ref().ok_or(not_connected())?;
        udp.send(data).map_err(nb_error)?;
        Ok(())
    }

    /// A datagram that is longer than `buffer` is taken off the socket, its start is put into `buffer`, and the
    /// answer is [`NetErrorKind::MessageTooLong`] with `EMSGSIZE`.
    fn receive(
        &mut self,
        socket: &mut BlockingUdp,
        buffer: &mut [u8],
    ) -> nb::Result<(usize, SocketAddr), NetError> {
        let (udp, _) = socket.socket.as_ref().ok_or(not_connected())?;
        let (len, remote) = udp.recv_from(socket.datagram.room()).map_err(nb_error)?;
        let len = socket.datagram.hand_over(len, buffer);
        if len > buffer.len() {
            return Err(nb::Error::Other(NetError::with_errno(
                NetErrorKind::MessageTooLong,
                EMSGSIZE,
            )));
        }
        Ok((len, inward(remote)))
    }

    fn close(&mut self, socket: BlockingUdp) -> Result<(), NetError> {
        drop(socket);
        Ok(())
    }
}

impl UdpFullStack for BlockingStack {
    /// Both address families, or IPv4 alone where the host has no IPv6; port 0 takes any free port.
    fn bind(&mut self, socket: &mut BlockingUdp, local_port: u16) -> Result<(), NetError> {
        socket.socket = Some(with_local(bind_udp_port(local_port)?)?);
        Ok(())
    }

    fn send_to(
        &mut self,
        socket: &mut BlockingUdp,
        remote: SocketAddr,
        data: &[u8],
    ) -> nb::Result<(), NetError> {
        let (udp, local) = socket.bound_for(remote).map_err(nb::Error::Other)?;
        udp.send_to(data, outward(*local, remote))
            .map_err(nb_error)?;
        Ok(())
    }
}
