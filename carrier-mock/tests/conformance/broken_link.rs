//! Links, clocks and sources of chance that the kit must catch.

use core::future::pending;

use carrier_mock::conformance::{Breach, clock, link, random};
use carrier_mock::modem::DeviceClock;
use carrier_mock::world::World;
use lwm2m_carrier::hal::{Clock, DetachReason, Link, LinkError, LinkState, Random};
use lwm2m_core::time::Instant;

use crate::bench::block_on;

#[derive(Clone, Copy, Default, Eq, PartialEq)]
enum Fault {
    #[default]
    None,
    /// Tells `up` once more through `changed`.
    RepeatsConnected,
    /// Refuses to go up twice.
    UpOnce,
    /// Tells a change in the moment in which it begins to wait, and forgets it when it is dropped.
    LosesChange,
}

/// A link without a modem.
#[derive(Default)]
struct Simple {
    up: bool,
    told: bool,
    fault: Fault,
}

impl Link for Simple {
    async fn up(&mut self) -> Result<(), LinkError> {
        if self.up && self.fault == Fault::UpOnce {
            let kind = lwm2m_carrier::hal::LinkErrorKind::Modem;
            return Err(LinkError::new(kind, 1));
        }
        self.up = true;
        self.told = self.fault != Fault::RepeatsConnected;
        Ok(())
    }

    async fn down(&mut self) -> Result<(), LinkError> {
        self.up = false;
        self.told = true;
        Ok(())
    }

    fn state(&self) -> LinkState {
        if self.up {
            LinkState::Up
        } else {
            LinkState::Down(DetachReason::Requested)
        }
    }

    async fn changed(&mut self) -> LinkState {
        if self.told || self.fault == Fault::LosesChange {
            return pending().await;
        }
        self.told = true;
        self.state()
    }
}

fn judge(fault: Fault) -> Result<(), Breach> {
    let world = World::new(1);
    let mut link = Simple {
        fault,
        ..Simple::default()
    };
    block_on(link::all(&mut link, &mut world.device().clock))
}

#[test]
fn a_link_that_repeats_connected_is_caught() {
    judge(Fault::None).unwrap();
    let breach = judge(Fault::RepeatsConnected).unwrap_err();
    assert_eq!(breach.check, "link::changed");
    assert_eq!(
        breach.to_string(),
        "link::changed: changed() does not tell what up() and down() have told; found: up, a second time"
    );
}

#[test]
fn a_link_that_goes_up_once_is_caught() {
    assert_eq!(judge(Fault::UpOnce).unwrap_err().check, "link::up");
}

#[test]
fn a_link_that_loses_a_change_is_caught() {
    let world = World::new(1);
    let mut link = Simple {
        fault: Fault::LosesChange,
        ..Simple::default()
    };
    let mut clock = world.device().clock;
    let outage = link::outage(&mut link, &mut clock, |_| ());
    assert_eq!(block_on(outage).unwrap_err().check, "link::outage");
}

/// Goes back a little with each reading, waits for ever for what is past, or sleeps in a wait without being pending.
#[derive(Clone, Copy, PartialEq)]
enum ClockFault {
    Backwards,
    Stuck,
    Hoggish,
}

struct BrokenClock<'a, 'w> {
    clock: DeviceClock<'a, 'w>,
    readings: core::cell::Cell<u64>,
    fault: ClockFault,
}

impl Clock for BrokenClock<'_, '_> {
    fn now(&self) -> Instant {
        self.readings.set(self.readings.get() + 1);
        match self.fault {
            ClockFault::Backwards => Instant::from_millis(1_000_000 - self.readings.get()),
            ClockFault::Stuck => self.clock.now(),
            ClockFault::Hoggish => Instant::from_millis(self.readings.get()),
        }
    }

    async fn wait(&mut self, until: Instant) {
        match self.fault {
            ClockFault::Stuck if until <= self.clock.now() => pending().await,
            // Some of the time has passed.
            ClockFault::Hoggish => {}
            _ => self.clock.wait(until).await,
        }
    }
}

#[test]
fn broken_clocks_are_caught() {
    for (fault, check) in [
        (ClockFault::Backwards, "clock::forward"),
        (ClockFault::Stuck, "clock::past"),
        (ClockFault::Hoggish, "clock::turn"),
    ] {
        let world = World::new(1);
        let mut clock = BrokenClock {
            clock: world.device().clock,
            readings: core::cell::Cell::default(),
            fault,
        };
        assert_eq!(block_on(clock::all(&mut clock)).unwrap_err().check, check);
    }
}

/// Fills all but the last byte.
struct Short;

impl Random for Short {
    fn public(&mut self, bytes: &mut [u8]) {
        self.private(bytes);
    }

    fn private(&mut self, bytes: &mut [u8]) {
        let len = bytes.len().saturating_sub(1).max(1);
        carrier_mock::random::Pcg32::new(9).fill(&mut bytes[..len]);
    }
}

#[test]
fn a_constant_source_is_caught() {
    let breach = random::all(&mut Short).unwrap_err();
    assert_eq!(breach.check, "random::whole_buffers");
}
