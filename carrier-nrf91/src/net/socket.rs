//! One socket, polled.

use core::fmt;
use core::future::poll_fn;
use core::net::SocketAddr;
use core::task::{Context, Poll};

use super::{Descriptor, Errno, Family, Interest, Protocol, Sockets, Status};

/// Connects, or goes on connecting when it has `begun`.
///
/// After the first call the outcome is asked for before `connect` is called again, which might begin anew.
pub(crate) fn poll_connect(
    sockets: &impl Sockets,
    socket: Descriptor,
    peer: SocketAddr,
    begun: bool,
    context: &Context<'_>,
) -> Poll<Result<(), Errno>> {
    sockets.watch(socket, Interest::Send, context.waker());
    if begun
        && let Ok(error) = sockets.status(socket, Status::Error)
        && error != 0
    {
        return Poll::Ready(Err(Errno(error)));
    }
    match sockets.connect(socket, peer) {
        Ok(()) | Err(Errno::ISCONN) => Poll::Ready(Ok(())),
        Err(Errno::INPROGRESS | Errno::ALREADY | Errno::AGAIN) => Poll::Pending,
        Err(error) => Poll::Ready(Err(error)),
    }
}

/// Calls `call`, and waits when it answers [`Errno::AGAIN`].
fn poll<T>(
    sockets: &impl Sockets,
    socket: Descriptor,
    interest: Interest,
    context: &Context<'_>,
    call: impl FnOnce() -> Result<T, Errno>,
) -> Poll<Result<T, Errno>> {
    sockets.watch(socket, interest, context.waker());
    match call() {
        Err(Errno::AGAIN) => Poll::Pending,
        other => Poll::Ready(other),
    }
}

pub(crate) fn poll_send(
    sockets: &impl Sockets,
    socket: Descriptor,
    bytes: &[u8],
    context: &Context<'_>,
) -> Poll<Result<usize, Errno>> {
    poll(sockets, socket, Interest::Send, context, || {
        sockets.send(socket, bytes)
    })
}

pub(crate) fn poll_receive(
    sockets: &impl Sockets,
    socket: Descriptor,
    buffer: &mut [u8],
    context: &Context<'_>,
) -> Poll<Result<usize, Errno>> {
    poll(sockets, socket, Interest::Receive, context, || {
        sockets.receive(socket, buffer)
    })
}

/// A socket that is closed when it is dropped; a failure of that is ignored, because the socket is gone all the same.
pub(super) struct Socket<S: Sockets> {
    sockets: S,
    descriptor: Descriptor,
    begun: bool,
}

impl<S: Sockets> Socket<S> {
    pub(super) fn open(sockets: S, family: Family, protocol: Protocol) -> Result<Self, Errno> {
        let descriptor = sockets.open(family, protocol)?;
        Ok(Self {
            sockets,
            descriptor,
            begun: false,
        })
    }

    pub(super) fn bind(&self, local: SocketAddr) -> Result<(), Errno> {
        self.sockets.bind(self.descriptor, local)
    }

    pub(super) fn poll_connect(
        &mut self,
        peer: SocketAddr,
        context: &Context<'_>,
    ) -> Poll<Result<(), Errno>> {
        let begun = core::mem::replace(&mut self.begun, true);
        poll_connect(&self.sockets, self.descriptor, peer, begun, context)
    }

    pub(super) fn poll_send(
        &self,
        bytes: &[u8],
        context: &Context<'_>,
    ) -> Poll<Result<usize, Errno>> {
        poll_send(&self.sockets, self.descriptor, bytes, context)
    }

    pub(super) fn poll_send_to(
        &self,
        bytes: &[u8],
        peer: SocketAddr,
        context: &Context<'_>,
    ) -> Poll<Result<usize, Errno>> {
        let (sockets, socket) = (&self.sockets, self.descriptor);
        poll(sockets, socket, Interest::Send, context, || {
            sockets.send_to(socket, bytes, peer)
        })
    }

    pub(super) fn poll_receive(
        &self,
        buffer: &mut [u8],
        context: &Context<'_>,
    ) -> Poll<Result<usize, Errno>> {
        poll_receive(&self.sockets, self.descriptor, buffer, context)
    }

    pub(super) fn poll_receive_from(
        &self,
        buffer: &mut [u8],
        context: &Context<'_>,
    ) -> Poll<Result<(usize, SocketAddr), Errno>> {
        let (sockets, socket) = (&self.sockets, self.descriptor);
        poll(sockets, socket, Interest::Receive, context, || {
            sockets.receive_from(socket, buffer)
        })
    }

    pub(super) async fn connect(&mut self, peer: SocketAddr) -> Result<(), Errno> {
        poll_fn(|context| self.poll_connect(peer, context)).await
    }

    pub(super) async fn send(&self, bytes: &[u8]) -> Result<usize, Errno> {
        poll_fn(|context| self.poll_send(bytes, context)).await
    }

    pub(super) async fn send_to(&self, bytes: &[u8], peer: SocketAddr) -> Result<usize, Errno> {
        poll_fn(|context| self.poll_send_to(bytes, peer, context)).await
    }

    pub(super) async fn receive(&self, buffer: &mut [u8]) -> Result<usize, Errno> {
        poll_fn(|context| self.poll_receive(buffer, context)).await
    }

    pub(super) async fn receive_from(
        &self,
        buffer: &mut [u8],
    ) -> Result<(usize, SocketAddr), Errno> {
        poll_fn(|context| self.poll_receive_from(buffer, context)).await
    }
}

impl<S: Sockets> Drop for Socket<S> {
    fn drop(&mut self) {
        let _ = self.sockets.close(self.descriptor);
    }
}

impl<S: Sockets> fmt::Debug for Socket<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Socket").field(&self.descriptor.0).finish()
    }
}

/// A datagram is sent whole or not at all.
pub(super) const fn whole(sent: usize, of: usize) -> Result<(), Errno> {
    if sent == of {
        Ok(())
    } else {
        Err(Errno::MSGSIZE)
    }
}
