//! From Update to the result: restarts of both kinds, with the power lost everywhere between.

use carrier_mock::modem::FirmwareCall;
use carrier_mock::recorder::{Entry, FirmwareOperation};
use carrier_mock::server::{RecordKind, Request};
use carrier_mock::world::Stop;
use lwm2m_carrier::Event;
use lwm2m_carrier::fota::{Unverified, Verifier, VerifierError};
use lwm2m_carrier::hal::{Applied, FirmwareError, FirmwareErrorKind, Installed};

use crate::stage::{OnReboot, SIZE, Seen, Stage, TEXT, byte, download, secs, stage};

pub(crate) const BLOCKS: &str = "coap://blocks.example/fw";
pub(crate) const BOTH: [Applied; 2] = [Applied::RebootRequired, Applied::ModemRestart];

/// The server reads the result before anything else.
const FIRST: &[Request<'static>] = &[
    Request::read("/5/0/5").accept(TEXT),
    Request::read("/5/0/3").accept(TEXT),
    Request::observe("/5/0/3").accept(TEXT),
    Request::observe("/5/0/5").accept(TEXT),
];

/// An update whose server executes Update whenever it sees a package that waits for it. `disturb` is told whether it has.
pub(crate) fn install(
    stage: &Stage<'_, '_>,
    verifier: &mut dyn Verifier,
    mut disturb: impl FnMut(bool),
) -> Seen {
    let mut seen = Seen::default();
    let (mut begun, mut executed) = (false, false);
    let stop = stage.watch_lives(&mut seen, verifier, |seen| {
        if !begun && seen.result.is_some() {
            begun = true;
            seen.result = None;
            stage.ask(download(BLOCKS));
        } else if begun && seen.state == Some(2) && stage.is_registered() {
            executed = true;
            seen.state = None;
            stage.ask(Request::execute("/5/0/2", ""));
        }
        disturb(executed);
        executed && seen.state == Some(0) && seen.result.is_some_and(|result| result > 0)
    });
    seen.stop = Some(stop);
    seen
}

pub(crate) fn calls(stage: &Stage<'_, '_>, wanted: FirmwareOperation) -> usize {
    let is =
        |entry: &Entry| matches!(entry, Entry::Firmware { operation, .. } if *operation == wanted);
    stage.recording.count(is)
}

pub(crate) fn successes(stage: &Stage<'_, '_>) -> usize {
    let is = |entry: &Entry| matches!(entry, Entry::Event(Event::FotaSuccess));
    stage.recording.count(is)
}

fn holds(stage: &Stage<'_, '_>) -> bool {
    stage.world.firmware().holds((0..SIZE).map(byte))
}

/// The first things that the server asks after each Register, and what it was told.
#[test]
fn the_result_is_there_when_the_device_registers_and_the_application_hears_of_it_once() {
    for applied in BOTH {
        stage(21, |stage| {
            stage.world.firmware().set_applied(applied);
            stage.watching.set(FIRST);
            let seen = install(stage, &mut Unverified, |_| {});
            assert_eq!(seen.outcome(), Some(1), "{seen:?}");
            let kinds: Vec<_> = seen
                .records
                .iter()
                .map(|(_, kind, path)| (*kind, path.as_str()))
                .collect();
            let last = kinds
                .iter()
                .rposition(|(kind, _)| *kind == RecordKind::Registered);
            let [_, first, second, ..] = kinds[last.unwrap()..] else {
                panic!("{kinds:?}");
            };
            assert_eq!(first, (RecordKind::Answered, "/5/0/5"));
            assert_eq!(second, (RecordKind::Answered, "/5/0/3"));
            // What was read there ended the update: a 1 and a 0.
            assert!(kinds.len() <= last.unwrap() + 3, "{kinds:?}");
            let registers = kinds
                .iter()
                .filter(|(kind, _)| *kind == RecordKind::Registered);
            assert_eq!(
                registers.count(),
                2,
                "after the restart it is Register, not Update"
            );
            assert_eq!(stage.recording.errors(), [""; 0]);
            assert!(holds(stage));
            // The event follows, once, whatever comes later.
            for _ in 0..3 {
                let now = stage.world.now();
                stage.world.reboot();
                stage.boot(|| stage.world.now() > now + secs(60));
            }
            assert_eq!(successes(stage), 1);
        });
    }
}

#[test]
fn a_modem_restarts_without_the_device_and_with_the_link_down() {
    stage(21, |stage| {
        stage.world.firmware().set_applied(Applied::ModemRestart);
        assert_eq!(install(stage, &mut Unverified, |_| {}).outcome(), Some(1));
        let story = stage.recording.story();
        let restarted = story
            .iter()
            .filter(|name| *name == "REBOOT" || *name == "BSDLIB_INIT");
        assert_eq!(restarted.count(), 1, "{story:?}");
        assert_eq!(calls(stage, FirmwareOperation::RestartModem), 1);
    });
    // The link is lost by itself in the moment in which the package is to be applied, and comes back later.
    stage(21, |stage| {
        stage.world.firmware().set_applied(Applied::ModemRestart);
        let mut lost = false;
        let seen = install(stage, &mut Unverified, |executed| {
            if executed && !lost {
                lost = true;
                let back = Some(secs(30));
                let reason = lwm2m_carrier::hal::DetachReason::Network;
                stage.world.link().detach(reason, back);
            }
        });
        assert_eq!(
            seen.outcome(),
            Some(1),
            "{seen:?} {:?}",
            stage.recording.story()
        );
    });
}

