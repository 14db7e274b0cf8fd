//! Notices that something repeats itself and time stands still.

use core::cell::Cell;

use lwm2m_core::time::Instant;

/// Steps at one instant after which the world gives up. The busiest instants of this family's tests have some thousands.
const MAX_STEPS: u32 = 100_000;

/// Counts what happens at one instant: steps of the world, and looks of the device at its clock.
#[derive(Debug, Default)]
pub(crate) struct Standstill {
    now: Cell<Instant>,
    steps: Cell<u32>,
}

impl Standstill {
    /// Counts one step.
    ///
    /// # Panics
    /// After [`MAX_STEPS`] at one instant: a loop that never ends would hang the test that is to find it.
    #[allow(clippy::panic, reason = "what would hang a test fails it")]
    pub(crate) fn step(&self, now: Instant) {
        let steps = if self.now.replace(now) == now {
            self.steps.get() + 1
        } else {
            0
        };
        self.steps.set(steps);
        if steps >= MAX_STEPS {
            let ms = now.as_millis();
            panic!(
                "{MAX_STEPS} steps at {}.{:03} s, and time stands still: the device or a server repeats itself; who \
                 does is in the backtrace",
                ms / 1_000,
                ms % 1_000
            );
        }
    }
}
