//! A device on the smallest port, in one file: `cargo run --bin minimal_device -- coap://127.0.0.1:5683 my-device`.
//!
//! The carrier library runs without an executor on a UDP socket of this computer. The application measures once a second, in
//! the closure that `block_on` calls between two polls. Nothing outlives a restart, and no key is taken: where those go is what the
//! guide to porting is about.
#![allow(clippy::print_stdout, reason = "an example prints what it does")]

use core::future::pending;
use core::hash::BuildHasher;
use std::hash::RandomState;

use carrier_examples::minimal_port::{SleepingClock, UdpSessions};
use carrier_mock::storage::RamStorage;
use lwm2m_carrier::driver::Shared;
use lwm2m_carrier::driver::blocking::block_on;
use lwm2m_carrier::hal::{
    Clock, CredentialKind, DetachReason, Hal, KeyStore, KeyStoreError, KeyStoreErrorKind, Link,
    LinkError, LinkState, NoFirmware, NoModemInfo, Random, Reset, SecurityTag,
};
use lwm2m_carrier::{Carrier, Event, EventHandler, Profile, Response, errno};
use lwm2m_core::client::Resources;
use lwm2m_core::model::{Object, Objects, Path};
use lwm2m_core::objects::{Device, Security, Server};
use lwm2m_core::time::Duration;

/// The objects of the device.
#[derive(Objects)]
struct Thermometer {
    security: Security<1>,
    server: Server<1>,
    device: Device<'static>,
    temperature: Temperature,
}

#[derive(Object)]
#[object(id = 3303, version = "1.1")]
struct Temperature {
    #[resource(id = 5700, mandatory, units = "Cel")]
    value: f32,
}

/// The network of this computer, which is always there.
struct Network(LinkState);

impl Link for Network {
    async fn up(&mut self) -> Result<(), LinkError> {
        self.0 = LinkState::Up;
        Ok(())
    }

    async fn down(&mut self) -> Result<(), LinkError> {
        self.0 = LinkState::Down(DetachReason::Requested);
        Ok(())
    }

    fn state(&self) -> LinkState {
        self.0
    }

    async fn changed(&mut self) -> LinkState {
        pending().await
    }
}

/// Takes no key.
struct NoKeys;

const UNSUPPORTED: KeyStoreError =
    KeyStoreError::new(KeyStoreErrorKind::Unsupported, errno::EOPNOTSUPP);

impl KeyStore for NoKeys {
    async fn write(
        &mut self,
        _: SecurityTag,
        _: CredentialKind,
        _: &[u8],
    ) -> Result<(), KeyStoreError> {
        Err(UNSUPPORTED)
    }

    async fn delete(&mut self, _: SecurityTag, _: CredentialKind) -> Result<(), KeyStoreError> {
        Ok(())
    }

    async fn exists(&mut self, _: SecurityTag, _: CredentialKind) -> Result<bool, KeyStoreError> {
        Ok(false)
    }

    fn requires_offline(&self) -> bool {
        false
    }

    fn check(&self, _: SecurityTag, _: CredentialKind, _: &[u8]) -> Result<(), KeyStoreError> {
        Err(UNSUPPORTED)
    }
}

/// Good enough for an example: the hasher of the standard library is seeded by the system.
struct SystemRandom;

impl Random for SystemRandom {
    fn public(&mut self, bytes: &mut [u8]) {
        bytes.fill_with(|| RandomState::new().hash_one(0) as u8);
    }

    fn private(&mut self, bytes: &mut [u8]) {
        self.public(bytes);
    }
}

/// Whoever started the program starts it again.
struct Exit;

impl Reset for Exit {
    fn reboot(&mut self) {
        std::process::exit(0);
    }
}

struct Printer;

impl EventHandler for Printer {
    async fn handle<K: KeyStore>(&mut self, event: &Event, _keys: &mut K) -> Response {
        println!("{event:?}");
        Response::Done
    }
}

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [uri, endpoint] = arguments.as_slice() else {
        return Err("arguments: coap://HOST:PORT ENDPOINT".into());
    };
    let profile = Profile::GENERIC.with_server(uri).with_lifetime(300);
    let mut objects = Thermometer {
        security: Security::new(),
        server: Server::new(),
        device: Device::new("U").manufacturer("Example Ltd"),
        temperature: Temperature { value: 21.5 },
    };
    let clock = SleepingClock::default();
    let mut hal = Hal {
        link: Network(LinkState::Down(DetachReason::Requested)),
        keys: NoKeys,
        sessions: UdpSessions::default(),
        storage: RamStorage::<4, 1280>::new(),
        clock,
        random: SystemRandom,
        reset: Exit,
        firmware: NoFirmware,
        modem: NoModemInfo,
    };

    let mut resources = Resources::<1, 4, 4, 8>::new();
    let config = profile.config(endpoint);
    let carrier = Carrier::new(&mut resources, &profile, config, &mut hal.random);
    let shared = Shared::new(carrier, &mut objects);
    let mut buffer = [0; 1280];
    let mut runner = shared.runner(hal, Printer, &mut buffer);
    let handle = shared.handle();
    block_on(runner.init(), || ())?;
    let mut measured = clock.now();
    block_on(runner.run(), || {
        if clock.now().since(measured) < Duration::from_secs(1) {
            return;
        }
        measured = clock.now();
        // Busy only within one of the library's calls, which this is not.
        let _ = handle.set(Path::resource(3303, 0, 5700), |objects| {
            objects.temperature.value += 0.5;
            Ok(())
        });
    })
}
