//! The lives that the sequence charts are parts of. The tests compare the charts with their expectations, and
//! `cargo xtask charts` draws them: one chart more is one [`Scenario`] more in [`SCENARIOS`].

#![allow(dead_code, reason = "the tests and xtask take what they need")]
#![allow(
    clippy::expect_used,
    clippy::large_futures,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a life that does not go as planned panics; the driver and its flash store lie on the stack"
)]

use core::cell::RefCell;

use carrier_mock::application::{Application, Certificates};
use carrier_mock::executor;
use carrier_mock::modem::KeyStoreMode;
use carrier_mock::recorder::{Call, Entry, Recorded, Tape};
use carrier_mock::server::{
    BootstrapServer, MODE_PSK, ManagementServer, Psk, Request, SecurityAccount, security_tlv,
    server_tlv,
};
use carrier_mock::world::{Guard, Run, Stop, World};
use lwm2m_carrier::driver::{Shared, blocking};
use lwm2m_carrier::hal::{CredentialKind, KeyStoreError, KeyStoreErrorKind, SecurityTag};
use lwm2m_carrier::{Carrier, Credentials, Error, Profile};
use lwm2m_core::client::Resources;
use lwm2m_core::model::Object;
use lwm2m_core::objects::{Device, Security, Server};
use lwm2m_core::time::Duration;
use lwm2m_core::wire::tlv;

/// A sequence chart: a part of a life, and what is expected of it.
pub(crate) struct Scenario {
    /// Name of the chart's files.
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// What a reader should know, in a sentence or two.
    pub(crate) about: &'static str,
    /// The kinds of key store that make no difference to the chart.
    pub(crate) modes: &'static [KeyStoreMode],
    /// Lives the life.
    pub(crate) live: fn(Driver, KeyStoreMode) -> Life,
    /// What of it the chart draws.
    pub(crate) part: Part,
    /// The chart as mscgen text, written by hand after the specification.
    pub(crate) expectation: &'static str,
    /// The writes to the key store that the chart draws.
    pub(crate) key_writes: usize,
}

/// All charts.
pub(crate) const SCENARIOS: &[&Scenario] = &[
    &INITIALIZATION,
    &BOOTSTRAP,
    &BOOTSTRAP_ONLINE,
    &CERTIFICATES,
    &CERTIFICATES_FAILED,
];

const BOTH: &[KeyStoreMode] = &[KeyStoreMode::OfflineOnly, KeyStoreMode::Online];

pub(crate) const INITIALIZATION: Scenario = Scenario {
    name: "1_initialization",
    title: "Initialization",
    about: "init() returns with the link up; run() does not return.",
    modes: BOTH,
    live: |driver, mode| live(driver, mode, PROFILE, Certificates::None, None),
    part: Part::UpToRun,
    expectation: include_str!("1_initialization.msc"),
    key_writes: 0,
};

pub(crate) const BOOTSTRAP: Scenario = Scenario {
    name: "2_bootstrap",
    title: "Bootstrap",
    about: "The link is down while the bootstrap server's keys are written.",
    modes: &[KeyStoreMode::OfflineOnly],
    live: INITIALIZATION.live,
    part: Part::FromRun,
    expectation: include_str!("2_bootstrap.msc"),
    key_writes: 2,
};

pub(crate) const BOOTSTRAP_ONLINE: Scenario = Scenario {
    name: "2_bootstrap_online",
    title: "Bootstrap, keys written online",
    about: "The modem takes keys at any time, so the link stays up.",
    modes: &[KeyStoreMode::Online],
    expectation: include_str!("2_bootstrap_online.msc"),
    ..BOOTSTRAP
};

pub(crate) const CERTIFICATES: Scenario = Scenario {
    name: "4_certificates",
    title: "CA certificates",
    about: "The application writes its certificate while the link is down, and answers with the tag.",
    modes: BOTH,
    live: |driver, mode| live(driver, mode, WITH_CERTIFICATES, WRITE, None),
    part: Part::UpToRun,
    expectation: include_str!("4_certificates.msc"),
    key_writes: 1,
};

pub(crate) const CERTIFICATES_FAILED: Scenario = Scenario {
    name: "5_certificates_failed",
    title: "CA certificates, the write fails",
    about: "The application answers with the modem's error, and init() returns it without connecting.",
    modes: BOTH,
    live: |driver, mode| live(driver, mode, PLAIN_WITH_CERTIFICATES, WRITE, Some(12)),
    part: Part::Whole,
    expectation: include_str!("5_certificates_failed.msc"),
    key_writes: 1,
};

const ENDPOINT: &str = "urn:imei:490154203237518";
const FACTORY_KEY: &[u8] = b"factory-secret";
const SERVER_KEY: &[u8] = b"server-secret";

const PROFILE: Profile<'_> = Profile::GENERIC
    .with_bootstrap_server("coaps://bootstrap.example")
    .with_credentials(Credentials::Psk {
        identity: b"factory",
        key: FACTORY_KEY,
    });
const WITH_CERTIFICATES: Profile<'_> = PROFILE.with_certificates_from_application(true);
/// Without credentials of its own, so that the first write to the key store is the application's.
const PLAIN_WITH_CERTIFICATES: Profile<'_> = Profile::GENERIC
    .with_bootstrap_server("coap://bootstrap.example")
    .with_certificates_from_application(true);

