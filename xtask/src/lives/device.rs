//! The device: the carrier with its driver, an application, and the porting surface with an eye on it.

use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::Poll;

use carrier_mock::executor;
use carrier_mock::modem::ModemSessions;
use carrier_mock::world::World;
use lwm2m_carrier::driver::{Handle, Shared, blocking};
use lwm2m_carrier::fota::{Fota, Sha256Trailer};
use lwm2m_carrier::hal::{
    CredentialKind, Expect, Hal, KeyStore, Link, LinkError, LinkState, OpenRequest, Opened,
    Received, SessionError, SessionId, Sessions,
};
use lwm2m_carrier::{CaTags, Carrier, Event, EventHandler, Profile, Response};
use lwm2m_core::client::Resources;
use lwm2m_core::model::Object;
use lwm2m_core::objects::{Device, Security, Server};

use super::plan::{MINUTE, Plan, secs};
use super::stage::{AUTHORITY, CA_TAG, ENDPOINT};
use super::watch::Watch;

pub(super) type Objects<'o> = [&'o mut dyn Object; 3];

/// The link, whose state the library is told of.
struct Told<'a, 'w, L> {
    inner: L,
    world: &'a World<'w>,
    watch: &'a Watch,
}

impl<L: Link> Link for Told<'_, '_, L> {
    async fn up(&mut self) -> Result<(), LinkError> {
        self.watch.link_tried(self.world.now());
        let result = self.inner.up().await;
        self.watch.link_is(self.inner.state());
        result
    }

    async fn down(&mut self) -> Result<(), LinkError> {
        self.watch.link_tried(self.world.now());
        let result = self.inner.down().await;
        self.watch.link_is(self.inner.state());
        result
    }

    fn state(&self) -> LinkState {
        self.inner.state()
    }

    async fn changed(&mut self) -> LinkState {
        let state = self.inner.changed().await;
        self.watch.link_is(state);
        state
    }
}

/// The sockets, with an eye on what is asked of them.
struct Watched<'a, 'w> {
    inner: ModemSessions<'a, 'w>,
    world: &'a World<'w>,
    watch: &'a Watch,
}

impl Sessions for Watched<'_, '_> {
    async fn open(
        &mut self,
        session: SessionId,
        request: &OpenRequest<'_>,
    ) -> Result<Opened, SessionError> {
        let now = self.world.now();
        let result = self.inner.open(session, request).await;
        self.watch.sends(now);
        self.watch.opens(now, request.host, result.err());
        result
    }

    async fn send(
        &mut self,
        session: SessionId,
        datagram: &[u8],
        expect: Expect,
    ) -> Result<(), SessionError> {
        self.watch.sends(self.world.now());
        self.inner.send(session, datagram, expect).await
    }

    async fn close(&mut self, session: SessionId) {
        self.inner.close(session).await;
    }

    async fn receive(&mut self, buffer: &mut [u8]) -> (SessionId, Received) {
        self.inner.receive(buffer).await
    }

    fn hold(&mut self, session: SessionId, held: bool) {
        self.inner.hold(session, held);
    }
}

/// The application.
struct App<'a, 'w> {
    world: &'a World<'w>,
    plan: &'a Plan,
    refused_reboot: &'a dyn Fn(),
}

impl EventHandler for App<'_, '_> {
    async fn handle<K: KeyStore>(&mut self, event: &Event, keys: &mut K) -> Response {
        self.world
            .record(carrier_mock::recorder::Entry::Event(*event));
        self.world.sleep(self.plan.thinks).await;
        match event {
            Event::CertsInit => {
                match keys.write(CA_TAG, CredentialKind::CaChain, AUTHORITY).await {
                    Ok(()) => CaTags::new(&[CA_TAG]).map_or(Response::Done, Response::CaTags),
                    Err(error) => Response::Fail(error.errno),
                }
            }
            Event::Reboot if self.plan.refuses_reboot => {
                (self.refused_reboot)();
                Response::Refuse
            }
            _ => Response::Done,
        }
    }
}

/// What runs beside the driver.
pub(super) trait Companion {
    /// Never returns; drives the world's clock, and nothing else beside the driver does.
    async fn accompany(&self, handle: Handle<'_, '_, Objects<'_>>);
}

/// Starts the device and runs it until `ended`, or until it stops by itself. `false`: it waits, and nobody wakes it.
#[allow(clippy::large_futures, reason = "a host has room")]
pub(super) fn run(
    world: &World<'_>,
    watch: &Watch,
    plan: &Plan,
    profile: Profile<'_>,
    companion: &impl Companion,
    refused_reboot: &dyn Fn(),
    ended: impl FnMut() -> bool,
) -> bool {
    let mut resources = Resources::<3, 4, 4, 8>::new();
    let mut security = Security::<6>::new();
    let mut server = Server::<6>::new();
    let mut device = Device::new("U").manufacturer("Mock").with_factory_reset();
    let _ = device.set_battery_level(Some(50));
    let mut objects: Objects<'_> = [&mut security, &mut server, &mut device];
    let Hal {
        link,
        keys,
        sessions,
        storage,
        clock,
        mut random,
        reset,
        modem,
        firmware,
    } = world.device();
    let (mut package, mut verifier) = ([0; 4096], Sha256Trailer::new());
    let mut fota = Fota::new(&mut package, &mut verifier);
    let config = profile.config(ENDPOINT);
    let carrier =
        Carrier::new(&mut resources, &profile, config, &mut random).with_firmware(&mut fota);
    let hal = Hal {
        link: Told {
            inner: link,
            world,
            watch,
        },
        keys,
        sessions: Watched {
            inner: sessions,
            world,
            watch,
        },
        storage,
        clock,
        random,
        reset,
        modem,
        firmware,
    };
    let shared = Shared::new(carrier, &mut objects);
    let mut buffer = [0; 1280];
    let app = App {
        world,
        plan,
        refused_reboot,
    };
    let mut runner = shared.runner(hal, app, &mut buffer);
    let life = async {
        while runner.init().await.is_err() {
            // An application that could not write its certificates.
            world.sleep(secs(MINUTE)).await;
        }
        runner.run().await;
    };
    let run = world.run(beside(companion.accompany(shared.handle()), life), ended);
    if plan.woken {
        executor::block_on(run).is_some()
    } else {
        let _ = blocking::block_on(run, || ());
        true
    }
}

/// Both, the first in front of the second, until the second ends.
pub(super) async fn beside(first: impl Future<Output = ()>, second: impl Future<Output = ()>) {
    let (mut first, mut second) = (pin!(first), pin!(second));
    poll_fn(|context| {
        let _ = first.as_mut().poll(context);
        match second.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(()),
            Poll::Pending => Poll::Pending,
        }
    })
    .await;
}