/// The application goes on as long as it likes; the restart that it makes later installs the package.
#[test]
fn an_application_that_refuses_the_restart_installs_with_its_own() {
    stage(21, |stage| {
        stage.on_reboot.set(OnReboot::Refuses);
        let mut refused_at = None;
        let seen = install(stage, &mut Unverified, |_| {
            let now = stage.world.now();
            if refused_at.is_none() && stage.recording.has_event(|event| *event == Event::Reboot) {
                refused_at = Some(now);
            }
            if refused_at.is_some_and(|at| now > at + secs(5_000)) {
                refused_at = Some(lwm2m_core::time::Instant::FAR_FUTURE);
                assert_eq!(successes(stage), 0);
                stage.world.power_off();
            }
        });
        assert_eq!(seen.outcome(), Some(1), "{seen:?}");
        assert_eq!(calls(stage, FirmwareOperation::Apply), 1);
        assert_eq!(successes(stage), 1);
    });
}

/// An update with the power cut ends well, and the package is not applied again once it runs.
///
/// Whether the application was told twice.
fn survives(stage: &Stage<'_, '_>, what: &str, disturb: impl FnMut(bool)) -> bool {
    let seen = install(stage, &mut Unverified, disturb);
    let story = stage.recording.story();
    assert_eq!(seen.outcome(), Some(1), "{what}: {seen:?} {story:?}");
    assert!(holds(stage), "{what}");
    assert_eq!(stage.recording.errors(), [""; 0], "{what}");
    assert!(calls(stage, FirmwareOperation::Apply) <= 2, "{what}");
    let entries = stage.recording.entries();
    let is = |wanted: FirmwareOperation| {
        entries.iter().rposition(
            |(_, entry)| matches!(entry, Entry::Firmware { operation, .. } if *operation == wanted),
        )
    };
    let (applied, asked) = (is(FirmwareOperation::Apply), is(FirmwareOperation::Outcome));
    assert!(applied < asked, "{what}: applied after it was found to run");
    // It stays so, and nothing is applied any more.
    let applies = calls(stage, FirmwareOperation::Apply);
    let now = stage.world.now();
    stage.world.reboot();
    stage.boot(|| stage.world.now() > now + secs(100));
    assert_eq!(calls(stage, FirmwareOperation::Apply), applies, "{what}");
    // Where the power fails before it is noted that the application has been told, it is told again: never not at all.
    let entries = stage.recording.entries();
    let position = |wanted: &Entry| entries.iter().position(|(_, entry)| entry == wanted);
    let told = position(&Entry::Event(Event::FotaSuccess));
    let may_be_again = told < position(&Entry::PowerLost);
    let expected = if may_be_again { 1..=2 } else { 1..=1 };
    assert!(
        expected.contains(&successes(stage)),
        "{what}: {:?}",
        stage.recording.story()
    );
    successes(stage) == 2
}

/// Operations of the storage's flash before Update is executed and at the end.
fn storage_operations(applied: Applied) -> (u32, u32) {
    stage(21, |stage| {
        stage.world.firmware().set_applied(applied);
        let mut before = None;
        install(stage, &mut Unverified, |executed| {
            if executed && before.is_none() {
                before = Some(stage.world.flash().borrow().operations());
            }
        });
        (before.unwrap(), stage.world.flash().borrow().operations())
    })
}

#[test]
fn the_power_fails_inside_each_write_to_the_storage_after_update() {
    for applied in BOTH {
        let (from, to) = storage_operations(applied);
        assert!(to - from >= 4, "{} operations", to - from);
        let mut told_again = 0;
        for operation in from..to {
            for per_mille in [0, 300, 700, 1000] {
                stage(21, |stage| {
                    stage.world.firmware().set_applied(applied);
                    stage.storage_cut.set(Some((operation, per_mille)));
                    let what = format!("{applied:?}: {per_mille} of operation {operation}");
                    told_again += u32::from(survives(stage, &what, |_| {}));
                    let cuts = stage.recording.count(|entry| *entry == Entry::PowerLost);
                    assert_eq!(cuts, 1, "{what}");
                });
            }
        }
        println!(
            "{applied:?}: {} operations, {told_again} times told again",
            to - from
        );
        // No more than the cuts inside two records: the one that counts attempts, and the one that notes it.
        assert!(told_again < 2 * 3 * 4, "{told_again}");
    }
}

