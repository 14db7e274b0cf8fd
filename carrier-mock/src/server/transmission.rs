//! Retransmission of one confirmable message, as RFC 7252 section 4.2 asks.

use lwm2m_core::time::{Duration, Instant};

use crate::random::Pcg32;

/// `ACK_TIMEOUT` (RFC 7252, section 4.8).
pub const ACK_TIMEOUT: Duration = Duration::from_secs(2);

/// `MAX_RETRANSMIT` (RFC 7252, section 4.8).
pub const MAX_RETRANSMIT: u8 = 4;

/// `EXCHANGE_LIFETIME` (RFC 7252, section 4.8.2): how long a message id stays in use, and how long a
/// separate response is waited for.
pub const EXCHANGE_LIFETIME: Duration = Duration::from_secs(247);

/// `MAX_TRANSMIT_WAIT` (RFC 7252, section 4.8.2), as LwM2M takes it for queue mode.
pub const MAX_TRANSMIT_WAIT: Duration = Duration::from_secs(93);

/// A confirmable message that waits for its acknowledgement.
#[derive(Debug, Clone)]
pub(super) struct Transmission {
    /// When it is sent next, or given up.
    deadline: Instant,
    timeout: Duration,
    /// Times sent.
    sent: u8,
}

/// What is due now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// Nothing before this instant.
    Later(Instant),
    /// The message is to be sent (again).
    Send,
    /// No acknowledgement came after the last retransmission.
    GiveUp,
}

impl Transmission {
    /// A message to be sent first at `at`.
    ///
    /// The first timeout is drawn between `ACK_TIMEOUT` and `ACK_TIMEOUT * ACK_RANDOM_FACTOR` (1.5).
    pub(super) fn new(at: Instant, random: &mut Pcg32) -> Self {
        let low = ACK_TIMEOUT.as_millis();
        Self {
            deadline: at,
            timeout: Duration::from_millis(random.between(low, low * 3 / 2)),
            sent: 0,
        }
    }

    /// What is due at `now`. After [`Due::Send`] the message counts as sent.
    pub(super) fn poll(&mut self, now: Instant) -> Due {
        if now < self.deadline {
            return Due::Later(self.deadline);
        }
        if self.sent > MAX_RETRANSMIT {
            return Due::GiveUp;
        }
        self.deadline = now + self.timeout;
        self.timeout = self.timeout.saturating_mul(2);
        self.sent += 1;
        Due::Send
    }

    /// When [`poll`](Self::poll) has something to do.
    pub(super) const fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Whether the message has been sent more than once.
    pub(super) const fn is_repeated(&self) -> bool {
        self.sent > 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_sendings_at_doubling_intervals_then_give_up() {
        for seed in 0..50 {
            let mut transmission = Transmission::new(Instant::ZERO, &mut Pcg32::new(seed));
            let mut now = Instant::ZERO;
            let mut sent = Vec::new();
            loop {
                match transmission.poll(now) {
                    Due::Send => sent.push(now.as_millis()),
                    Due::Later(at) => now = at,
                    Due::GiveUp => break,
                }
            }
            // RFC 7252: retransmissions at 2-3, 6-9, 14-21 and 30-45 s, and the end at 62-93 s.
            let bounds = [
                (0, 0),
                (2000, 3000),
                (6000, 9000),
                (14000, 21000),
                (30000, 45000),
            ];
            assert_eq!(sent.len(), bounds.len());
            for (at, (low, high)) in sent.iter().zip(bounds) {
                assert!((low..=high).contains(at), "{sent:?}");
            }
            assert!((62_000..=93_000).contains(&now.as_millis()));
        }
    }
}
