//! Configurations that cannot work: the application hears what is wrong, and can mend it.

use core::cell::Cell;

use carrier_mock::modem::KeyStoreMode;
use carrier_mock::server::{ManagementServer, Psk, Request};
use carrier_mock::world::{Guard, Stop, World};
use core::cell::RefCell;
use lwm2m_carrier::driver::Handle;
use lwm2m_carrier::hal::{CredentialKind, SecurityTag};
use lwm2m_carrier::{Cause, ConfigurationError, Credentials, DeferredReason, Error, ErrorKind};
use lwm2m_carrier::{Profile, errno};
use lwm2m_core::model::Object;
use lwm2m_core::time::Instant;

use crate::bench::{BOOTSTRAP_KEY, ENDPOINT, Recording, address, secs, secure_profile, stage};
use crate::deferrals::deferred;
use crate::device::{All, Build, boot, boot_with, errors, is_registered};

/// Initialisation ends with this error, and the application gets it as an event too.
fn refused(build: &Build<'_>) -> Error {
    stage(|stage| {
        let error = boot(stage.world, build, || false).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Configuration);
        let told = ("CONFIGURATION".to_owned(), error.errno());
        assert_eq!(errors(stage.recording), [told]);
        // The link was left alone.
        assert_eq!(stage.recording.events(), ["BSDLIB_INIT", "ERROR"]);
        error
    })
}

fn profile_of(uri: &str) -> Profile<'_> {
    secure_profile().with_bootstrap_server(uri)
}

#[test]
fn configuration_e2big() {
    let long = "x".repeat(300);
    let uri = format!("coaps://{}.example", &long[..140]);
    let builds = [
        // Object 0 of this device has room for 128 bytes of URI and of identity.
        Build {
            profile: profile_of(&uri),
            ..Build::default()
        },
        Build {
            profile: secure_profile().with_credentials(Credentials::Psk {
                identity: &long.as_bytes()[..129],
                key: BOOTSTRAP_KEY,
            }),
            ..Build::default()
        },
        Build {
            endpoint: &long[..256],
            ..Build::default()
        },
    ];
    for build in &builds {
        let error = refused(build);
        assert_eq!(error.errno(), errno::E2BIG);
        let cause = Cause::Configuration(ConfigurationError::TooLong);
        assert_eq!(error.cause, cause);
    }
    // A place for the modem's name that is too small: found when the name is there.
    stage(|stage| {
        let build = Build {
            place: Some(20),
            ..Build::default()
        };
        let told = || !errors(stage.recording).is_empty();
        assert_eq!(boot(stage.world, &build, told), Ok(Stop::Condition));
        let expected = ("CONFIGURATION".to_owned(), errno::E2BIG);
        assert_eq!(errors(stage.recording), [expected]);
    });
}

#[test]
fn configuration_einval() {
    for uri in [
        "",
        "http://bootstrap.example",
        "coaps://",
        "coaps://a:99999",
    ] {
        let build = Build {
            profile: profile_of(uri),
            ..Build::default()
        };
        assert_eq!(refused(&build).errno(), errno::EINVAL, "{uri}");
    }
}

/// A server to register with needs object 1.
#[test]
fn configuration_efault() {
    let build = Build {
        profile: secure_profile().with_server("coaps://lwm2m.example"),
        has_servers: false,
        ..Build::default()
    };
    assert_eq!(refused(&build).errno(), errno::EFAULT);
}

#[test]
fn configuration_enoent() {
    for (uri, credentials) in [
        ("coaps://bootstrap.example", Credentials::None),
        ("coap://bootstrap.example", secure_profile().credentials),
    ] {
        let build = Build {
            profile: profile_of(uri).with_credentials(credentials),
            ..Build::default()
        };
        assert_eq!(refused(&build).errno(), errno::ENOENT, "{uri}");
    }
}

/// A tag of the profile under which nobody has put a key: the device tries all the same, and goes on when it is there.
#[test]
fn configuration_enoent_of_a_tag() {
    let tag = SecurityTag(3);
    stage(|stage| {
        let keys = stage.world.keys();
        keys.set_mode(KeyStoreMode::Online);
        let build = Build {
            profile: secure_profile().with_credentials(Credentials::Tag(tag)),
            ..Build::default()
        };
        let until = || {
            if deferred(stage.recording).len() == 1 {
                keys.provision(tag, CredentialKind::PskIdentity, b"factory")
                    .unwrap();
                keys.provision(tag, CredentialKind::Psk, BOOTSTRAP_KEY)
                    .unwrap();
            }
            is_registered(stage.recording)
        };
        assert_eq!(boot(stage.world, &build, until), Ok(Stop::Condition));
        let told = ("CONFIGURATION".to_owned(), errno::ENOENT);
        assert_eq!(errors(stage.recording), [told]);
        let (_, told) = deferred(stage.recording)[0];
        assert_eq!(told.reason, DeferredReason::BootstrapConnect);
        // It is there now: nothing to tell.
        stage.reboot();
        let until = || is_registered(stage.recording);
        assert_eq!(boot(stage.world, &build, until), Ok(Stop::Condition));
        assert_eq!(errors(stage.recording), []);
    });
}

