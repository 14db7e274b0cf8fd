//! The date jumps, forwards and backwards, while the device lives on.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed test panics"
)]

mod life;

use core::cell::RefCell;

use carrier_mock::executor;
use carrier_mock::recorder::{Entry, Tape};
use carrier_mock::server::ManagementServer;
use carrier_mock::world::World;
use lwm2m_carrier::hal::Clock;
use lwm2m_core::time::{Duration, Instant, UnixTime};

use life::{LIFETIME, hours, live};

/// The first second of 2026.
const NEW_YEAR: i64 = 1_767_225_600;
const YEAR: i64 = 365 * 86_400;

#[test]
fn the_date_jumps_and_the_time_since_boot_does_not() {
    let world = World::new(1);
    let clock = world.device().clock;
    world.jump_clock(5);
    assert_eq!(clock.unix_time(), None);
    world.set_unix_time_at_zero(Some(UnixTime::from_secs(NEW_YEAR)));
    executor::block_on(world.sleep(Duration::from_secs(10))).unwrap();
    for (jump, expected) in [
        (0, NEW_YEAR + 10),
        (3600, NEW_YEAR + 3610),
        (-YEAR, NEW_YEAR + 3610 - YEAR),
        (i64::MAX, i64::MAX),
    ] {
        // The clock's end is met before the elapsed time is added.
        world.jump_clock(jump);
        let date = clock.unix_time().map(UnixTime::as_secs);
        let expected = Some(expected).filter(|date| *date < i64::MAX);
        assert_eq!(date, expected);
        assert_eq!(clock.now(), Instant::from_millis(10_000));
    }
}

/// Two days of a device: what is sent, and when, must not depend on the date.
#[test]
fn a_device_lives_on_as_if_the_date_had_not_jumped() {
    let run = |jumps: &[i64]| {
        let server = RefCell::new(ManagementServer::new(1, &[]));
        let tape = Tape::new();
        let world = World::new(11);
        world.set_recorder(&tape);
        world.set_unix_time_at_zero(Some(UnixTime::from_secs(NEW_YEAR)));
        let statistics = live(&world, &server, hours(48), async || {
            for jump in jumps {
                world.sleep(hours(3)).await;
                world.jump_clock(*jump);
            }
        });
        assert_eq!((statistics.registers, statistics.expiries), (1, 0));
        let updates = 48 * 3600 / LIFETIME;
        assert!(statistics.updates >= updates, "{}", statistics.updates);
        let entries = tape.entries().into_iter();
        let messages = entries.filter(|recorded| matches!(recorded.entry, Entry::Message { .. }));
        messages.collect::<Vec<_>>()
    };
    let undisturbed = run(&[]);
    for jumps in [
        &[3600, -7200, 40 * YEAR, -80 * YEAR][..],
        &[-NEW_YEAR, NEW_YEAR, -1, 1],
        &[i64::MIN, i64::MAX],
    ] {
        assert_eq!(run(jumps), undisturbed);
    }
}
