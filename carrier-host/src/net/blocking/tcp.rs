//! Non-blocking TCP connections.

use core::net::SocketAddr;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use embedded_nal::TcpClientStack;
use socket2::{Domain, Protocol, Socket, Type};

use super::{BlockingStack, nb_error};
use crate::net::error::{NetError, NetErrorKind};

/// `EINPROGRESS` of Linux: the connection is being made.
const EINPROGRESS: i32 = 115;

/// A TCP connection; dropping it closes it.
#[derive(Debug)]
pub struct BlockingTcp(State);

#[derive(Debug)]
enum State {
    Idle,
    Connecting(TcpStream),
    Connected(TcpStream),
}

impl BlockingTcp {
    fn stream(&self) -> nb::Result<&TcpStream, NetError> {
        match &self.0 {
            State::Connected(stream) => Ok(stream),
            State::Connecting(_) => Err(nb::Error::WouldBlock),
            State::Idle => Err(nb::Error::Other(NetError::new(NetErrorKind::NotConnected))),
        }
    }
}

fn start(remote: SocketAddr) -> Result<TcpStream, NetError> {
    let socket = Socket::new(
        Domain::for_address(remote),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_nonblocking(true)?;
    socket.set_tcp_nodelay(true)?;
    match socket.connect(&remote.into()) {
        Err(error) if error.raw_os_error() != Some(EINPROGRESS) => Err(error.into()),
        _ => Ok(socket.into()),
    }
}

/// Whether the connection stands by now.
fn established(stream: &TcpStream) -> Result<bool, NetError> {
    if let Some(error) = stream.take_error()? {
        return Err(error.into());
    }
    match stream.peer_addr() {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotConnected => Ok(false),
        Err(error) => Err(error.into()),
    }
}

impl TcpClientStack for BlockingStack {
    type TcpSocket = BlockingTcp;
    type Error = NetError;

    fn socket(&mut self) -> Result<BlockingTcp, NetError> {
        Ok(BlockingTcp(State::Idle))
    }

    /// After an error the socket is as new, and may connect again.
    fn connect(
        &mut self,
        socket: &mut BlockingTcp,
        remote: SocketAddr,
    ) -> nb::Result<(), NetError> {
        let stream = match core::mem::replace(&mut socket.0, State::Idle) {
            State::Idle => start(remote).map_err(nb::Error::Other)?,
            State::Connecting(stream) => stream,
            connected @ State::Connected(_) => {
                socket.0 = connected;
                return Ok(());
            }
        };
        if established(&stream).map_err(nb::Error::Other)? {
            socket.0 = State::Connected(stream);
            Ok(())
        } else {
            socket.0 = State::Connecting(stream);
            Err(nb::Error::WouldBlock)
        }
    }

    fn send(&mut self, socket: &mut BlockingTcp, data: &[u8]) -> nb::Result<usize, NetError> {
        let mut stream = socket.stream()?;
        stream.write(data).map_err(nb_error)
    }

    /// `Ok(0)` says that the peer has closed its direction.
    fn receive(
        &mut self,
        socket: &mut BlockingTcp,
        buffer: &mut [u8],
    ) -> nb::Result<usize, NetError> {
        let mut stream = socket.stream()?;
        stream.read(buffer).map_err(nb_error)
    }

    fn close(&mut self, socket: BlockingTcp) -> Result<(), NetError> {
        drop(socket);
        Ok(())
    }
}
