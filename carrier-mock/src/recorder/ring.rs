//! A recording without heap.

use core::cell::{Cell, RefCell};

use heapless::Deque;
use lwm2m_core::time::Instant;

use super::{Entry, Recorded, Recorder};

/// The latest `N` entries; the oldest make room.
#[derive(Debug, Default)]
pub struct Ring<const N: usize> {
    entries: RefCell<Deque<Recorded, N>>,
    dropped: Cell<u32>,
}

impl<const N: usize> Ring<N> {
    /// An empty recording.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            entries: RefCell::new(Deque::new()),
            dropped: Cell::new(0),
        }
    }

    /// Takes the oldest entry.
    pub fn take(&self) -> Option<Recorded> {
        self.entries.borrow_mut().pop_front()
    }

    /// The entries, the oldest first.
    pub fn entries(&mut self) -> &[Recorded] {
        self.entries.get_mut().make_contiguous()
    }

    /// Entries that had to make room.
    #[must_use]
    pub fn dropped(&self) -> u32 {
        self.dropped.get()
    }
}

impl<const N: usize> Recorder for Ring<N> {
    fn record(&self, at: Instant, entry: Entry) {
        let mut entries = self.entries.borrow_mut();
        if entries.is_full() {
            entries.pop_front();
            self.dropped.set(self.dropped.get().saturating_add(1));
        }
        let _ = entries.push_back(Recorded { at, entry });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_entries_make_room() {
        let mut ring = Ring::<2>::new();
        for (millis, entry) in [(1, Entry::Boot), (2, Entry::Reset), (3, Entry::PowerLost)] {
            ring.record(Instant::from_millis(millis), entry);
        }
        assert_eq!(ring.dropped(), 1);
        let at = ring
            .entries()
            .iter()
            .map(|recorded| recorded.at.as_millis());
        assert!(at.eq([2, 3]));
        let kept = [ring.take(), ring.take(), ring.take()].map(|r| r.map(|r| r.entry));
        assert_eq!(kept, [Some(Entry::Reset), Some(Entry::PowerLost), None]);
    }
}
