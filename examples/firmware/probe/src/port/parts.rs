//! The traits of `lwm2m_carrier::hal`, call by call.

use core::future::poll_fn;
use core::task::Poll;

use lwm2m_carrier::hal::{
    Clock, CredentialKind, DetachReason, Expect, KeyStore, KeyStoreError, KeyStoreErrorKind, Link,
    LinkError, LinkErrorKind, LinkState, ModemInfo, NotAvailable, OpenRequest, Opened, Received,
    RecordId, Reset, Security, SecurityTag, SessionError, SessionErrorKind, SessionId, Sessions,
    Storage, StorageError, StorageErrorKind, Transport as TransportKind,
};
use lwm2m_core::time::{Instant, UnixTime};

use super::{News, Operation, Port, pick};
use crate::board;

/// The link.
#[derive(Debug)]
pub struct Network<'p> {
    /// The other end.
    pub port: &'p Port,
    /// As it was told last.
    pub state: LinkState,
}

const REASONS: [DetachReason; 4] = [
    DetachReason::NoService,
    DetachReason::Network,
    DetachReason::Sim,
    DetachReason::Modem,
];

fn link_error(status: u8) -> LinkError {
    const KINDS: [LinkErrorKind; 4] = [
        LinkErrorKind::Sim,
        LinkErrorKind::NoService,
        LinkErrorKind::Rejected,
        LinkErrorKind::PacketData,
    ];
    LinkError::new(
        pick(status, &KINDS, LinkErrorKind::Modem),
        i32::from(status),
    )
}

impl Link for Network<'_> {
    async fn up(&mut self) -> Result<(), LinkError> {
        self.port
            .order(Operation::LinkUp, &[])
            .map_err(link_error)?;
        self.state = LinkState::Up;
        Ok(())
    }

    async fn down(&mut self) -> Result<(), LinkError> {
        self.state = LinkState::Down(DetachReason::Requested);
        self.port
            .order(Operation::LinkDown, &[])
            .map_err(link_error)
    }

    fn state(&self) -> LinkState {
        self.state
    }

    async fn changed(&mut self) -> LinkState {
        poll_fn(|_| match self.port.news.get() {
            News::Link(reason) => {
                self.port.news.set(News::None);
                self.state = match reason {
                    0 => LinkState::Up,
                    reason => LinkState::Down(pick(reason, &REASONS, DetachReason::Unknown)),
                };
                Poll::Ready(self.state)
            }
            _ => Poll::Pending,
        })
        .await
    }
}

/// The credentials.
#[derive(Debug)]
pub struct Keys<'p>(pub &'p Port);

fn key_error(status: u8) -> KeyStoreError {
    const KINDS: [KeyStoreErrorKind; 4] = [
        KeyStoreErrorKind::Online,
        KeyStoreErrorKind::Invalid,
        KeyStoreErrorKind::Unsupported,
        KeyStoreErrorKind::Full,
    ];
    KeyStoreError::new(
        pick(status, &KINDS, KeyStoreErrorKind::Io),
        i32::from(status),
    )
}

impl KeyStore for Keys<'_> {
    async fn write(
        &mut self,
        tag: SecurityTag,
        kind: CredentialKind,
        credential: &[u8],
    ) -> Result<(), KeyStoreError> {
        let tag = tag.0.to_be_bytes();
        self.0
            .order(Operation::WriteKey, &[&tag, &[kind as u8], credential])
            .map_err(key_error)
    }

    async fn delete(
        &mut self,
        tag: SecurityTag,
        kind: CredentialKind,
    ) -> Result<(), KeyStoreError> {
        let tag = tag.0.to_be_bytes();
        self.0
            .order(Operation::DeleteKey, &[&tag, &[kind as u8]])
            .map_err(key_error)
    }

    async fn exists(
        &mut self,
        tag: SecurityTag,
        kind: CredentialKind,
    ) -> Result<bool, KeyStoreError> {
        let (tag, mut answer) = (tag.0.to_be_bytes(), [0]);
        self.0
            .call(Operation::FindKey, &[&tag, &[kind as u8]], &mut answer)
            .map(|_| answer != [0])
            .map_err(key_error)
    }

    fn requires_offline(&self) -> bool {
        // The answer is not known to the compiler.
        self.0.order(Operation::CheckKey, &[]).is_err()
    }

    fn check(
        &self,
        tag: SecurityTag,
        kind: CredentialKind,
        credential: &[u8],
    ) -> Result<(), KeyStoreError> {
        let tag = tag.0.to_be_bytes();
        self.0
            .order(Operation::CheckKey, &[&tag, &[kind as u8], credential])
            .map_err(key_error)
    }
}

/// The sockets.
#[derive(Debug)]
pub struct Transport<'p>(pub &'p Port);

fn session_error(status: u8) -> SessionError {
    const KINDS: [SessionErrorKind; 10] = [
        SessionErrorKind::Unsupported,
        SessionErrorKind::NameResolution,
        SessionErrorKind::NoRoute,
        SessionErrorKind::Refused,
        SessionErrorKind::Handshake,
        SessionErrorKind::Timeout,
        SessionErrorKind::Closed,
        SessionErrorKind::Reset,
        SessionErrorKind::TooLong,
        SessionErrorKind::Resources,
    ];
    SessionError::new(
        pick(status, &KINDS, SessionErrorKind::Io),
        i32::from(status),
    )
}

