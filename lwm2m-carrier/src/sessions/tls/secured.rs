//! Sessions whose streams are secured by the engine.

use core::{
    convert::Infallible,
    fmt,
    future::{Future, pending, poll_fn},
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use lwm2m_core::time::{Duration, Instant};

use super::{
    channel::{Request, Stage, TlsChannel},
    engine::NO_MEMORY,
    verifier::unix_time,
};
use crate::{
    driver::race::{Either, race},
    errno,
    hal::{
        CaTags, Clock, ConnectionId, Expect, OpenRequest, Opened, Received, Security, SessionError,
        SessionErrorKind, SessionId, Sessions, Transport,
    },
};

/// Longest time that the connection and the handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(60);

/// `S`, with TLS for the streams that are to be secured: one at a time.
///
/// All other sessions are those of `S`. Of a secured stream `S` sees a plain one. [`Security::CaTags`] and
/// [`Security::Tag`] both name the CA certificates that the server's is checked against, in the engine's
/// [`TrustAnchors`](super::TrustAnchors); the device shows none. A session opens [pending](Opened::Pending), and fails
/// after a minute; so does one for which `S` waits itself.
///
/// A server that cannot be trusted ends the session with [`SessionErrorKind::Handshake`] and `ECONNREFUSED`; `ENOENT`
/// says that no certificate lies under the tags, `EINVAL` that they or the host's name cannot be used, `EPERM` that the
/// date is not known. [`SessionErrorKind::Closed`] comes with `ENOTCONN` after the server's goodbye, and
/// [`SessionErrorKind::Reset`] with `ECONNRESET` without one: then what was received may not be all.
pub struct TlsSessions<'s, S, C, const CHUNK: usize> {
    inner: S,
    clock: C,
    channel: &'s TlsChannel<CHUNK>,
    engine: Pin<&'s mut (dyn Future<Output = Infallible> + 's)>,
    /// The session that is secured.
    session: Option<Secured>,
}

struct Secured {
    id: SessionId,
    progress: Progress,
    /// Bytes of the channel that the sessions below were last asked to send, and had not when that was cancelled.
    leaving: usize,
    /// Bytes that the channel has taken of what is to be sent.
    taken: usize,
    held: bool,
}

#[derive(Clone, Copy)]
enum Progress {
    /// The stream below is being opened.
    Connecting(Instant),
    /// The handshake is under way.
    Handshake(Instant),
    Open,
    /// Still to be told.
    Failed(SessionError),
}

impl<'s, S, C, const CHUNK: usize> TlsSessions<'s, S, C, CHUNK> {
    /// Secures streams of `inner` by an [engine](TlsChannel::engine) of `channel`.
    #[must_use]
    pub fn new(
        inner: S,
        clock: C,
        channel: &'s TlsChannel<CHUNK>,
        engine: Pin<&'s mut (dyn Future<Output = Infallible> + 's)>,
    ) -> Self {
        Self {
            inner,
            clock,
            channel,
            engine,
            session: None,
        }
    }

    /// Lets the engine do what it can. It never waits for anything but what is put into the channel.
    fn run_engine(&mut self) {
        let mut context = Context::from_waker(Waker::noop());
        let _ = self.engine.as_mut().poll(&mut context);
    }

    /// Forgets the session and its keys.
    fn forget(&mut self) {
        self.session = None;
        self.channel.reset();
        self.run_engine();
    }

    /// The session, if it is the one that is secured.
    fn secured(&mut self, session: SessionId) -> Option<&mut Secured> {
        self.session
            .as_mut()
            .filter(|secured| secured.id == session)
    }

    fn fail(&mut self, error: SessionError) {
        if let Some(secured) = &mut self.session {
            secured.progress = Progress::Failed(error);
        }
    }
}

