//! Packages that the server writes to /5/0/0, block by block.

use carrier_mock::recorder::{Direction, Entry, FirmwareOperation};
use carrier_mock::server::{Conduct, RecordKind, Request};
use carrier_mock::world::Stop;
use lwm2m_carrier::fota::Unverified;
use lwm2m_core::time::{Duration, Instant};
use lwm2m_core::wire::coap::{Code, Kind};

use crate::stage::{PACKAGE, SIZE, Seen, Stage, TEXT, byte, download, secs, stage};

const OCTETS: u16 = 42;
const ERASE: Duration = Duration::from_secs(2);

fn push(block: usize) -> Request<'static> {
    Request::write("/5/0/0", OCTETS, &PACKAGE).block_size(block)
}

fn holds(stage: &Stage<'_, '_>) -> bool {
    stage.world.firmware().holds((0..SIZE).map(byte))
}

/// When the slot has erased a page, which takes so long: the end of a write that has taken as long.
fn erases(stage: &Stage<'_, '_>, erase: Duration) -> Vec<(Instant, Instant)> {
    let mut last = Instant::ZERO;
    let mut erases = Vec::new();
    for (end, entry) in stage.recording.entries() {
        if let Entry::Firmware { operation, .. } = entry {
            if matches!(operation, FirmwareOperation::Write { .. }) && end.since(last) >= erase {
                let begin = end.as_millis() - erase.as_millis();
                erases.push((Instant::ZERO + Duration::from_millis(begin), end));
            }
            last = end;
        }
    }
    erases
}

#[test]
fn a_push_by_blocks_of_any_size_waits_for_the_erases_of_the_slot() {
    for block in [64, 128, 256, 512, 1024] {
        stage(9, |stage| {
            stage.world.firmware().set_erase_time(ERASE);
            let seen = stage.update(push(block));
            assert_eq!(seen.outcome(), Some(1), "{block} {seen:?}");
            assert_eq!(seen.states, [0, 1, 2, 3, 0]);
            assert!(holds(stage));
            assert_eq!(stage.recording.errors(), [""; 0]);
            // One for each page, and the server hears of it by a separate response (RFC 7252, section 5.2.2).
            let erases = erases(stage, ERASE);
            assert!(erases.len() >= 73, "{} erases", erases.len());
            let is_empty_ack = |entry: &Entry| {
                matches!(entry, Entry::Message { direction: Direction::FromDevice, head, .. }
                    if head.kind == Kind::Ack && head.code == Code::EMPTY)
            };
            let acks = stage.recording.count(is_empty_ack);
            assert!(acks >= 73, "{acks} empty acknowledgements");
        });
    }
}

/// Updates of a short lifetime and notifications of another object, which may not ride with what the push sends: they come
/// while a page is erased, and Updates are answered before that has ended.
#[test]
fn the_device_is_not_deaf_while_the_slot_erases() {
    const OTHERS: &[Request<'static>] = &[
        // Neither earlier nor later than after a second.
        Request::write_attributes("/3/0/0", "pmin=1&pmax=1"),
        Request::observe("/3/0/0").accept(TEXT),
        Request::observe("/5/0/3").accept(TEXT),
        Request::observe("/5/0/5").accept(TEXT),
    ];
    for (erase, updates, notifications) in [(2, 2, 74), (20, 20, 1400)] {
        stage(9, |stage| {
            stage.world.firmware().set_erase_time(secs(erase));
            stage.profile.set(stage.profile.get().with_lifetime(60));
            stage.watching.set(OTHERS);
            let seen = stage.update(push(1024));
            assert_eq!(seen.outcome(), Some(1), "{seen:?}");
            assert_eq!(stage.recording.errors(), [""; 0]);
            let erases = erases(stage, secs(erase));
            // What the server receives was sent 50 ms before, and its answer takes as long.
            let way = Duration::from_millis(60);
            let is_during = |at: &Instant| {
                let mut erases = erases.iter();
                erases.any(|(begin, end)| *begin + way <= *at && *at + way <= *end)
            };
            let count = |kind: RecordKind, path: &str| {
                let records = seen.records.iter();
                let those = records.filter(|(at, k, p)| *k == kind && p == path && is_during(at));
                those.count()
            };
            let updated = count(RecordKind::Updated, "");
            let notified = count(RecordKind::Notified, "/3/0/0");
            println!("{erase} s: {updated} Updates, {notified} notifications during erases");
            assert!(updated >= updates, "{updated} Updates");
            assert!(notified >= notifications, "{notified} notifications");
            // No Update was sent twice: its answer was heard in time.
            let mut ids = stage.recording.sent_to("/rd/");
            let sent = ids.len();
            ids.sort_unstable();
            ids.dedup();
            assert_eq!(ids.len(), sent);
        });
    }
}

