//! An embedded-nal stack as an embedded-nal-async one.

use core::{
    cell::RefCell,
    fmt,
    net::{IpAddr, SocketAddr},
};

use embedded_io_async::{ErrorKind, ErrorType, Read, Write};
use embedded_nal::{AddrType, Dns, TcpClientStack, TcpErrorKind, UdpClientStack, UdpFullStack};
use embedded_nal_async::{ConnectedUdp, TcpConnect, UdpStack, UnconnectedUdp};

use crate::driver::blocking::ready;

/// Makes an embedded-nal-async stack of an embedded-nal stack, for use under
/// [`block_on`](crate::driver::blocking::block_on).
///
/// A copy is the same stack.
pub struct NbStack<'a, S>(&'a RefCell<S>);

impl<'a, S> NbStack<'a, S> {
    /// The stack in `cell`, which nothing else may borrow while one of the futures is polled.
    #[must_use]
    pub const fn new(cell: &'a RefCell<S>) -> Self {
        Self(cell)
    }

    /// Repeats `function` on the stack until it does not answer `WouldBlock`.
    async fn ready<T, E>(
        self,
        mut function: impl FnMut(&mut S) -> nb::Result<T, E>,
    ) -> Result<T, E> {
        ready(|| match self.0.try_borrow_mut() {
            Ok(mut stack) => function(&mut stack),
            Err(_) => Err(nb::Error::WouldBlock),
        })
        .await
    }
}

impl<S> Clone for NbStack<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for NbStack<'_, S> {}

impl<S> fmt::Debug for NbStack<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NbStack").finish_non_exhaustive()
    }
}

/// An error of the stack. embedded-nal tells little about it: a closed pipe, or something else.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct NbError<E> {
    /// The stack's own error.
    pub error: E,
    kind: ErrorKind,
}

impl<E> NbError<E> {
    const fn other(error: E) -> Self {
        Self {
            error,
            kind: ErrorKind::Other,
        }
    }
}

impl<E: embedded_nal::TcpError> NbError<E> {
    fn of_tcp(error: E) -> Self {
        let kind = match error.kind() {
            TcpErrorKind::PipeClosed => ErrorKind::BrokenPipe,
            _ => ErrorKind::Other,
        };
        Self { error, kind }
    }
}

impl<E: fmt::Debug> fmt::Display for NbError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl<E: fmt::Debug> core::error::Error for NbError<E> {}

impl<E: fmt::Debug> embedded_io_async::Error for NbError<E> {
    fn kind(&self) -> ErrorKind {
        self.kind
    }
}

/// A UDP socket; closed when it is dropped.
pub struct NbUdp<'a, S: UdpClientStack> {
    stack: NbStack<'a, S>,
    socket: Option<S::UdpSocket>,
    local: SocketAddr,
}

impl<'a, S: UdpClientStack> NbUdp<'a, S> {
    async fn open(
        stack: NbStack<'a, S>,
        local: SocketAddr,
    ) -> Result<Self, NbError<<S as UdpClientStack>::Error>> {
        let socket = stack
            .ready(|stack| stack.socket().map_err(nb::Error::Other))
            .await
            .map_err(NbError::other)?;
        Ok(Self {
            stack,
            socket: Some(socket),
            local,
        })
    }

    /// Repeats `function` on the socket until it does not answer `WouldBlock`.
    async fn ready<T>(
        &mut self,
        mut function: impl FnMut(
            &mut S,
            &mut S::UdpSocket,
        ) -> nb::Result<T, <S as UdpClientStack>::Error>,
    ) -> Result<T, NbError<<S as UdpClientStack>::Error>> {
        let socket = &mut self.socket;
        self.stack
            .ready(|stack| match socket {
                Some(socket) => function(stack, socket),
                None => Err(nb::Error::WouldBlock),
            })
            .await
            .map_err(NbError::other)
    }
}

impl<S: UdpClientStack> Drop for NbUdp<'_, S> {
    fn drop(&mut self) {
        if let (Some(socket), Ok(mut stack)) = (self.socket.take(), self.stack.0.try_borrow_mut()) {
            // A socket that cannot be closed is lost either way.
            let _ = stack.close(socket);
        }
    }
}

impl<S: UdpClientStack> fmt::Debug for NbUdp<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NbUdp").finish_non_exhaustive()
    }
}

impl<S: UdpFullStack> ConnectedUdp for NbUdp<'_, S> {
    type Error = NbError<<S as UdpClientStack>::Error>;

    async fn send(&mut self, data: &[u8]) -> Result<(), Self::Error> {
        self.ready(|stack, socket| stack.send(socket, data)).await
    }

    async fn receive_into(&mut self, buffer: &mut [u8]) -> Result<usize, Self::Error> {
        let (len, _) = self
            .ready(|stack, socket| stack.receive(socket, buffer))
            .await?;
        Ok(len)
    }
}

