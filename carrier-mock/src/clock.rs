//! A virtual clock: time moves only when a test moves it.

use core::cell::Cell;

use lwm2m_core::time::{Duration, Instant};

/// Virtual time, shared by everything that borrows the clock.
///
/// ```
/// use carrier_mock::clock::Clock;
/// use lwm2m_core::time::{Duration, Instant};
///
/// let clock = Clock::new();
/// let (modem, server) = (&clock, &clock);
/// modem.advance(Duration::from_secs(2));
/// assert_eq!(server.now(), Instant::from_millis(2000));
/// ```
#[derive(Debug, Default)]
pub struct Clock {
    now: Cell<Instant>,
}

impl Clock {
    /// A clock at the start of time.
    #[must_use]
    pub const fn new() -> Self {
        Self::starting_at(Instant::ZERO)
    }

    /// A clock at `now`, for instance near the end of a counter's range.
    #[must_use]
    pub const fn starting_at(now: Instant) -> Self {
        Self {
            now: Cell::new(now),
        }
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.now.get()
    }

    /// Moves time forward to `instant`. Time never runs backwards: an earlier `instant` changes
    /// nothing, so deadlines that have passed already may be handed in.
    pub fn advance_to(&self, instant: Instant) {
        self.now.set(self.now.get().max(instant));
    }

    /// Moves time forward by `span`.
    pub fn advance(&self, span: Duration) {
        self.now.set(self.now.get() + span);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_moves_forward_only() {
        let clock = Clock::starting_at(Instant::from_millis(10));
        clock.advance_to(Instant::from_millis(30));
        clock.advance_to(Instant::from_millis(20));
        assert_eq!(clock.now(), Instant::from_millis(30));
        clock.advance(Duration::from_millis(5));
        assert_eq!(clock.now(), Instant::from_millis(35));
        clock.advance(Duration::MAX);
        assert_eq!(clock.now(), Instant::FAR_FUTURE);
    }
}
