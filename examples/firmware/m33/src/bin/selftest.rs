//! The sequence charts on the chip: the device, its modem, its servers and the network between them in one image.
//!
//! Each life is lived with an executor and without, and with each kind of key store that makes no difference to its chart.
//! What it draws must be what the specification's chart is, and no other of the charts. The exit code is 0 when all are.

#![no_std]
#![no_main]

use core::future::Future;
use core::pin::Pin;
use core::sync::atomic::{AtomicUsize, Ordering};

use carrier_mock::charts::{Executor, SCENARIOS, Scenario, blocking};
use carrier_mock::modem::KeyStoreMode;
use carrier_mock::recorder::Ring;
use carrier_mock::world::Stop;
use cortex_m_semihosting::hprintln;
use m33::{executor, exit, stack};

/// Entries of the longest recording.
const ENTRIES: usize = 512;

/// Bytes of stack that the driver has used at most, with what it calls of the simulation; the driver's own state is not in
/// it.
static DEEPEST: AtomicUsize = AtomicUsize::new(0);

/// The ways of running the driver.
const EXECUTORS: [(&str, Executor); 2] = [
    ("with an executor", |future| {
        measured(executor::block_on, future)
    }),
    ("without an executor", |future| measured(blocking, future)),
];

fn measured(executor: Executor, future: Pin<&mut dyn Future<Output = ()>>) -> bool {
    stack::paint();
    let done = executor(future);
    DEEPEST.fetch_max(stack::high_water(), Ordering::Relaxed);
    done
}

#[cortex_m_rt::entry]
fn main() -> ! {
    let mut passed = true;
    for scenario in SCENARIOS {
        DEEPEST.store(0, Ordering::Relaxed);
        let mut lives = 0;
        let mut failed = 0;
        for mode in scenario.modes {
            for (how, executor) in EXECUTORS {
                lives += 1;
                if !is_as_expected(scenario, *mode, executor) {
                    hprintln!("      so it was {}, the key store being {:?}", how, mode);
                    failed += 1;
                }
            }
        }
        passed &= failed == 0;
        let verdict = if failed == 0 { "PASS" } else { "FAIL" };
        let stack = DEEPEST.load(Ordering::Relaxed);
        hprintln!(
            "{} {:<24} {} lives, {} bytes of stack",
            verdict,
            scenario.name,
            lives,
            stack
        );
    }
    exit(passed)
}

/// Lives a life; says what is not as it should be.
#[inline(never)]
fn is_as_expected(scenario: &Scenario, mode: KeyStoreMode, executor: Executor) -> bool {
    let mut ring = Ring::<ENTRIES>::new();
    let life = match scenario.live(executor, mode, &ring) {
        Ok(life) => life,
        Err(fault) => {
            hprintln!("{}: {}", scenario.name, fault);
            return false;
        }
    };
    let end = life.end.map_err(|error| error.errno());
    if end != scenario.error.map_or(Ok(Stop::Condition), Err) {
        hprintln!("{}: the life ended with {:?}", scenario.name, end);
        return false;
    }
    let dropped = ring.dropped();
    let Some(recording) = ring.entries() else {
        hprintln!("{}: {} entries too many", scenario.name, dropped);
        return false;
    };
    let Some(part) = scenario.part.of(recording) else {
        hprintln!("{}: the part that it draws is not there", scenario.name);
        return false;
    };
    if let Some(difference) = scenario.difference(part) {
        hprintln!("{}, line {}", scenario.name, difference.line);
        hprintln!("      expected {}", difference.expected);
        hprintln!("      found    {}", difference.found);
        return false;
    }
    // A comparison that finds no difference anywhere compares nothing.
    let others = SCENARIOS.iter().filter(|other| other.name != scenario.name);
    for other in others {
        if other.difference(part).is_none() {
            hprintln!("{}: is taken for {}", scenario.name, other.name);
            return false;
        }
    }
    true
}
