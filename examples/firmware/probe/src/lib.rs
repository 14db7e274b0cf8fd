//! What the probes share: a board whose serial line carries all that happens, memory, and what a panic does.
//!
//! The programs are in `src/bin`. `cargo xtask size` measures them; what comes over the serial line the compiler cannot
//! know, so nothing of the library is optimised away.

#![no_std]

pub mod board;
mod panic;
#[cfg(feature = "carrier")]
pub mod port;

use static_cell::StaticCell;

/// Puts the first value into a variable that has none: filled by code, since what a variable is at first would lie in
/// flash a second time. Only once for each, so it never waits.
pub fn fill<T>(variable: &'static StaticCell<T>, value: impl FnOnce() -> T) -> &'static mut T {
    loop {
        if let Some(filled) = variable.try_uninit() {
            return filled.write(value());
        }
    }
}
