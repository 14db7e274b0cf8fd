//! What goes over the network, counted.

use super::Client;
use crate::statistics::bytes;
use crate::time::Instant;

impl Client<'_> {
    /// Counts a datagram of so many bytes, or a part of a stream, that is sent now over a session which is not the
    /// client's own; see [`session_count`](Self::session_count). It finds the radio awake or wakes it, as one of the client
    /// does.
    pub fn count_sent(&mut self, now: Instant, len: usize) {
        let statistics = &mut self.statistics;
        let first = statistics.sent == 0;
        if first {
            statistics.since = now;
        }
        if first || now.since(self.active_at) > self.config.radio_idle {
            statistics.wake_ups = statistics.wake_ups.wrapping_add(1);
            // What is due soon may go along from now on.
            self.stirred = true;
        }
        self.active_at = now;
        statistics.sent = statistics.sent.wrapping_add(1);
        statistics.bytes_sent = statistics.bytes_sent.wrapping_add(bytes(len));
    }

    /// Counts what has come over such a session.
    pub fn count_received(&mut self, len: usize) {
        let statistics = &mut self.statistics;
        statistics.received = statistics.received.wrapping_add(1);
        statistics.bytes_received = statistics.bytes_received.wrapping_add(bytes(len));
    }
}
