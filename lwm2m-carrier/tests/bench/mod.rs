//! A device in a world: the carrier with its driver, an application that answers events, a recording.

#![allow(
    dead_code,
    clippy::large_futures,
    reason = "each test file takes what it needs, and a test has a large stack"
)]

pub(crate) mod life;

pub(crate) mod records;

pub(crate) mod stage;

use core::cell::{Cell, RefCell};
use core::future::Future;
use core::net::SocketAddr;

use carrier_mock::executor;
use carrier_mock::modem::KeyStoreMode;
use carrier_mock::recorder::{Call, Entry, Recorder};
use carrier_mock::server::Request;
use carrier_mock::world::{Run, Stop, World};
use lwm2m_carrier::driver::{Handle, Shared, blocking};
use lwm2m_carrier::hal::{CredentialKind, Hal, KeyStore, RecordId, SecurityTag};
use lwm2m_carrier::{CaTags, Carrier, Credentials, Error, Event, EventHandler, Profile, Response};
use lwm2m_core::client::Resources;
use lwm2m_core::model::{ContentFormat, Object, Value};
use lwm2m_core::objects::{Device, Security, Server};
use lwm2m_core::time::{Duration, Instant};
use lwm2m_core::wire::tlv;
use lwm2m_core::wire::writer::Writer;

use records::Records;
#[allow(unused_imports, reason = "each test file takes what it needs")]
pub(crate) use stage::{BOOTSTRAP, SERVER, Stage, stage};

pub(crate) const ENDPOINT: &str = "urn:imei:490154203237518";
pub(crate) const BOOTSTRAP_KEY: &[u8] = b"bootstrap-secret";
pub(crate) const SERVER_KEY: &[u8] = b"server-secret-0123";

/// How a run is driven and what kind of modem it has: every combination must see the same.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setup {
    /// Under an executor that takes wakers seriously; otherwise polled without one.
    pub(crate) woken: bool,
    pub(crate) keys: KeyStoreMode,
}

pub(crate) const OFFLINE: [Setup; 2] = setups(KeyStoreMode::OfflineOnly);
pub(crate) const ONLINE: [Setup; 2] = setups(KeyStoreMode::Online);

const fn setups(keys: KeyStoreMode) -> [Setup; 2] {
    [Setup { woken: false, keys }, Setup { woken: true, keys }]
}

/// Everything that has happened.
#[derive(Debug, Default)]
pub(crate) struct Recording {
    entries: RefCell<Vec<(Instant, Entry)>>,
}

impl Recorder for Recording {
    fn record(&self, at: Instant, entry: Entry) {
        self.entries.borrow_mut().push((at, entry));
    }
}

impl Recording {
    pub(crate) fn entries(&self) -> Vec<(Instant, Entry)> {
        self.entries.borrow().clone()
    }

    /// The events, without their prefix.
    pub(crate) fn events(&self) -> Vec<String> {
        let entries = self.entries.borrow();
        let events = entries.iter().filter_map(|(_, entry)| match entry {
            Entry::Event(event) => Some(event.chart_name()),
            _ => None,
        });
        events
            .map(|name| name.replace("LWM2M_CARRIER_EVENT_", ""))
            .collect()
    }

    /// How often something has happened.
    pub(crate) fn count(&self, what: impl Fn(&Entry) -> bool) -> usize {
        let entries = self.entries.borrow();
        entries.iter().filter(|(_, entry)| what(entry)).count()
    }

    pub(crate) fn has_event(&self, wanted: impl Fn(&Event) -> bool) -> bool {
        self.count(|entry| matches!(entry, Entry::Event(event) if wanted(event))) > 0
    }

    pub(crate) fn clear(&self) {
        self.entries.borrow_mut().clear();
    }
}

/// What the application does.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Manner {
    /// Lets everything happen.
    #[default]
    Plain,
    /// Writes a CA certificate under this tag and answers with it, or with the error.
    Certificates(SecurityTag),
    /// Answers `CERTS_INIT` later.
    Later,
    /// Does not let the library restart the device.
    NoReboot,
}

struct App<'a, 'w> {
    world: &'a World<'w>,
    manner: Manner,
}

impl EventHandler for App<'_, '_> {
    async fn handle<K: KeyStore>(&mut self, event: &Event, keys: &mut K) -> Response {
        self.world.record(Entry::Event(*event));
        self.world.set_application_acting(true);
        let response = match (self.manner, event) {
            (Manner::Certificates(tag), Event::CertsInit) => {
                let certificate = b"-----BEGIN CERTIFICATE-----";
                match keys.write(tag, CredentialKind::CaChain, certificate).await {
                    Ok(()) => CaTags::new(&[tag]).map_or(Response::Fail(7), Response::CaTags),
                    Err(error) => Response::Fail(error.errno),
                }
            }
            (Manner::Later, Event::CertsInit) => Response::Later,
            (Manner::NoReboot, Event::Reboot) => Response::Refuse,
            _ => Response::Done,
        };
        self.world.set_application_acting(false);
        if matches!(event, Event::CertsInit | Event::Reboot) {
            self.world.record(Entry::Response(response));
        }
        response
    }
}

/// The objects of the device.
pub(crate) type Objects<'o> = [&'o mut dyn Object; 3];

/// Boots the device in `world`: initialises, runs until `condition`, and says how that ended.
pub(crate) fn boot(
    world: &World<'_>,
    setup: Setup,
    profile: Profile<'_>,
    manner: Manner,
    condition: impl FnMut() -> bool,
) -> Result<Stop, Error> {
    boot_with(world, setup, profile, manner, condition, async |_| {
        core::future::pending().await
    })
}

