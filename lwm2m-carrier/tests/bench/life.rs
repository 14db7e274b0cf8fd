//! The whole life of a device to which nothing happens.

use core::cell::RefCell;

use carrier_mock::modem::KeyStoreMode;
use carrier_mock::server::{BootstrapServer, Credentials, ManagementServer, Psk};
use carrier_mock::world::{Guard, Stop, World};
use lwm2m_core::time::Instant;

use super::{
    BOOTSTRAP_KEY, ENDPOINT, Manner, Recording, SERVER_KEY, Setup, address, boot, bootstrap_script,
    secure_profile, security_instance, server_instance,
};

/// A quarter of a year.
pub(crate) const DAYS: u64 = 90;

/// Bootstraps, registers and lives for so many days; the number of Updates that the server has taken.
pub(crate) fn live(lifetime: i64, days: u64) -> u32 {
    let security = security_instance("coaps://lwm2m.example", Some(SERVER_KEY));
    let account = server_instance(lifetime);
    let script = bootstrap_script(&security, &account);
    let factory = [Psk::new(b"factory", BOOTSTRAP_KEY)];
    let bootstrap = RefCell::new(BootstrapServer::new(1, &script));
    bootstrap
        .borrow_mut()
        .set_credentials(Credentials::new(&factory));
    let keys = [Psk::new(b"device", SERVER_KEY)];
    let server = RefCell::new(ManagementServer::new(2, &[]));
    server.borrow_mut().set_credentials(Credentials::new(&keys));
    let recording = Recording::default();
    let world = World::new(7);
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
    world.set_recorder(&recording);
    world.set_horizon(Instant::from_millis(days * 86_400_000));
    let setup = Setup {
        woken: false,
        keys: KeyStoreMode::OfflineOnly,
    };
    let stop = boot(&world, setup, secure_profile(), Manner::Plain, || false);
    assert_eq!(stop, Ok(Stop::Horizon));
    let server = server.borrow();
    assert!(server.registration(ENDPOINT).is_some());
    assert_eq!(
        (server.statistics().registers, server.statistics().expiries),
        (1, 0)
    );
    server.statistics().updates
}
