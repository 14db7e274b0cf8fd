//! What the sessions and the TLS engine share.

use core::{
    cell::RefCell,
    fmt,
    future::{Future, poll_fn},
    task::Poll,
};

use embedded_io_async::{ErrorKind, ErrorType, Read, Write};
use heapless::String;
use pki_types::UnixTime;

use super::{bytes::Bytes, records::Records};
use crate::hal::{CaTags, SessionError};

/// Most bytes of a host's name, as in [`OpenRequest`](crate::hal::OpenRequest).
const HOST: usize = 255;

/// Between [`TlsSessions`](super::TlsSessions) and its [engine](Self::engine): four times `CHUNK` bytes on their way.
///
/// `CHUNK` is the most that the sessions below receive of a stream at once, and at least 64.
pub struct TlsChannel<const CHUNK: usize>(RefCell<State<CHUNK>>);

pub(super) struct State<const CHUNK: usize> {
    pub(super) stage: Stage,
    pub(super) request: Option<Request>,
    /// The handshake is done, whatever came after it.
    pub(super) opened: bool,
    /// Checks what comes.
    pub(super) records: Records,
    /// From the server, encrypted.
    pub(super) incoming: Bytes<CHUNK>,
    /// Nothing more comes from the server.
    pub(super) ended: bool,
    /// To the server, encrypted.
    pub(super) outgoing: Bytes<CHUNK>,
    /// From the server, in clear.
    pub(super) received: Bytes<CHUNK>,
    /// To the server, in clear.
    pub(super) to_send: Bytes<CHUNK>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Stage {
    /// There is no session.
    Idle,
    /// The engine is to begin one.
    Requested,
    Handshake,
    Open,
    /// The engine is to say goodbye.
    Closing,
    /// The engine is done with the session.
    Ended(SessionError),
}

/// What the engine must know for a session.
#[derive(Clone)]
pub(super) struct Request {
    host: String<HOST>,
    pub(super) trust: CaTags,
    pub(super) now: UnixTime,
}

impl Request {
    /// `None` for a name that is too long.
    pub(super) fn new(host: &str, trust: CaTags, now: UnixTime) -> Option<Self> {
        let host = String::try_from(host).ok()?;
        Some(Self { host, trust, now })
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }
}

impl<const CHUNK: usize> TlsChannel<CHUNK> {
    /// A channel for one session at a time.
    #[must_use]
    pub const fn new() -> Self {
        Self(RefCell::new(State {
            stage: Stage::Idle,
            request: None,
            opened: false,
            records: Records::new(),
            incoming: Bytes::EMPTY,
            ended: false,
            outgoing: Bytes::EMPTY,
            received: Bytes::EMPTY,
            to_send: Bytes::EMPTY,
        }))
    }

    /// The state, for the time of `function`, which must not ask for it again.
    pub(super) fn with<T>(&self, function: impl FnOnce(&mut State<CHUNK>) -> T) -> T {
        function(&mut self.0.borrow_mut())
    }

    pub(super) fn stage(&self) -> Stage {
        self.with(|state| state.stage)
    }

    /// Forgets the session; the engine must be polled then.
    pub(super) fn reset(&self) {
        self.with(|state| {
            state.stage = Stage::Idle;
            state.request = None;
            state.opened = false;
            state.records = Records::new();
            state.ended = false;
            for bytes in [
                &mut state.incoming,
                &mut state.outgoing,
                &mut state.received,
                &mut state.to_send,
            ] {
                bytes.clear();
            }
        });
    }

    /// Waits until `function` has a value. Nobody is woken: the engine is polled after each change.
    pub(super) fn wait<T>(
        &self,
        mut function: impl FnMut(&mut State<CHUNK>) -> Option<T>,
    ) -> impl Future<Output = T> {
        poll_fn(move |_| self.with(&mut function).map_or(Poll::Pending, Poll::Ready))
    }
}

impl<const CHUNK: usize> Default for TlsChannel<CHUNK> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const CHUNK: usize> fmt::Debug for TlsChannel<CHUNK> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsChannel").finish_non_exhaustive()
    }
}

/// The server, as the TLS library sees it.
pub(super) struct Wire<'a, const CHUNK: usize>(pub(super) &'a TlsChannel<CHUNK>);

impl<const CHUNK: usize> Clone for Wire<'_, CHUNK> {
    fn clone(&self) -> Self {
        Self(self.0)
    }
}

impl<const CHUNK: usize> ErrorType for Wire<'_, CHUNK> {
    type Error = ErrorKind;
}

impl<const CHUNK: usize> Read for Wire<'_, CHUNK> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        let read = |state: &mut State<CHUNK>| match state.records.read(&mut state.incoming, buffer)
        {
            Ok(0) if !state.ended => None,
            Ok(len) => Some(Ok(len)),
            Err(_) => Some(Err(ErrorKind::InvalidData)),
        };
        self.0.wait(read).await
    }
}

impl<const CHUNK: usize> Write for Wire<'_, CHUNK> {
    async fn write(&mut self, data: &[u8]) -> Result<usize, ErrorKind> {
        let write = |state: &mut State<CHUNK>| {
            let len = state.outgoing.put(data);
            (len > 0 || data.is_empty()).then_some(Ok(len))
        };
        self.0.wait(write).await
    }

    async fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}
