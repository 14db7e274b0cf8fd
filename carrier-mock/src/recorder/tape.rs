//! A recording that grows.

use std::vec::Vec;

use core::cell::RefCell;

use lwm2m_core::time::Instant;

use super::{Entry, Recorded, Recorder};

/// Everything that was recorded, from the start.
#[derive(Debug, Default)]
pub struct Tape {
    entries: RefCell<Vec<Recorded>>,
}

impl Tape {
    /// An empty recording.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            entries: RefCell::new(Vec::new()),
        }
    }

    /// A copy of all entries.
    #[must_use]
    pub fn entries(&self) -> Vec<Recorded> {
        self.entries.borrow().clone()
    }

    /// Takes all entries; recording goes on from nothing.
    pub fn take(&self) -> Vec<Recorded> {
        self.entries.take()
    }
}

impl Recorder for Tape {
    fn record(&self, at: Instant, entry: Entry) {
        self.entries.borrow_mut().push(Recorded { at, entry });
    }
}
