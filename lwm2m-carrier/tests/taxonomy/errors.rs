//! Errors of the link, the key store, the storage and the application.

use carrier_mock::modem::KeyStoreMode;
use carrier_mock::recorder::Entry;
use carrier_mock::world::Stop;
use lwm2m_carrier::driver::blocking;
use lwm2m_carrier::hal::{
    KeyStoreError, KeyStoreErrorKind, LinkError, LinkErrorKind, LinkState, RecordId, Storage,
};
use lwm2m_carrier::{DeferredReason, ErrorKind, errno};

use crate::bench::{Manner, stage};
use crate::deferrals::deferred;
use crate::device::{Build, boot, errors, is_registered};

#[test]
fn connect_fail() {
    stage(|stage| {
        // Whatever number the port has for it is passed on.
        let error = LinkError::new(LinkErrorKind::NoService, 12_345);
        stage.world.link().refuse_up(error, 2);
        let stop = stage.boot_until_registered(KeyStoreMode::Online);
        assert_eq!(stop, Ok(Stop::Condition));
        let told = ("CONNECT_FAIL".to_owned(), 12_345);
        assert_eq!(errors(stage.recording), [told.clone(), told]);
    });
}

#[test]
fn disconnect_fail() {
    stage(|stage| {
        let error = LinkError::new(LinkErrorKind::Modem, 12_345);
        stage.world.link().refuse_down(error, 2);
        let stop = stage.boot_until_registered(KeyStoreMode::OfflineOnly);
        assert_eq!(stop, Ok(Stop::Condition));
        let told = ("DISCONNECT_FAIL".to_owned(), 12_345);
        assert_eq!(errors(stage.recording), [told.clone(), told]);
        for (_, told) in deferred(stage.recording) {
            assert_eq!(told.reason, DeferredReason::NoReason);
        }
        assert_eq!(deferred(stage.recording).len(), 2);
    });
}

/// The profile's key, and one that the bootstrap server has sent.
#[test]
fn bootstrap_key_write() {
    for write in [0, 3] {
        stage(|stage| {
            let error = KeyStoreError::new(KeyStoreErrorKind::Io, errno::EIO);
            stage.world.keys().fail_write(write, error);
            let stop = stage.boot_until_registered(KeyStoreMode::Online);
            assert_eq!(stop, Ok(Stop::Condition));
            let told = ("BOOTSTRAP".to_owned(), errno::EIO);
            assert_eq!(errors(stage.recording), [told]);
            let (_, told) = deferred(stage.recording)[0];
            assert_eq!(told.reason, DeferredReason::BootstrapConnect);
        });
    }
}

/// A modem that has claimed to take keys at any time: the next attempt takes the link down first.
#[test]
fn bootstrap_eacces() {
    stage(|stage| {
        let error = KeyStoreError::new(KeyStoreErrorKind::Online, errno::EACCES);
        stage.world.keys().fail_write(2, error);
        let stop = stage.boot_until_registered(KeyStoreMode::Online);
        assert_eq!(stop, Ok(Stop::Condition));
        let told = ("BOOTSTRAP".to_owned(), errno::EACCES);
        assert_eq!(errors(stage.recording), [told]);
        let entries = stage.recording.entries();
        let mut up = false;
        let mut writes = Vec::new();
        for (_, entry) in entries {
            match entry {
                Entry::Link(state) => up = state == LinkState::Up,
                Entry::KeyWrite { result, .. } => writes.push((up, result.is_ok())),
                _ => {}
            }
        }
        // Two of the profile, the one that was refused, and the two of the second bootstrap.
        let expected = [
            (false, true),
            (false, true),
            (true, false),
            (false, true),
            (false, true),
        ];
        assert_eq!(writes, expected);
    });
}

#[test]
fn init_of_the_application() {
    stage(|stage| {
        let build = Build {
            profile: crate::bench::secure_profile().with_certificates_from_application(true),
            fails: -5,
            ..Build::default()
        };
        let error = boot(stage.world, &build, || false).unwrap_err();
        assert_eq!((error.kind, error.errno()), (ErrorKind::Init, -5));
        assert_eq!(stage.recording.events(), ["BSDLIB_INIT", "CERTS_INIT"]);
    });
}

/// A record that cannot be read is as good as none.
#[test]
fn internal_record() {
    stage(|stage| {
        let stop = stage.boot_until_registered(KeyStoreMode::Online);
        assert_eq!(stop, Ok(Stop::Condition));
        for id in [RecordId(1), RecordId(2)] {
            stage.reboot();
            let mut storage = stage.world.device().storage;
            blocking::block_on(storage.store(id, b"no such record"), || ()).unwrap();
            let stop = stage.boot(KeyStoreMode::Online, Manner::Plain, |_| {
                is_registered(stage.recording)
            });
            assert_eq!(stop, Ok(Stop::Condition));
            let told = ("INTERNAL".to_owned(), errno::EIO);
            assert_eq!(errors(stage.recording), [told], "{id:?}");
        }
        // Without its account the device has bootstrapped again.
        assert_eq!(stage.bootstrap_requests(), 2);
    });
}
