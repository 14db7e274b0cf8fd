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
    /// Returning earlier is allowed and only costs a turn of the driver's loop. A wait for a point to come is pending at
    /// least once, however it passes the time: the driver goes on without a pause after one that is ready at once, and what
    /// else runs on the thread, other tasks or the closure of [`block_on`](crate::driver::blocking::block_on), would never
    /// get its turn. A blocking port may sleep in here before it is pending, until `until` or until an interrupt says that
    /// the network or another part may have something.
    ///
    /// Cancel-safe: the wait is dropped whenever something else happens first.
    async fn wait(&mut self, until: Instant);

    /// The date and time, once it is known (network time, GNSS, a battery-backed clock). `None` by default.
    fn unix_time(&self) -> Option<UnixTime> {
        None
    }
}
