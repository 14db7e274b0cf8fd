//! Power losses, refused keys, and what is kept through them.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed test panics"
)]

mod bench;

use core::cell::Cell;

use carrier_mock::modem::{KeyCut, KeyStoreMode};
use carrier_mock::recorder::Entry;
use carrier_mock::server::Request;
use carrier_mock::world::Stop;
use lwm2m_carrier::driver::blocking;
use lwm2m_carrier::hal::{
    CredentialKind, KeyStore, KeyStoreError, KeyStoreErrorKind, RecordId, SecurityTag, Storage,
};
use lwm2m_carrier::{Cause, Credentials, DeferredReason, ErrorKind, Event, errno};
use lwm2m_core::model::ValueWriter;

use bench::records::{ACCOUNT, REFUSED};
use bench::{
    BOOTSTRAP_KEY, ENDPOINT, Manner, OFFLINE, ONLINE, SERVER_KEY, boot, boot_refusing, boot_with,
    secs, secure_profile, stage,
};

const KINDS: [KeyStoreMode; 2] = [KeyStoreMode::OfflineOnly, KeyStoreMode::Online];

#[test]
fn a_restart_registers_without_a_second_bootstrap() {
    for keys in KINDS {
        stage(|stage| {
            assert_eq!(stage.boot_until_registered(keys), Ok(Stop::Condition));
            assert_eq!(stage.bootstrap_requests(), 1);
            stage.reboot();
            assert_eq!(stage.boot_until_registered(keys), Ok(Stop::Condition));
            assert_eq!(stage.bootstrap_requests(), 1);
            let expected = [
                "BSDLIB_INIT",
                "CONNECTING",
                "CONNECTED",
                "LTE_READY",
                "REGISTERED",
            ];
            assert_eq!(stage.recording.events(), expected);
        });
    }
}

#[test]
fn keys_go_to_the_tags_of_the_profile_and_stay_out_of_the_records() {
    stage(|stage| {
        stage
            .boot_until_registered(KeyStoreMode::OfflineOnly)
            .unwrap();
        let keys = stage.world.keys();
        let psk = CredentialKind::Psk;
        assert!(keys.holds(SecurityTag(25), psk, BOOTSTRAP_KEY));
        assert!(keys.holds(SecurityTag(26), psk, SERVER_KEY));
        assert!(keys.holds(SecurityTag(26), CredentialKind::PskIdentity, b"device"));
        // The staged record, which held the key, is gone.
        let erased = |entry: &Entry| matches!(entry, Entry::Erased { id, result: Ok(()) } if *id == RecordId(3));
        assert_eq!(stage.recording.count(erased), 1);
    });
}

/// The power fails in each key write of the first bootstrap.
#[test]
fn a_power_loss_in_any_key_write_is_made_good_by_the_next_boot() {
    for cut in [KeyCut::Before, KeyCut::Torn, KeyCut::After] {
        for number in 0..4 {
            stage(|stage| {
                stage.world.keys().cut_power_at_write(number, cut);
                let first = stage.boot_until_registered(KeyStoreMode::OfflineOnly);
                assert_eq!(first, Ok(Stop::PowerLost), "{cut:?} {number}");
                // The profile's key comes first, the server's after Bootstrap-Finish.
                let finished = u32::from(number >= 2);
                assert_eq!(stage.bootstrap_requests(), finished);
                stage.reboot();
                let second = stage.boot_until_registered(KeyStoreMode::OfflineOnly);
                assert_eq!(second, Ok(Stop::Condition), "{cut:?} {number}");
                assert_eq!(stage.bootstrap_requests(), 1, "{cut:?} {number}");
                let bootstrapped = stage.recording.has_event(|e| *e == Event::Bootstrapped);
                assert!(bootstrapped);
            });
        }
    }
}

