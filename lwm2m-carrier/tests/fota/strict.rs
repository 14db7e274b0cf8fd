//! A port that holds the library to what the traits promise it: a session that is opened is closed, and the link is taken
//! down when all of them are.

use core::cell::Cell;

use lwm2m_carrier::hal::{
    Expect, Link, LinkError, LinkState, OpenRequest, Opened, Received, SessionError,
    SessionErrorKind, SessionId, Sessions,
};

/// The sessions that are not closed, a bit for each.
#[derive(Debug, Default)]
pub(crate) struct NotClosed(Cell<u32>);

impl NotClosed {
    fn opened(&self, session: SessionId) {
        let bit = 1 << session.number();
        assert_eq!(self.0.get() & bit, 0, "{session:?} is not closed");
        self.0.set(self.0.get() | bit);
    }

    fn closed(&self, session: SessionId) {
        self.0.set(self.0.get() & !(1 << session.number()));
    }
}

pub(crate) struct StrictSessions<'n, S> {
    pub(crate) sessions: S,
    pub(crate) not_closed: &'n NotClosed,
}

impl<S: Sessions> Sessions for StrictSessions<'_, S> {
    async fn open(
        &mut self,
        session: SessionId,
        request: &OpenRequest<'_>,
    ) -> Result<Opened, SessionError> {
        self.not_closed.opened(session);
        let opened = self.sessions.open(session, request).await;
        if opened.is_err() {
            self.not_closed.closed(session);
        }
        opened
    }

    async fn send(
        &mut self,
        session: SessionId,
        datagram: &[u8],
        expect: Expect,
    ) -> Result<(), SessionError> {
        let sent = self.sessions.send(session, datagram, expect).await;
        if let Err(error) = sent
            && matches!(
                error.kind,
                SessionErrorKind::Closed | SessionErrorKind::Reset
            )
        {
            self.not_closed.closed(session);
        }
        sent
    }

    async fn close(&mut self, session: SessionId) {
        self.sessions.close(session).await;
        self.not_closed.closed(session);
    }

    async fn receive(&mut self, buffer: &mut [u8]) -> (SessionId, Received) {
        let (session, received) = self.sessions.receive(buffer).await;
        if matches!(received, Received::Closed(_)) {
            self.not_closed.closed(session);
        }
        (session, received)
    }

    fn hold(&mut self, session: SessionId, held: bool) {
        self.sessions.hold(session, held);
    }
}

pub(crate) struct StrictLink<'n, L> {
    pub(crate) link: L,
    pub(crate) not_closed: &'n NotClosed,
}

impl<L: Link> Link for StrictLink<'_, L> {
    async fn up(&mut self) -> Result<(), LinkError> {
        self.link.up().await
    }

    async fn down(&mut self) -> Result<(), LinkError> {
        assert_eq!(self.not_closed.0.get(), 0, "sessions are not closed");
        self.link.down().await
    }

    fn state(&self) -> LinkState {
        self.link.state()
    }

    async fn changed(&mut self) -> LinkState {
        self.link.changed().await
    }
}
