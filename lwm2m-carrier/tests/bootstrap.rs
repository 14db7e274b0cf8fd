//! From a blank device to a registered one.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed test panics"
)]

mod bench;

use core::cell::RefCell;

use carrier_mock::server::{BootstrapServer, Credentials, ManagementServer, Psk};
use carrier_mock::world::{Guard, Stop, World};
use lwm2m_carrier::Event;

use bench::{
    BOOTSTRAP_KEY, ENDPOINT, Manner, OFFLINE, ONLINE, Recording, SERVER_KEY, Setup, address, boot,
    bootstrap_script, secure_profile, security_instance, server_instance,
};

fn first_bootstrap(setup: Setup) -> Vec<String> {
    let security = security_instance("coaps://lwm2m.example", Some(SERVER_KEY));
    let account = server_instance(300);
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
    world.set_recorder(&recording);
    let at = address("192.0.2.1:5684");
    world
        .add_server("bootstrap.example", at, Guard::Psk, &bootstrap)
        .unwrap();
    let at = address("192.0.2.2:5684");
    world
        .add_server("lwm2m.example", at, Guard::Psk, &server)
        .unwrap();
    let registered = || recording.has_event(|event| *event == Event::Registered { server: 101 });
    let stop = boot(&world, setup, secure_profile(), Manner::Plain, registered);
    assert_eq!(stop, Ok(Stop::Condition), "{:#?}", recording.entries());
    assert!(server.borrow().registration(ENDPOINT).is_some());
    recording.events()
}

#[test]
fn a_blank_device_bootstraps_and_registers() {
    for setup in OFFLINE {
        let events = first_bootstrap(setup);
        let expected = [
            "BSDLIB_INIT",
            "CONNECTING",
            "CONNECTED",
            "DISCONNECTING",
            "DISCONNECTED",
            "CONNECTING",
            "CONNECTED",
            "BOOTSTRAPPED",
            "LTE_READY",
            "REGISTERED",
        ];
        assert_eq!(events, expected, "{setup:?}");
    }
    for setup in ONLINE {
        let events = first_bootstrap(setup);
        let expected = [
            "BSDLIB_INIT",
            "CONNECTING",
            "CONNECTED",
            "BOOTSTRAPPED",
            "LTE_READY",
            "REGISTERED",
        ];
        assert_eq!(events, expected, "{setup:?}");
    }
}