impl<S: Sessions, C: Clock, const CHUNK: usize> TlsSessions<'_, S, C, CHUNK> {
    /// Runs the engine until it waits for the server or for the application, and sends what it has to send.
    ///
    /// When this is dropped, what was being sent stays in the channel and is sent again, as ports expect it.
    async fn exchange(&mut self, session: SessionId, expect: Expect) -> Result<(), SessionError> {
        let mut chunk = [0; CHUNK];
        loop {
            let again = self.secured(session).map_or(0, |secured| secured.leaving);
            if again == 0 {
                self.run_engine();
            }
            let len = self.channel.with(|state| {
                let waiting = state.outgoing.waiting();
                let len = if again == 0 { waiting.len() } else { again };
                let parts = (chunk.get_mut(..len), waiting.get(..len));
                if let (Some(to), Some(from)) = parts {
                    to.copy_from_slice(from);
                }
                len
            });
            if len == 0 {
                return Ok(());
            }
            if let Some(secured) = self.secured(session) {
                secured.leaving = len;
            }
            let bytes = chunk.get(..len).unwrap_or_default();
            let sent = self.inner.send(session, bytes, expect).await;
            self.channel.with(|state| state.outgoing.skip(len));
            if let Some(secured) = self.secured(session) {
                secured.leaving = 0;
            }
            sent?;
        }
    }

    /// What the secured session has to tell by itself.
    fn news(&mut self, buffer: &mut [u8]) -> Option<Received> {
        let secured = self.session.as_mut()?;
        if let Progress::Handshake(_) = secured.progress
            && self.channel.with(|state| state.opened)
        {
            secured.progress = Progress::Open;
            return Some(Received::Opened { resumed: false });
        }
        if secured.held {
            return None;
        }
        if let Progress::Open = secured.progress {
            let len = self.channel.with(|state| state.received.take(buffer));
            if len > 0 {
                // There is room again.
                self.run_engine();
                return Some(Received::Datagram(len));
            }
            if self.channel.with(|state| !state.received.is_empty()) {
                return None;
            }
        }
        if let Stage::Ended(error) = self.channel.stage() {
            self.fail(error);
        }
        None
    }

    /// The stream below has something to say.
    fn received(&mut self, received: Received, buffer: &[u8]) -> Option<SessionError> {
        let secured = self.session.as_mut()?;
        match (received, secured.progress) {
            (Received::Opened { .. }, Progress::Connecting(until)) => {
                secured.progress = Progress::Handshake(until);
            }
            (Received::Datagram(len), Progress::Handshake(_) | Progress::Open) => {
                let bytes = buffer.get(..len).unwrap_or_default();
                if self.channel.with(|state| state.incoming.put(bytes)) < bytes.len() {
                    return Some(NO_MEMORY);
                }
            }
            (Received::Closed(error), Progress::Handshake(_) | Progress::Open)
                if error.kind == SessionErrorKind::Closed =>
            {
                self.channel.with(|state| state.ended = true);
            }
            (Received::Closed(error), _) => return Some(error),
            _ => {}
        }
        None
    }

    /// Begins a secured session.
    async fn open_secured(
        &mut self,
        session: SessionId,
        request: &OpenRequest<'_>,
        trust: CaTags,
    ) -> Result<Opened, SessionError> {
        if self.session.is_some() {
            return Err(NO_MEMORY);
        }
        self.forget();
        let now = self.clock.unix_time().and_then(unix_time).ok_or(NO_DATE)?;
        let asked = Request::new(request.host, trust, now).ok_or(INVALID)?;
        self.channel.with(|state| {
            state.request = Some(asked);
            state.stage = Stage::Requested;
        });
        // Looks at the credentials, and makes the keys, before the network is asked for anything.
        self.run_engine();
        if let Stage::Ended(error) = self.channel.stage() {
            self.forget();
            return Err(error);
        }
        let until = self.clock.now() + HANDSHAKE;
        let plain = OpenRequest::new(request.host, request.port).over(Transport::Stream);
        // Not all stacks give up by themselves.
        let opened = race(
            self.inner.open(session, &plain),
            reach(&mut self.clock, until),
        )
        .await;
        let progress = match opened {
            Either::First(Ok(Opened::Ready { .. })) => Progress::Handshake(until),
            Either::First(Ok(Opened::Pending)) => Progress::Connecting(until),
            Either::First(Err(error)) => {
                self.forget();
                return Err(error);
            }
            Either::Second(()) => {
                self.inner.close(session).await;
                self.forget();
                return Err(LATE);
            }
        };
        self.session = Some(Secured {
            id: session,
            progress,
            leaving: 0,
            taken: 0,
            held: false,
        });
        Ok(Opened::Pending)
    }
}

