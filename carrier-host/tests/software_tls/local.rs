//! All hosts on this one.

use lwm2m_carrier::hal::{
    Expect, OpenRequest, Opened, Received, SessionError, SessionId, Sessions,
};

/// A host that does not answer, over a stack that waits for it.
pub(crate) const NOBODY: &str = "nobody.example";

/// Sessions that find every other host at 127.0.0.1.
#[derive(Debug)]
pub(crate) struct Local<S>(pub(crate) S);

impl<S: Sessions> Sessions for Local<S> {
    async fn open(
        &mut self,
        session: SessionId,
        request: &OpenRequest<'_>,
    ) -> Result<Opened, SessionError> {
        if request.host == NOBODY {
            core::future::pending::<()>().await;
        }
        let here = OpenRequest::new("127.0.0.1", request.port)
            .over(request.transport)
            .secured_by(request.security);
        self.0.open(session, &here).await
    }

    async fn send(
        &mut self,
        session: SessionId,
        datagram: &[u8],
        expect: Expect,
    ) -> Result<(), SessionError> {
        self.0.send(session, datagram, expect).await
    }

    async fn close(&mut self, session: SessionId) {
        self.0.close(session).await;
    }

    async fn receive(&mut self, buffer: &mut [u8]) -> (SessionId, Received) {
        self.0.receive(buffer).await
    }

    fn hold(&mut self, session: SessionId, held: bool) {
        self.0.hold(session, held);
    }
}
