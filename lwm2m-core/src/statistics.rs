//! Counters of what the network did, and of what it cost.

use crate::time::Instant;

/// What came, went and was dropped since the client was made. Counters wrap.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Statistics {
    /// Datagrams received. Those of sessions that are not the client's count where their owner says so, with parts of
    /// streams among them: [`Client::count_sent`](crate::Client::count_sent).
    pub received: u32,
    /// Datagrams handed out for sending.
    pub sent: u32,
    /// Bytes of the datagrams received: CoAP, without what security and IP add. Wraps after 4 GiB.
    pub bytes_received: u32,
    /// Bytes of the datagrams handed out, counted in the same way.
    pub bytes_sent: u32,
    /// Datagrams handed out, for whatever session, when none had been for longer than
    /// [`Config::radio_idle`](crate::client::Config::radio_idle): each has cost the modem a way out of PSM or eDRX
    /// sleep and back.
    pub wake_ups: u32,
    /// When the first datagram was handed out, see [`per_day`](Self::per_day).
    pub since: Instant,
    /// Confirmable messages sent again.
    pub retransmissions: u32,
    /// Requests that had been handled before.
    pub duplicates: u32,
    /// Datagrams that are no CoAP message.
    pub malformed: u32,
    /// Messages that nothing was waiting for, or from a session that is not open.
    pub unexpected: u32,
    /// Messages given up without an answer.
    pub timeouts: u32,
    /// Events that were lost because the application did not take them in time.
    pub events_lost: u32,
}

impl Statistics {
    /// What one of the counters makes in 24 hours, rounded down, at the rate from [`since`](Self::since) until `now`;
    /// the counter itself within the first second. Means nothing once the counter has wrapped.
    #[must_use]
    pub const fn per_day(&self, counter: u32, now: Instant) -> u64 {
        match now.since(self.since).as_secs() {
            0 => counter as u64,
            secs => counter as u64 * 86_400 / secs,
        }
    }
}

/// The length of a datagram as it is counted.
pub(crate) fn bytes(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
