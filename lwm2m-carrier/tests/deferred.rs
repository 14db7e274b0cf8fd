//! What cannot be done now is done later, and the application is told when.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed test panics"
)]

mod bench;

use carrier_mock::modem::KeyStoreMode;
use carrier_mock::recorder::Entry;
use carrier_mock::server::Conduct;
use carrier_mock::world::{Door, Stop};
use lwm2m_carrier::hal::{DetachReason, LinkError, LinkErrorKind, LinkState};
use lwm2m_carrier::{Cause, Deferred, DeferredReason, ErrorKind, Event, errno};
use lwm2m_core::time::Instant;
use lwm2m_core::wire::coap::Code;

use bench::{BOOTSTRAP, ENDPOINT, Manner, Recording, SERVER, address, secs, stage};

const KEYS: KeyStoreMode = KeyStoreMode::OfflineOnly;

/// The DEFERRED events with their times.
fn deferred(recording: &Recording) -> Vec<(Instant, Deferred)> {
    let told = recording.entries().into_iter();
    told.filter_map(|(at, entry)| match entry {
        Entry::Event(Event::Deferred(deferred)) => Some((at, deferred)),
        _ => None,
    })
    .collect()
}

/// The waits of the generic profile: 1, 2, 4, 8, 16, 32 and 60 minutes, then a day, each with 10 % of jitter. Each day is
/// followed by five attempts, as a registration has them.
const PUBLISHED: [u64; 18] = [
    60, 120, 240, 480, 960, 1920, 3600, 86_400, 60, 120, 240, 480, 86_400, 60, 120, 240, 480,
    86_400,
];

#[test]
fn an_unreachable_bootstrap_server_is_tried_again_as_published() {
    stage(|stage| {
        stage
            .world
            .set_door(address(BOOTSTRAP), Door::NoRoute)
            .unwrap();
        let enough = |_: &Event| deferred(stage.recording).len() == PUBLISHED.len();
        assert_eq!(stage.boot(KEYS, Manner::Plain, enough), Ok(Stop::Condition));
        let told = deferred(stage.recording);
        for ((at, deferred), seconds) in told.iter().zip(PUBLISHED) {
            assert_eq!(deferred.reason, DeferredReason::BootstrapNoRoute, "{at:?}");
            let wait = deferred.retry_after().as_millis();
            let published = seconds * 900..=seconds * 1100;
            assert!(published.contains(&wait), "{wait} for {seconds} s");
        }
        // Each attempt comes when it was promised.
        for pair in told.windows(2) {
            assert_eq!(pair[0].0 + pair[0].1.retry_after(), pair[1].0);
        }
    });
}

#[test]
fn the_reason_says_what_failed() {
    let reason = |prepare: &dyn Fn(&bench::Stage<'_, '_, '_>)| {
        stage(|stage| {
            prepare(&stage);
            let any = |event: &Event| matches!(event, Event::Deferred(_));
            assert_eq!(stage.boot(KEYS, Manner::Plain, any), Ok(Stop::Condition));
            deferred(stage.recording)[0].1.reason
        })
    };
    let door = |server, door| {
        move |stage: &bench::Stage<'_, '_, '_>| stage.world.set_door(address(server), door).unwrap()
    };
    let refuse = Conduct::Refuse(Code::BAD_REQUEST);
    let busy = Conduct::Refuse(Code::SERVICE_UNAVAILABLE);
    assert_eq!(
        reason(&door(BOOTSTRAP, Door::NoRoute)),
        DeferredReason::BootstrapNoRoute
    );
    assert_eq!(
        reason(&|stage| stage.world.set_name("bootstrap.example", None).unwrap()),
        DeferredReason::BootstrapNoRoute
    );
    assert_eq!(
        reason(&door(BOOTSTRAP, Door::Refuses)),
        DeferredReason::BootstrapConnect
    );
    assert_eq!(
        reason(&|stage| stage.bootstrap.borrow_mut().set_conduct(refuse)),
        DeferredReason::BootstrapSequence
    );
    assert_eq!(
        reason(&|stage| stage.bootstrap.borrow_mut().set_conduct(busy)),
        DeferredReason::ServiceUnavailable
    );
    assert_eq!(
        reason(&door(SERVER, Door::NoRoute)),
        DeferredReason::ServerNoRoute
    );
    assert_eq!(
        reason(&door(SERVER, Door::Refuses)),
        DeferredReason::ServerConnect
    );
    assert_eq!(
        reason(&|stage| stage.server.borrow_mut().set_conduct(refuse)),
        DeferredReason::ServerRegistration
    );
}