/// The same with an application task beside the driver.
pub(crate) fn boot_with(
    world: &World<'_>,
    setup: Setup,
    profile: Profile<'_>,
    manner: Manner,
    condition: impl FnMut() -> bool,
    task: impl AsyncFnOnce(Handle<'_, '_, Objects<'_>>),
) -> Result<Stop, Error> {
    let none = Cell::new(None);
    boot_refusing(world, setup, profile, manner, &none, condition, task)
}

/// The same on a device that does not store the record in `refused`.
#[allow(clippy::large_futures, reason = "a host has room")]
pub(crate) fn boot_refusing(
    world: &World<'_>,
    setup: Setup,
    profile: Profile<'_>,
    manner: Manner,
    refused: &Cell<Option<RecordId>>,
    condition: impl FnMut() -> bool,
    task: impl AsyncFnOnce(Handle<'_, '_, Objects<'_>>),
) -> Result<Stop, Error> {
    let mut resources = Resources::<3, 4, 4, 8>::new();
    let mut security = Security::<6>::new();
    let mut server = Server::<6>::new();
    let mut device = Device::new("U").manufacturer("Mock").with_factory_reset();
    let mut objects: Objects<'_> = [&mut security, &mut server, &mut device];
    let mut hal = world.device();
    hal.keys.set_mode(setup.keys);
    let config = profile.config(ENDPOINT);
    let carrier = Carrier::new(&mut resources, &profile, config, &mut hal.random);
    let shared = Shared::new(carrier, &mut objects);
    let mut buffer = [0; 1280];
    let app = App { world, manner };
    let hal = Hal {
        link: hal.link,
        keys: hal.keys,
        sessions: hal.sessions,
        storage: Records {
            storage: hal.storage,
            refused,
        },
        clock: hal.clock,
        random: hal.random,
        reset: hal.reset,
        firmware: hal.firmware,
        modem: hal.modem,
    };
    let mut runner = shared.runner(hal, app, &mut buffer);
    let life = async {
        world.record(Entry::Call(Call::Init));
        let result = runner.init().await;
        world.record(Entry::Returned(Call::Init, result));
        result?;
        world.record(Entry::Call(Call::Run));
        runner.run().await
    };
    let both = either(life, async {
        task(shared.handle()).await;
        Ok(())
    });
    let run = world.run(both, condition);
    let run = if setup.woken {
        executor::block_on(run).expect("nobody wakes the driver")
    } else {
        blocking::block_on(run, || ())
    };
    match run {
        Run::Finished(result) => result.map(|()| Stop::Condition),
        Run::Stopped(stop) => Ok(stop),
    }
}

/// The first of two futures, polled in this order.
pub(crate) async fn either<T>(
    first: impl Future<Output = T>,
    second: impl Future<Output = T>,
) -> T {
    let mut first = core::pin::pin!(first);
    let mut second = core::pin::pin!(second);
    core::future::poll_fn(|context| match first.as_mut().poll(context) {
        core::task::Poll::Pending => second.as_mut().poll(context),
        ready => ready,
    })
    .await
}

pub(crate) fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

pub(crate) const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// TLV of one resource.
fn resource(writer: &mut Writer<'_>, id: u16, value: &Value<'_>) {
    let kind = tlv::Kind::Resource;
    match *value {
        Value::String(text) => tlv::write_bytes(writer, kind, id, text.as_bytes()),
        Value::Opaque(bytes) => tlv::write_bytes(writer, kind, id, bytes),
        Value::Integer(number) => tlv::write_i64(writer, kind, id, number),
        Value::Boolean(value) => tlv::write_bool(writer, kind, id, value),
        _ => panic!("not needed here"),
    }
}

/// TLV of several resources: the content of an instance.
pub(crate) fn instance(resources: &[(u16, Value<'_>)]) -> Vec<u8> {
    let mut buffer = [0; 512];
    let mut writer = Writer::new(&mut buffer);
    for (id, value) in resources {
        resource(&mut writer, *id, value);
    }
    let len = writer.finish().stored;
    buffer[..len].to_vec()
}

/// What a bootstrap server writes to /0/1 for the server at `uri`.
pub(crate) fn security_instance(uri: &str, key: Option<&[u8]>) -> Vec<u8> {
    instance(&[
        (0, Value::String(uri)),
        (1, Value::Boolean(false)),
        (2, Value::Integer(if key.is_some() { 0 } else { 3 })),
        (
            3,
            Value::Opaque(if key.is_some() { b"device" } else { b"" }),
        ),
        (4, Value::Opaque(b"")),
        (5, Value::Opaque(key.unwrap_or_default())),
        (10, Value::Integer(101)),
    ])
}

/// What a bootstrap server writes to /1/0.
pub(crate) fn server_instance(lifetime: i64) -> Vec<u8> {
    instance(&[
        (0, Value::Integer(101)),
        (1, Value::Integer(lifetime)),
        (6, Value::Boolean(true)),
        (7, Value::String("U")),
    ])
}

/// The usual script of a bootstrap server.
pub(crate) fn bootstrap_script<'s>(security: &'s [u8], server: &'s [u8]) -> [Request<'s>; 5] {
    [
        Request::delete("/0"),
        Request::delete("/1"),
        Request::write("/0/1", ContentFormat::Tlv.number(), security),
        Request::write("/1/0", ContentFormat::Tlv.number(), server),
        Request::finish(),
    ]
}

/// A profile with a bootstrap server that asks for a key.
pub(crate) fn secure_profile() -> Profile<'static> {
    Profile::GENERIC
        .with_bootstrap_server("coaps://bootstrap.example")
        .with_credentials(Credentials::Psk {
            identity: b"factory",
            key: BOOTSTRAP_KEY,
        })
}