const CA_TAG: SecurityTag = SecurityTag(7);
const CERTIFICATE: &[u8] = b"-----BEGIN CERTIFICATE-----";
const WRITE: Certificates<'_> = Certificates::Write(&[(CA_TAG, CERTIFICATE)]);

/// Which loop polls the driver.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Driver {
    /// An executor that takes wakers seriously.
    Async,
    /// `driver::blocking`, which polls without being woken.
    Blocking,
}

/// How a life has ended, and all that happened in it.
pub(crate) struct Life {
    pub(crate) end: Result<Stop, Error>,
    pub(crate) recording: Vec<Recorded>,
}

/// A part of a recording.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Part {
    /// All of it.
    Whole,
    /// Up to and with the call of `run()`.
    UpToRun,
    /// What comes behind the call of `run()`.
    FromRun,
}

impl Part {
    pub(crate) fn of(self, recording: &[Recorded]) -> &[Recorded] {
        if self == Self::Whole {
            return recording;
        }
        let run = Entry::Call(Call::Run);
        let run = recording.iter().position(|recorded| recorded.entry == run);
        let (start, rest) = recording.split_at(run.expect("a call of run()") + 1);
        if self == Self::UpToRun { start } else { rest }
    }
}

/// A blank device with a bootstrap server and a management server: initialises, and runs until it is registered.
fn live(
    driver: Driver,
    mode: KeyStoreMode,
    profile: Profile<'_>,
    certificates: Certificates<'_>,
    fail_first_write: Option<i32>,
) -> Life {
    let (mut security, mut server) = ([0; 128], [0; 32]);
    let account = SecurityAccount {
        uri: "coaps://lwm2m.example",
        mode: MODE_PSK,
        identity: b"device",
        key: SERVER_KEY,
        short_server_id: Some(101),
    };
    let security = security_tlv(&mut security, &account).unwrap();
    let server = server_tlv(&mut server, 101, 300).unwrap();
    let script = [
        Request::delete("/"),
        Request::write("/0/1", tlv::CONTENT_FORMAT, security),
        Request::write("/1/0", tlv::CONTENT_FORMAT, server),
        Request::finish(),
    ];
    let factory = [Psk::new(b"factory", FACTORY_KEY)];
    let device = [Psk::new(b"device", SERVER_KEY)];
    let bootstrap = RefCell::new(BootstrapServer::new(1, &script));
    let management = RefCell::new(ManagementServer::new(2, &[]));
    bootstrap
        .borrow_mut()
        .set_credentials(carrier_mock::server::Credentials::new(&factory));
    management
        .borrow_mut()
        .set_credentials(carrier_mock::server::Credentials::new(&device));
    let tape = Tape::new();
    let world = World::new(7);
    world.set_recorder(&tape);
    let [one, two] = ["192.0.2.1:5684", "192.0.2.2:5684"].map(|text| text.parse().unwrap());
    world
        .add_server("bootstrap.example", one, Guard::Psk, &bootstrap)
        .unwrap();
    world
        .add_server("lwm2m.example", two, Guard::Psk, &management)
        .unwrap();
    world.keys().set_mode(mode);
    if let Some(errno) = fail_first_write {
        let error = KeyStoreError::new(KeyStoreErrorKind::Io, errno);
        world.keys().fail_write(0, error);
    }
    let application = Application::new(&world);
    application.set_certificates(certificates);
    let end = boot(&world, driver, profile, &application);
    if end.is_ok() {
        assert!(management.borrow().registration(ENDPOINT).is_some());
    }
    if let Certificates::Write(_) = certificates {
        let kind = CredentialKind::CaChain;
        assert_eq!(world.keys().holds(CA_TAG, kind, CERTIFICATE), end.is_ok());
    }
    Life {
        end,
        recording: tape.entries(),
    }
}

fn boot(
    world: &World<'_>,
    driver: Driver,
    profile: Profile<'_>,
    application: &Application<'_, '_>,
) -> Result<Stop, Error> {
    let mut resources = Resources::<3, 4, 4, 8>::new();
    let mut security = Security::<6>::new();
    let mut server = Server::<6>::new();
    let mut device = Device::new("U");
    let objects: [&mut dyn Object; 3] = [&mut security, &mut server, &mut device];
    let mut hal = world.device();
    let config = profile.config(ENDPOINT);
    let carrier = Carrier::new(&mut resources, profile, config, &mut hal.random);
    let shared = Shared::new(carrier, objects);
    let mut buffer = [0; 1280];
    let mut runner = shared.runner(hal, application, &mut buffer);
    let life = async {
        application.init(runner.init()).await?;
        application.run(runner.run()).await
    };
    world.set_horizon(world.now() + Duration::from_secs(600));
    let run = world.run(life, || application.is_registered());
    let run = match driver {
        Driver::Async => executor::block_on(run).expect("a driver that nobody wakes"),
        Driver::Blocking => blocking::block_on(run, || ()),
    };
    match run {
        Run::Finished(result) => result,
        Run::Stopped(stop) => Ok(stop),
    }
}
