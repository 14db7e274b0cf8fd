//! Counters of what the network did.

/// What came, went and was dropped since the client was made. Counters wrap.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Statistics {
    /// Datagrams received.
    pub received: u32,
    /// Datagrams handed out for sending.
    pub sent: u32,
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