#[test]
fn refused_keys_bring_the_old_account_back_and_a_published_retry() {
    stage(|stage| {
        let error = KeyStoreError::new(KeyStoreErrorKind::Io, errno::EIO);
        // Writes 0 and 1 are the profile's.
        stage.world.keys().fail_write(3, error);
        let stop = stage.boot_until_registered(KeyStoreMode::OfflineOnly);
        assert_eq!(stop, Ok(Stop::Condition));
        assert_eq!(stage.bootstrap_requests(), 2);
        let entries = stage.recording.entries();
        let at = |wanted: &dyn Fn(&Event) -> bool| {
            let found = entries
                .iter()
                .position(|(_, entry)| matches!(entry, Entry::Event(event) if wanted(event)));
            found.unwrap()
        };
        let failed = at(&|event| {
            matches!(event, Event::Error(told) if told.kind == ErrorKind::Bootstrap
                && told.cause == Cause::KeyStore(error))
        });
        let deferred = at(&|event| matches!(event, Event::Deferred(_)));
        let bootstrapped = at(&|event| *event == Event::Bootstrapped);
        assert!(failed < deferred && deferred < bootstrapped);
        let Entry::Event(Event::Deferred(told)) = entries[deferred].1 else {
            panic!("no DEFERRED");
        };
        assert_eq!(told.reason, DeferredReason::BootstrapConnect);
        let wait = told.retry_after().as_secs();
        assert!((54..=66).contains(&wait), "{wait}");
        // The identity, which was written, is not left behind.
        let deleted = |entry: &Entry| {
            matches!(
                entry,
                Entry::KeyDelete {
                    tag: SecurityTag(26),
                    kind: CredentialKind::PskIdentity,
                    result: Ok(()),
                    ..
                }
            )
        };
        assert_eq!(stage.recording.count(deleted), 1);
        // The second Bootstrap-Request comes when it was promised.
        let second = entries
            .iter()
            .skip(deferred)
            .find(|(_, entry)| matches!(entry, Entry::Opened { .. }));
        let between = second.unwrap().0.since(entries[deferred].0);
        assert!(between.as_secs().abs_diff(wait) <= 3, "{between:?} {wait}");
    });
}

#[test]
fn keys_that_are_refused_again_and_again_space_the_bootstraps_out() {
    stage(|stage| {
        let error = KeyStoreError::new(KeyStoreErrorKind::Io, errno::EIO);
        let keys = stage.world.keys();
        // After the profile's two credentials each round writes the server's two, the last of which fails.
        let waits = || -> Vec<u64> {
            let told = stage.recording.entries().into_iter();
            told.filter_map(|(_, entry)| match entry {
                Entry::Event(Event::Deferred(told)) => Some(told.retry_after().as_secs()),
                _ => None,
            })
            .collect()
        };
        let four = || {
            keys.fail_write((keys.writes() | 1).max(3), error);
            waits().len() == 4
        };
        let stop = boot(
            stage.world,
            OFFLINE[1],
            secure_profile(),
            Manner::Plain,
            four,
        );
        assert_eq!(stop, Ok(Stop::Condition));
        for (wait, published) in waits().into_iter().zip([60, 120, 240, 480]) {
            let range = published * 9 / 10..=published * 11 / 10;
            assert!(range.contains(&wait), "{wait} for {published}");
        }
    });
}

#[test]
fn a_key_that_the_store_cannot_take_is_refused_before_finish_is_answered() {
    stage(|stage| {
        stage.world.keys().set_psk_limit(SERVER_KEY.len() - 1);
        let answered = |_: &Event| stage.bootstrap.borrow().statistics().failures == 1;
        let stop = stage.boot(KeyStoreMode::Online, Manner::Plain, answered);
        assert_eq!(stop, Ok(Stop::Condition));
        let told = stage.recording.has_event(|event| {
            matches!(event, Event::Error(error) if error.kind == ErrorKind::Bootstrap
                && error.errno() == errno::EINVAL)
        });
        assert!(told);
        let statistics = stage.bootstrap.borrow().statistics();
        assert_eq!((statistics.finished, statistics.failures), (0, 1));
        // Nothing is left of it: the next boot begins with a Bootstrap-Request.
        stage.world.keys().set_psk_limit(SERVER_KEY.len());
        stage.reboot();
        let stop = stage.boot_until_registered(KeyStoreMode::Online);
        assert_eq!(stop, Ok(Stop::Condition));
        assert_eq!(stage.bootstrap_requests(), 2);
    });
}

