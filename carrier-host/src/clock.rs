//! The host's clocks.

use std::time::{Instant as StdInstant, SystemTime, UNIX_EPOCH};

use lwm2m_carrier::hal::Clock;
use lwm2m_core::time::{Instant, UnixTime};
use tokio::time;

/// Milliseconds since this clock was made, waiting on tokio's timer, and the system's date.
///
/// Copies share the start, and so the time. It must be made and used inside a tokio runtime whose timer is enabled.
#[derive(Clone, Copy, Debug)]
pub struct HostClock {
    start: time::Instant,
}

impl HostClock {
    /// A clock that starts at zero now.
    #[must_use]
    pub fn new() -> Self {
        Self {
            start: time::Instant::now(),
        }
    }

    /// The standard library's instant for a point of this clock; `None` beyond what the system can tell.
    #[must_use]
    pub fn to_std(&self, point: Instant) -> Option<StdInstant> {
        let since = core::time::Duration::from_millis(point.as_millis());
        self.start.into_std().checked_add(since)
    }

    /// The point of this clock for a standard library's instant, rounded up, so that a deadline is never met early.
    #[must_use]
    pub fn from_std(&self, instant: StdInstant) -> Instant {
        let since = instant.saturating_duration_since(self.start.into_std());
        let millis = since.as_nanos().div_ceil(1_000_000);
        Instant::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
    }
}

impl Default for HostClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for HostClock {
    fn now(&self) -> Instant {
        let millis = self.start.elapsed().as_millis();
        Instant::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
    }

    async fn wait(&mut self, until: Instant) {
        match self.to_std(until) {
            Some(point) if until != Instant::FAR_FUTURE => time::sleep_until(point.into()).await,
            _ => core::future::pending().await,
        }
    }

    /// The system's date; `None` when that lies before 1970.
    fn unix_time(&self) -> Option<UnixTime> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
        i64::try_from(since.as_secs()).ok().map(UnixTime::from_secs)
    }
}

#[cfg(test)]
mod tests {
    use core::future::Future;
    use core::pin::pin;
    use core::task::{Context, Poll, Waker};
    use core::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn time_is_counted_in_milliseconds_from_the_start() {
        let clock = HostClock::new();
        assert_eq!(clock.now(), Instant::ZERO);
        time::advance(Duration::from_micros(2_999)).await;
        assert_eq!(clock.now(), Instant::from_millis(2));
        let copy = clock;
        time::advance(Duration::from_secs(86_400)).await;
        assert_eq!(copy.now(), Instant::from_millis(86_400_002));
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_ends_at_the_point() {
        let mut clock = HostClock::new();
        clock.wait(Instant::from_millis(1_500)).await;
        assert_eq!(clock.now(), Instant::from_millis(1_500));
        clock.wait(Instant::from_millis(3)).await;
        assert_eq!(clock.now(), Instant::from_millis(1_500));
    }

    #[tokio::test(start_paused = true)]
    async fn the_far_future_never_comes() {
        let mut clock = HostClock::new();
        let mut never = pin!(clock.wait(Instant::FAR_FUTURE));
        let mut context = Context::from_waker(Waker::noop());
        assert_eq!(never.as_mut().poll(&mut context), Poll::Pending);
        time::advance(Duration::from_secs(1 << 32)).await;
        assert_eq!(never.as_mut().poll(&mut context), Poll::Pending);
    }

    #[tokio::test(start_paused = true)]
    async fn standard_instants_convert_both_ways_and_round_up() {
        let clock = HostClock::new();
        let point = Instant::from_millis(40_000);
        let std = clock.to_std(point).unwrap();
        assert_eq!(clock.from_std(std), point);
        let later = std + Duration::from_nanos(1);
        assert_eq!(clock.from_std(later), Instant::from_millis(40_001));
        let before = std - Duration::from_secs(80);
        assert_eq!(clock.from_std(before), Instant::ZERO);
    }

    #[tokio::test]
    async fn the_date_is_after_this_was_written() {
        // 2026-01-01T00:00:00Z.
        assert!(HostClock::new().unix_time().unwrap().as_secs() >= 1_767_225_600);
    }
}
