//! The slot as a part of the simulated device.

use core::cell::RefCell;
use core::pin::pin;
use core::task::{Context, Poll, Waker};

use carrier_mock::executor;
use carrier_mock::flash::Flash;
use carrier_mock::modem::FirmwareCall;
use carrier_mock::recorder::{Entry, FirmwareOperation, Tape};
use carrier_mock::world::{Run, Stop, World};
use lwm2m_carrier::hal::{
    Applied, Firmware, FirmwareError, FirmwareErrorKind, Installed, Link, ModemInfo,
};
use lwm2m_core::time::{Duration, Instant};

use crate::bench::package;

type Part = RefCell<Flash<8>>;
const SIZE: u32 = 10_000;
const IO: FirmwareError = FirmwareError::new(FirmwareErrorKind::Io, 5);

fn flash() -> Part {
    RefCell::new(Flash::new(1))
}

async fn download(
    firmware: &mut impl Firmware,
    package: &[u8],
    resume: bool,
) -> Result<u32, FirmwareError> {
    let begun = firmware.begin(Some(SIZE), resume).await?;
    let mut at = begun;
    for part in package[begun as usize..].chunks(1024) {
        firmware.write(at, part).await?;
        at += part.len() as u32;
    }
    firmware.finish(SIZE).await?;
    Ok(begun)
}

/// Runs a future in a world until it is done.
fn finished<F: Future>(world: &World<'_>, future: F) -> F::Output {
    match executor::block_on(world.run(future, || false)) {
        Some(Run::Finished(output)) => output,
        _ => panic!("it was stopped"),
    }
}

fn version(world: &World<'_>) -> String {
    let mut info = world.modem_info();
    let mut buffer = [0; 32];
    let version = finished(world, info.firmware_version(&mut buffer));
    version.unwrap().into()
}

#[test]
fn a_world_without_a_flash_takes_no_firmware() {
    let world = World::new(1);
    let mut slot = world.device().firmware;
    let refused = finished(&world, slot.begin(None, false));
    assert_eq!(refused, Err(FirmwareError::UNSUPPORTED));
    assert!(!world.firmware().holds([1]));
}

/// 85 ms a page: the journal's and three of the package.
#[test]
fn erasing_takes_time_while_others_go_on() {
    let (flash, package) = (flash(), package(3, SIZE));
    let world = World::new(1);
    world.set_firmware_flash(&flash);
    let mut slot = world.device().firmware;
    let ticks = RefCell::new(0);
    let other = async {
        loop {
            world.sleep(Duration::from_millis(10)).await;
            *ticks.borrow_mut() += 1;
        }
    };
    let (mut other, mut writing) = (pin!(other), pin!(download(&mut slot, &package, false)));
    let both = core::future::poll_fn(|context| {
        let _: Poll<()> = other.as_mut().poll(context);
        writing.as_mut().poll(context)
    });
    assert_eq!(finished(&world, both), Ok(0));
    assert_eq!(world.now(), Instant::ZERO + Duration::from_millis(4 * 85));
    assert!(*ticks.borrow() >= 33, "{}", ticks.borrow());
    assert!(world.firmware().holds(&package));
    assert!(world.firmware().holds(package.iter().copied()));
    assert!(!world.firmware().holds(package.iter().map(|byte| !byte)));
}

#[test]
fn a_restart_of_the_device_installs() {
    let (flash, package) = (flash(), package(3, SIZE));
    let world = World::new(1);
    world.set_firmware_flash(&flash);
    world.firmware().set_version(Some("mock-2.0"));
    world.firmware().set_erase_time(Duration::from_secs(2));
    let mut slot = world.device().firmware;
    finished(&world, download(&mut slot, &package, false)).unwrap();
    assert_eq!(world.now(), Instant::ZERO + Duration::from_secs(8));
    assert_eq!(finished(&world, slot.apply()), Ok(Applied::RebootRequired));
    assert_eq!(world.firmware().activated(), Some(SIZE));
    assert_eq!(finished(&world, slot.outcome()), Ok(Installed::NotYet));
    assert_eq!(version(&world), "mock-1.0");
    world.reboot();
    let mut slot = world.device().firmware;
    for _ in 0..2 {
        assert_eq!(finished(&world, slot.outcome()), Ok(Installed::Yes));
    }
    assert_eq!(version(&world), "mock-2.0");
    // The next package has not been tried.
    finished(&world, slot.begin(None, false)).unwrap();
    assert_eq!(finished(&world, slot.outcome()), Ok(Installed::NotYet));
}

