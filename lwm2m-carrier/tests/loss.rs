//! Bootstrap and registration while nearly a third of all datagrams is lost, both ways.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a failed test panics, and the figures are part of the result"
)]

mod bench;

use core::cell::RefCell;

use carrier_mock::modem::KeyStoreMode;
use carrier_mock::network::Path;
use carrier_mock::server::{BootstrapServer, Credentials, ManagementServer, Psk};
use carrier_mock::world::{Guard, Stop, World};
use lwm2m_carrier::Event;
use lwm2m_core::time::Duration;

use bench::{
    BOOTSTRAP_KEY, Manner, Recording, SERVER_KEY, Setup, address, boot, bootstrap_script, secs,
    secure_profile, security_instance, server_instance,
};

/// From power-on to the first REGISTERED.
fn time_to_register(seed: u64) -> Duration {
    let security = security_instance("coaps://lwm2m.example", Some(SERVER_KEY));
    let account = server_instance(86_400);
    let script = bootstrap_script(&security, &account);
    let factory = [Psk::new(b"factory", BOOTSTRAP_KEY)];
    let bootstrap = RefCell::new(BootstrapServer::new(seed, &script));
    bootstrap
        .borrow_mut()
        .set_credentials(Credentials::new(&factory));
    let keys = [Psk::new(b"device", SERVER_KEY)];
    let server = RefCell::new(ManagementServer::new(seed, &[]));
    server.borrow_mut().set_credentials(Credentials::new(&keys));
    let recording = Recording::default();
    let world = World::new(seed);
    let delay = Duration::from_millis(50);
    world
        .network()
        .borrow_mut()
        .set_paths(Path::perfect().delay(delay, delay).loss(300));
    world.set_recorder(&recording);
    world
        .add_server(
            "bootstrap.example",
            address("192.0.2.1:5684"),
            Guard::Psk,
            &bootstrap,
        )
        .unwrap();
    world
        .add_server(
            "lwm2m.example",
            address("192.0.2.2:5684"),
            Guard::Psk,
            &server,
        )
        .unwrap();
    let registered = || recording.has_event(|event| matches!(event, Event::Registered { .. }));
    let setup = Setup {
        woken: false,
        keys: KeyStoreMode::OfflineOnly,
    };
    let stop = boot(&world, setup, secure_profile(), Manner::Plain, registered);
    assert_eq!(
        stop,
        Ok(Stop::Condition),
        "seed {seed}: {:#?}",
        recording.entries()
    );
    world.uptime()
}

#[test]
fn a_thousand_devices_register_although_30_percent_is_lost() {
    let mut times: Vec<Duration> = (0..1_000).map(time_to_register).collect();
    times.sort_unstable();
    let (median, worst) = (times[times.len() / 2], times[times.len() - 1]);
    println!(
        "30 % loss, 1,000 seeds: median {} s, worst {} s of virtual time",
        median.as_secs(),
        worst.as_secs()
    );
    assert!(worst < secs(4 * 3_600), "{worst:?}");
}