impl<S: UdpFullStack> UnconnectedUdp for NbUdp<'_, S> {
    type Error = NbError<<S as UdpClientStack>::Error>;

    /// `local` is not looked at: the socket has one local address.
    async fn send(
        &mut self,
        _local: SocketAddr,
        remote: SocketAddr,
        data: &[u8],
    ) -> Result<(), Self::Error> {
        self.ready(|stack, socket| stack.send_to(socket, remote, data))
            .await
    }

    async fn receive_into(
        &mut self,
        buffer: &mut [u8],
    ) -> Result<(usize, SocketAddr, SocketAddr), Self::Error> {
        let local = self.local;
        let (len, remote) = self
            .ready(|stack, socket| stack.receive(socket, buffer))
            .await?;
        Ok((len, local, remote))
    }
}

impl<'a, S: UdpFullStack> UdpStack for NbStack<'a, S> {
    type Error = NbError<<S as UdpClientStack>::Error>;
    type Connected = NbUdp<'a, S>;
    type UniquelyBound = NbUdp<'a, S>;
    type MultiplyBound = NbUdp<'a, S>;

    async fn connect_from(
        &self,
        local: SocketAddr,
        remote: SocketAddr,
    ) -> Result<(SocketAddr, Self::Connected), Self::Error> {
        let mut udp = NbUdp::open(*self, local).await?;
        udp.ready(|stack, socket| stack.connect(socket, remote).map_err(nb::Error::Other))
            .await?;
        Ok((local, udp))
    }

    /// embedded-nal binds to a port alone and does not tell which one it has chosen for 0.
    async fn bind_single(
        &self,
        local: SocketAddr,
    ) -> Result<(SocketAddr, Self::UniquelyBound), Self::Error> {
        let mut udp = NbUdp::open(*self, local).await?;
        udp.ready(|stack, socket| stack.bind(socket, local.port()).map_err(nb::Error::Other))
            .await?;
        Ok((local, udp))
    }

    async fn bind_multiple(&self, local: SocketAddr) -> Result<Self::MultiplyBound, Self::Error> {
        Ok(self.bind_single(local).await?.1)
    }
}

/// A TCP connection; closed when it is dropped.
pub struct NbTcp<'a, S: TcpClientStack> {
    stack: NbStack<'a, S>,
    socket: Option<S::TcpSocket>,
}

impl<S: TcpClientStack> NbTcp<'_, S> {
    /// Repeats `function` on the socket until it does not answer `WouldBlock`.
    async fn ready<T>(
        &mut self,
        mut function: impl FnMut(
            &mut S,
            &mut S::TcpSocket,
        ) -> nb::Result<T, <S as TcpClientStack>::Error>,
    ) -> Result<T, NbError<<S as TcpClientStack>::Error>> {
        let socket = &mut self.socket;
        self.stack
            .ready(|stack| match socket {
                Some(socket) => function(stack, socket),
                None => Err(nb::Error::WouldBlock),
            })
            .await
            .map_err(NbError::of_tcp)
    }
}

impl<S: TcpClientStack> Drop for NbTcp<'_, S> {
    fn drop(&mut self) {
        if let (Some(socket), Ok(mut stack)) = (self.socket.take(), self.stack.0.try_borrow_mut()) {
            let _ = stack.close(socket);
        }
    }
}

impl<S: TcpClientStack> fmt::Debug for NbTcp<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NbTcp").finish_non_exhaustive()
    }
}

impl<S: TcpClientStack> ErrorType for NbTcp<'_, S> {
    type Error = NbError<<S as TcpClientStack>::Error>;
}

impl<S: TcpClientStack> Read for NbTcp<'_, S> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Self::Error> {
        let read = self
            .ready(|stack, socket| stack.receive(socket, buffer))
            .await;
        match read {
            // embedded-nal tells the end of the stream as an error, embedded-io as nothing read.
            Err(error) if error.kind == ErrorKind::BrokenPipe => Ok(0),
            other => other,
        }
    }
}

impl<S: TcpClientStack> Write for NbTcp<'_, S> {
    async fn write(&mut self, data: &[u8]) -> Result<usize, Self::Error> {
        self.ready(|stack, socket| stack.send(socket, data)).await
    }

    async fn flush(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
}

impl<'a, S: TcpClientStack> TcpConnect for NbStack<'a, S> {
    type Error = NbError<<S as TcpClientStack>::Error>;
    type Connection<'c>
        = NbTcp<'a, S>
    where
        Self: 'c;

    async fn connect(&self, remote: SocketAddr) -> Result<NbTcp<'a, S>, Self::Error> {
        let socket = self
            .ready(|stack| TcpClientStack::socket(stack).map_err(nb::Error::Other))
            .await
            .map_err(NbError::of_tcp)?;
        let mut tcp = NbTcp {
            stack: *self,
            socket: Some(socket),
        };
        tcp.ready(|stack, socket| stack.connect(socket, remote))
            .await?;
        Ok(tcp)
    }
}

impl<S: Dns> embedded_nal_async::Dns for NbStack<'_, S> {
    type Error = NbError<S::Error>;

    async fn get_host_by_name(
        &self,
        host: &str,
        addr_type: AddrType,
    ) -> Result<IpAddr, Self::Error> {
        self.ready(|stack| stack.get_host_by_name(host, addr_type.clone()))
            .await
            .map_err(NbError::other)
    }

    async fn get_host_by_address(
        &self,
        addr: IpAddr,
        result: &mut [u8],
    ) -> Result<usize, Self::Error> {
        self.ready(|stack| stack.get_host_by_address(addr, result))
            .await
            .map_err(NbError::other)
    }
}
