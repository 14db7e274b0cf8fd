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

/// Datagrams on the serial line, each behind the number of its session (1 byte) and its length (2 bytes, big-endian).
pub(crate) struct Line(());

impl Line {
    /// Switches the line on.
    pub(crate) fn new() -> Self {
        store(UART_DIVIDER, FASTEST);
        store(UART_CONTROL, ENABLE_BOTH);
        Self(())
    }

    fn byte(&mut self) -> u8 {
        while load(UART_STATE) & RECEIVE_FULL == 0 {}
        load(UART_DATA).to_le_bytes()[0]
    }

    fn put(&mut self, byte: u8) {
        while load(UART_STATE) & TRANSMIT_FULL != 0 {}
        store(UART_DATA, u32::from(byte));
    }

    /// The next datagram, in the first bytes of `buffer`, with its session; `None` when nothing comes before `until`.
    /// What does not fit is cut off.
    pub(crate) fn receive(
        &mut self,
        until: Instant,
        buffer: &mut [u8],
    ) -> Option<(SessionId, usize)> {
        while load(UART_STATE) & RECEIVE_FULL == 0 {
            if now() >= until {
                return None;
            }
        }
        let session = SessionId::new(self.byte());
        let len = usize::from(u16::from_be_bytes([self.byte(), self.byte()]));
        let mut stored = 0;
        for _ in 0..len {
            let byte = self.byte();
            if let Some(slot) = buffer.get_mut(stored) {
                *slot = byte;
                stored += 1;
            }
        }
        Some((session, stored))
    }

    /// Sends a datagram.
    pub(crate) fn send(&mut self, session: SessionId, datagram: &[u8]) {
        let len = u16::try_from(datagram.len()).unwrap_or(u16::MAX);
        self.put(session.number());
        for byte in len.to_be_bytes() {
            self.put(byte);
        }
        for &byte in datagram.iter().take(usize::from(len)) {
            self.put(byte);
        }
    }
}

/// Time since the board was switched on; it wraps after 497 days.
pub(crate) fn now() -> Instant {
    Instant::from_millis(u64::from(load(COUNTER_100HZ)) * 10)
}

/// Values that differ from run to run and nothing more. A product has a generator in hardware.
pub(crate) struct Noise;

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
