//! What the application asks of the link, and requests that cannot be meant.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed test panics"
)]

mod bench;

use carrier_mock::recorder::Entry;
use carrier_mock::world::Stop;
use lwm2m_carrier::carrier::RequestError;
use lwm2m_carrier::driver::{Handle, SetFailure};
use lwm2m_carrier::hal::{DetachReason, Link, LinkError, LinkErrorKind, LinkState};
use lwm2m_carrier::{Event, Profile};
use lwm2m_core::model::Path;
use lwm2m_core::objects::SetError;

use bench::{
    ENDPOINT, Manner, OFFLINE, ONLINE, Objects, Stage, boot_with, secs, secure_profile, stage,
};

type App<'s, 'r, 'o> = Handle<'s, 'r, Objects<'o>>;

fn run(stage: &Stage<'_, '_, '_>, profile: Profile<'_>, task: impl AsyncFnOnce(App<'_, '_, '_>)) {
    let stop = boot_with(
        stage.world,
        ONLINE[1],
        profile,
        Manner::Plain,
        || false,
        task,
    );
    assert_eq!(stop, Ok(Stop::Condition));
}

fn after_registered(stage: &Stage<'_, '_, '_>) -> Vec<String> {
    let events = stage.recording.events();
    let registered = events.iter().position(|event| event == "REGISTERED");
    events[registered.unwrap() + 1..]
        .iter()
        .map(ToString::to_string)
        .collect()
}

/// The profile does not ask for it: the server keeps the registration, and nothing is sent to it.
#[test]
fn a_link_that_is_taken_down_may_leave_the_registration() {
    stage(|stage| {
        let profile = secure_profile().with_deregistration_on_link_down(false);
        run(&stage, profile, async |handle| {
            handle.registered(101).await;
            let sent = handle.statistics().unwrap().sent;
            handle.link_down().unwrap();
            handle.offline().await;
            assert_eq!(handle.statistics().unwrap().sent, sent);
            assert!(stage.server.borrow().registration(ENDPOINT).is_some());
            assert_eq!(after_registered(&stage), ["DISCONNECTING", "DISCONNECTED"]);
            handle.link_up().unwrap();
            stage.world.sleep(secs(60)).await;
            assert_eq!(handle.is_registered(101), Ok(true));
        });
        assert_eq!(stage.server.borrow().statistics().deregisters, 0);
        assert_eq!(stage.server.borrow().statistics().registers, 2);
    });
}

/// Days pass, values change, and the device stays offline: no datagram, no attempt.
#[test]
fn offline_lasts_until_the_application_ends_it() {
    stage(|stage| {
        run(&stage, secure_profile(), async |handle| {
            handle.registered(101).await;
            handle.link_down().unwrap();
            handle.offline().await;
            let before = handle.statistics().unwrap();
            stage.recording.clear();
            for _ in 0..48 {
                stage.world.sleep(secs(3_600)).await;
                handle.changed(Path::resource(3, 0, 9)).unwrap();
                handle.update(true).unwrap();
            }
            assert_eq!(handle.statistics().unwrap(), before);
            assert_eq!(stage.recording.entries().len(), 0);
            handle.link_up().unwrap();
            handle.registered(101).await;
        });
    });
}

#[test]
fn requests_that_cannot_be_meant_are_refused() {
    use RequestError::{Already, LinkDown};
    stage(|stage| {
        run(&stage, secure_profile(), async |handle| {
            handle.registered(101).await;
            assert_eq!(handle.link_up(), Err(Already));
            assert_eq!(handle.deregister(), Ok(()));
            assert_eq!(handle.deregister(), Err(Already));
            assert_eq!(handle.register(), Ok(()));
            assert_eq!(handle.register(), Err(Already));
            stage.world.sleep(secs(60)).await;
            assert_eq!(handle.is_registered(101), Ok(true));

            assert_eq!(handle.link_down(), Ok(()));
            // Both before it has begun and when it is done.
            for _ in 0..2 {
                assert_eq!(handle.link_down(), Err(Already));
                assert_eq!(handle.register(), Err(LinkDown));
                assert_eq!(handle.deregister(), Err(LinkDown));
                assert_eq!(handle.factory_reset(), Err(LinkDown));
                handle.offline().await;
            }
            assert_eq!(handle.link_up(), Ok(()));
            assert_eq!(handle.link_up(), Err(Already));
            handle.registered(101).await;
            let inside = handle.with_objects(|_| handle.link_down());
            assert_eq!(inside, Ok(Err(RequestError::Busy)));
        });
        let refused = |event: &Event| matches!(event, Event::Error(_));
        assert!(!stage.recording.has_event(refused));
    });
}

/// The modem looks for the network that it has lost: it is switched off all the same, and does not attach by itself.
#[test]
fn offline_is_offline_without_coverage_too() {
    stage(|stage| {
        run(&stage, secure_profile(), async |handle| {
            handle.registered(101).await;
            let link = stage.world.device().link;
            let now = stage.world.now();
            link.add_gap(now, now + secs(600)).unwrap();
            stage.world.sleep(secs(60)).await;
            assert_eq!(link.state(), LinkState::Down(DetachReason::NoService));
            handle.link_down().unwrap();
            handle.offline().await;
            assert_eq!(link.state(), LinkState::Down(DetachReason::Requested));
            stage.world.sleep(secs(3_600)).await;
            assert_eq!(link.state(), LinkState::Down(DetachReason::Requested));
            handle.link_up().unwrap();
            handle.registered(101).await;
        });
    });
}

/// So is one that has never found a network.
#[test]
fn offline_is_offline_before_the_first_attach() {
    stage(|stage| {
        let link = stage.world.device().link;
        link.add_gap(stage.world.now(), stage.world.now() + secs(86_400))
            .unwrap();
        run(&stage, secure_profile(), async |handle| {
            let refused = || {
                stage
                    .recording
                    .has_event(|event| matches!(event, Event::Deferred(_)))
            };
            while !refused() {
                stage.world.sleep(secs(10)).await;
            }
            stage.recording.clear();
            handle.link_down().unwrap();
            handle.offline().await;
            let downs = |entry: &Entry| matches!(entry, Entry::Link(LinkState::Down(_)));
            assert_eq!(stage.recording.count(downs), 1);
            assert_eq!(stage.recording.events(), [""; 0]);
        });
    });
}

/// The application changes its mind at once: the device goes offline and comes back, rather than to be left half way.
#[test]
fn the_last_request_wins() {
    stage(|stage| {
        run(&stage, secure_profile(), async |handle| {
            handle.registered(101).await;
            handle.link_down().unwrap();
            handle.link_up().unwrap();
            stage.world.sleep(secs(60)).await;
            assert_eq!(handle.is_registered(101), Ok(true));
            handle.deregister().unwrap();
            // On its way, not answered yet.
            stage
                .world
                .sleep(lwm2m_core::time::Duration::from_millis(1))
                .await;
            handle.register().unwrap();
            stage.world.sleep(secs(60)).await;
            assert_eq!(handle.is_registered(101), Ok(true));
        });
        assert!(stage.server.borrow().registration(ENDPOINT).is_some());
    });
}

/// The other way round: a device that is offline stays so.
#[test]
fn the_last_request_wins_offline_too() {
    stage(|stage| {
        run(&stage, secure_profile(), async |handle| {
            handle.registered(101).await;
            for already_offline in [false, true] {
                if already_offline {
                    handle.link_down().unwrap();
                    handle.offline().await;
                } else {
                    handle.link_down().unwrap();
                }
                handle.link_up().unwrap();
                assert_eq!(handle.link_down(), Ok(()), "{already_offline}");
                handle.offline().await;
                stage.world.sleep(secs(3_600)).await;
                assert_eq!(handle.is_registered(101), Ok(false), "{already_offline}");
                handle.link_up().unwrap();
                handle.registered(101).await;
            }
        });
    });
}

/// Offline is no reason not to restart.
#[test]
fn a_device_that_is_offline_restarts_on_request() {
    stage(|stage| {
        let stop = boot_with(
            stage.world,
            ONLINE[1],
            secure_profile(),
            Manner::Plain,
            || false,
            async |handle: App<'_, '_, '_>| {
                handle.registered(101).await;
                handle.link_down().unwrap();
                handle.offline().await;
                handle.reboot().unwrap();
                assert_eq!(handle.reboot(), Err(RequestError::Already));
                stage.world.sleep(secs(60)).await;
            },
        );
        assert_eq!(stop, Ok(Stop::Reset));
        assert!(stage.recording.has_event(|event| *event == Event::Reboot));
        let link = stage
            .recording
            .count(|entry| matches!(entry, Entry::Link(_)));
        assert_eq!(link, 2);
    });
}

