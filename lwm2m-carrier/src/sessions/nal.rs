//! Plain sessions over an embedded-nal-async stack.

use core::{
    cell::Cell,
    fmt,
    future::{Future, pending, poll_fn},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    pin::pin,
    task::Poll,
};

use embedded_io_async::{Error as _, ErrorKind, Read, Write};
use embedded_nal_async::{AddrType, Dns, TcpConnect, UdpStack, UnconnectedUdp};

use crate::{
    driver::race::{Either, race},
    errno,
    hal::{
        Expect, OpenRequest, Opened, Received, Security, SessionError, SessionErrorKind, SessionId,
        Sessions, Transport,
    },
};

/// Errors of the socket, one at once behind the other, after which it is given up. A single one may be of a datagram that is
/// longer than the buffer, which anybody can send.
const ERRORS: u8 = 8;

/// Plain sessions over `N`: one unconnected UDP socket for all peers, and one TCP stream at a time.
///
/// * `SESSIONS`: sessions with a number below this can be opened; at least the number of servers, and one more for downloads
///   of firmware
/// * `CHUNK`: most bytes of a stream that are received at once; 0 where streams are not used
///
/// The socket is bound to the family of the first peer when that is opened, and given up with the last session, so a
/// new address of the device is used after the link was down. While it is bound, peers of the other family cannot be
/// opened (`NoRoute`), except where the stack's IPv6 sockets serve IPv4 peers too: see
/// [`with_dual_stack`](Self::with_dual_stack).
///
/// Names are asked for in one family after the other, anew for each open, and never twice for one: embedded-nal gives
/// one address per query. Which of several sessions to the same address a datagram belongs to cannot be told; it goes
/// to the one with the lowest number.
///
/// There is no clock here. How long a connect, a query for a name or a write of a stream may take is the stack's to
/// limit, to a minute or two: as long as one of them goes on, the device does nothing else.
///
/// Secured requests are refused as [`Unsupported`](SessionErrorKind::Unsupported): `coaps` needs a DTLS library or a
/// modem behind [`Sessions`].
pub struct NalSessions<'s, N, const SESSIONS: usize, const CHUNK: usize>
where
    N: UdpStack + TcpConnect + Dns,
{
    stack: &'s N,
    families: &'s [AddrType],
    dual_stack: bool,
    socket: Option<(SocketAddr, <N as UdpStack>::UniquelyBound)>,
    peers: [Option<SocketAddr>; SESSIONS],
    stream: Option<(SessionId, N::Connection<'s>)>,
    /// The stream is not to be read.
    held: bool,
    /// Bytes that have left of what the stream is sending, for when that is dropped and done again.
    written: usize,
    chunk: [u8; CHUNK],
    /// Errors of the socket since it had something to receive, or nothing.
    errors: Cell<u8>,
    /// The socket has failed; the sessions over it are still to be told.
    failure: Option<SessionError>,
}

impl<'s, N, const SESSIONS: usize, const CHUNK: usize> NalSessions<'s, N, SESSIONS, CHUNK>
where
    N: UdpStack + TcpConnect + Dns,
{
    /// Sessions over `stack`; names are resolved to the first of `families` that has an address.
    #[must_use]
    pub const fn new(stack: &'s N, families: &'s [AddrType]) -> Self {
        Self {
            stack,
            families,
            dual_stack: false,
            socket: None,
            peers: [None; SESSIONS],
            stream: None,
            held: false,
            written: 0,
            chunk: [0; CHUNK],
            errors: Cell::new(0),
            failure: None,
        }
    }

    /// The same on a stack whose IPv6 sockets reach IPv4 peers when these are given as IPv4 addresses.
    #[must_use]
    pub const fn with_dual_stack(mut self) -> Self {
        self.dual_stack = true;
        self
    }

    /// The address of a peer.
    async fn resolve(&self, host: &str, families: &[AddrType]) -> Result<IpAddr, SessionError> {
        if let Ok(address) = host.parse() {
            return Ok(address);
        }
        for family in families {
            if let Ok(address) = self.stack.get_host_by_name(host, family.clone()).await {
                return Ok(address);
            }
        }
        Err(SessionError::new(
            SessionErrorKind::NameResolution,
            errno::ENOENT,
        ))
    }

    /// Opens a session of datagrams: takes note of the peer, and binds the socket if this is the first.
    async fn open_datagram(
        &mut self,
        session: SessionId,
        request: &OpenRequest<'_>,
    ) -> Result<(), SessionError> {
        if session.index() >= SESSIONS {
            return Err(SessionError::new(
                SessionErrorKind::Resources,
                errno::ENOMEM,
            ));
        }
        let only = match &self.socket {
            Some((local, _)) if !self.dual_stack => Some([if local.is_ipv4() {
                AddrType::IPv4
            } else {
                AddrType::IPv6
            }]),
            _ => None,
        };
        let families = only
            .as_ref()
            .map_or(self.families, <[AddrType; 1]>::as_slice);
        let peer = SocketAddr::new(self.resolve(request.host, families).await?, request.port);
        let local = match &self.socket {
            Some((local, _)) => *local,
            None => {
                let any = if peer.is_ipv4() && !self.dual_stack {
                    IpAddr::V4(Ipv4Addr::UNSPECIFIED)
                } else {
                    IpAddr::V6(Ipv6Addr::UNSPECIFIED)
                };
                let bound = self.stack.bind_single(SocketAddr::new(any, 0)).await;
                let (local, socket) = bound.map_err(|error| session_error(error.kind()))?;
                self.socket = Some((local, socket));
                local
            }
        };
        if local.is_ipv4() != peer.is_ipv4() && !self.dual_stack {
            return Err(SessionError::new(
                SessionErrorKind::NoRoute,
                errno::ENETUNREACH,
            ));
        }
        if let Some(slot) = self.peers.get_mut(session.index()) {
            *slot = Some(peer);
        }
        Ok(())
    }

    /// Opens the stream.
    async fn open_stream(
        &mut self,
        session: SessionId,
        request: &OpenRequest<'_>,
    ) -> Result<(), SessionError> {
        if self.stream.is_some() || CHUNK == 0 {
            return Err(SessionError::new(
                SessionErrorKind::Resources,
                errno::ENOMEM,
            ));
        }
        let address = self.resolve(request.host, self.families).await?;
        let remote = SocketAddr::new(address, request.port);
        let connected = TcpConnect::connect(self.stack, remote).await;
        let stream = connected.map_err(|error| session_error(error.kind()))?;
        self.stream = Some((session, stream));
        self.held = false;
        self.written = 0;
        Ok(())
    }

    /// The session with `peer`.
    fn session_of(&self, peer: SocketAddr) -> Option<SessionId> {
        let same = |known: &Option<SocketAddr>| {
            known.is_some_and(|known| known.ip() == peer.ip() && known.port() == peer.port())
        };
        session_at(self.peers.iter().position(same)?)
    }

    /// Forgets the first session of datagrams that there is.
    fn drop_first(&mut self) -> Option<SessionId> {
        let index = self.peers.iter().position(Option::is_some)?;
        *self.peers.get_mut(index)? = None;
        session_at(index)
    }
}

impl<N, const SESSIONS: usize, const CHUNK: usize> Sessions for NalSessions<'_, N, SESSIONS, CHUNK>
where
    N: UdpStack + TcpConnect + Dns,
{
    async fn open(
        &mut self,
        session: SessionId,
        request: &OpenRequest<'_>,
    ) -> Result<Opened, SessionError> {
        if request.security != Security::None {
            return Err(SessionError::UNSUPPORTED);
        }
        self.close(session).await;
        match request.transport {
            Transport::Datagram => self.open_datagram(session, request).await?,
            Transport::Stream => self.open_stream(session, request).await?,
        }
        // Without security there is no context that a peer could have forgotten.
        Ok(Opened::Ready { resumed: true })
    }

    async fn send(
        &mut self,
        session: SessionId,
        datagram: &[u8],
        _expect: Expect,
    ) -> Result<(), SessionError> {
        if let Some((_, stream)) = self.stream.as_mut().filter(|(id, _)| *id == session) {
            while let Some(rest) = datagram.get(self.written..).filter(|rest| !rest.is_empty()) {
                let error = match stream.write(rest).await {
                    Ok(0) => CLOSED,
                    Ok(len) => {
                        self.written = self.written.saturating_add(len);
                        continue;
                    }
                    Err(error) => session_error(error.kind()),
                };
                self.written = 0;
                return Err(error);
            }
            let flushed = stream.flush().await;
            self.written = 0;
            return flushed.map_err(|error| session_error(error.kind()));
        }
        let peer = self.peers.get(session.index()).copied().flatten();
        let (Some(peer), Some((local, socket))) = (peer, &mut self.socket) else {
            return Err(CLOSED);
        };
        let sent = socket.send(*local, peer, datagram).await;
        sent.map_err(|error| match session_error(error.kind()) {
            // One peer's refusal must not end the socket that all share.
            SessionError {
                kind: SessionErrorKind::Closed | SessionErrorKind::Reset,
                errno,
            } => SessionError::new(SessionErrorKind::Io, errno),
            error => error,
        })
    }

    async fn close(&mut self, session: SessionId) {
        if self.stream.as_ref().is_some_and(|(id, _)| *id == session) {
            self.stream = None;
        }
        if let Some(slot) = self.peers.get_mut(session.index()) {
            *slot = None;
        }
        if self.peers.iter().all(Option::is_none) {
            self.socket = None;
            self.failure = None;
        }
    }

    fn hold(&mut self, session: SessionId, held: bool) {
        if self.stream.as_ref().is_some_and(|(id, _)| *id == session) {
            self.held = held;
        }
    }

    async fn receive(&mut self, buffer: &mut [u8]) -> (SessionId, Received) {
        loop {
            if let Some(error) = self.failure {
                if let Some(session) = self.drop_first() {
                    return (session, Received::Closed(error));
                }
                self.failure = None;
            }
            let room = buffer.len();
            let chunk = self.chunk.get_mut(..room.min(CHUNK)).unwrap_or_default();
            let (socket, errors) = (&mut self.socket, &self.errors);
            let stream = self.stream.as_mut().filter(|_| !self.held);
            let datagram = async {
                match socket {
                    Some((_, socket)) => {
                        let mut received = pin!(socket.receive_into(buffer));
                        poll_fn(|context| {
                            let received = received.as_mut().poll(context);
                            errors.set(match &received {
                                Poll::Ready(Err(_)) => errors.get().saturating_add(1),
                                _ => 0,
                            });
                            received
                        })
                        .await
                    }
                    None => pending().await,
                }
            };
            let bytes = async {
                match stream {
                    Some((session, stream)) => (*session, stream.read(chunk).await),
                    None => pending().await,
                }
            };
            match race(datagram, bytes).await {
                Either::First(Ok((len, _, peer))) => {
                    if let Some(session) = self.session_of(peer)
                        && len <= room
                    {
                        return (session, Received::Datagram(len));
                    }
                }
                Either::First(Err(_)) if self.errors.get() < ERRORS => {}
                Either::First(Err(error)) => {
                    self.errors.set(0);
                    self.socket = None;
                    self.failure = Some(session_error(error.kind()));
                }
                Either::Second((session, Ok(len))) if len > 0 => {
                    if let (Some(to), Some(from)) = (buffer.get_mut(..len), self.chunk.get(..len)) {
                        to.copy_from_slice(from);
                    }
                    return (session, Received::Datagram(len));
                }
                Either::Second((session, ended)) => {
                    self.stream = None;
                    let error = ended.map_or_else(|error| session_error(error.kind()), |_| CLOSED);
                    return (session, Received::Closed(error));
                }
            }
        }
    }
}

impl<N, const SESSIONS: usize, const CHUNK: usize> fmt::Debug
    for NalSessions<'_, N, SESSIONS, CHUNK>
where
    N: UdpStack + TcpConnect + Dns,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NalSessions")
            .field("peers", &self.peers)
            .finish_non_exhaustive()
    }
}