/// Keys that nothing uses any more do not stay behind.
#[test]
fn keys_of_an_account_that_is_given_up_are_deleted() {
    stage(|stage| {
        let keys = stage.world.keys();
        let psk = CredentialKind::Psk;
        stage
            .boot_until_registered(KeyStoreMode::OfflineOnly)
            .unwrap();
        assert_eq!(keys.count(), 4);
        // A bootstrap under a changed profile: the same server under another tag.
        stage.reboot();
        let identity = b"other";
        let changed = secure_profile().with_credentials(Credentials::Psk {
            identity,
            key: BOOTSTRAP_KEY,
        });
        let setup = OFFLINE[1];
        let until = || {
            stage
                .recording
                .has_event(|event| *event == Event::Connected)
        };
        boot(stage.world, setup, changed, Manner::Plain, until).unwrap();
        assert!(!keys.holds(SecurityTag(26), psk, SERVER_KEY));
        assert!(keys.holds(SecurityTag(25), CredentialKind::PskIdentity, identity));
        assert_eq!(keys.count(), 2);
    });
}

/// A second bootstrap writes beside the keys in use, and then the old ones go.
#[test]
fn new_keys_go_to_spare_tags() {
    for (keys_mode, setup) in [
        (KeyStoreMode::OfflineOnly, OFFLINE[1]),
        (KeyStoreMode::Online, ONLINE[1]),
    ] {
        stage(|stage| {
            let keys = stage.world.keys();
            let psk = CredentialKind::Psk;
            stage.boot_until_registered(keys_mode).unwrap();
            stage.reboot();
            let profile = secure_profile();
            let asked = Cell::new(false);
            let again = || {
                let registered = stage
                    .recording
                    .has_event(|e| matches!(e, Event::Registered { .. }));
                if registered && !asked.replace(true) {
                    let trigger = Request::execute("/1/0/9", "");
                    assert!(stage.server.borrow_mut().request(ENDPOINT, trigger));
                    stage.recording.clear();
                }
                asked.get()
                    && registered
                    && stage.recording.has_event(|e| *e == Event::Bootstrapped)
            };
            let stop = boot(stage.world, setup, profile, Manner::Plain, again);
            assert_eq!(stop, Ok(Stop::Condition));
            assert_eq!(stage.bootstrap_requests(), 2);
            assert!(keys.holds(SecurityTag(27), psk, SERVER_KEY));
            assert!(!keys.holds(SecurityTag(26), psk, SERVER_KEY));
            assert!(keys.holds(SecurityTag(25), psk, BOOTSTRAP_KEY));
            assert_eq!(keys.count(), 4);
            // The next start of the device uses them.
            stage.reboot();
            assert_eq!(stage.boot_until_registered(keys_mode), Ok(Stop::Condition));
            assert_eq!(stage.bootstrap_requests(), 2);
        });
    }
}

/// Where the record of a staged account is damaged, it is not known which keys it had: all of the library's tags that the
/// account in use has not are emptied, and no other.
#[test]
fn keys_of_a_damaged_staged_account_are_deleted() {
    stage(|stage| {
        let psk = CredentialKind::Psk;
        let mode = KeyStoreMode::OfflineOnly;
        stage.boot_until_registered(mode).unwrap();
        stage.reboot();
        let mut device = stage.world.device();
        // The library's are 25 to 41, of which 25 and 26 are in use.
        for tag in [24, 27, 30, 41, 42] {
            let write = device.keys.write(SecurityTag(tag), psk, b"left behind");
            blocking::block_on(write, || ()).unwrap();
        }
        let store = device.storage.store(RecordId(3), b"damaged");
        blocking::block_on(store, || ()).unwrap();
        assert_eq!(stage.boot_until_registered(mode), Ok(Stop::Condition));
        let keys = stage.world.keys();
        for (tag, stays) in [
            (24, true),
            (27, false),
            (30, false),
            (41, false),
            (42, true),
        ] {
            assert_eq!(
                keys.holds(SecurityTag(tag), psk, b"left behind"),
                stays,
                "{tag}"
            );
        }
        assert!(keys.holds(SecurityTag(25), psk, BOOTSTRAP_KEY));
        assert!(keys.holds(SecurityTag(26), psk, SERVER_KEY));
    });
}

