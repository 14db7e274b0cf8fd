//! One session and its socket.

use core::net::{IpAddr, SocketAddr};
use core::task::{Context, Poll};

use lwm2m_carrier::errno;
use lwm2m_carrier::hal::{Received, SessionError, SessionErrorKind};
use lwm2m_core::time::{Duration, Instant};

use crate::net::{Descriptor, Errno, Protocol, Sockets, Status, poll_connect, poll_receive};

/// Bytes of the longest datagram that is received into a buffer of as many.
const LONGEST: usize = 1280;
/// Datagrams that are thrown away in one go, before others have their turn.
const JUNK: usize = 8;

/// The session has ended.
pub(super) const CLOSED: SessionError =
    SessionError::new(SessionErrorKind::Closed, errno::ENOTCONN);

/// A secured stream has ended. The modem does not tell whether the peer has said so, or somebody on the way.
const CUT: SessionError = SessionError::new(SessionErrorKind::Reset, errno::ECONNRESET);

/// A session that is not closed.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) socket: Descriptor,
    pub(super) protocol: Protocol,
    // Not a `SocketAddr`, which is half as long again.
    address: IpAddr,
    port: u16,
    pub(super) phase: Phase,
    /// The stream is not to be read.
    pub(super) held: bool,
    /// Bytes that have left of what the stream is sending, for when that is dropped and done again.
    pub(super) written: usize,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Phase {
    /// The modem has room for one handshake at a time: this one waits for its turn.
    Queued { limit: Duration },
    /// Connecting.
    Connecting { until: Instant },
    /// Open.
    Open,
    /// Open, and packed up.
    Saved,
}

impl Slot {
    pub(super) const fn new(
        socket: Descriptor,
        protocol: Protocol,
        peer: SocketAddr,
        limit: Duration,
    ) -> Self {
        Self {
            socket,
            protocol,
            address: peer.ip(),
            port: peer.port(),
            phase: Phase::Queued { limit },
            held: false,
            written: 0,
        }
    }

    /// Whether the modem's one handshake is this one's.
    pub(super) const fn makes_handshake(&self) -> bool {
        self.protocol.is_secured() && matches!(self.phase, Phase::Connecting { .. })
    }

    /// When connecting is given up.
    pub(super) const fn deadline(&self) -> Option<Instant> {
        match self.phase {
            Phase::Connecting { until } => Some(until),
            _ => None,
        }
    }

    /// Connects; whether the peer knows the session from before. `free`: the modem makes no other handshake.
    pub(super) fn poll_open(
        &mut self,
        sockets: &impl Sockets,
        now: Instant,
        free: bool,
        context: &Context<'_>,
    ) -> Poll<Result<bool, SessionError>> {
        let secured = self.protocol.is_secured();
        let (until, begun) = match self.phase {
            Phase::Queued { .. } if secured && !free => return Poll::Pending,
            Phase::Queued { limit } => (now + limit, false),
            Phase::Connecting { until } => (until, true),
            Phase::Open | Phase::Saved => return Poll::Pending,
        };
        self.phase = Phase::Connecting { until };
        let peer = SocketAddr::new(self.address, self.port);
        match poll_connect(sockets, self.socket, peer, begun, context) {
            Poll::Ready(Ok(())) => {
                self.phase = Phase::Open;
                let shortened = || sockets.status(self.socket, Status::Handshake) == Ok(1);
                Poll::Ready(Ok(!secured || shortened()))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error.on_open(secured))),
            Poll::Pending if now >= until => Poll::Ready(Err(SessionError::new(
                SessionErrorKind::Timeout,
                errno::ETIMEDOUT,
            ))),
            Poll::Pending => Poll::Pending,
        }
    }

    /// What has come.
    pub(super) fn poll_receive(
        &self,
        sockets: &impl Sockets,
        buffer: &mut [u8],
        context: &Context<'_>,
    ) -> Poll<Received> {
        if self.phase != Phase::Open || self.held {
            return Poll::Pending;
        }
        if self.protocol.is_stream() {
            return poll_receive(sockets, self.socket, buffer, context).map(|got| match got {
                Ok(0) if !buffer.is_empty() => Received::Closed(if self.protocol.is_secured() {
                    CUT
                } else {
                    CLOSED
                }),
                Ok(len) => Received::Datagram(len),
                // A record of more than the modem's 2,048 bytes: what it held is lost.
                Err(Errno::MSGSIZE) => {
                    Received::Closed(SessionError::new(SessionErrorKind::Io, errno::EMSGSIZE))
                }
                Err(error) => Received::Closed(error.on_session()),
            });
        }
        self.poll_datagram(sockets, buffer, context)
    }

    /// The modem cuts a datagram to the buffer and does not say so: one that fills a buffer may have been cut.
    fn poll_datagram(
        &self,
        sockets: &impl Sockets,
        buffer: &mut [u8],
        context: &Context<'_>,
    ) -> Poll<Received> {
        for _ in 0..JUNK {
            let received = if buffer.len() > LONGEST {
                poll_receive(sockets, self.socket, buffer, context)
            } else {
                self.poll_short(sockets, buffer, context)
            };
            match received {
                Poll::Pending => return Poll::Pending,
                // The end of the connection over DTLS; without it just a datagram that says nothing, from anybody.
                Poll::Ready(Ok(0)) if self.protocol.is_secured() => {
                    return Poll::Ready(Received::Closed(CLOSED));
                }
                Poll::Ready(Ok(len)) if len > 0 && len < buffer.len().max(LONGEST + 1) => {
                    return Poll::Ready(Received::Datagram(len));
                }
                Poll::Ready(Ok(_)) => {}
                // Nobody listens there, for now: a lost datagram, which the message layer sends again.
                Poll::Ready(Err(Errno::CONNREFUSED)) if !self.protocol.is_secured() => {}
                Poll::Ready(Err(error)) => {
                    return Poll::Ready(Received::Closed(error.on_session()));
                }
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }

    /// By way of the stack, into a buffer without a byte to spare. What does not fit there is cut.
    #[inline(never)]
    fn poll_short(
        &self,
        sockets: &impl Sockets,
        buffer: &mut [u8],
        context: &Context<'_>,
    ) -> Poll<Result<usize, Errno>> {
        let mut datagram = [0; LONGEST + 1];
        let received = poll_receive(sockets, self.socket, &mut datagram, context);
        received.map_ok(|len| match (datagram.get(..len), buffer.get_mut(..len)) {
            (Some(from), Some(to)) => {
                to.copy_from_slice(from);
                len
            }
            _ => datagram.len(),
        })
    }
}