/// After each thing that is recorded: messages, records, calls of the slot, events, changes of the link.
#[test]
fn the_power_fails_between_any_two_steps_after_update() {
    for applied in BOTH {
        let mut cuts = 0;
        for steps in 0.. {
            let cut = stage(21, |stage| {
                stage.world.firmware().set_applied(applied);
                let mut since = None;
                let mut cut = false;
                let what = format!("{applied:?}: after {steps} steps");
                survives(stage, &what, |executed| {
                    let now = stage.recording.count(|_| true);
                    if executed && !cut && now >= *since.get_or_insert(now) + steps {
                        cut = true;
                        stage.world.power_off();
                    }
                });
                cut
            });
            if !cut {
                break;
            }
            cuts += 1;
        }
        println!("{applied:?}: {cuts} cuts");
        assert!(cuts > 15, "{cuts} cuts");
    }
}

#[test]
fn the_power_fails_when_the_application_is_asked_to_restart() {
    stage(21, |stage| {
        stage.on_reboot.set(OnReboot::LosesPower);
        survives(stage, "at REBOOT", |_| {});
    });
}

/// The boot loader forgets it, as after a power loss at the wrong time: tried again, three times.
#[test]
fn a_package_that_is_not_tried_is_applied_again_three_times() {
    for applied in BOTH {
        stage(21, |stage| {
            stage.world.firmware().set_applied(applied);
            stage.world.firmware().set_installed(Installed::NotYet);
            let seen = install(stage, &mut Unverified, |_| {});
            assert_eq!(seen.outcome(), Some(8), "{applied:?} {seen:?}");
            assert_eq!(stage.recording.errors(), ["FOTA_FAIL 14"]);
            assert_eq!(calls(stage, FirmwareOperation::Apply), 4);
        });
        for forgotten in 1..=3 {
            stage(21, |stage| {
                stage.world.firmware().set_applied(applied);
                stage.world.firmware().set_installed(Installed::NotYet);
                let seen = install(stage, &mut Unverified, |_| {
                    // It is not looked at between an Apply and the restart that follows at once.
                    // The first start asks as well: it has no record.
                    if calls(stage, FirmwareOperation::Outcome) > forgotten {
                        stage.world.firmware().set_installed(Installed::Yes);
                    }
                });
                assert_eq!(seen.outcome(), Some(1), "{applied:?} {forgotten} {seen:?}");
                assert_eq!(calls(stage, FirmwareOperation::Apply), forgotten + 1);
                assert_eq!(successes(stage), 1);
            });
        }
    }
}

/// After a failed update the device takes the next package.
#[test]
fn an_update_follows_one_that_has_failed() {
    for applied in BOTH {
        stage(21, |stage| {
            stage.world.firmware().set_applied(applied);
            stage.world.firmware().set_installed(Installed::Failed);
            assert_eq!(install(stage, &mut Unverified, |_| {}).outcome(), Some(8));
            stage.world.firmware().set_installed(Installed::Yes);
            stage.world.reboot();
            let seen = install(stage, &mut Unverified, |_| {});
            assert_eq!(seen.outcome(), Some(1), "{applied:?} {seen:?}");
        });
    }
}

/// Accepts so many packages, and refuses the next.
struct Accepts(u8);

impl Verifier for Accepts {
    fn begin(&mut self, _size: u32) {}

    fn update(&mut self, _part: &[u8]) {}

    fn finish(&mut self) -> Result<(), VerifierError> {
        let left = self.0.checked_sub(1).ok_or(VerifierError::Damaged)?;
        self.0 = left;
        Ok(())
    }
}

/// What lies in the slot is verified again when the device has restarted since: then nothing but result 8 fits, as the
/// server has been told that the package is good.
#[test]
fn a_package_that_was_damaged_in_the_slot_is_not_applied_after_a_restart() {
    for (accepts, result, applies) in [(1, 8, 0), (2, 1, 1)] {
        stage(21, |stage| {
            let mut cut = false;
            let mut seen = Seen::default();
            let mut begun = false;
            let stop = stage.watch_lives(&mut seen, &mut Accepts(accepts), |seen| {
                if !begun && seen.result.is_some() {
                    begun = true;
                    seen.result = None;
                    stage.ask(download(BLOCKS));
                }
                if seen.state == Some(2) && !cut {
                    cut = true;
                    seen.state = None;
                    stage.world.power_off();
                } else if seen.state == Some(2) && stage.is_registered() {
                    seen.state = None;
                    stage.ask(Request::execute("/5/0/2", ""));
                }
                cut && seen.state == Some(0) && seen.result.is_some_and(|result| result > 0)
            });
            assert_eq!(stop, Stop::Condition, "{seen:?}");
            assert_eq!(seen.result, Some(result));
            assert_eq!(calls(stage, FirmwareOperation::Apply), applies);
            let errors = stage.recording.errors();
            assert_eq!(errors, ["FOTA_FAIL 22"][..usize::from(result == 8)]);
        });
    }
}

/// A slot that cannot be read back verifies by itself.
#[test]
fn a_package_that_cannot_be_read_back_is_left_to_the_slot() {
    stage(21, |stage| {
        let unsupported = FirmwareError::new(FirmwareErrorKind::Unsupported, 95);
        let firmware = stage.world.firmware();
        firmware.fail(FirmwareCall::Read, 0, unsupported).unwrap();
        let seen = install(stage, &mut Accepts(0), |_| {});
        assert_eq!(seen.outcome(), Some(1), "{seen:?}");
    });
}
