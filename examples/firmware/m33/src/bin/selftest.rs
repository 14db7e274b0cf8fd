//! Runs in `qemu-system-arm -M mps2-an505 -nographic -semihosting-config enable=on,target=native -icount shift=0 -kernel …`.

#![no_std]
#![no_main]

use core::hint::black_box;

use cortex_m_rt::entry;
use cortex_m_semihosting::hprintln;
use m33::{exit, stack, ticks::Ticks};

#[entry]
fn main() -> ! {
    let Some(peripherals) = cortex_m::Peripherals::take() else {
        exit(false)
    };
    let ticks = Ticks::start(peripherals.SYST);
    stack::paint();
    let taken = ticks.of(|| {
        for n in 0..100_000_u32 {
            black_box(n);
        }
    });
    hprintln!("{} ticks, {} bytes of stack", taken, stack::high_water());
    exit(true)
}
