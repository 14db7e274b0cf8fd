//! The boot loader of the nRF91's firmware: embassy-boot with the partitions of `memory.x`.
//!
//! A power loss at any point is continued at the next start. Without a watchdog: an image that hangs is rolled back by the
//! next restart, whatever brings it about.

#![no_std]
#![no_main]

use core::cell::RefCell;
use core::panic::PanicInfo;

use cortex_m::peripheral::SCB;
use embassy_boot_nrf::{BootLoader, BootLoaderConfig};
use embassy_nrf::nvmc::Nvmc;
use embassy_sync::blocking_mutex::Mutex;

#[cortex_m_rt::entry]
fn main() -> ! {
    let peripherals = embassy_nrf::init(embassy_nrf::config::Config::default());
    let flash = Mutex::new(RefCell::new(Nvmc::new(peripherals.NVMC)));
    let config = BootLoaderConfig::from_linkerfile_blocking(&flash, &flash, &flash);
    let active = config.active.offset();
    let loader = BootLoader::<4096>::prepare(config);
    #[allow(unsafe_code, reason = "nothing else leaves a program for another")]
    // SAFETY: the image there begins with its vector table: the one that was flashed, or one that was told by it.
    unsafe {
        loader.load(active)
    }
}

/// What was not done to its end is continued.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    SCB::sys_reset()
}
