//! Sessions that the kit must catch.

use core::cell::RefCell;

use carrier_mock::conformance::peer::WorldPeer;
use carrier_mock::conformance::sessions::{self, Places};
use carrier_mock::modem::ModemSessions;
use carrier_mock::world::{Guard, StreamGuard, World};
use lwm2m_carrier::hal::{
    Expect, Link, OpenRequest, Opened, Received, Security, SessionError, SessionId, Sessions,
};

use crate::bench::block_on;

#[derive(Clone, Copy, Eq, PartialEq)]
enum Fault {
    /// Sends a long datagram as two.
    Splits,
    /// Opens a secured session in the clear.
    Unsecured,
    /// Does not hold.
    NeverHolds,
    /// Forgets what it has received when it is dropped while it looks twice.
    NotCancelSafe,
}

struct Broken<'a, 'w>(ModemSessions<'a, 'w>, Fault);

impl Sessions for Broken<'_, '_> {
    async fn open(
        &mut self,
        session: SessionId,
        request: &OpenRequest<'_>,
    ) -> Result<Opened, SessionError> {
        let mut request = *request;
        if self.1 == Fault::Unsecured {
            request = request.secured_by(Security::None);
        }
        self.0.open(session, &request).await
    }

    async fn send(
        &mut self,
        session: SessionId,
        datagram: &[u8],
        expect: Expect,
    ) -> Result<(), SessionError> {
        if self.1 == Fault::Splits && datagram.len() > 1024 {
            let (first, second) = datagram.split_at(1024);
            self.0.send(session, first, expect).await?;
            return self.0.send(session, second, expect).await;
        }
        self.0.send(session, datagram, expect).await
    }

    async fn close(&mut self, session: SessionId) {
        self.0.close(session).await;
    }

    async fn receive(&mut self, buffer: &mut [u8]) -> (SessionId, Received) {
        let received = self.0.receive(buffer).await;
        if self.1 == Fault::NotCancelSafe {
            let mut waited = false;
            core::future::poll_fn(|context| {
                if waited {
                    return core::task::Poll::Ready(());
                }
                waited = true;
                context.waker().wake_by_ref();
                core::task::Poll::Pending
            })
            .await;
        }
        received
    }

    fn hold(&mut self, session: SessionId, held: bool) {
        if self.1 != Fault::NeverHolds {
            self.0.hold(session, held);
        }
    }
}

#[test]
fn broken_sessions_are_caught() {
    for (fault, check) in [
        (Fault::Splits, "sessions::datagrams"),
        (Fault::Unsecured, "sessions::secured"),
        (Fault::NeverHolds, "sessions::hold"),
        (Fault::NotCancelSafe, "sessions::cancel"),
    ] {
        let (echo, files) = (
            RefCell::new(WorldPeer::new()),
            RefCell::new(WorldPeer::new()),
        );
        let world = World::new(1);
        let at = "192.0.2.1:5683".parse().unwrap();
        world
            .add_server("a.example", at, Guard::Plain, &echo)
            .unwrap();
        world
            .add_stream_server("a.example", at, StreamGuard::Plain, &files)
            .unwrap();
        let places = Places::new("a.example", 5683).with_streams(5683);
        let mut broken = Broken(world.sessions(), fault);
        let judged = block_on(async {
            world.link().up().await.unwrap();
            sessions::all(&mut broken, &mut world.device().clock, &places).await
        });
        assert_eq!(judged.unwrap_err().check, check);
    }
}