#[test]
fn a_wrong_key_ends_in_a_published_retry() {
    stage(|stage| {
        stage
            .bootstrap
            .borrow_mut()
            .set_credentials(carrier_mock::server::Credentials::default());
        let any = |event: &Event| matches!(event, Event::Deferred(_));
        assert_eq!(stage.boot(KEYS, Manner::Plain, any), Ok(Stop::Condition));
        let (_, told) = deferred(stage.recording)[0];
        assert_eq!(told.reason, DeferredReason::BootstrapConnect);
    });
}

#[test]
fn a_link_that_does_not_come_up_is_tried_again_and_init_waits_for_it() {
    stage(|stage| {
        let error = LinkError::new(LinkErrorKind::PacketData, errno::ENETDOWN);
        stage.world.link().refuse_up(error, 2);
        assert_eq!(stage.boot_until_registered(KEYS), Ok(Stop::Condition));
        let told = deferred(stage.recording);
        assert_eq!(told.len(), 2);
        assert!(
            told.iter()
                .all(|(_, told)| told.reason == DeferredReason::PdnActivate)
        );
        assert!((108..=132).contains(&told[1].1.retry_after().as_secs()));
        assert!(stage.recording.has_event(|event| {
            matches!(event, Event::Error(told) if told.kind == ErrorKind::ConnectFail
                && told.cause == Cause::Link(error) && told.errno() == errno::ENETDOWN)
        }));
        let connecting = |entry: &Entry| matches!(entry, Entry::Event(Event::Connecting));
        // Once before init returns, once after the keys were written.
        assert_eq!(stage.recording.count(connecting), 2);
    });
}

#[test]
fn an_outage_closes_nothing_for_good() {
    stage(|stage| {
        // After the registration the network is away for ten minutes; the registration lasts five.
        let link = stage.world.link();
        let at = |seconds| Instant::ZERO + secs(seconds);
        link.add_gap(at(100), at(700)).unwrap();
        let again = |_: &Event| stage.world.now() >= at(760);
        assert_eq!(stage.boot(KEYS, Manner::Plain, again), Ok(Stop::Condition));
        let events = stage.recording.events();
        let registered = events
            .iter()
            .position(|event| event == "REGISTERED")
            .unwrap();
        let expected = ["DISCONNECTED", "CONNECTED", "LTE_READY", "REGISTERED"];
        assert_eq!(events[registered + 1..], expected);
        assert!(stage.recording.has_event(|event| {
            matches!(event, Event::Disconnected { reason } if *reason != DetachReason::Requested)
        }));
        assert!(stage.server.borrow().registration(ENDPOINT).is_some());
        let lost = |entry: &Entry| matches!(entry, Entry::Link(LinkState::Down(_)));
        assert_eq!(stage.recording.count(lost), 2);
    });
}

/// A device that fails and restarts in a loop does not hammer the server.
#[test]
fn restarts_without_success_are_spaced_out() {
    stage(|stage| {
        stage.bootstrap.borrow_mut().set_conduct(Conduct::Silent);
        let mut waits = Vec::new();
        for _ in 0..12 {
            let booted = stage.world.now();
            let opened =
                |_: &Event| stage.recording.count(|e| matches!(e, Entry::Opened { .. })) > 0;
            let stop = stage.boot(KEYS, Manner::Plain, opened);
            assert_eq!(stop, Ok(Stop::Condition));
            waits.push(stage.world.now().since(booted).as_secs());
            stage.reboot();
        }
        // Two free attempts, then the list of the profile; the link takes two seconds. The wait of a day would begin
        // again with each start: an hour is enough.
        let published = [
            0, 0, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600, 3_600, 3_600,
        ];
        for (wait, published) in waits.iter().zip(published) {
            let range = published * 9 / 10..=published * 11 / 10 + 4;
            assert!(range.contains(wait), "{waits:?}");
        }
    });
}

/// While both servers are away the device tries both; once it is registered again, nothing is left for the bootstrap
/// server to do.
#[test]
fn a_registration_that_is_back_needs_no_bootstrap() {
    stage(|stage| {
        let (from, hour) = (Instant::ZERO + secs(600), secs(3600));
        let mut network = stage.world.network().borrow_mut();
        network.add_outage(from, from + hour).unwrap();
        // The bootstrap server stays away for longer.
        let bootstrap = address(BOOTSTRAP);
        let day = from + secs(86_400);
        network.add_server_outage(bootstrap, from, day).unwrap();
        drop(network);
        stage.world.set_horizon(from + secs(5 * 86_400));
        assert_eq!(
            stage.boot(KEYS, Manner::Plain, |_| false),
            Ok(Stop::Horizon)
        );
        let told = deferred(stage.recording);
        let tried = |(_, deferred): &&(Instant, Deferred)| {
            deferred.reason == DeferredReason::BootstrapConnect
        };
        assert!(told.iter().filter(tried).count() >= 3, "{told:?}");
        assert!(stage.server.borrow().registration(ENDPOINT).is_some());
        assert_eq!(stage.bootstrap_requests(), 1);
    });
}
