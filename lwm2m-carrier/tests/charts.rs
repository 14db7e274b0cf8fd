//! The sequence charts 1, 2, 4 and 5, each with both drivers and both kinds of key store. The expectations are in
//! `charts/`; what of a recording is compared with them is told by `carrier_mock::recorder::projection`.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed test panics"
)]
#![allow(
    clippy::large_futures,
    reason = "a test holds the driver and its flash store on its stack"
)]

use core::cell::RefCell;

use carrier_mock::application::{Application, Certificates};
use carrier_mock::executor;
use carrier_mock::modem::KeyStoreMode;
use carrier_mock::recorder::{Call, Entry, Recorded, Tape, mscgen, projection};
use carrier_mock::server::{
    BootstrapServer, MODE_PSK, ManagementServer, Psk, Request, SecurityAccount, security_tlv,
    server_tlv,
};
use carrier_mock::world::{Guard, Run, Stop, World};
use lwm2m_carrier::driver::{Shared, blocking};
use lwm2m_carrier::hal::{CredentialKind, KeyStoreError, KeyStoreErrorKind, SecurityTag};
use lwm2m_carrier::{Carrier, Cause, Credentials, Error, ErrorKind, Event, Profile};
use lwm2m_core::client::Resources;
use lwm2m_core::model::Object;
use lwm2m_core::objects::{Device, Security, Server};
use lwm2m_core::time::Duration;
use lwm2m_core::wire::tlv;

const CHART_1: &str = include_str!("charts/1_initialization.msc");
const CHART_2: &str = include_str!("charts/2_bootstrap.msc");
const CHART_2_ONLINE: &str = include_str!("charts/2_bootstrap_online.msc");
const CHART_4: &str = include_str!("charts/4_certificates.msc");
const CHART_5: &str = include_str!("charts/5_certificates_failed.msc");

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

/// Which loop polls the driver.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Driver {
    /// An executor that takes wakers seriously.
    Async,
    /// `driver::blocking`, which polls without being woken.
    Blocking,
}

/// How a life has ended, and all that happened in it.
struct Life {
    end: Result<Stop, Error>,
    recording: Vec<Recorded>,
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

/// The same life through both drivers, which must be equal, times included.
fn both_drivers(
    mode: KeyStoreMode,
    profile: Profile<'_>,
    certificates: Certificates<'_>,
    fail_first_write: Option<i32>,
) -> Life {
    let [first, second] = [Driver::Async, Driver::Blocking]
        .map(|driver| live(driver, mode, profile, certificates, fail_first_write));
    assert_eq!(first.end, second.end);
    assert_eq!(first.recording, second.recording);
    first
}

/// What happened up to the call of `run()`, and what happened then.
fn at_run(recording: &[Recorded]) -> (&[Recorded], &[Recorded]) {
    let run = Entry::Call(Call::Run);
    let run = recording.iter().position(|recorded| recorded.entry == run);
    recording.split_at(run.expect("a call of run()") + 1)
}

fn is_event(recorded: &Recorded) -> bool {
    matches!(recorded.entry, Entry::Event(_))
}

fn is_key_write(recorded: &Recorded) -> bool {
    matches!(recorded.entry, Entry::KeyWrite { .. })
}

fn count(recording: &[Recorded], is: fn(&Recorded) -> bool) -> usize {
    recording.iter().filter(|recorded| is(recorded)).count()
}

/// The recording is the chart, and the chart is no other recording: with two events swapped, or one left out, or one of
/// the `key_writes` that the chart draws left out, it differs.
fn assert_chart(recording: &[Recorded], expectation: &str, key_writes: usize) {
    let difference =
        |recording: &[Recorded]| mscgen::difference(&projection::rows(recording), expectation);
    assert_eq!(
        difference(recording),
        None,
        "{}",
        mscgen::to_string(&projection::rows(recording))
    );
    let without = |at: usize| [&recording[..at], &recording[at + 1..]].concat();
    let all = 0..recording.len();
    let events: Vec<usize> = all.clone().filter(|at| is_event(&recording[*at])).collect();
    for &at in &events {
        assert!(difference(&without(at)).is_some(), "without event {at}");
    }
    for pair in events.windows(2) {
        let mut swapped = recording.to_vec();
        swapped.swap(pair[0], pair[1]);
        assert!(difference(&swapped).is_some(), "swapped {pair:?}");
    }
    let writes = all.filter(|at| is_key_write(&recording[*at]));
    let noticed = writes.filter(|at| difference(&without(*at)).is_some());
    assert_eq!(noticed.count(), key_writes);
}

#[test]
fn chart_1_initialization() {
    for mode in [KeyStoreMode::OfflineOnly, KeyStoreMode::Online] {
        let life = both_drivers(mode, PROFILE, Certificates::None, None);
        assert_eq!(life.end, Ok(Stop::Condition));
        let (start, _) = at_run(&life.recording);
        assert_chart(start, CHART_1, 0);
        // Identity and key of the bootstrap server, not drawn: in the modem before the first connection.
        let connecting = Entry::Event(Event::Connecting);
        let connecting = start.iter().position(|r| r.entry == connecting).unwrap();
        assert_eq!(count(&start[..connecting], is_key_write), 2);
        assert_eq!(count(start, is_key_write), 2);
    }
}

#[test]
fn chart_2_bootstrap() {
    for (mode, expectation) in [
        (KeyStoreMode::OfflineOnly, CHART_2),
        (KeyStoreMode::Online, CHART_2_ONLINE),
    ] {
        let life = both_drivers(mode, PROFILE, Certificates::None, None);
        let (_, rest) = at_run(&life.recording);
        assert_chart(rest, expectation, 2);
    }
}

#[test]
fn chart_4_certificates() {
    let chain = [(CA_TAG, CERTIFICATE)];
    for mode in [KeyStoreMode::OfflineOnly, KeyStoreMode::Online] {
        let certificates = Certificates::Write(&chain);
        let life = both_drivers(mode, WITH_CERTIFICATES, certificates, None);
        assert_eq!(life.end, Ok(Stop::Condition));
        let (start, _) = at_run(&life.recording);
        assert_chart(start, CHART_4, 1);
    }
}

#[test]
fn chart_5_failing_certificates() {
    let chain = [(CA_TAG, CERTIFICATE)];
    for mode in [KeyStoreMode::OfflineOnly, KeyStoreMode::Online] {
        let certificates = Certificates::Write(&chain);
        let life = both_drivers(mode, PLAIN_WITH_CERTIFICATES, certificates, Some(12));
        let error = life.end.unwrap_err();
        assert_eq!(
            (error.kind, error.cause),
            (ErrorKind::Init, Cause::Application)
        );
        assert_eq!(error.errno, 12);
        assert_chart(&life.recording, CHART_5, 1);
        let is_link = |recorded: &Recorded| matches!(recorded.entry, Entry::Link(_));
        assert_eq!(count(&life.recording, is_link), 0);
    }
}
