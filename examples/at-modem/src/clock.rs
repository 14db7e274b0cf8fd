//! The board's time with the network's date.

use core::fmt;

use embedded_io_async::{Read, Write};
use lwm2m_carrier::hal::Clock;
use lwm2m_core::time::{Instant, UnixTime};

use crate::Modem;

/// The board's [`Clock`]; it knows the date once the link has been up.
pub struct NetworkClock<'m, U, C> {
    modem: &'m Modem<U, C>,
    clock: C,
}

impl<'m, U, C> NetworkClock<'m, U, C> {
    pub(crate) const fn new(modem: &'m Modem<U, C>, clock: C) -> Self {
        Self { modem, clock }
    }
}

impl<U: Read + Write, C: Clock + Clone> Clock for NetworkClock<'_, U, C> {
    fn now(&self) -> Instant {
        self.clock.now()
    }

    async fn wait(&mut self, until: Instant) {
        self.clock.wait(until).await;
    }

    fn unix_time(&self) -> Option<UnixTime> {
        let (date, at) = self.modem.with(|state, _| state.date).flatten()?;
        let since = i64::try_from(self.now().since(at).as_secs()).ok()?;
        Some(UnixTime::from_secs(date.as_secs().saturating_add(since)))
    }
}

impl<U, C> fmt::Debug for NetworkClock<'_, U, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NetworkClock").finish_non_exhaustive()
    }
}
