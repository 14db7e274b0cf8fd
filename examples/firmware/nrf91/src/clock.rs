//! Time, from embassy's timer: RTC1, which goes on through sleep.

use core::future::pending;

use embassy_time::{Duration, Timer};
use lwm2m_carrier::hal::Clock;
use lwm2m_core::time::Instant;

/// Longest wait at once: a wait may end early.
const LONGEST: Duration = Duration::from_secs(3600);

/// Milliseconds since the start. All copies are one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimerClock;

impl Clock for TimerClock {
    fn now(&self) -> Instant {
        Instant::from_millis(embassy_time::Instant::now().as_millis())
    }

    async fn wait(&mut self, until: Instant) {
        if until == Instant::FAR_FUTURE {
            pending::<()>().await;
        }
        let left = until.since(self.now()).as_millis();
        Timer::after(Duration::from_millis(left).min(LONGEST)).await;
    }
}

/// Waits.
pub(crate) async fn pause_secs(secs: u64) {
    Timer::after(Duration::from_secs(secs)).await;
}