/// Runs `test` in a world whose management server, of this name, the device knows from its profile, as `identity`.
fn managed(
    name: &str,
    identity: &[u8],
    test: impl FnOnce(&World<'_>, &Recording, &RefCell<ManagementServer<'_>>),
) {
    let keys = [Psk::new(identity, BOOTSTRAP_KEY)];
    let server = RefCell::new(ManagementServer::new(2, &[]));
    server
        .borrow_mut()
        .set_credentials(carrier_mock::server::Credentials::new(&keys));
    let recording = Recording::default();
    let world = World::new(7);
    world.set_recorder(&recording);
    world.set_horizon(Instant::ZERO + secs(86_400));
    let at = address("192.0.2.2:5684");
    world.add_server(name, at, Guard::Psk, &server).unwrap();
    test(&world, &recording, &server);
}

/// The device of that world.
fn managed_build<'a>(uri: &'a str, identity: &'a [u8]) -> Build<'a> {
    let key = BOOTSTRAP_KEY;
    Build {
        profile: secure_profile()
            .with_server(uri)
            .with_credentials(Credentials::Psk { identity, key }),
        ..Build::default()
    }
}

/// The application takes the only account away.
#[test]
fn configuration_ebadr() {
    managed("lwm2m.example", b"me", |world, recording, server| {
        let build = managed_build("coaps://lwm2m.example", b"me");
        let stop = boot_with(
            world,
            &build,
            || false,
            async |handle| {
                handle.registered(1).await;
                handle.deregister().unwrap();
                world.sleep(secs(10)).await;
                handle
                    .with_objects(|objects| objects.server.as_mut().unwrap().delete(0).unwrap())
                    .unwrap();
                handle.register().unwrap();
                world.sleep(secs(10)).await;
                assert_eq!(handle.is_registered(1), Ok(false));
                // A factory reset brings it back.
                handle.factory_reset().unwrap();
                handle.registered(1).await;
            },
        );
        assert_eq!(stop, Ok(Stop::Condition));
        let told = ("CONFIGURATION".to_owned(), errno::EBADR);
        assert_eq!(errors(recording), [told]);
        assert!(server.borrow().registration(ENDPOINT).is_some());
    });
}

/// A message buffer that has room for the messages, but not for the account that a server has changed: the change ends
/// with the life of the device.
#[test]
fn internal_enomem() {
    let identity = [b'i'; 128];
    let name = "lwm2m.".repeat(16) + "example";
    let uri = format!("coaps://{name}");
    managed(&name, &identity, |world, recording, server| {
        let build = Build {
            buffer: 390,
            ..managed_build(&uri, &identity)
        };
        let task = async |handle: Handle<'_, '_, All>| {
            handle.registered(1).await;
            assert_eq!(errors(recording), []);
            // Accounts that the application adds make it longer.
            let added = handle.with_objects(|objects| {
                let accounts = objects.server.as_mut().unwrap();
                (1..6).try_for_each(|id| accounts.create(id))
            });
            assert_eq!(added.unwrap(), Ok(()));
            let write = Request::write("/1/0/1", 0, b"7200");
            assert!(server.borrow_mut().request(ENDPOINT, write));
            world.sleep(secs(10)).await;
        };
        let stop = boot_with(world, &build, || false, task);
        assert_eq!(stop, Ok(Stop::Condition), "{:?}", errors(recording));
        let lifetime = server
            .borrow()
            .registration(ENDPOINT)
            .map(|it| it.lifetime());
        assert_eq!(lifetime, Some(7200));
        let told = ("INTERNAL".to_owned(), errno::ENOMEM);
        assert_eq!(errors(recording), [told]);
    });
}

/// A firmware buffer shorter than the message buffer.
#[test]
fn configuration_enomem() {
    crate::fota::stage(7, |stage| {
        stage.buffer.set(1000);
        let failed = std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| {
            stage.boot(|| false);
        }));
        assert!(failed.is_err(), "initialisation has succeeded");
        assert_eq!(stage.recording.story(), ["BSDLIB_INIT", "CONFIGURATION 12"]);
    });
}

/// `run()` returns no error, so the event is all that the application gets.
#[test]
fn configuration_without_init() {
    stage(|stage| {
        let build = Build {
            profile: profile_of("nonsense"),
            only_runs: true,
            ..Build::default()
        };
        let told = Cell::new(0);
        let until = || {
            told.set(errors(stage.recording).len());
            told.get() > 0
        };
        assert_eq!(boot(stage.world, &build, until), Ok(Stop::Condition));
        let expected = ("CONFIGURATION".to_owned(), errno::EINVAL);
        assert_eq!(errors(stage.recording), [expected]);
    });
}
