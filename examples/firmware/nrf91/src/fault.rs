//! Panics and faults: the device restarts.

use cortex_m::asm;
use cortex_m::peripheral::SCB;
use cortex_m_rt::{ExceptionFrame, exception};

/// Seconds until the restart, so that what fails at each start makes no tight loop.
const PAUSE: u32 = 10;
/// Cycles of the processor in a second.
const CLOCK: u32 = 64_000_000;

/// Where a panic ends as well, once panic-probe has logged it; and a crash of the modem, for which nrf-modem panics.
#[exception]
#[allow(
    non_snake_case,
    unsafe_code,
    reason = "handlers of this exception are named and declared so"
)]
unsafe fn HardFault(_: &ExceptionFrame) -> ! {
    asm::delay(PAUSE * CLOCK);
    SCB::sys_reset()
}