/// The session has ended.
const CLOSED: SessionError = SessionError::new(SessionErrorKind::Closed, errno::ENOTCONN);

fn session_at(index: usize) -> Option<SessionId> {
    u8::try_from(index).ok().map(SessionId::new)
}

/// What embedded-io's kinds stand for.
const fn session_error(kind: ErrorKind) -> SessionError {
    let (kind, errno) = match kind {
        ErrorKind::ConnectionRefused => (SessionErrorKind::Refused, errno::ECONNREFUSED),
        ErrorKind::TimedOut => (SessionErrorKind::Timeout, errno::ETIMEDOUT),
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted => {
            (SessionErrorKind::Reset, errno::ECONNRESET)
        }
        ErrorKind::BrokenPipe | ErrorKind::NotConnected => {
            (SessionErrorKind::Closed, errno::ENOTCONN)
        }
        ErrorKind::AddrNotAvailable => (SessionErrorKind::NoRoute, errno::ENETUNREACH),
        ErrorKind::Unsupported => (SessionErrorKind::Unsupported, errno::EOPNOTSUPP),
        ErrorKind::OutOfMemory => (SessionErrorKind::Resources, errno::ENOMEM),
        _ => (SessionErrorKind::Io, errno::EIO),
    };
    SessionError::new(kind, errno)
}
