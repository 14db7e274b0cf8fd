//! The usual servers: one for bootstrap, one for management, both asking for keys.

use core::cell::RefCell;

use carrier_mock::modem::KeyStoreMode;
use carrier_mock::server::{BootstrapServer, Credentials, ManagementServer, Psk};
use carrier_mock::world::{Guard, Stop, World};
use lwm2m_carrier::{Error, Event};
use lwm2m_core::time::Instant;

use super::{
    BOOTSTRAP_KEY, Manner, Recording, SERVER_KEY, Setup, address, boot, bootstrap_script, secs,
    secure_profile, security_instance, server_instance,
};

/// Addresses of the servers.
pub(crate) const BOOTSTRAP: &str = "192.0.2.1:5684";
pub(crate) const SERVER: &str = "192.0.2.2:5684";

/// A world with its servers.
#[derive(Clone, Copy)]
pub(crate) struct Stage<'a, 's, 'w> {
    pub(crate) world: &'a World<'w>,
    pub(crate) recording: &'a Recording,
    pub(crate) bootstrap: &'a RefCell<BootstrapServer<'s>>,
    pub(crate) server: &'a RefCell<ManagementServer<'s>>,
}

/// Runs `test` in a new world.
pub(crate) fn stage<T>(test: impl FnOnce(Stage<'_, '_, '_>) -> T) -> T {
    stage_of(7, 300, test)
}

/// Runs `test` in a new world of this seed, where the bootstrap server asks for this lifetime in seconds.
pub(crate) fn stage_of<T>(
    seed: u64,
    lifetime: i64,
    test: impl FnOnce(Stage<'_, '_, '_>) -> T,
) -> T {
    let security = security_instance("coaps://lwm2m.example", Some(SERVER_KEY));
    let account = server_instance(lifetime);
    let script = bootstrap_script(&security, &account);
    let factory = [Psk::new(b"factory", BOOTSTRAP_KEY)];
    let keys = [Psk::new(b"device", SERVER_KEY)];
    let bootstrap = RefCell::new(BootstrapServer::new(seed, &script));
    bootstrap
        .borrow_mut()
        .set_credentials(Credentials::new(&factory));
    let server = RefCell::new(ManagementServer::new(seed + 1, &[]));
    server.borrow_mut().set_credentials(Credentials::new(&keys));
    let recording = Recording::default();
    let world = World::new(seed);
    world.set_recorder(&recording);
    // What does not happen in a month does not happen.
    world.set_horizon(Instant::ZERO + secs(30 * 86_400));
    world
        .add_server(
            "bootstrap.example",
            address(BOOTSTRAP),
            Guard::Psk,
            &bootstrap,
        )
        .unwrap();
    world
        .add_server("lwm2m.example", address(SERVER), Guard::Psk, &server)
        .unwrap();
    test(Stage {
        world: &world,
        recording: &recording,
        bootstrap: &bootstrap,
        server: &server,
    })
}

impl Stage<'_, '_, '_> {
    /// Boots the device with the usual profile until something has happened.
    pub(crate) fn boot(
        &self,
        keys: KeyStoreMode,
        manner: Manner,
        until: impl Fn(&Event) -> bool,
    ) -> Result<Stop, Error> {
        let setup = Setup { woken: true, keys };
        let happened = || self.recording.has_event(&until);
        boot(self.world, setup, secure_profile(), manner, happened)
    }

    /// The same, until it has registered.
    pub(crate) fn boot_until_registered(&self, keys: KeyStoreMode) -> Result<Stop, Error> {
        self.boot(keys, Manner::Plain, |event| {
            matches!(event, Event::Registered { .. })
        })
    }

    /// Starts the device again, with a new recording.
    pub(crate) fn reboot(&self) {
        self.world.reboot();
        self.recording.clear();
    }

    /// Bootstrap-Requests that the bootstrap server has had.
    pub(crate) fn bootstrap_requests(&self) -> u32 {
        self.bootstrap.borrow().statistics().requests
    }
}
