//! Images of the application through the slot and embassy-boot, with power that fails anywhere.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed test panics"
)]

mod device;

use device::{Device, image, now};
use embassy_boot::State;
use lwm2m_carrier::hal::{Applied, Firmware, FirmwareErrorKind, Installed};
use lwm2m_carrier::slot::Activate;

/// embassy-boot's guide: an image that is not marked as booted is rolled back by the restart after the next.
#[test]
fn image_that_asks_for_its_outcome_is_confirmed() {
    let device = Device::new();
    device.receive(2).unwrap();
    assert_eq!(now(device.slot().apply()), Ok(Applied::RebootRequired));
    assert!(device.runs(1));
    assert_eq!(device.restart(), State::Swap);
    assert!(device.runs(2));
    assert_eq!(now(device.slot().outcome()), Ok(Installed::Yes));
    for _ in 0..3 {
        assert_eq!(device.restart(), State::Boot);
        assert!(device.runs(2));
        assert_eq!(now(device.slot().outcome()), Ok(Installed::Yes));
    }
    // And the next one.
    device.receive(3).unwrap();
    assert_eq!(now(device.slot().outcome()), Ok(Installed::NotYet));
    assert_eq!(now(device.slot().apply()), Ok(Applied::RebootRequired));
    device.restart();
    assert!(device.runs(3));
    assert_eq!(now(device.slot().outcome()), Ok(Installed::Yes));
}

#[test]
fn image_that_never_asks_is_rolled_back_and_has_failed() {
    let device = Device::new();
    device.receive(2).unwrap();
    assert_eq!(device.update(true), Installed::Failed);
    assert!(device.runs(1));
    // The same package again: that it was rolled back once is over.
    device.receive(2).unwrap();
    assert_eq!(now(device.slot().outcome()), Ok(Installed::NotYet));
    assert_eq!(device.update(false), Installed::Yes);
    assert!(device.runs(2));
}

#[test]
fn image_that_was_never_swapped_is_to_be_applied_again() {
    let device = Device::new();
    device.receive(2).unwrap();
    assert_eq!(now(device.slot().outcome()), Ok(Installed::NotYet));
    now(device.slot().apply()).unwrap();
    // No restart since.
    assert_eq!(now(device.slot().outcome()), Ok(Installed::NotYet));
    assert_eq!(now(device.slot().apply()), Ok(Applied::RebootRequired));
    device.restart();
    assert_eq!(now(device.slot().outcome()), Ok(Installed::Yes));
}

/// Half an image must not be swapped in.
#[test]
fn package_that_is_given_up_after_it_was_applied_is_not_swapped_in() {
    for discarded in [true, false] {
        let device = Device::new();
        device.receive(2).unwrap();
        now(device.slot().apply()).unwrap();
        let mut slot = device.slot();
        if discarded {
            now(slot.discard()).unwrap();
        } else {
            now(slot.begin(None, false)).unwrap();
            now(slot.write(0, &image(3)[..4096])).unwrap();
        }
        assert_eq!(device.restart(), State::Boot);
        assert!(device.runs(1));
        assert_eq!(now(device.slot().outcome()), Ok(Installed::NotYet));
    }
}

/// The record is lost or damaged: what is on trial runs, and asks. Without its confirmation no package is taken, and the
/// next restart rolls it back unannounced.
#[test]
fn image_on_trial_without_its_record_is_confirmed() {
    for record in [None, Some(vec![0xFF; 9])] {
        let device = Device::new();
        device.receive(2).unwrap();
        now(device.slot().apply()).unwrap();
        device.restart();
        *device.record.borrow_mut() = record;
        assert_eq!(now(device.slot().outcome()), Ok(Installed::Yes));
        assert_eq!(device.restart(), State::Boot);
        assert!(device.runs(2));
        device.receive(3).unwrap();
    }
}