#[test]
fn a_restart_of_the_modem_installs_or_fails() {
    for (installed, after) in [
        (Installed::Yes, "mock-2.0"),
        (Installed::Failed, "mock-1.0"),
    ] {
        let (flash, package) = (flash(), package(3, SIZE));
        let world = World::new(1);
        world.set_firmware_flash(&flash);
        let script = world.firmware();
        script.set_version(Some("mock-2.0"));
        script.set_applied(Applied::ModemRestart);
        script.set_installed(installed);
        script.set_restart_time(Duration::from_secs(30));
        let mut device = world.device();
        let slot = &mut device.firmware;
        finished(&world, download(slot, &package, false)).unwrap();
        assert_eq!(finished(&world, slot.apply()), Ok(Applied::ModemRestart));

        // Not with the link up.
        finished(&world, device.link.up()).unwrap();
        assert!(finished(&world, slot.restart_modem()).is_err());
        finished(&world, device.link.down()).unwrap();
        let before = world.now();
        assert_eq!(finished(&world, slot.restart_modem()), Ok(()));
        assert_eq!(world.now().since(before), Duration::from_secs(30));
        assert_eq!(finished(&world, slot.outcome()), Ok(installed));
        assert_eq!(version(&world), after);
    }
}

#[test]
fn a_power_cut_ends_the_device() {
    let (flash, package) = (flash(), package(3, SIZE));
    let tape = Tape::default();
    let world = World::new(1);
    world.set_firmware_flash(&flash);
    world.set_recorder(&tape);
    // In the erase of the second page: behind begin's two, and the first page's 64 writes of 64 bytes with its record.
    flash.borrow_mut().cut_at(2 + 1 + 64 + 1, 500);
    let mut slot = world.device().firmware;
    let run = executor::block_on(world.run(download(&mut slot, &package, false), || false));
    assert!(matches!(run, Some(Run::Stopped(Stop::PowerLost))));
    world.reboot();
    let mut slot = world.device().firmware;
    assert_eq!(
        finished(&world, download(&mut slot, &package, true)),
        Ok(4096)
    );
    assert!(world.firmware().holds(&package));
    let begun = tape.entries().into_iter().filter_map(|recorded| {
        if let Entry::Firmware {
            operation: FirmwareOperation::Begin { resumed_at },
            result: Ok(()),
        } = recorded.entry
        {
            Some(resumed_at)
        } else {
            None
        }
    });
    assert_eq!(begun.collect::<Vec<_>>(), [0, 4096]);
}

#[test]
fn a_power_cut_during_an_erase_leaves_nothing_running() {
    let (flash, package) = (flash(), package(3, SIZE));
    let world = World::new(1);
    world.set_firmware_flash(&flash);
    let mut slot = world.device().firmware;
    let mut writing = pin!(download(&mut slot, &package, false));
    let mut context = Context::from_waker(Waker::noop());
    assert!(writing.as_mut().poll(&mut context).is_pending());
    world.power_off();
    for _ in 0..5 {
        assert!(writing.as_mut().poll(&mut context).is_pending());
    }
    assert_eq!(flash.borrow().statistics().pages_erased, 0);
    assert!(!flash.borrow().is_powered());
}

#[test]
fn faults_befall_the_call_that_they_are_set_for() {
    let (flash, package) = (flash(), package(3, SIZE));
    let tape = Tape::default();
    let world = World::new(1);
    world.set_firmware_flash(&flash);
    world.set_recorder(&tape);
    let script = world.firmware();
    script.fail(FirmwareCall::Write, 3, IO).unwrap();
    script.fail(FirmwareCall::Apply, 0, IO).unwrap();
    let mut slot = world.device().firmware;
    assert_eq!(
        finished(&world, download(&mut slot, &package, false)),
        Err(IO)
    );
    let failed = Entry::Firmware {
        operation: FirmwareOperation::Write {
            offset: 3072,
            len: 1024,
        },
        result: Err(IO),
    };
    assert_eq!(tape.entries().last().unwrap().entry, failed);
    // Once only.
    assert_eq!(finished(&world, download(&mut slot, &package, true)), Ok(0));
    assert_eq!(finished(&world, slot.apply()), Err(IO));
    assert!(finished(&world, slot.apply()).is_ok());
}
