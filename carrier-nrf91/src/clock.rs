//! The date, which the network tells.

use core::cell::Cell;

use lwm2m_carrier::hal::Clock;
use lwm2m_core::time::{Instant, UnixTime};

/// The date as the network has told it last: written by [`LteLink`](crate::LteLink), read by [`NetworkClock`].
#[derive(Debug, Default)]
pub struct NetworkTime {
    told: Cell<Option<(UnixTime, Instant)>>,
}

impl NetworkTime {
    /// Not known yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            told: Cell::new(None),
        }
    }

    /// At `now` it is `date`.
    pub fn set(&self, date: UnixTime, now: Instant) {
        self.told.set(Some((date, now)));
    }

    /// The date at `now`.
    #[must_use]
    pub fn at(&self, now: Instant) -> Option<UnixTime> {
        let (date, told) = self.told.get()?;
        let passed = i64::try_from(now.since(told).as_secs()).ok()?;
        Some(UnixTime::from_secs(date.as_secs().saturating_add(passed)))
    }
}

/// A clock of the chip, with the date of the network.
#[derive(Debug)]
pub struct NetworkClock<'a, C> {
    clock: C,
    time: &'a NetworkTime,
}

impl<'a, C> NetworkClock<'a, C> {
    /// `clock` with this date.
    pub const fn new(clock: C, time: &'a NetworkTime) -> Self {
        Self { clock, time }
    }
}

impl<C: Clock> Clock for NetworkClock<'_, C> {
    fn now(&self) -> Instant {
        self.clock.now()
    }

    async fn wait(&mut self, until: Instant) {
        self.clock.wait(until).await;
    }

    fn unix_time(&self) -> Option<UnixTime> {
        self.time
            .at(self.clock.now())
            .or_else(|| self.clock.unix_time())
    }
}