/// Nor is a key store that refuses the profile's key, or a link that cannot be taken down, whose next attempt may be an
/// hour away.
#[test]
fn a_device_that_waits_for_its_modem_restarts_on_request() {
    for link_fails in [false, true] {
        stage(|stage| {
            if link_fails {
                let error = LinkError::new(LinkErrorKind::Modem, 5);
                stage.world.device().link.refuse_down(error, u32::MAX);
            } else {
                stage.world.keys().set_psk_limit(1);
            }
            let waits = || {
                let deferred = |entry: &Entry| matches!(entry, Entry::Event(Event::Deferred(_)));
                stage.recording.count(deferred) >= 5
            };
            let stop = boot_with(
                stage.world,
                OFFLINE[1],
                secure_profile(),
                Manner::Plain,
                || false,
                async |handle: App<'_, '_, '_>| {
                    while !waits() {
                        stage.world.sleep(secs(1)).await;
                    }
                    handle.reboot().unwrap();
                    stage.world.sleep(secs(60)).await;
                },
            );
            assert_eq!(stop, Ok(Stop::Reset), "{link_fails}");
        });
    }
}

/// A key store that refuses the profile's key does not keep a device from going offline, and is asked again when it comes back.
#[test]
fn a_device_that_waits_for_its_key_store_goes_offline() {
    stage(|stage| {
        stage.world.keys().set_psk_limit(1);
        let task = async |handle: App<'_, '_, '_>| {
            let deferred = |event: &Event| matches!(event, Event::Deferred(_));
            while !stage.recording.has_event(deferred) {
                stage.world.sleep(secs(1)).await;
            }
            handle.link_down().unwrap();
            let before = stage.world.now();
            handle.offline().await;
            let took = stage.world.now().since(before);
            assert!(took < secs(1), "{took:?}");
            stage.recording.clear();
            stage.world.sleep(secs(86_400)).await;
            assert_eq!(stage.recording.entries().len(), 0);
            stage.world.keys().set_psk_limit(64);
            handle.link_up().unwrap();
            handle.registered(101).await;
        };
        let profile = secure_profile();
        let stop = boot_with(
            stage.world,
            OFFLINE[1],
            profile,
            Manner::Plain,
            || false,
            task,
        );
        assert_eq!(stop, Ok(Stop::Condition));
    });
}

/// Set and told in one call; what the object refuses is neither.
#[test]
fn a_value_is_set_and_told_in_one_call() {
    use carrier_mock::server::Request;
    stage(|stage| {
        run(&stage, secure_profile(), async |handle| {
            handle.registered(101).await;
            let observe = Request::observe("/3/0/0");
            assert!(stage.server.borrow_mut().request(ENDPOINT, observe));
            stage.world.sleep(secs(2)).await;
            let path = Path::resource(3, 0, 0);
            let refused = handle.set(path, |_| Err(SetError::OutOfRange));
            assert_eq!(refused, Err(SetFailure::Refused(SetError::OutOfRange)));
            let inside = handle.with_objects(|_| handle.set(path, |_| Ok(())));
            assert_eq!(inside, Ok(Err(SetFailure::Busy)));
            stage.world.sleep(secs(2)).await;
            let told = || {
                let mut told = 0;
                while let Some(record) = stage.server.borrow_mut().take_record() {
                    told += usize::from(record.observe().is_some());
                }
                told
            };
            assert_eq!(told(), 1);
            assert_eq!(handle.set(path, |_| Ok(())), Ok(()));
            stage.world.sleep(secs(2)).await;
            assert_eq!(told(), 1);
        });
    });
}
