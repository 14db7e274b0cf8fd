//! The board that QEMU's `mps2-an505` is: what the programs in `src/bin` share.

#![no_std]

pub mod executor;
pub mod stack;
pub mod ticks;
pub mod uart;

use core::panic::PanicInfo;

use cortex_m_semihosting::{debug, hprintln};

/// Ends the program, and with it the emulator, whose exit code tells whether it was a success.
pub fn exit(success: bool) -> ! {
    let code = if success { Ok(()) } else { Err(()) };
    loop {
        debug::exit(match code {
            Ok(()) => debug::EXIT_SUCCESS,
            Err(()) => debug::EXIT_FAILURE,
        });
    }
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    hprintln!("{}", info);
    exit(false)
}