impl Sessions for Transport<'_> {
    async fn open(
        &mut self,
        session: SessionId,
        request: &OpenRequest<'_>,
    ) -> Result<Opened, SessionError> {
        let head = [
            session.number(),
            u8::from(request.transport == TransportKind::Stream),
        ];
        let mut tags = [0; 1 + 4 * 7];
        let all = match &request.security {
            Security::Tag(tag) => &mut core::iter::once(*tag) as &mut dyn Iterator<Item = _>,
            Security::CaTags(tags) => &mut tags.iter(),
            _ => &mut core::iter::empty(),
        };
        for (to, tag) in tags.chunks_exact_mut(4).zip(all) {
            to.copy_from_slice(&tag.0.to_be_bytes());
        }
        let number = request.port.to_be_bytes();
        let parts = [head.as_slice(), &number, &tags, request.host.as_bytes()];
        let mut answer = [0];
        self.0
            .call(Operation::Open, &parts, &mut answer)
            .map(|_| match answer {
                [0] => Opened::Pending,
                [resumed] => Opened::Ready {
                    resumed: resumed == 1,
                },
            })
            .map_err(session_error)
    }

    async fn send(
        &mut self,
        session: SessionId,
        datagram: &[u8],
        expect: Expect,
    ) -> Result<(), SessionError> {
        let expected = u8::from(expect == Expect::Nothing);
        self.0
            .order(Operation::Send, &[&[session.number(), expected], datagram])
            .map_err(session_error)
    }

    async fn close(&mut self, session: SessionId) {
        // It is closed afterwards in any case.
        let _ = self.0.order(Operation::Close, &[&[session.number()]]);
    }

    async fn receive(&mut self, buffer: &mut [u8]) -> (SessionId, Received) {
        poll_fn(|_| {
            if !matches!(self.0.news.get(), News::Session(_)) {
                return Poll::Pending;
            }
            self.0.news.set(News::None);
            match self.0.call(Operation::Receive, &[], buffer) {
                // The session and what has become of it stand behind the datagram.
                Ok(len) => {
                    let end = len.saturating_sub(2);
                    let (number, state) = match buffer.get(end..len) {
                        Some(&[number, state]) => (number, state),
                        _ => (0, 0),
                    };
                    let received = match state {
                        0 => Received::Datagram(end),
                        1 => Received::Opened { resumed: false },
                        2 => Received::Opened { resumed: true },
                        status => Received::Closed(session_error(status)),
                    };
                    Poll::Ready((SessionId::new(number), received))
                }
                Err(_) => Poll::Pending,
            }
        })
        .await
    }

    fn hold(&mut self, session: SessionId, held: bool) {
        let _ = self
            .0
            .order(Operation::Hold, &[&[session.number(), u8::from(held)]]);
    }
}

/// The records.
#[derive(Debug)]
pub struct Flash<'p>(pub &'p Port);

fn storage_error(status: u8) -> StorageError {
    const KINDS: [StorageErrorKind; 2] = [StorageErrorKind::Full, StorageErrorKind::TooLong];
    StorageError::new(
        pick(status, &KINDS, StorageErrorKind::Io),
        i32::from(status),
    )
}

impl Storage for Flash<'_> {
    async fn load(
        &mut self,
        id: RecordId,
        buffer: &mut [u8],
    ) -> Result<Option<usize>, StorageError> {
        let len = self
            .0
            .call(Operation::Load, &[&[id.0]], buffer)
            .map_err(storage_error)?;
        // No record is empty.
        Ok((len > 0).then_some(len))
    }

    async fn store(&mut self, id: RecordId, record: &[u8]) -> Result<(), StorageError> {
        self.0
            .order(Operation::Store, &[&[id.0], record])
            .map_err(storage_error)
    }

    async fn delete(&mut self, id: RecordId) -> Result<(), StorageError> {
        self.0
            .order(Operation::Delete, &[&[id.0]])
            .map_err(storage_error)
    }
}

/// The clock.
#[derive(Clone, Copy, Debug)]
pub struct Timer;

impl Clock for Timer {
    fn now(&self) -> Instant {
        board::now()
    }

    async fn wait(&mut self, until: Instant) {
        poll_fn(|_| {
            if self.now() < until {
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        })
        .await;
    }

    fn unix_time(&self) -> Option<UnixTime> {
        Some(UnixTime::from_secs(
            i64::try_from(self.now().as_millis() / 1000).unwrap_or(0),
        ))
    }
}

/// The restart.
#[derive(Debug)]
pub struct Switch<'p>(pub &'p Port);

impl Reset for Switch<'_> {
    fn reboot(&mut self) {
        let _ = self.0.order(Operation::Reboot, &[]);
    }
}

/// What the modem says of itself.
#[derive(Debug)]
pub struct Modem<'p>(pub &'p Port);

impl Modem<'_> {
    fn fact<'b>(&self, number: u8, buffer: &'b mut [u8]) -> Result<&'b str, NotAvailable> {
        let len = self
            .0
            .call(Operation::Fact, &[&[number]], buffer)
            .map_err(|_| NotAvailable)?;
        let text = buffer.get(..len).ok_or(NotAvailable)?;
        str::from_utf8(text).map_err(|_| NotAvailable)
    }
}

impl ModemInfo for Modem<'_> {
    async fn imei<'b>(&mut self, buffer: &'b mut [u8]) -> Result<&'b str, NotAvailable> {
        self.fact(0, buffer)
    }

    async fn msisdn<'b>(&mut self, buffer: &'b mut [u8]) -> Result<&'b str, NotAvailable> {
        self.fact(1, buffer)
    }
}
