//! The sequence charts, each with both drivers and both kinds of key store. The expectations are in `charts/`; what of a
//! recording is compared with them is told by `carrier_mock::recorder::projection`.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed test panics"
)]

#[path = "charts/scenarios.rs"]
mod scenarios;

use carrier_mock::modem::KeyStoreMode;
use carrier_mock::recorder::{Entry, Recorded, mscgen, projection};
use carrier_mock::world::Stop;
use lwm2m_carrier::{Cause, ErrorKind, Event};
use scenarios::{
    BOOTSTRAP, BOOTSTRAP_ONLINE, CERTIFICATES, CERTIFICATES_FAILED, Driver, INITIALIZATION, Life,
    SCENARIOS, Scenario,
};

/// The same life through both drivers, which must be equal, times included.
fn both_drivers(scenario: &Scenario, mode: KeyStoreMode) -> Life {
    let [first, second] =
        [Driver::Async, Driver::Blocking].map(|driver| (scenario.live)(driver, mode));
    assert_eq!(first.end, second.end);
    assert_eq!(first.recording, second.recording);
    first
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

/// Lives the lives of a chart. The recording is the chart, and the chart is no other recording: with two events
/// swapped, or one left out, or one of the key writes that the chart draws left out, it differs.
fn lives(scenario: &Scenario) -> Vec<Life> {
    let lives = scenario.modes.iter().map(|mode| {
        let life = both_drivers(scenario, *mode);
        assert_chart(scenario, scenario.part.of(&life.recording));
        life
    });
    lives.collect()
}

fn assert_chart(scenario: &Scenario, recording: &[Recorded]) {
    let difference = |recording: &[Recorded]| {
        mscgen::difference(&projection::rows(recording), scenario.expectation)
    };
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
    assert_eq!(noticed.count(), scenario.key_writes);
}

#[test]
fn every_chart_is_its_recording_and_no_other() {
    for scenario in SCENARIOS {
        lives(scenario);
    }
}

#[test]
fn chart_1_initialization() {
    for life in lives(&INITIALIZATION) {
        assert_eq!(life.end, Ok(Stop::Condition));
        let start = INITIALIZATION.part.of(&life.recording);
        // Identity and key of the bootstrap server, not drawn: in the modem before the first connection.
        let connecting = Entry::Event(Event::Connecting);
        let connecting = start.iter().position(|r| r.entry == connecting).unwrap();
        assert_eq!(count(&start[..connecting], is_key_write), 2);
        assert_eq!(count(start, is_key_write), 2);
    }
}

#[test]
fn chart_2_bootstrap() {
    for life in lives(&BOOTSTRAP)
        .into_iter()
        .chain(lives(&BOOTSTRAP_ONLINE))
    {
        assert_eq!(life.end, Ok(Stop::Condition));
    }
}

#[test]
fn chart_4_certificates() {
    for life in lives(&CERTIFICATES) {
        assert_eq!(life.end, Ok(Stop::Condition));
    }
}

#[test]
fn chart_5_failing_certificates() {
    for life in lives(&CERTIFICATES_FAILED) {
        let error = life.end.unwrap_err();
        assert_eq!(
            (error.kind, error.cause),
            (ErrorKind::Init, Cause::Application)
        );
        assert_eq!(error.errno, 12);
        let is_link = |recorded: &Recorded| matches!(recorded.entry, Entry::Link(_));
        assert_eq!(count(&life.recording, is_link), 0);
    }
}
