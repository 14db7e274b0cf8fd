//! Power losses, refused keys, and what is kept through them.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed test panics"
)]

mod bench;

use carrier_mock::modem::{KeyCut, KeyStoreMode};
use carrier_mock::recorder::Entry;
use carrier_mock::world::Stop;
use lwm2m_carrier::hal::{CredentialKind, KeyStoreError, KeyStoreErrorKind, RecordId, SecurityTag};
use lwm2m_carrier::{Cause, DeferredReason, ErrorKind, Event, errno};

use bench::{BOOTSTRAP_KEY, Manner, SERVER_KEY, stage};

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
        let wait = told.retry_after.as_secs();
        assert!((54..=66).contains(&wait), "{wait}");
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
fn a_key_that_the_store_cannot_take_is_refused_before_finish_is_answered() {
    stage(|stage| {
        stage.world.keys().set_psk_limit(SERVER_KEY.len() - 1);
        let answered = |_: &Event| stage.bootstrap.borrow().statistics().failures == 1;
        let stop = stage.boot(KeyStoreMode::Online, Manner::Plain, answered);
        assert_eq!(stop, Ok(Stop::Condition));
        let told = stage.recording.has_event(|event| {
            matches!(event, Event::Error(error) if error.kind == ErrorKind::Bootstrap
                && error.errno == errno::EINVAL)
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