/// An account that could not be stored is used and stays staged. What the stored one needs stays with it, also when the
/// device goes through the keys again in the same life: the next one takes the staged account up.
#[test]
fn an_account_that_could_not_be_stored_costs_no_key() {
    for setup in OFFLINE.into_iter().chain(ONLINE) {
        stage(|stage| {
            let refused = Cell::new(None);
            let stop = boot_refusing(
                stage.world,
                setup,
                secure_profile(),
                Manner::Plain,
                &refused,
                || false,
                async |handle| {
                    handle.registered(101).await;
                    refused.set(Some(ACCOUNT));
                    let trigger = Request::execute("/1/0/9", "");
                    assert!(stage.server.borrow_mut().request(ENDPOINT, trigger));
                    stage.recording.clear();
                    while !stage.recording.has_event(|e| *e == Event::Bootstrapped) {
                        stage.world.sleep(secs(1)).await;
                    }
                    handle.registered(101).await;
                    handle.link_down().unwrap();
                    handle.offline().await;
                    handle.link_up().unwrap();
                    handle.registered(101).await;
                },
            );
            assert_eq!(stop, Ok(Stop::Condition));
            let told = |event: &Event| {
                matches!(event, Event::Error(told) if told.kind == ErrorKind::Internal
                    && told.cause == Cause::Storage(REFUSED))
            };
            assert!(stage.recording.has_event(told), "{setup:?}");
            let holds_key = |tag| {
                let keys = stage.world.keys();
                keys.holds(SecurityTag(tag), CredentialKind::Psk, SERVER_KEY)
            };
            assert!(holds_key(26) && holds_key(27), "{setup:?}");

            stage.reboot();
            let stop = stage.boot_until_registered(setup.keys);
            assert_eq!(stop, Ok(Stop::Condition), "{setup:?}");
            assert_eq!(stage.bootstrap_requests(), 2, "{setup:?}");
            assert!(!holds_key(26) && holds_key(27), "{setup:?}");
        });
    }
}

/// Once they are in the key store, keys are neither in the objects nor in a record.
#[test]
fn keys_are_in_the_key_store_alone() {
    stage(|stage| {
        let profile = secure_profile();
        let stop = boot_with(
            stage.world,
            OFFLINE[1],
            profile,
            Manner::Plain,
            || false,
            async |handle| {
                handle.registered(101).await;
                let secret = handle.with_objects(|objects| {
                    let mut buffer = [0; 64];
                    let mut out = ValueWriter::capturing(&mut buffer);
                    objects[0].read(1, 5, &mut out).unwrap();
                    out.captured().unwrap().as_bytes().unwrap().to_vec()
                });
                assert_eq!(secret.unwrap().len(), 1);
            },
        );
        assert_eq!(stop, Ok(Stop::Condition));
        let mut storage = stage.world.device().storage;
        let mut record = [0; 512];
        let loaded = blocking::block_on(storage.load(RecordId(2), &mut record), || ());
        let record = &record[..loaded.unwrap().unwrap()];
        let holds = |bytes: &[u8]| record.windows(bytes.len()).any(|window| window == bytes);
        assert!(holds(b"coaps://lwm2m.example"));
        assert!(!holds(SERVER_KEY));
        let staged = blocking::block_on(storage.load(RecordId(3), &mut [0; 512]), || ());
        assert_eq!(staged, Ok(None));
    });
}
