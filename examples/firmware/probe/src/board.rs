//! Arm MPS2+ with the AN505 image: a serial line that carries datagrams, a clock, and a source of chance.

use core::ptr::{with_exposed_provenance, with_exposed_provenance_mut};

use lwm2m_core::{SessionId, random::Random, time::Instant};

/// UART 0 (CMSDK APB UART), secure alias.
const UART: usize = 0x5020_0000;
const UART_DATA: usize = UART;
const UART_STATE: usize = UART + 0x4;
const UART_CONTROL: usize = UART + 0x8;
const UART_DIVIDER: usize = UART + 0x10;
const TRANSMIT_FULL: u32 = 1;
const RECEIVE_FULL: u32 = 2;
const ENABLE_BOTH: u32 = 3;
/// The smallest divider that the UART takes.
const FASTEST: u32 = 16;

/// FPGA system control, secure alias: counters of 100 Hz and of the processor's clock.
const COUNTER_100HZ: usize = 0x5030_2014;
const COUNTER_CYCLES: usize = 0x5030_2018;

/// Handlers of the board's interrupts, of which none is ever enabled: one entry that is not taken stands for all, since
/// what is measured is the engine.
#[used]
#[allow(unsafe_code, reason = "cortex-m-rt places the table by these names")]
#[unsafe(link_section = ".vector_table.interrupts")]
#[unsafe(export_name = "__INTERRUPTS")]
static INTERRUPTS: [usize; 1] = [0];

#[allow(unsafe_code, reason = "registers are reached by address")]
fn load(register: usize) -> u32 {
    // SAFETY: all callers name a readable, aligned 32-bit register of the board.
    unsafe { with_exposed_provenance::<u32>(register).read_volatile() }
}

#[allow(unsafe_code, reason = "registers are reached by address")]
fn store(register: usize, value: u32) {
    // SAFETY: all callers name a writable, aligned 32-bit register of the UART, which does not reach memory.
    unsafe { with_exposed_provenance_mut::<u32>(register).write_volatile(value) }
}

/// Frames on the serial line: a number (1 byte), a length (2 bytes, big-endian), and as many bytes. The number of a
/// datagram is that of its session.
#[derive(Clone, Copy, Debug)]
pub struct Line(());

impl Line {
    /// Switches the line on.
    #[must_use]
    pub fn new() -> Self {
        store(UART_DIVIDER, FASTEST);
        store(UART_CONTROL, ENABLE_BOTH);
        Self(())
    }

    /// The next byte, for which it waits.
    pub fn byte(self) -> u8 {
        while load(UART_STATE) & RECEIVE_FULL == 0 {}
        load(UART_DATA).to_le_bytes()[0]
    }

    fn put(self, byte: u8) {
        while load(UART_STATE) & TRANSMIT_FULL != 0 {}
        store(UART_DATA, u32::from(byte));
    }

    /// The next `len` bytes, in the first bytes of `buffer`, and how many they are there. What does not fit is cut off.
    pub fn bytes(self, len: usize, buffer: &mut [u8]) -> usize {
        let mut stored = 0;
        for _ in 0..len {
            let byte = self.byte();
            if let Some(slot) = buffer.get_mut(stored) {
                *slot = byte;
                stored += 1;
            }
        }
        stored
    }

    /// Number and length of the next frame, for which it waits.
    pub fn head(self) -> (u8, usize) {
        let number = self.byte();
        let len = u16::from_be_bytes([self.byte(), self.byte()]);
        (number, usize::from(len))
    }

    /// The next frame, in the first bytes of `buffer`, with its number; `None` when nothing comes before `until`.
    pub fn receive(self, until: Instant, buffer: &mut [u8]) -> Option<(SessionId, usize)> {
        while load(UART_STATE) & RECEIVE_FULL == 0 {
            if now() >= until {
                return None;
            }
        }
        let (number, len) = self.head();
        Some((SessionId::new(number), self.bytes(len, buffer)))
    }

    /// Sends a frame that consists of `parts`.
    pub fn send(self, number: u8, parts: &[&[u8]]) {
        let len = parts.iter().map(|part| part.len()).sum::<usize>();
        let len = u16::try_from(len).unwrap_or(u16::MAX);
        self.put(number);
        for byte in len.to_be_bytes() {
            self.put(byte);
        }
        for &byte in parts.iter().copied().flatten().take(usize::from(len)) {
            self.put(byte);
        }
    }
}

impl Default for Line {
    fn default() -> Self {
        Self::new()
    }
}

/// Time since the board was switched on; it wraps after 497 days.
#[must_use]
pub fn now() -> Instant {
    Instant::from_millis(u64::from(load(COUNTER_100HZ)) * 10)
}

/// Values that differ from run to run and nothing more. A product has a generator in hardware.
#[derive(Clone, Copy, Debug)]
pub struct Noise;

impl Random for Noise {
    fn public(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = load(COUNTER_CYCLES).wrapping_mul(0x9e37_79b9).to_be_bytes()[0];
        }
    }

    fn private(&mut self, bytes: &mut [u8]) {
        self.public(bytes);
    }
}
