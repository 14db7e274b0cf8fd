//! An endpoint client name that the modem cannot tell yet.

use core::cell::Cell;

use carrier_mock::modem::{Identity, KeyStoreMode};
use carrier_mock::recorder::{Direction, Entry};
use carrier_mock::world::{Stop, World};
use lwm2m_carrier::hal::DetachReason;
use lwm2m_carrier::{
    Cause, DeferredReason, EndpointError, EndpointFormat, ErrorKind, Event, errno,
};
use lwm2m_core::time::Instant;

use crate::bench::{Stage, secs, secure_profile, stage};
use crate::deferrals::deferred;
use crate::device::{Build, boot, boot_with, errors, is_registered};

const NAME: &str = "urn:imei-msisdn:490154203237518-4915112345678";

fn build() -> Build<'static> {
    Build {
        profile: secure_profile().with_endpoint(EndpointFormat::ImeiMsisdn),
        endpoint: "",
        place: Some(64),
        ..Build::default()
    }
}

fn set_msisdn(world: &World<'_>, msisdn: &'static str) {
    let mut identity = Identity::default();
    identity.msisdn = msisdn;
    world.set_identity(identity);
}

/// Messages that the device has sent.
fn sent(stage: &Stage<'_, '_, '_>) -> usize {
    stage.recording.count(|entry| {
        matches!(entry, Entry::Message { direction, .. } if *direction == Direction::FromDevice)
    })
}

#[test]
fn sim_msisdn() {
    stage(|stage| {
        stage.world.keys().set_mode(KeyStoreMode::Online);
        let known = Cell::new(false);
        let until = || {
            if !known.get() && deferred(stage.recording).len() == 3 {
                known.set(true);
                assert_eq!(sent(&stage), 0);
                set_msisdn(stage.world, "4915112345678");
            }
            is_registered(stage.recording)
        };
        assert_eq!(boot(stage.world, &build(), until), Ok(Stop::Condition));
        let told = deferred(stage.recording);
        // 1, 2 and 4 minutes, as the profile publishes them.
        assert_eq!(told.len(), 3);
        for ((_, told), published) in told.iter().zip([60, 120, 240]) {
            assert_eq!(told.reason, DeferredReason::SimMsisdn);
            let range = published * 9 / 10..=published * 11 / 10;
            assert!(range.contains(&told.retry_after().as_secs()), "{told:?}");
        }
        for pair in told.windows(2) {
            assert_eq!(pair[0].0 + pair[0].1.retry_after(), pair[1].0);
        }
        assert_eq!(errors(stage.recording), []);
        // Both servers know the device by the whole name.
        assert!(stage.server.borrow().registration(NAME).is_some());
        assert!(stage.bootstrap.borrow().progress(NAME).is_some());
    });
}

#[test]
fn sim_msisdn_known_from_the_start() {
    stage(|stage| {
        set_msisdn(stage.world, "4915112345678");
        let until = || is_registered(stage.recording);
        assert_eq!(boot(stage.world, &build(), until), Ok(Stop::Condition));
        assert_eq!(deferred(stage.recording), []);
        assert!(stage.server.borrow().registration(NAME).is_some());
    });
}

/// The network may bring the number: no reason to wait for the end of the back-off.
#[test]
fn sim_msisdn_with_the_next_network_connection() {
    stage(|stage| {
        stage.world.keys().set_mode(KeyStoreMode::Online);
        let lost = Cell::new(None);
        let until = || {
            if lost.get().is_none() && deferred(stage.recording).len() == 4 {
                // The next attempt is minutes away.
                lost.set(Some(stage.world.now()));
                let link = stage.world.link();
                link.detach(DetachReason::Network, Some(secs(10)));
                set_msisdn(stage.world, "4915112345678");
            }
            is_registered(stage.recording)
        };
        assert_eq!(boot(stage.world, &build(), until), Ok(Stop::Condition));
        let since: Instant = lost.get().unwrap();
        let took = stage.world.now().since(since);
        assert!((10..60).contains(&took.as_secs()), "{took:?}");
        assert_eq!(deferred(stage.recording).len(), 4);
    });
}

/// A device that waits for the number does what it is asked to.
#[test]
fn sim_msisdn_leaves_room_for_requests() {
    stage(|stage| {
        let stop = boot_with(
            stage.world,
            &build(),
            || false,
            async |handle| {
                stage.world.sleep(secs(30)).await;
                handle.link_down().unwrap();
                handle.offline().await;
                set_msisdn(stage.world, "4915112345678");
                handle.link_up().unwrap();
                handle.registered(101).await;
            },
        );
        assert_eq!(stop, Ok(Stop::Condition));
    });
    stage(|stage| {
        let stop = boot_with(
            stage.world,
            &build(),
            || false,
            async |handle| {
                stage.world.sleep(secs(30)).await;
                handle.reboot().unwrap();
                core::future::pending().await
            },
        );
        assert_eq!(stop, Ok(Stop::Reset));
        assert!(stage.recording.has_event(|event| *event == Event::Reboot));
    });
}

#[test]
fn bootstrap_efault() {
    let mut without_imei = Identity::default();
    without_imei.imei = "";
    let mut nonsense = Identity::default();
    nonsense.msisdn = "+49 151";
    for (identity, error) in [
        (without_imei, EndpointError::Imei),
        (nonsense, EndpointError::Malformed),
    ] {
        stage(|stage| {
            stage.world.set_identity(identity);
            let until = || {
                if !deferred(stage.recording).is_empty() {
                    set_msisdn(stage.world, "4915112345678");
                }
                is_registered(stage.recording)
            };
            assert_eq!(boot(stage.world, &build(), until), Ok(Stop::Condition));
            assert!(stage.recording.has_event(|event| {
                matches!(event, Event::Error(told) if told.kind == ErrorKind::Bootstrap
                    && told.cause == Cause::Endpoint(error) && told.errno() == errno::EFAULT)
            }));
            let reasons: Vec<_> = deferred(stage.recording)
                .into_iter()
                .map(|(_, told)| told.reason)
                .collect();
            assert_eq!(reasons, [DeferredReason::NoReason]);
        });
    }
}