/// After the boot the server reads result 4, and can push anew.
#[test]
fn a_push_that_the_power_interrupts_has_result_4() {
    // 0: the server has been told that the push has begun, and nothing is written.
    for at in [0, 1, 5_000, 100_000, SIZE - 5_000] {
        stage(9, |stage| {
            let mut seen = Seen::default();
            let mut begun = false;
            let mut cut = false;
            let stop = stage.watch_lives(&mut seen, &mut Unverified, |seen| {
                if seen.result.is_some() && !begun {
                    begun = true;
                    seen.result = None;
                    stage.ask(push(1024));
                }
                let written = stage.written();
                if !cut && seen.state == Some(1) && written >= at {
                    cut = true;
                    stage.world.power_off();
                }
                cut && stage.world.is_running() && seen.result == Some(4)
            });
            assert_eq!((stop, cut), (Stop::Condition, true), "{at} {seen:?}");
            assert_eq!(seen.state, Some(0), "{at}");
            stage.world.reboot();
            let seen = stage.update(push(1024));
            assert_eq!(seen.outcome(), Some(1), "{at} {seen:?}");
            assert!(holds(stage));
        });
    }
}

/// RFC 7252, section 4.8.2: EXCHANGE_LIFETIME is 247 s.
#[test]
fn a_server_that_falls_silent_in_the_middle_has_result_4() {
    stage(9, |stage| {
        let mut silent_at = None;
        let mut failed_at = None;
        let seen = stage.update_disturbed(push(1024), &mut Unverified, || {
            let now = stage.world.now();
            if stage.written() >= 100_000 && silent_at.is_none() {
                silent_at = Some(now);
                stage.server.borrow_mut().set_conduct(Conduct::Silent);
            }
            if failed_at.is_none() && !stage.recording.errors().is_empty() {
                failed_at = Some(now);
                stage.server.borrow_mut().set_conduct(Conduct::Serve);
                stage.ask(Request::read("/5/0/3").accept(TEXT));
                stage.ask(Request::read("/5/0/5").accept(TEXT));
            }
        });
        assert_eq!(seen.outcome(), Some(4), "{seen:?}");
        assert_eq!(stage.recording.errors(), ["FOTA_CONN_LOST 110"]);
        let waited = failed_at.unwrap().since(silent_at.unwrap());
        assert!((secs(240)..secs(255)).contains(&waited), "{waited:?}");
        // A new push after the failed one.
        stage.world.reboot();
        let seen = stage.update(push(512));
        assert_eq!(seen.outcome(), Some(1), "{seen:?}");
        assert!(holds(stage));
    });
}

/// Execute is 4.05 unless a package is there, and a second package is 4.05 while one is.
#[test]
fn what_does_not_fit_the_state_is_refused_and_changes_nothing() {
    const EARLY: &[Request<'static>] = &[
        Request::execute("/5/0/2", ""),
        Request::observe("/5/0/3").accept(TEXT),
        Request::observe("/5/0/5").accept(TEXT),
    ];
    stage(9, |stage| {
        stage.watching.set(EARLY);
        let mut asked = false;
        let mut seen = Seen::default();
        let stop = stage.watch_lives(&mut seen, &mut Unverified, |seen| {
            if seen.result.is_some() && !asked {
                asked = true;
                stage.ask(push(1024));
                for request in [push(1024), download("http://files.example/fw")] {
                    stage.ask(request);
                }
                stage.ask(Request::read("/5/0/1").accept(TEXT));
            }
            seen.answers.len() >= 7
        });
        assert_eq!(stop, Stop::Condition, "{seen:?}");
        let answers: Vec<_> = seen
            .answers
            .iter()
            .map(|(path, code)| (path.as_str(), *code))
            .collect();
        assert_eq!(
            answers[..1],
            [("/5/0/2", Code::METHOD_NOT_ALLOWED)],
            "{answers:?}"
        );
        assert!(answers.contains(&("/5/0/0", Code::CHANGED)), "{answers:?}");
        assert!(answers.contains(&("/5/0/0", Code::METHOD_NOT_ALLOWED)));
        assert!(answers.contains(&("/5/0/1", Code::METHOD_NOT_ALLOWED)));
        assert_eq!(seen.state, Some(2));
        assert!(holds(stage));
    });
}
