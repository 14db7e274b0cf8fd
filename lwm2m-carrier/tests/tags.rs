//! Security tags that a key store lets the library write under: as many as it takes, and too few.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed test panics"
)]

mod bench;

use core::cell::{Cell, RefCell};

use carrier_mock::recorder::Entry;
use carrier_mock::server::{BootstrapServer, Credentials, ManagementServer, Psk, Request};
use carrier_mock::world::{Guard, Stop, World};
use lwm2m_carrier::hal::{CredentialKind, KeyStoreErrorKind, SecurityTag};
use lwm2m_carrier::{Cause, Error, ErrorKind, Event, errno};
use lwm2m_core::model::{ContentFormat, Value};

use bench::{
    BOOTSTRAP_KEY, ENDPOINT, Manner, OFFLINE, ONLINE, Recording, Setup, address, boot, instance,
    secure_profile,
};

const KEYS: [&[u8]; 2] = [b"key-of-the-first-server", b"key-of-the-second-one"];
const HOSTS: [&str; 2] = ["one.example", "two.example"];

/// What a bootstrap server writes to /0/1 and /0/2.
fn security(number: usize) -> Vec<u8> {
    instance(&[
        (0, Value::String(&format!("coaps://{}", HOSTS[number]))),
        (1, Value::Boolean(false)),
        (2, Value::Integer(0)),
        (3, Value::Opaque(b"device")),
        (5, Value::Opaque(KEYS[number])),
        (10, Value::Integer(101 + number as i64)),
    ])
}

/// What it writes to /1/0 and /1/1.
fn account(number: usize) -> Vec<u8> {
    instance(&[
        (0, Value::Integer(101 + number as i64)),
        (1, Value::Integer(300)),
        (6, Value::Boolean(true)),
        (7, Value::String("U")),
    ])
}

/// What came of the second and the third bootstrap.
struct Outcome {
    stop: Result<Stop, Error>,
    finished: u32,
    failures: u32,
    requests: u32,
    /// Errors that the application was told of.
    errors: Vec<Error>,
    /// Under which tags the key of each server lies.
    tags: [Vec<u32>; 2],
}

/// A device with two servers, whose key store takes the tags from 25 to `last`, is bootstrapped anew twice: each time at
/// the request of the first server, once both have it registered.
fn bootstrapped_anew_twice(setup: Setup, last: u32) -> Outcome {
    let (security, account) = ([0, 1].map(security), [0, 1].map(account));
    let script = [
        Request::delete("/0"),
        Request::delete("/1"),
        Request::write("/0/1", ContentFormat::Tlv.number(), &security[0]),
        Request::write("/0/2", ContentFormat::Tlv.number(), &security[1]),
        Request::write("/1/0", ContentFormat::Tlv.number(), &account[0]),
        Request::write("/1/1", ContentFormat::Tlv.number(), &account[1]),
        Request::finish(),
    ];
    let factory = [Psk::new(b"factory", BOOTSTRAP_KEY)];
    let bootstrap = RefCell::new(BootstrapServer::new(1, &script));
    let credentials = Credentials::new(&factory);
    bootstrap.borrow_mut().set_credentials(credentials);
    let keys = KEYS.map(|key| [Psk::new(b"device", key)]);
    let servers = [2, 3].map(|seed| RefCell::new(ManagementServer::new(seed, &[])));
    let recording = Recording::default();
    let world = World::new(7);
    world.set_recorder(&recording);
    world.keys().set_tags(SecurityTag(25)..=SecurityTag(last));
    let at = address("192.0.2.1:5684");
    world
        .add_server("bootstrap.example", at, Guard::Psk, &bootstrap)
        .unwrap();
    for (number, server) in servers.iter().enumerate() {
        let credentials = Credentials::new(&keys[number]);
        server.borrow_mut().set_credentials(credentials);
        let at = address(["192.0.2.2:5684", "192.0.2.3:5684"][number]);
        world
            .add_server(HOSTS[number], at, Guard::Psk, server)
            .unwrap();
    }
    let asked = Cell::new(0);
    let all_registered = || {
        let both = |id| recording.has_event(|event| *event == Event::Registered { server: id });
        if !(both(101) && both(102)) {
            return false;
        }
        // After a refusal the old accounts register anew, too.
        if asked.get() < 2 {
            asked.set(asked.get() + 1);
            recording.clear();
            let trigger = Request::execute("/1/0/9", "");
            assert!(servers[0].borrow_mut().request(ENDPOINT, trigger));
            return false;
        }
        true
    };
    let refused_twice = || bootstrap.borrow().statistics().failures == 2;
    let stop = boot(&world, setup, secure_profile(), Manner::Plain, || {
        all_registered() || refused_twice()
    });
    let tags = KEYS.map(|key| {
        let holds = |&tag: &u32| {
            world
                .keys()
                .holds(SecurityTag(tag), CredentialKind::Psk, key)
        };
        (25..=45).filter(holds).collect()
    });
    let statistics = bootstrap.borrow().statistics();
    let entries = recording.entries().into_iter();
    let errors = entries.filter_map(|(_, entry)| match entry {
        Entry::Event(Event::Error(error)) => Some(error),
        _ => None,
    });
    Outcome {
        stop,
        finished: statistics.finished,
        failures: statistics.failures,
        requests: statistics.requests,
        errors: errors.collect(),
        tags,
    }
}

/// Tag 25 is the profile's; 26 and 27 alternate with 28 and 29.
#[test]
fn two_servers_do_with_five_tags_for_ever() {
    for setup in [OFFLINE[1], ONLINE[1]] {
        let outcome = bootstrapped_anew_twice(setup, 29);
        assert_eq!(outcome.stop, Ok(Stop::Condition), "{setup:?}");
        assert_eq!(
            (outcome.requests, outcome.finished, outcome.failures),
            (3, 3, 0)
        );
        assert_eq!(outcome.tags, [[26], [27]]);
        assert_eq!(outcome.errors, []);
    }
}

/// The bootstrap server hears of it, and the accounts in use, with their keys, stay what they are.
#[test]
fn a_key_store_with_too_few_tags_refuses_before_finish_is_answered() {
    for setup in [OFFLINE[1], ONLINE[1]] {
        let outcome = bootstrapped_anew_twice(setup, 28);
        assert_eq!(outcome.stop, Ok(Stop::Condition), "{setup:?}");
        assert_eq!((outcome.finished, outcome.failures), (1, 2), "{setup:?}");
        assert_eq!(outcome.tags, [[26], [27]]);
        for error in &outcome.errors {
            assert_eq!(error.kind, ErrorKind::Bootstrap);
            let Cause::KeyStore(cause) = error.cause else {
                panic!("{error:?}");
            };
            assert_eq!(cause.kind, KeyStoreErrorKind::Invalid);
            assert_eq!(cause.errno, errno::EACCES);
        }
        assert!(!outcome.errors.is_empty());
    }
}
