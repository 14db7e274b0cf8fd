//! A whole device, with the carrier library in it, and the server that it registers with.

#![allow(
    dead_code,
    clippy::large_futures,
    reason = "each test file takes what it needs, and a test has a large stack"
)]

use core::cell::RefCell;

use carrier_mock::application::Application;
use carrier_mock::executor;
use carrier_mock::server::{ManagementServer, ManagementStatistics};
use carrier_mock::world::{Guard, Run, Stop, World};
use lwm2m_carrier::driver::Shared;
use lwm2m_carrier::{Carrier, Profile};
use lwm2m_core::client::Resources;
use lwm2m_core::model::Object;
use lwm2m_core::objects::{Device, Security, Server};
use lwm2m_core::time::{Duration, Instant};

pub(crate) const SERVER: &str = "192.0.2.1:5683";
pub(crate) const ENDPOINT: &str = "device";
/// Seconds.
pub(crate) const LIFETIME: u32 = 300;

pub(crate) fn hours(hours: u64) -> Duration {
    Duration::from_secs(hours * 3600)
}

/// Lives in a world until the time `span`, while `troubles` happen to it; the counters of its server.
pub(crate) fn live<'w, 's>(
    world: &World<'w>,
    server: &'w RefCell<ManagementServer<'s>>,
    span: Duration,
    troubles: impl AsyncFnOnce(),
) -> ManagementStatistics {
    world.set_horizon(Instant::ZERO + span);
    let address = SERVER.parse().unwrap();
    world
        .add_server("lwm2m.example", address, Guard::Plain, server)
        .unwrap();
    let mut resources = Resources::<3, 4, 4, 8>::new();
    let mut security = Security::<6>::new();
    let mut account = Server::<6>::new();
    let mut device = Device::new("U").manufacturer("Mock");
    let mut objects: [&mut dyn Object; 3] = [&mut security, &mut account, &mut device];
    let mut hal = world.device();
    let profile = Profile::GENERIC
        .with_server("coap://lwm2m.example")
        .with_lifetime(LIFETIME);
    let carrier = Carrier::new(
        &mut resources,
        &profile,
        profile.config(ENDPOINT),
        &mut hal.random,
    );
    let shared = Shared::new(carrier, &mut objects);
    let mut buffer = [0; 1280];
    let application = Application::new(world);
    let mut runner = shared.runner(hal, &application, &mut buffer);
    let mut life = core::pin::pin!(async {
        runner.init().await.unwrap();
        runner.run().await
    });
    let mut troubles = core::pin::pin!(async {
        troubles().await;
        core::future::pending::<()>().await
    });
    let both = core::future::poll_fn(|context| {
        let _ = troubles.as_mut().poll(context);
        life.as_mut()
            .poll(context)
            .map(|never: core::convert::Infallible| match never {})
    });
    let run: Option<Run<()>> = executor::block_on(world.run(both, || false));
    assert_eq!(run, Some(Run::Stopped(Stop::Horizon)));
    server.borrow().statistics()
}
