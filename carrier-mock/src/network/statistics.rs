//! What the network has done.

/// Counters of one direction. Each sending of a segment of a stream counts as a datagram, with 40 bytes of headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Traffic {
    /// Datagrams handed to the network.
    pub sent: u32,
    /// Payload bytes handed to the network.
    pub bytes_sent: u64,
    /// Datagrams handed out, extra copies included.
    pub delivered: u32,
    /// Payload bytes handed out.
    pub bytes_delivered: u64,
    /// Datagrams lost by chance.
    pub lost: u32,
    /// Datagrams lost in an outage; a copy counts for itself.
    pub lost_in_outage: u32,
    /// Extra copies made.
    pub duplicated: u32,
    /// Copies held back so that later ones may overtake.
    pub held_back: u32,
    /// Copies dropped because every slot was taken.
    pub overflowed: u32,
    /// Datagrams dropped because they are longer than the network carries.
    pub oversized: u32,
    /// Datagrams dropped because the NAT has forgotten where they belong.
    pub unbound: u32,
}

/// What became of a datagram that was handed to the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fate {
    /// It is on its way.
    Queued,
    /// It is on its way, twice.
    Duplicated,
    /// It was lost by chance.
    Lost,
    /// It was lost in an outage.
    Outage,
    /// It was dropped: every slot is taken.
    Overflowed,
    /// It was dropped: it is longer than the network carries.
    Oversized,
}
