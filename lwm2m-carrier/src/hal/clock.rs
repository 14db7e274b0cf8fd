//! Time.

use lwm2m_core::time::{Instant, UnixTime};

/// Monotonic time, waiting, and the date where it is known.
#[allow(
    async_fn_in_trait,
    reason = "the drivers run on one thread; no Send is promised"
)]
pub trait Clock {
    /// Milliseconds since a fixed point, usually boot. Never goes backwards and goes on through sleep: back-off and
    /// lifetimes are counted with it.
    fn now(&self) -> Instant;

    /// Waits until `until`; a point in the past returns at once, [`Instant::FAR_FUTURE`] never.
    ///
    /// Returning earlier is allowed and only costs a turn of the driver's loop. A blocking port sleeps in here, until
    /// `until` or until an interrupt says that the network or another part may have something. A port that waits for its
    /// own clock inside another call therefore looks at the time afterwards, and is pending once before it waits again.
    ///
    /// Cancel-safe: the wait is dropped whenever something else happens first.
    async fn wait(&mut self, until: Instant);

    /// The date and time, once it is known (network time, GNSS, a battery-backed clock). `None` by default.
    fn unix_time(&self) -> Option<UnixTime> {
        None
    }
}