impl<S: Sessions, C: Clock, const CHUNK: usize> Sessions for TlsSessions<'_, S, C, CHUNK> {
    async fn open(
        &mut self,
        session: SessionId,
        request: &OpenRequest<'_>,
    ) -> Result<Opened, SessionError> {
        if self.secured(session).is_some() {
            self.close(session).await;
        }
        let trust = match (request.transport, request.security) {
            (Transport::Stream, Security::CaTags(tags)) => tags,
            (Transport::Stream, Security::Tag(tag)) => CaTags::new(&[tag]).unwrap_or_default(),
            _ => return self.inner.open(session, request).await,
        };
        self.open_secured(session, request, trust).await
    }

    async fn send(
        &mut self,
        session: SessionId,
        datagram: &[u8],
        expect: Expect,
    ) -> Result<(), SessionError> {
        let Some(secured) = self.secured(session) else {
            return self.inner.send(session, datagram, expect).await;
        };
        if !matches!(secured.progress, Progress::Open) {
            return Err(NOT_OPEN);
        }
        loop {
            let taken = self.secured(session).map_or(0, |secured| secured.taken);
            let rest = datagram.get(taken..).unwrap_or_default();
            let taken_now = self.channel.with(|state| state.to_send.put(rest));
            if let Some(secured) = self.secured(session) {
                secured.taken = taken.saturating_add(taken_now);
            }
            let sent = self.exchange(session, expect).await;
            if let Err(error) = sent {
                self.inner.close(session).await;
                self.forget();
                return Err(SessionError::new(SessionErrorKind::Closed, error.errno));
            }
            if self.channel.stage() != Stage::Open {
                self.inner.close(session).await;
                self.forget();
                return Err(NOT_OPEN);
            }
            if taken_now == rest.len() && self.channel.with(|state| state.to_send.is_empty()) {
                if let Some(secured) = self.secured(session) {
                    secured.taken = 0;
                }
                return Ok(());
            }
        }
    }

    async fn close(&mut self, session: SessionId) {
        let whole = self.secured(session).is_some_and(|secured| {
            secured.leaving == 0 && matches!(secured.progress, Progress::Open)
        });
        if whole && self.channel.stage() == Stage::Open {
            self.channel.with(|state| state.stage = Stage::Closing);
            // It leaves at once, or not at all: a network that is gone must not hold anything up.
            let mut goodbye = pin!(self.exchange(session, Expect::Nothing));
            poll_fn(|context| {
                let _ = goodbye.as_mut().poll(context);
                Poll::Ready(())
            })
            .await;
        }
        self.inner.close(session).await;
        if self.secured(session).is_some() {
            self.forget();
        }
    }

    async fn receive(&mut self, buffer: &mut [u8]) -> (SessionId, Received) {
        loop {
            let Some(Secured { id, progress, .. }) = self.session else {
                return self.inner.receive(buffer).await;
            };
            let until = match progress {
                Progress::Failed(error) => {
                    self.inner.close(id).await;
                    self.forget();
                    return (id, Received::Closed(error));
                }
                Progress::Connecting(until) => Some(until),
                Progress::Handshake(until) => Some(until),
                Progress::Open => None,
            };
            if !matches!(progress, Progress::Connecting(_)) {
                if let Err(error) = self.exchange(id, Expect::Reply).await {
                    self.fail(error);
                    continue;
                }
                if let Some(received) = self.news(buffer) {
                    return (id, received);
                }
                if let Some(Secured {
                    progress: Progress::Failed(_),
                    ..
                }) = self.session
                {
                    continue;
                }
            }
            let clock = &mut self.clock;
            let late = async {
                match until {
                    Some(until) => reach(clock, until).await,
                    None => pending().await,
                }
            };
            match race(self.inner.receive(buffer), late).await {
                Either::First((session, received)) if session == id => {
                    if let Some(error) = self.received(received, buffer) {
                        self.fail(error);
                    }
                }
                Either::First(other) => return other,
                Either::Second(()) => self.fail(LATE),
            }
        }
    }

    fn hold(&mut self, session: SessionId, held: bool) {
        if let Some(secured) = self.secured(session) {
            secured.held = held;
        }
        self.inner.hold(session, held);
    }

    fn connection_id(&self, session: SessionId) -> ConnectionId {
        self.inner.connection_id(session)
    }

    async fn save(&mut self, session: SessionId) -> Result<(), SessionError> {
        self.inner.save(session).await
    }

    async fn load(&mut self, session: SessionId) -> Result<(), SessionError> {
        self.inner.load(session).await
    }
}

/// Waits until the time has come. A clock may return earlier, having slept in there: whatever else is waited for has its turn
/// before it does so again.
async fn reach(clock: &mut impl Clock, until: Instant) {
    while clock.now() < until {
        clock.wait(until).await;
        let mut has_yielded = false;
        poll_fn(|context| {
            if core::mem::replace(&mut has_yielded, true) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }
}

impl<S: fmt::Debug, C, const CHUNK: usize> fmt::Debug for TlsSessions<'_, S, C, CHUNK> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsSessions")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}

/// There is no such session, or it is not open.
const NOT_OPEN: SessionError = SessionError::new(SessionErrorKind::Closed, errno::ENOTCONN);
/// The handshake takes too long.
const LATE: SessionError = SessionError::new(SessionErrorKind::Timeout, errno::ETIMEDOUT);
/// Without the date a certificate cannot be checked.
const NO_DATE: SessionError = SessionError::new(SessionErrorKind::Handshake, errno::EPERM);
/// The name of the server is too long.
const INVALID: SessionError = SessionError::new(SessionErrorKind::Handshake, errno::EINVAL);
