//! One direction of a stream: bytes in segments, on their way and arrived.

use heapless::Deque;
use lwm2m_core::time::Instant;

/// Segments that are under way in one direction.
const MAX_SEGMENTS: usize = 16;

/// Bytes of the longest segment.
pub const SEGMENT: usize = 1024;

#[derive(Debug, Clone, Copy)]
struct Segment {
    len: usize,
    due: Instant,
}

/// At most `N` bytes, the earliest first: those that have arrived, then those under way.
#[derive(Debug)]
pub(super) struct Flow<const N: usize> {
    bytes: Deque<u8, N>,
    segments: Deque<Segment, MAX_SEGMENTS>,
    arrived: usize,
}

impl<const N: usize> Flow<N> {
    pub(super) const fn new() -> Self {
        Self {
            bytes: Deque::new(),
            segments: Deque::new(),
            arrived: 0,
        }
    }

    /// Bytes that the next segment may have, when so many are `reserved`.
    pub(super) fn room(&self, reserved: usize) -> usize {
        if self.segments.is_full() {
            return 0;
        }
        let free = N - self.bytes.len();
        SEGMENT.min(free.saturating_sub(reserved))
    }

    /// Sends a segment of at most [`room`](Self::room) bytes, behind those before it.
    pub(super) fn send(&mut self, bytes: &[u8], due: Instant) {
        for byte in bytes {
            let _ = self.bytes.push_back(*byte);
        }
        let due = self.last_due().map_or(due, |last| last.max(due));
        let len = bytes.len();
        let _ = self.segments.push_back(Segment { len, due });
    }

    /// When the next segment arrives.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.segments.front().map(|segment| segment.due)
    }

    /// When the last one does.
    pub(super) fn last_due(&self) -> Option<Instant> {
        self.segments.back().map(|segment| segment.due)
    }

    /// Bytes of the next segment.
    pub(super) fn next_len(&self) -> usize {
        self.segments.front().map_or(0, |segment| segment.len)
    }

    /// The next segment comes later, and with it those behind it.
    pub(super) fn delay(&mut self, due: Instant) {
        for segment in &mut self.segments {
            segment.due = segment.due.max(due);
        }
    }

    /// The next segment arrives.
    pub(super) fn arrive(&mut self) {
        if let Some(segment) = self.segments.pop_front() {
            self.arrived += segment.len;
        }
    }

    /// What is under way is lost for good.
    pub(super) fn cut(&mut self) {
        self.segments.clear();
        while self.bytes.len() > self.arrived {
            self.bytes.pop_back();
        }
    }

    /// Everything is lost.
    pub(super) fn clear(&mut self) {
        self.segments.clear();
        self.bytes.clear();
        self.arrived = 0;
    }

    /// Bytes that have arrived and were not taken.
    pub(super) const fn arrived(&self) -> usize {
        self.arrived
    }

    /// Takes bytes that have arrived, as many as there are and fit.
    pub(super) fn take(&mut self, buffer: &mut [u8]) -> usize {
        let len = buffer.len().min(self.arrived);
        for to in buffer.iter_mut().take(len) {
            *to = self.bytes.pop_front().unwrap_or_default();
        }
        self.arrived -= len;
        len
    }
}
