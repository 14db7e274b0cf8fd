//! Instructions, counted by SysTick: under QEMU's `-icount shift=0` an instruction takes a nanosecond of virtual time.

use cortex_m::peripheral::{SYST, syst::SystClkSource};

/// The counter has 24 bits.
const WRAP: u32 = 0x00ff_ffff;
/// The processor's clock of the board is 20 MHz: a tick is 50 instructions.
pub const INSTRUCTIONS_PER_TICK: u32 = 50;

/// SysTick, running.
#[derive(Debug)]
pub struct Ticks(());

impl Ticks {
    /// Starts the counter.
    #[must_use]
    pub fn start(mut systick: SYST) -> Self {
        systick.set_clock_source(SystClkSource::Core);
        systick.set_reload(WRAP);
        systick.clear_current();
        systick.enable_counter();
        Self(())
    }

    /// The ticks of `work`; it must take less than 16.7 million.
    pub fn of(&self, work: impl FnOnce()) -> u32 {
        let before = SYST::get_current();
        work();
        before.wrapping_sub(SYST::get_current()) & WRAP
    }
}
