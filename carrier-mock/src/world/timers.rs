//! The points in time that somebody waits for.

use heapless::Vec;
use lwm2m_core::time::Instant;

/// Waits that can be under way at a time; of further ones the world knows only while they are polled.
const MAX_TIMERS: usize = 16;

/// The deadlines of all waits that are under way, so that none of them oversleeps when another one advances the clock.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    waiting: Vec<(u32, Instant), MAX_TIMERS>,
    next_number: u32,
}

impl Timers {
    /// Adds a deadline; its number is handed to [`remove`](Self::remove).
    pub(crate) fn add(&mut self, until: Instant) -> u32 {
        let number = self.next_number;
        self.next_number = number.wrapping_add(1);
        let _ = self.waiting.push((number, until));
        number
    }

    pub(crate) fn remove(&mut self, number: u32) {
        self.waiting.retain(|(other, _)| *other != number);
    }

    /// Forgets all deadlines; numbers go on, so that a wait that is dropped later removes no new one.
    pub(crate) fn clear(&mut self) {
        self.waiting.clear();
    }

    /// The earliest deadline.
    pub(crate) fn earliest(&self) -> Option<Instant> {
        self.waiting.iter().map(|(_, until)| *until).min()
    }
}
