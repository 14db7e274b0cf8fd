//! UART 0 to 4 of the board (CMSDK APB UART, Arm DAI 0505), secure aliases. QEMU connects them to its `-serial` options.

use core::ptr::{with_exposed_provenance, with_exposed_provenance_mut};

const BASE: usize = 0x5020_0000;
const STEP: usize = 0x1000;
const DATA: usize = 0x0;
const STATE: usize = 0x4;
const CONTROL: usize = 0x8;
const DIVIDER: usize = 0x10;
const TRANSMIT_FULL: u32 = 1;
const RECEIVE_FULL: u32 = 2;
const ENABLE_BOTH: u32 = 3;
/// The smallest divider that the UART takes.
const FASTEST: u32 = 16;

/// One UART, polled.
#[derive(Debug)]
pub struct Uart {
    base: usize,
}

impl Uart {
    /// Switches UART `number` on, 0 to 4; higher numbers are taken for 4.
    #[must_use]
    pub fn new(number: usize) -> Self {
        let uart = Self {
            base: BASE + number.min(4) * STEP,
        };
        uart.store(DIVIDER, FASTEST);
        uart.store(CONTROL, ENABLE_BOTH);
        uart
    }

    /// A byte, if one has come.
    pub fn read(&mut self) -> Option<u8> {
        let come = self.load(STATE) & RECEIVE_FULL != 0;
        come.then(|| self.load(DATA).to_le_bytes()[0])
    }

    /// Sends a byte, if there is room for it; whether it has.
    pub fn write(&mut self, byte: u8) -> bool {
        let room = self.load(STATE) & TRANSMIT_FULL == 0;
        if room {
            self.store(DATA, u32::from(byte));
        }
        room
    }

    #[allow(unsafe_code, reason = "registers are reached by address")]
    fn load(&self, register: usize) -> u32 {
        // SAFETY: a readable, aligned 32-bit register of a UART that the board has.
        unsafe { with_exposed_provenance::<u32>(self.base + register).read_volatile() }
    }

    #[allow(unsafe_code, reason = "registers are reached by address")]
    fn store(&self, register: usize, value: u32) {
        // SAFETY: a writable, aligned 32-bit register of a UART that the board has; it does not reach memory.
        unsafe { with_exposed_provenance_mut::<u32>(self.base + register).write_volatile(value) }
    }
}