/// The image before would be overwritten, which is what a rollback needs.
#[test]
fn no_package_is_taken_while_an_image_is_on_trial() {
    let device = Device::new();
    device.receive(2).unwrap();
    now(device.slot().apply()).unwrap();
    device.restart();
    let busy = Err((FirmwareErrorKind::Io, 16));
    let begun = now(device.slot().begin(Some(100), false));
    assert_eq!(begun.map_err(|it| (it.kind, it.errno)), busy);
    let discarded = now(device.slot().discard());
    assert_eq!(discarded.map_err(|it| (it.kind, it.errno)), busy.map(drop));
    let applied = now(device.slot().apply());
    assert_eq!(
        applied.map_err(|it| (it.kind, it.errno)).map(drop),
        busy.map(drop)
    );
    device.restart();
    assert!(device.runs(1));
    // Confirmed, it makes room.
    now(device.slot().apply()).unwrap();
    device.restart();
    assert!(device.runs(2));
    now(device.boot().confirm()).unwrap();
    assert_eq!(now(device.slot().begin(Some(100), false)), Ok(0));
    assert_eq!(device.restart(), State::Boot);
    assert!(device.runs(2));
}

#[test]
fn image_that_is_longer_than_the_active_partition_is_refused() {
    let device = Device::new();
    let error = now(device.boot().activate(3 * 4096 + 1)).unwrap_err();
    assert_eq!(error.kind, FirmwareErrorKind::Full);
    assert_eq!(device.restart(), State::Boot);
}

/// A device with version 2 in its slot, which it has rolled back already where it was `tried`.
fn received(tried: bool) -> Device {
    let device = Device::new();
    device.receive(2).unwrap();
    if tried {
        device.update(true);
        device.receive(2).unwrap();
    }
    device
}

/// Cuts the power in each write and each erase of the update, before, amid and behind it: what is told of the image is
/// true, and stays so. How many have failed, and how many have not.
fn cut_everywhere(tried: bool, crashes: bool) -> [usize; 2] {
    let mut ends = [0; 2];
    let operations = {
        let device = received(tried);
        let before = device.flash.borrow().operations();
        device.update(crashes);
        device.flash.borrow().operations() - before
    };
    for number in 0..operations {
        for per_mille in [0, 300, 1000] {
            let device = received(tried);
            {
                let mut flash = device.flash.borrow_mut();
                let number = flash.operations() + number;
                flash.cut_at(number, per_mille);
            }
            let context = format!("cut in {number} at {per_mille}");
            let installed = device.update(crashes);
            assert_eq!(device.swaps.get(), 1, "{context}: tried once");
            let runs = match installed {
                Installed::Yes => 2,
                Installed::Failed => 1,
                Installed::NotYet => panic!("{context}"),
            };
            ends[usize::from(installed == Installed::Yes)] += 1;
            for _ in 0..3 {
                assert!(device.runs(runs), "{context}: {installed:?}");
                assert_eq!(now(device.slot().outcome()), Ok(installed), "{context}");
                device.restart();
            }
            // Another package can be taken, and is not mistaken.
            device.receive(3).unwrap();
            assert_eq!(now(device.slot().outcome()), Ok(Installed::NotYet));
            now(device.slot().apply()).unwrap();
            device.restart();
            assert!(device.runs(3), "{context}");
            assert_eq!(now(device.slot().outcome()), Ok(Installed::Yes));
        }
    }
    ends
}

#[test]
fn power_cut_anywhere_in_an_update_is_told_right() {
    for tried in [false, true] {
        let [failed, installed] = cut_everywhere(tried, false);
        // An image on trial that loses its power before it is confirmed is rolled back: rare, but right.
        assert!(installed > 10 * failed, "{failed} of {installed}");
    }
}

#[test]
fn power_cut_anywhere_in_a_rollback_is_told_right() {
    for tried in [false, true] {
        let [failed, installed] = cut_everywhere(tried, true);
        assert!(failed > 0);
        assert_eq!(installed, 0);
    }
}

/// The flash fails, but the device goes on: what was asked of the boot loader is asked again.
#[test]
fn call_that_failed_in_the_flash_is_done_by_the_next() {
    for number in 0..3 {
        let device = Device::new();
        device.receive(2).unwrap();
        now(device.slot().apply()).unwrap();
        device.restart();
        {
            let mut flash = device.flash.borrow_mut();
            let number = flash.operations() + number;
            flash.cut_at(number, 1000);
        }
        now(device.slot().outcome()).unwrap_err();
        device.flash.borrow_mut().power_on();
        assert_eq!(now(device.slot().outcome()), Ok(Installed::Yes));
        assert_eq!(device.restart(), State::Boot);
        assert!(device.runs(2));
    }
}
