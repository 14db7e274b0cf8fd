//! Bytes of a stream on the network: what is lost is sent again, so loss becomes delay.

use core::net::SocketAddr;

use lwm2m_core::time::{Duration, Instant};

use super::{Network, covers};

/// How long a sender waits before it sends a segment again the first time: RFC 6298, section 2.1. Doubled each time.
const FIRST_RETRY: Duration = Duration::from_secs(1);
/// The longest wait between two retransmissions (RFC 6298, section 2.5, allows a bound of 60 s or more).
const LONGEST_RETRY: Duration = Duration::from_secs(60);

/// Bytes of the headers that a segment has in front: TCP and IPv4 without options.
pub(crate) const HEADERS: usize = 40;

impl<const SLOTS: usize, const MTU: usize> Network<SLOTS, MTU> {
    /// Carries one segment between the device and `server`, and sends it again while it is lost. Answers when it arrives;
    /// `None` when it has not by the time `give_up`.
    ///
    /// Outages that are added later are not seen: ask [`is_cut`](Self::is_cut) when the time has come.
    pub(crate) fn carry(
        &mut self,
        now: Instant,
        uplink: bool,
        server: SocketAddr,
        len: usize,
        give_up: Instant,
    ) -> Option<Instant> {
        let len = len.saturating_add(HEADERS);
        let mut sent_at = now;
        let mut retry = FIRST_RETRY;
        while sent_at <= give_up {
            let direction = if uplink {
                &mut self.uplink
            } else {
                &mut self.downlink
            };
            let draw = direction.path.draw(&mut self.random);
            // A later sending is far ahead: what is sent before it must not wait for it.
            let left_at = if sent_at == now {
                direction.leave(now, len)
            } else {
                sent_at + direction.path.time_for(len)
            };
            let traffic = &mut direction.traffic;
            traffic.sent = traffic.sent.saturating_add(1);
            traffic.bytes_sent = traffic.bytes_sent.saturating_add(len as u64);
            // A duplicate is not noticed, and a segment that is held back delays the rest: a stream keeps its order.
            let [copy, _] = draw.copies;
            let due = left_at + copy.delay + copy.held_back.unwrap_or(Duration::ZERO);
            let cut = covers(&self.outages, sent_at, server) || covers(&self.outages, due, server);
            if !draw.lost && !cut {
                traffic.delivered = traffic.delivered.saturating_add(1);
                traffic.bytes_delivered = traffic.bytes_delivered.saturating_add(len as u64);
                return (due <= give_up).then_some(due);
            }
            let counter = if cut {
                &mut traffic.lost_in_outage
            } else {
                &mut traffic.lost
            };
            *counter = counter.saturating_add(1);
            sent_at = sent_at + retry;
            retry = retry.saturating_mul(2).min(LONGEST_RETRY);
        }
        None
    }

    /// Whether an outage covers the way to `server` now.
    pub(crate) fn is_cut(&self, at: Instant, server: SocketAddr) -> bool {
        covers(&self.outages, at, server)
    }

    /// The shortest time from the device to a server: how long the news of room in a window takes.
    pub(crate) const fn uplink_delay(&self) -> Duration {
        self.uplink.path.shortest_delay()
    }
}
