//! The sequence charts, each with both drivers and both kinds of key store. The lives and the expectations are in
//! `carrier_mock::charts`; what of a recording is compared with them is told by `carrier_mock::recorder::projection`.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed test panics"
)]

#[path = "charts/firmware.rs"]
mod firmware;

use carrier_mock::charts::{
    BOOTSTRAP, BOOTSTRAP_ONLINE, CERTIFICATES, CERTIFICATES_FAILED, Course, INITIALIZATION,
    SCENARIOS, Scenario, Told, blocking, woken,
};
use carrier_mock::modem::KeyStoreMode;
use carrier_mock::recorder::{Entry, Recorded, SecurityKind, Tape, mscgen, projection};
use carrier_mock::world::Stop;
use lwm2m_carrier::{Cause, Error, ErrorKind, Event};

/// How a life has ended, and all that happened in it.
struct Life {
    end: Result<Stop, Error>,
    recording: Vec<Recorded>,
    /// What the server was told of object 5.
    told: Vec<Told>,
}

/// The same life with an executor and without, which must be equal, times included.
fn live(course: &Course<'_>, mode: KeyStoreMode) -> Life {
    let [first, second] = [woken, blocking].map(|executor| {
        let tape = Tape::new();
        let life = course.live(executor, mode, &tape).unwrap();
        (life, tape.take())
    });
    assert_eq!(first, second);
    let (life, recording) = first;
    Life {
        end: life.end,
        recording,
        told: life.told.to_vec(),
    }
}

fn is_event(recorded: &Recorded) -> bool {
    matches!(recorded.entry, Entry::Event(_))
}

fn is_key_write(recorded: &Recorded) -> bool {
    matches!(recorded.entry, Entry::KeyWrite { .. })
}

/// The application's CA certificates are applied to a session.
fn is_tag_box(recorded: &Recorded) -> bool {
    let security = SecurityKind::CaTags;
    matches!(recorded.entry, Entry::Opened { security: kind, .. } if kind == security)
}

fn count(recording: &[Recorded], is: fn(&Recorded) -> bool) -> usize {
    recording.iter().filter(|recorded| is(recorded)).count()
}

/// Lives the lives of a chart. The recording is the chart, and the chart is no other recording: with two neighbours of
/// what it draws swapped, or one of the events, key writes or applied tags that it draws left out, it differs.
fn lives(scenario: &Scenario) -> Vec<Life> {
    let lives = scenario.modes.iter().map(|mode| {
        let life = live(&scenario.course, *mode);
        let end = life.end.map_err(|error| error.errno());
        assert_eq!(end, scenario.error.map_or(Ok(Stop::Condition), Err));
        assert_chart(scenario, scenario.part.of(&life.recording).unwrap());
        life
    });
    lives.collect()
}

fn assert_chart(scenario: &Scenario, recording: &[Recorded]) {
    let difference = |recording: &[Recorded]| scenario.difference(recording);
    assert_eq!(
        difference(recording),
        None,
        "{}",
        mscgen::to_string(&projection::rows(recording))
    );
    let is_noticed = |at: &usize| {
        let without = [&recording[..*at], &recording[at + 1..]].concat();
        difference(&without).is_some()
    };
    let all = 0..recording.len();
    for at in all.clone().filter(|at| is_event(&recording[*at])) {
        assert!(is_noticed(&at), "without event {at}");
    }
    for (is, drawn) in [
        (is_key_write as fn(&Recorded) -> bool, scenario.key_writes),
        (is_tag_box, scenario.tag_boxes),
    ] {
        let noticed = all.clone().filter(|at| is(&recording[*at]));
        assert_eq!(noticed.filter(is_noticed).count(), drawn);
    }
    let is_drawn = |at: &usize| {
        let recorded = &recording[*at];
        is_event(recorded) || (is_key_write(recorded) || is_tag_box(recorded)) && is_noticed(at)
    };
    let drawn: Vec<usize> = all.filter(is_drawn).collect();
    for pair in drawn.windows(2) {
        let [first, second] = [&recording[pair[0]], &recording[pair[1]]];
        if is_key_write(first) && is_key_write(second) {
            // One box.
            continue;
        }
        let mut swapped = recording.to_vec();
        swapped.swap(pair[0], pair[1]);
        assert!(difference(&swapped).is_some(), "swapped {pair:?}");
    }
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
        let start = INITIALIZATION.part.of(&life.recording).unwrap();
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
            (ErrorKind::Init, Cause::Application(12))
        );
        assert_eq!(error.errno(), 12);
        let is_link = |recorded: &Recorded| matches!(recorded.entry, Entry::Link(_));
        assert_eq!(count(&life.recording, is_link), 0);
    }
}
