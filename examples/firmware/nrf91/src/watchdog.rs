//! The watchdog, which the boot loader has started.

use embassy_nrf::Peri;
use embassy_nrf::peripherals::WDT;
use embassy_nrf::wdt::{Config, Watchdog, WatchdogHandle};
use lwm2m_carrier::hal::Clock;
use lwm2m_core::time::{Duration, Instant};

use crate::board;
use crate::clock::TimerClock;

/// Longest wait at once. With the longest of what the library does between two waits, an attach, it is little more than half of
/// the boot loader's timeout.
const LONGEST: Duration = Duration::from_secs(300);

/// The library's clock, which feeds the watchdog.
///
/// The library waits when it has done all that was due. Until it does so again, its executor, the timer, the modem's commands
/// and its own loop have gone on: each of its operations ends by itself, but for a command that the modem does not answer.
pub(crate) struct WatchedClock {
    clock: TimerClock,
    /// None where the boot loader has started no watchdog.
    watchdog: Option<WatchdogHandle>,
}

impl WatchedClock {
    /// Takes the watchdog over as it runs: the boot loader may be older or newer than the image.
    pub(crate) fn new(watchdog: Peri<'static, WDT>) -> Self {
        let running = Config::try_new(&watchdog);
        let taken = running.and_then(|config| Watchdog::try_new::<_, 1>(watchdog, config).ok());
        Self {
            clock: TimerClock,
            watchdog: taken.map(|(_, [handle])| handle),
        }
    }

    /// What has failed may do better after a restart, but not at once.
    pub(crate) async fn pause_and_restart(mut self, pause: Duration) -> ! {
        let until = self.now() + pause;
        while self.now() < until {
            self.wait(until).await;
        }
        board::restart()
    }
}

impl Clock for WatchedClock {
    fn now(&self) -> Instant {
        self.clock.now()
    }

    async fn wait(&mut self, until: Instant) {
        if let Some(watchdog) = &mut self.watchdog {
            watchdog.pet();
        }
        self.clock.wait(until.min(self.now() + LONGEST)).await;
    }
}
