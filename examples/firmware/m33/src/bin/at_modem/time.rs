//! Time, from SysTick.

use core::cell::Cell;
use core::future::poll_fn;
use core::task::Poll;

use cortex_m::interrupt::{self, Mutex};
use cortex_m::peripheral::{SYST, syst::SystClkSource};
use cortex_m_rt::exception;
use lwm2m_carrier::hal::Clock;
use lwm2m_core::time::Instant;

/// The processor's clock: 20 MHz, a thousand times in a second.
const CYCLES: u32 = 20_000;

static MILLIS: Mutex<Cell<u64>> = Mutex::new(Cell::new(0));

/// Milliseconds since the start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SystemTime(());

impl SystemTime {
    pub(crate) fn start(mut systick: SYST) -> Self {
        systick.set_clock_source(SystClkSource::Core);
        systick.set_reload(CYCLES - 1);
        systick.clear_current();
        systick.enable_interrupt();
        systick.enable_counter();
        Self(())
    }
}

#[exception]
fn SysTick() {
    interrupt::free(|section| {
        let millis = MILLIS.borrow(section);
        millis.set(millis.get().wrapping_add(1));
    });
}

impl Clock for SystemTime {
    fn now(&self) -> Instant {
        Instant::from_millis(interrupt::free(|section| MILLIS.borrow(section).get()))
    }

    /// The processor sleeps between two polls, not in here.
    async fn wait(&mut self, until: Instant) {
        poll_fn(|_| {
            if self.now() >= until {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }
}
