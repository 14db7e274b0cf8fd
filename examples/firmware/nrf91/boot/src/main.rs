//! The boot loader of the nRF91's firmware: embassy-boot with the partitions of `memory.x`.
//!
//! A power loss at any point is continued at the next start. The image starts with a watchdog that runs: one that hangs is
//! restarted, and rolled back where it was on trial.

#![no_std]
#![no_main]

use core::cell::RefCell;
use core::panic::PanicInfo;

use cortex_m::peripheral::SCB;
use embassy_boot_nrf::{BootLoader, BootLoaderConfig, WatchdogFlash};
use embassy_nrf::nvmc::Nvmc;
use embassy_nrf::wdt::{self, HaltConfig};
use embassy_sync::blocking_mutex::Mutex;

/// Seconds after which an image that does not feed the watchdog is restarted: 20 minutes.
///
/// The image feeds it when the library has come round to waiting, 5 minutes later at the latest. In between the library may
/// attach, for up to 5 minutes and a few commands of the modem; and while the modem applies an update of its own, its
/// initialisation blocks the processor for minutes. A restart in the midst of either would cost more than a hang that lasts
/// longer. No later image can change this: the watchdog goes on with it through restarts, and the boot loader stays.
const TIMEOUT: u32 = 20 * 60;
/// Ticks of the watchdog in a second.
const TICKS: u32 = 32_768;

#[cortex_m_rt::entry]
fn main() -> ! {
    let peripherals = embassy_nrf::init(embassy_nrf::config::Config::default());
    // It goes on while the processor sleeps, because an image that hangs may do so asleep; a debugger may halt it.
    let mut watchdog = wdt::Config::default();
    watchdog.timeout_ticks = TIMEOUT * TICKS;
    watchdog.action_during_debug_halt = HaltConfig::Pause;
    // Fed by each access to the flash, so that no swap is too long.
    let flash = WatchdogFlash::start(Nvmc::new(peripherals.NVMC), peripherals.WDT, watchdog);
    let flash = Mutex::new(RefCell::new(flash));
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
