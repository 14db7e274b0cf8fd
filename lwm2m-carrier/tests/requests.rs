//! What the application and the servers ask of a device that runs.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed test panics"
)]

mod bench;

use core::cell::Cell;

use carrier_mock::modem::KeyStoreMode;
use carrier_mock::recorder::Entry;
use carrier_mock::server::{RecordKind, Request};
use carrier_mock::world::Stop;
use lwm2m_carrier::driver::Handle;
use lwm2m_carrier::hal::{CredentialKind, RecordId, SecurityTag};
use lwm2m_carrier::{CaTags, ErrorKind, Event, Response};
use lwm2m_core::model::Path;
use lwm2m_core::time::Instant;

use bench::{
    ENDPOINT, Manner, OFFLINE, ONLINE, Objects, Setup, Stage, boot_with, secs, secure_profile,
    stage,
};

const KEYS: KeyStoreMode = KeyStoreMode::Online;

/// Boots with an application task; ends with the task.
fn run(
    stage: &Stage<'_, '_, '_>,
    setup: Setup,
    manner: Manner,
    task: impl AsyncFnOnce(Handle<'_, '_, Objects<'_>>),
) {
    let profile = secure_profile();
    let stop = boot_with(stage.world, setup, profile, manner, || false, task);
    assert_eq!(stop, Ok(Stop::Condition));
}

#[test]
fn a_device_that_stops_de_registers_and_can_begin_again() {
    for setup in [OFFLINE, ONLINE].as_flattened() {
        stage(|stage| {
            run(&stage, *setup, Manner::Plain, async |handle| {
                handle.registered(101).await;
                handle.link_down().unwrap();
                handle.offline().await;
                assert_eq!(stage.server.borrow().registrations().count(), 0);
                handle.link_up().unwrap();
                handle.registered(101).await;
            });
            let events = stage.recording.events();
            let registered = events.iter().position(|event| event == "REGISTERED");
            let expected = [
                "DEREGISTERED",
                "DISCONNECTING",
                "DISCONNECTED",
                "CONNECTING",
                "CONNECTED",
                "LTE_READY",
            ];
            // The task ends before the last event is handed out.
            let after = &events[registered.unwrap() + 1..];
            assert_eq!(after[..expected.len()], expected, "{setup:?}");
            assert!(stage.server.borrow().registration(ENDPOINT).is_some());
            assert_eq!(stage.bootstrap_requests(), 1);
        });
    }
}

#[test]
fn a_device_that_de_registers_stays_connected() {
    stage(|stage| {
        run(&stage, ONLINE[1], Manner::Plain, async |handle| {
            handle.registered(101).await;
            handle.deregister().unwrap();
            stage.world.sleep(secs(3600)).await;
            assert_eq!(handle.is_registered(101), Ok(false));
            assert_eq!(stage.server.borrow().registrations().count(), 0);
            handle.register().unwrap();
            handle.registered(101).await;
            // Registered already: an Update.
            let updates = || stage.server.borrow().statistics().updates;
            assert_eq!(updates(), 0);
            handle.register().unwrap();
            stage.world.sleep(secs(2)).await;
            assert_eq!(updates(), 1);
            assert_eq!(handle.boots(), Ok(1));
            assert!(handle.statistics().unwrap().sent > 0);
        });
        let link = stage
            .recording
            .count(|entry| matches!(entry, Entry::Link(_)));
        assert_eq!(link, 1);
    });
}

#[test]
fn a_server_restarts_the_device_unless_the_application_refuses() {
    for (manner, restarts) in [(Manner::Plain, true), (Manner::NoReboot, false)] {
        stage(|stage| {
            let later = Instant::ZERO + secs(60);
            let setup = Setup {
                woken: true,
                keys: KEYS,
            };
            let asked = Cell::new(false);
            let condition = || {
                if !asked.get()
                    && stage
                        .recording
                        .has_event(|e| matches!(e, Event::Registered { .. }))
                {
                    asked.set(true);
                    let request = Request::execute("/3/0/4", "");
                    assert!(stage.server.borrow_mut().request(ENDPOINT, request));
                }
                stage.world.now() >= later
            };
            let stop = bench::boot(stage.world, setup, secure_profile(), manner, condition);
            let expected = if restarts {
                Stop::Reset
            } else {
                Stop::Condition
            };
            assert_eq!(stop, Ok(expected));
            assert!(stage.recording.has_event(|event| *event == Event::Reboot));
            // The server has heard that its request was carried out.
            let mut answered = false;
            while let Some(record) = stage.server.borrow_mut().take_record() {
                answered |= record.kind() == RecordKind::Answered
                    && record.code() == lwm2m_core::wire::coap::Code::CHANGED;
            }
            if !restarts {
                assert!(answered);
            }
            assert_eq!(stage.world.is_running(), !restarts);
        });
    }
}

#[test]
fn a_factory_reset_begins_with_a_bootstrap() {
    for setup in [OFFLINE, ONLINE].as_flattened() {
        stage(|stage| {
            run(&stage, *setup, Manner::Plain, async |handle| {
                handle.registered(101).await;
                stage.recording.clear();
                handle.factory_reset().unwrap();
                stage.world.sleep(secs(60)).await;
                assert_eq!(handle.is_registered(101), Ok(true));
            });
            assert_eq!(stage.bootstrap_requests(), 2);
            let deleted = |entry: &Entry| {
                matches!(
                    entry,
                    Entry::KeyDelete {
                        tag: SecurityTag(26),
                        kind: CredentialKind::Psk,
                        result: Ok(()),
                        ..
                    }
                )
            };
            assert_eq!(stage.recording.count(deleted), 1);
            assert!(
                stage
                    .recording
                    .has_event(|event| *event == Event::Bootstrapped)
            );
        });
    }
}

#[test]
fn certificates_may_come_later() {
    for result in [Ok(()), Err(-5)] {
        stage(|stage| {
            let profile = secure_profile().with_certificates_from_application(true);
            let tag = SecurityTag(411);
            let answer = result.map(|()| CaTags::new(&[tag]).unwrap());
            let setup = ONLINE[1];
            let stop = boot_with(
                stage.world,
                setup,
                profile,
                Manner::Later,
                || false,
                async |handle| {
                    stage.world.sleep(secs(30)).await;
                    assert_eq!(stage.recording.events(), ["BSDLIB_INIT", "CERTS_INIT"]);
                    handle.certs_ready(answer).unwrap();
                    handle.registered(101).await;
                },
            );
            match result {
                Ok(()) => assert_eq!(stop, Ok(Stop::Condition)),
                Err(errno) => {
                    let error = stop.unwrap_err();
                    assert_eq!((error.kind, error.errno()), (ErrorKind::Init, errno));
                    assert_eq!(stage.recording.events(), ["BSDLIB_INIT", "CERTS_INIT"]);
                }
            }
        });
    }
}

#[test]
fn what_the_application_changes_is_notified() {
    stage(|stage| {
        run(&stage, ONLINE[1], Manner::Plain, async |handle| {
            handle.registered(101).await;
            let observe = Request::observe("/3/0/0");
            assert!(stage.server.borrow_mut().request(ENDPOINT, observe));
            stage.world.sleep(secs(2)).await;
            handle
                .with_objects(|objects| assert_eq!(objects.len(), 3))
                .unwrap();
            handle.changed(Path::resource(3, 0, 0)).unwrap();
            stage.world.sleep(secs(2)).await;
            let mut numbers = Vec::new();
            while let Some(record) = stage.server.borrow_mut().take_record() {
                numbers.extend(record.observe());
            }
            assert_eq!(numbers.len(), 2, "{numbers:?}");
            assert!(numbers[0] < numbers[1]);
        });
    });
}

#[test]
fn observe_numbers_grow_through_restarts() {
    stage(|stage| {
        let mut numbers = Vec::new();
        for _ in 0..3 {
            run(&stage, ONLINE[1], Manner::Plain, async |handle| {
                handle.registered(101).await;
                let observe = Request::observe("/3/0/0");
                assert!(stage.server.borrow_mut().request(ENDPOINT, observe));
                stage.world.sleep(secs(2)).await;
            });
            while let Some(record) = stage.server.borrow_mut().take_record() {
                numbers.extend(record.observe());
            }
            stage.reboot();
        }
        assert_eq!(numbers.len(), 3);
        assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    });
}

/// Observe numbers are reserved in blocks of 1,024, so that the flash does not wear out with each notification: 3,000
/// notifications take four records, and that of the start.
#[test]
fn many_notifications_take_few_records() {
    stage(|stage| {
        const SCRIPT: &[Request<'static>] = &[
            Request::write_attributes("/3/0/0", "pmin=1&pmax=1"),
            Request::observe("/3/0/0"),
        ];
        stage.server.borrow_mut().set_script(SCRIPT);
        let is_state =
            |entry: &Entry| matches!(entry, Entry::Stored { id, .. } if *id == RecordId(1));
        let stored = || stage.recording.count(is_state);
        run(&stage, ONLINE[1], Manner::Plain, async |handle| {
            handle.registered(101).await;
            stage.world.sleep(secs(3_000)).await;
        });
        assert!((3..=6).contains(&stored()), "{} records", stored());
    });
}

#[test]
fn the_application_is_lent_the_key_store() {
    stage(|stage| {
        let profile = secure_profile().with_certificates_from_application(true);
        let tag = SecurityTag(411);
        let manner = Manner::Certificates(tag);
        let registered = |event: &Event| matches!(event, Event::Registered { .. });
        let condition = || stage.recording.has_event(registered);
        let stop = bench::boot(stage.world, OFFLINE[0], profile, manner, condition);
        assert_eq!(stop, Ok(Stop::Condition));
        let certificate = b"-----BEGIN CERTIFICATE-----";
        assert!(
            stage
                .world
                .keys()
                .holds(tag, CredentialKind::CaChain, certificate)
        );
        let tags = Response::CaTags(CaTags::new(&[tag]).unwrap());
        let answered = stage
            .recording
            .count(|entry| *entry == Entry::Response(tags));
        assert_eq!(answered, 1);
    });
}
