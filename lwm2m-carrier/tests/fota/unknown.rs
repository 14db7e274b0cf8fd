//! The slot cannot tell how an update has ended, or the device does not know of one: an image may wait for its
//! confirmation, without which the boot loader brings the old one back at the next restart.

use carrier_mock::modem::FirmwareCall;
use carrier_mock::recorder::{Entry, FirmwareOperation};
use carrier_mock::server::Request;
use carrier_mock::world::Stop;
use lwm2m_carrier::Event;
use lwm2m_carrier::driver::blocking;
use lwm2m_carrier::fota::Unverified;
use lwm2m_carrier::hal::{Applied, FirmwareError, FirmwareErrorKind, Installed, Storage};

use crate::install::{BLOCKS, BOTH, calls, install, successes};
use crate::records::{FIRMWARE, Failing};
use crate::stage::{OnReboot, Seen, Stage, download, secs, stage};

/// How often a slot is asked at a start.
const ASKED: usize = 4;

/// The slot cannot tell, so many times, once the package was applied.
fn cannot_tell(stage: &Stage<'_, '_>, times: usize) -> impl FnMut(bool) {
    let mut set = false;
    move |executed| {
        if !executed || core::mem::replace(&mut set, true) {
            return;
        }
        for after in 0..times as u32 {
            let error = FirmwareError::new(FirmwareErrorKind::Io, 77);
            let firmware = stage.world.firmware();
            firmware.fail(FirmwareCall::Outcome, after, error).unwrap();
        }
    }
}

fn reboots(stage: &Stage<'_, '_>) -> usize {
    let is = |entry: &Entry| matches!(entry, Entry::Event(Event::Reboot));
    stage.recording.count(is)
}

#[test]
fn slot_that_cannot_tell_at_once_is_asked_again() {
    for applied in BOTH {
        let restarts = usize::from(applied == Applied::RebootRequired);
        for times in 1..ASKED {
            stage(21, |stage| {
                stage.world.firmware().set_applied(applied);
                let seen = install(stage, &mut Unverified, cannot_tell(stage, times));
                assert_eq!(seen.outcome(), Some(1), "{applied:?} {times} {seen:?}");
                assert_eq!(calls(stage, FirmwareOperation::Apply), 1);
                assert_eq!(reboots(stage), restarts);
                assert_eq!(stage.recording.errors(), [""; 0]);
            });
        }
    }
}

/// The restart rolls an unconfirmed image back, and only then the result is true.
#[test]
fn slot_that_goes_on_not_telling_is_asked_after_a_further_restart() {
    for applied in BOTH {
        let restarts = usize::from(applied == Applied::RebootRequired);
        for (installed, result) in [(Installed::Yes, 1), (Installed::Failed, 8)] {
            stage(21, |stage| {
                stage.world.firmware().set_applied(applied);
                stage.world.firmware().set_installed(installed);
                let seen = install(stage, &mut Unverified, cannot_tell(stage, ASKED));
                assert_eq!(seen.outcome(), Some(result), "{applied:?} {seen:?}");
                assert_eq!(reboots(stage), restarts + 1, "{applied:?}");
                assert_eq!(calls(stage, FirmwareOperation::Apply), 1);
                let errors = stage.recording.errors();
                assert_eq!(errors, ["FOTA_FAIL 14"][..usize::from(result == 8)]);
            });
        }
    }
}

#[test]
fn slot_that_never_tells_has_failed_after_one_restart_for_it() {
    stage(21, |stage| {
        let seen = install(stage, &mut Unverified, cannot_tell(stage, 2 * ASKED));
        assert_eq!(seen.outcome(), Some(8), "{seen:?}");
        assert_eq!(reboots(stage), 2);
        assert_eq!(stage.recording.errors(), ["FOTA_FAIL 77"]);
    });
}

/// An update up to the restart with the package.
fn applied(stage: &Stage<'_, '_>) {
    let mut asked = false;
    let mut seen = Seen::default();
    stage.on_reboot.set(OnReboot::LosesPower);
    stage.server.borrow_mut().set_script(stage.watching.get());
    let stop = stage.boot(|| {
        stage.watch(&mut seen);
        if !asked && stage.is_registered() {
            asked = true;
            stage.ask(download(BLOCKS));
        }
        if seen.state == Some(2) {
            seen.state = None;
            stage.ask(Request::execute("/5/0/2", ""));
        }
        false
    });
    assert_eq!(stop, Stop::PowerLost);
    assert_eq!(calls(stage, FirmwareOperation::Apply), 1);
    stage.world.reboot();
}

/// State and result as the server is told them once the device has started again.
fn told(stage: &Stage<'_, '_>) -> (Option<u8>, Option<u8>) {
    let mut seen = Seen::default();
    stage.boot(|| {
        stage.watch(&mut seen);
        seen.result.is_some() && seen.state.is_some()
    });
    (seen.state, seen.result)
}

/// Or the device would restart for ever: each start would be the first one.
#[test]
fn restart_that_cannot_be_noted_is_not_asked_for() {
    stage(21, |stage| {
        applied(stage);
        cannot_tell(stage, ASKED)(true);
        stage.failing.set(Failing::Store);
        assert_eq!(told(stage), (Some(0), Some(8)));
        assert_eq!(reboots(stage), 1);
        let errors = stage.recording.errors();
        assert_eq!(errors, ["INTERNAL 5", "INTERNAL 5", "FOTA_FAIL 5"]);
    });
}

/// The slot is asked, which confirms the image; nothing is told of an update that nobody knows of.
#[test]
fn slot_is_asked_where_the_record_of_an_update_is_missing() {
    for failing in [Failing::Load, Failing::Nothing] {
        stage(21, |stage| {
            applied(stage);
            stage.failing.set(failing);
            if failing == Failing::Nothing {
                let damage = async {
                    let mut storage = stage.world.device().storage;
                    storage.store(FIRMWARE, b"damaged").await
                };
                blocking::block_on(damage, || {}).unwrap();
            }
            let before = calls(stage, FirmwareOperation::Outcome);
            assert_eq!(told(stage), (Some(0), Some(0)), "{failing:?}");
            let asked = calls(stage, FirmwareOperation::Outcome) - before;
            assert_eq!(asked, 1, "{failing:?}");
            assert_eq!(successes(stage), 0);
            assert_eq!(stage.recording.errors(), ["INTERNAL 5"]);
            // The record that could not be read is still there: the server asked for it, so it is told.
            stage.failing.set(Failing::Nothing);
            stage.world.reboot();
            let end = stage.world.now() + secs(100);
            stage.boot(|| stage.world.now() > end);
            let expected = usize::from(failing == Failing::Load);
            assert_eq!(successes(stage), expected, "{failing:?}");
        });
    }
}
