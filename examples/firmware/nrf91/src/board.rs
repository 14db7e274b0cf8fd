//! The chip: memory, interrupts, peripherals.

use core::ops::Range;

use carrier_nrf91::firmware::MemoryMap;
use carrier_nrf91::modem::nrf_modem::{self, MemoryLayout};
use cortex_m::peripheral::SCB;
use embassy_embedded_hal::adapter::BlockingAsync;
use embassy_embedded_hal::flash::partition::Partition;
use embassy_nrf::cryptocell_rng::CcRng;
use embassy_nrf::interrupt::{self, InterruptExt, Priority};
use embassy_nrf::mode::Blocking;
use embassy_nrf::nvmc::Nvmc;
use embassy_nrf::pac;
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::mutex::Mutex;
use lwm2m_carrier::hal::{RecordId, Storage};
use lwm2m_carrier::slot::{EmbassyBoot, FlashSlot, Unsuitable};

use crate::watchdog::WatchedClock;

/// The memory that the modem and the application share, as in `memory.x`.
const SHARED: u32 = 0x2000_0000;
const SHARED_LEN: u32 = 32 * 1024;
/// The security attribution unit divides the RAM into these.
const RAM_REGION: u32 = 8 * 1024;

/// The application's own RAM, as in `memory.x`.
const RAM: Range<u32> = 0x2000_8000..0x2004_0000;
/// Partitions of the flash, as in `memory.x`.
const STATE: Range<u32> = 0x6000..0x7000;
const ACTIVE: Range<u32> = 0x8000..0x7_a000;
/// embassy-boot's DFU partition, and two pages for the journal of the slot.
const SLOT: Range<u32> = 0x7_a000..0xe_f000;
const RECORDS: Range<u32> = 0xf_0000..0x10_0000;

/// The chip's flash, shared by its partitions.
pub(crate) type Flash = Mutex<NoopRawMutex, BlockingAsync<Nvmc<'static>>>;
/// A part of it.
pub(crate) type Pages<'f> = Partition<'f, NoopRawMutex, BlockingAsync<Nvmc<'static>>>;

/// The boot loader, as the slot sees it.
pub(crate) type Boot<'f, S> = EmbassyBoot<Pages<'f>, Pages<'f>, Pages<'f>, S>;

/// What the application owns of the chip.
pub(crate) struct Board {
    pub(crate) flash: Flash,
    pub(crate) random: CcRng<'static, Blocking>,
    pub(crate) clock: WatchedClock,
}

impl Board {
    /// Brings the chip up, and opens to the modem's library what it reaches as the non-secure world.
    pub(crate) fn new() -> Self {
        let peripherals = embassy_nrf::init(embassy_nrf::config::Config::default());
        open_to_modem();
        interrupt::IPC.set_priority(Priority::P0);
        #[allow(unsafe_code, reason = "no other way to switch an interrupt on")]
        // SAFETY: its handler stands below, and nothing relies on its being masked.
        unsafe {
            interrupt::IPC.enable();
        }
        Self {
            flash: Mutex::new(BlockingAsync::new(Nvmc::new(peripherals.NVMC))),
            random: CcRng::new_blocking(peripherals.CC_RNG),
            clock: WatchedClock::new(peripherals.WDT),
        }
    }
}

/// The modem's library expects the non-secure world: the shared memory, and the peripherals that it uses, must belong to it.
fn open_to_modem() {
    let first = (SHARED - 0x2000_0000) / RAM_REGION;
    for region in first..first + SHARED_LEN / RAM_REGION {
        pac::SPU.ramregion(region as usize).perm().write(|w| {
            w.set_execute(true);
            w.set_write(true);
            w.set_read(true);
            w.set_secattr(false);
            w.set_lock(false);
        });
    }
    // REGULATORS; CLOCK and POWER; IPC.
    for peripheral in [4, 5, 42] {
        let permission = pac::SPU.periphid(peripheral).perm();
        permission.write(|w| w.set_secattr(false));
    }
}

/// How the modem's library divides the shared memory: what it needs itself, then 8 KiB each to send and to receive.
pub(crate) const fn shared_memory() -> MemoryLayout {
    MemoryLayout {
        base_address: SHARED,
        tx_area_size: 8 * 1024,
        rx_area_size: 8 * 1024,
        trace_area_size: 0,
    }
}

const fn pages(flash: &Flash, range: Range<u32>) -> Pages<'_> {
    Partition::new(flash, range.start, range.end - range.start)
}

/// Where records lie.
pub(crate) const fn records(flash: &Flash) -> Pages<'_> {
    pages(flash, RECORDS)
}

/// The place for images of the application, which embassy-boot brings in.
pub(crate) fn slot<'f, S: Storage>(
    flash: &'f Flash,
    storage: S,
    record: RecordId,
) -> Result<FlashSlot<Pages<'f>, Boot<'f, S>>, Unsuitable> {
    let boot = EmbassyBoot::new(
        pages(flash, ACTIVE),
        pages(flash, SLOT),
        pages(flash, STATE),
        storage,
        record,
    );
    Ok(FlashSlot::new(pages(flash, SLOT), boot)?.with_limit(ACTIVE.end - ACTIVE.start))
}

/// Which images run here.
pub(crate) const MAP: MemoryMap = MemoryMap {
    ram: RAM,
    flash: ACTIVE,
};

/// Shuts the modem down, so that it keeps its settings, and restarts.
pub(crate) fn restart() -> ! {
    let _ = nrf_modem::send_at_blocking::<0>("AT+CFUN=0");
    SCB::sys_reset();
}

#[cortex_m_rt::interrupt]
#[allow(non_snake_case, reason = "interrupts are named so")]
fn IPC() {
    nrf_modem::ipc_irq_handler();
}
