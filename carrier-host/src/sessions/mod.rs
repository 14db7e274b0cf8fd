//! Sessions over the host's sockets: UDP, DTLS with pre-shared keys, TCP, and TLS with certificates.

mod error;
mod session;
mod stream;

use core::fmt;
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::Poll;

use lwm2m_carrier::errno;
use lwm2m_carrier::hal::{
    Expect, OpenRequest, Opened, Received, SessionError, SessionErrorKind, SessionId, Sessions,
};

use crate::dtls::DtlsConfig;
use crate::keys::KeyRing;
use session::{Happening, Session};

/// Sessions of datagrams and streams, each over a socket of its own, so that the operating system tells which peer
/// refuses.
///
/// Opening never makes the caller wait: its outcome is received. A secured session looks its credentials up by the
/// tag in a [`KeyRing`] when it is opened; without them the open fails with [`SessionErrorKind::Handshake`] and
/// `ENOENT`.
///
/// - Datagrams: names resolve to the address that the host prefers (RFC 6724); DTLS 1.2 with a pre-shared key.
/// - Streams: the addresses of a name are tried one after the other. TLS 1.2 or 1.3, by rustls, because the checks of
///   certificates must be real: the path to one of the CA certificates under the tags, which are the only ones that are
///   trusted, that each on it may act as a CA, the host's name or address, the dates by the system clock. With
///   [`Security::Tag`](lwm2m_carrier::hal::Security::Tag) the device shows the certificate under the tag, if there is
///   one. A peer that fails the checks, or that refuses the device, is
///   [`SessionErrorKind::Handshake`] with `ECONNREFUSED`. Connecting may take 30 s, handshake included, and sending
///   too. The end of a stream is [`SessionErrorKind::Closed`] with `ENOTCONN` in due form, which over TLS needs
///   close_notify, [`SessionErrorKind::Reset`] with `ECONNRESET` when it was cut off. A stream whose send has failed is over.
pub struct HostSessions {
    keys: KeyRing,
    dtls: DtlsConfig,
    /// By session number.
    sessions: Vec<Option<Session>>,
    /// The session that is looked at first, so that a busy one does not silence the others.
    first: usize,
}

/// There is no such session.
const NOT_OPEN: SessionError = SessionError::new(SessionErrorKind::Closed, errno::ENOTCONN);

impl HostSessions {
    /// No sessions yet. Handshakes take their credentials from `keys` and their times from `dtls`.
    #[must_use]
    pub const fn new(keys: KeyRing, dtls: DtlsConfig) -> Self {
        Self {
            keys,
            dtls,
            sessions: Vec::new(),
            first: 0,
        }
    }

    fn slot(&mut self, session: SessionId) -> Option<&mut Option<Session>> {
        self.sessions.get_mut(session.index())
    }

    /// Waits until something happens to one of the sessions.
    async fn happening(&mut self, room: bool) -> (SessionId, Happening) {
        let (before, behind) = self
            .sessions
            .split_at_mut_checked(self.first)
            .unwrap_or_default();
        let behind = (self.first..).zip(behind);
        let mut waiting: Vec<_> = behind
            .chain((0..).zip(before))
            .filter_map(|(index, slot)| {
                let id = SessionId::new(u8::try_from(index).ok()?);
                let wait: Pin<Box<dyn Future<Output = Happening> + '_>> =
                    Box::pin(slot.as_mut()?.wait(room));
                Some((id, wait))
            })
            .collect();
        poll_fn(|context| {
            for (id, wait) in &mut waiting {
                if let Poll::Ready(happening) = wait.as_mut().poll(context) {
                    return Poll::Ready((*id, happening));
                }
            }
            Poll::Pending
        })
        .await
    }
}

impl Sessions for HostSessions {
    async fn open(
        &mut self,
        session: SessionId,
        request: &OpenRequest<'_>,
    ) -> Result<Opened, SessionError> {
        let new = Session::open(request, &self.keys, self.dtls)?;
        if self.sessions.len() <= session.index() {
            self.sessions.resize_with(session.index() + 1, || None);
        }
        if let Some(slot) = self.slot(session) {
            *slot = Some(new);
        }
        Ok(Opened::Pending)
    }

    async fn send(
        &mut self,
        session: SessionId,
        datagram: &[u8],
        _expect: Expect,
    ) -> Result<(), SessionError> {
        let slot = self.slot(session).ok_or(NOT_OPEN)?;
        let sent = match slot {
            Some(session) => session.send(datagram).await,
            None => Err(NOT_OPEN),
        };
        if let Err(SessionError {
            kind: SessionErrorKind::Closed | SessionErrorKind::Reset,
            ..
        }) = sent
        {
            *slot = None;
        }
        sent
    }

    async fn close(&mut self, session: SessionId) {
        if let Some(session) = self.slot(session).and_then(Option::take) {
            Box::pin(session.close()).await;
        }
    }

    fn hold(&mut self, session: SessionId, held: bool) {
        if let Some(session) = self.slot(session).and_then(Option::as_mut) {
            session.hold(held);
        }
    }

    async fn receive(&mut self, buffer: &mut [u8]) -> (SessionId, Received) {
        loop {
            let (id, happening) = self.happening(!buffer.is_empty()).await;
            self.first = (id.index() + 1) % self.sessions.len().max(1);
            let Some(slot) = self.slot(id) else { continue };
            match happening {
                Happening::Opened { resumed } => return (id, Received::Opened { resumed }),
                Happening::Received => {
                    let taken = slot.as_mut().and_then(|session| session.take(buffer));
                    if let Some(len) = taken {
                        return (id, Received::Datagram(len));
                    }
                }
                Happening::Ended(error) => {
                    *slot = None;
                    return (id, Received::Closed(error));
                }
            }
        }
    }
}

impl fmt::Debug for HostSessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostSessions")
            .field("sessions", &self.sessions.iter().flatten().count())
            .finish_non_exhaustive()
    }
}
