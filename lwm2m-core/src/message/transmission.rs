//! Transmission parameters (RFC 7252, section 4.8) and the times derived from them.

use crate::random::{Random, share};
use crate::time::Duration;

/// The parameters of CoAP's reliable transmission. What depends on them is derived, never configured apart.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Transmission {
    /// ACK_TIMEOUT in milliseconds: 2,000 by default; 10,000 and more suit NB-IoT.
    pub ack_timeout: u32,
    /// ACK_RANDOM_FACTOR in per cent: 150 by default, at least 100.
    pub ack_random_factor: u16,
    /// MAX_RETRANSMIT: 4 by default, at most 8.
    pub max_retransmit: u8,
}

/// MAX_LATENCY: how long a datagram may live in the network.
const MAX_LATENCY: Duration = Duration::from_secs(100);

impl Transmission {
    /// The defaults of RFC 7252.
    pub const DEFAULT: Self = Self {
        ack_timeout: 2_000,
        ack_random_factor: 150,
        max_retransmit: 4,
    };

    /// The same with another ACK_TIMEOUT, in milliseconds.
    #[must_use]
    pub const fn with_ack_timeout(mut self, millis: u32) -> Self {
        self.ack_timeout = millis;
        self
    }

    /// The same with another MAX_RETRANSMIT, at most 8.
    #[must_use]
    pub const fn with_max_retransmit(mut self, count: u8) -> Self {
        self.max_retransmit = if count > 8 { 8 } else { count };
        self
    }

    /// ACK_TIMEOUT times `percent`, without a division of 64 bits: below 2^42.
    #[inline(never)]
    const fn timeout_times(&self, percent: u16) -> u64 {
        let (whole, rest) = (self.ack_timeout / 100, self.ack_timeout % 100);
        whole as u64 * percent as u64 + (rest * percent as u32 / 100) as u64
    }

    /// ACK_TIMEOUT times ACK_RANDOM_FACTOR times one less than 2^`doublings` (at most 9).
    const fn longest_timeouts(&self, doublings: u8) -> Duration {
        let longest = self.timeout_times(self.ack_random_factor);
        Duration::from_millis((longest << doublings) - longest)
    }

    /// How often the timeout may double; the field is open to everybody.
    const fn doublings(&self) -> u8 {
        if self.max_retransmit > 8 {
            8
        } else {
            self.max_retransmit
        }
    }

    /// The first timeout of an exchange in milliseconds: ACK_TIMEOUT times a random factor from 1 to ACK_RANDOM_FACTOR.
    pub fn first_timeout(&self, random: &mut dyn Random) -> u32 {
        let spread = self.timeout_times(self.ack_random_factor.saturating_sub(100));
        let jitter = share(spread, random);
        self.ack_timeout
            .saturating_add(u32::try_from(jitter).unwrap_or(u32::MAX))
    }

    /// MAX_TRANSMIT_SPAN: from the first sending to the last retransmission, 45 s by default.
    #[must_use]
    #[inline(never)]
    pub const fn max_transmit_span(&self) -> Duration {
        self.longest_timeouts(self.doublings())
    }

    /// MAX_TRANSMIT_WAIT: from the first sending until giving up, 93 s by default.
    #[must_use]
    pub const fn max_transmit_wait(&self) -> Duration {
        self.longest_timeouts(self.doublings() + 1)
    }

    /// EXCHANGE_LIFETIME: how long a message id of a confirmable message stays taken, 247 s by default.
    #[must_use]
    #[inline(never)]
    pub const fn exchange_lifetime(&self) -> Duration {
        // MAX_TRANSMIT_SPAN + 2 * MAX_LATENCY + PROCESSING_DELAY, which is ACK_TIMEOUT.
        Duration::from_millis(
            self.max_transmit_span().as_millis()
                + 2 * MAX_LATENCY.as_millis()
                + self.ack_timeout as u64,
        )
    }

    /// NON_LIFETIME: how long a message id of a non-confirmable message stays taken, 145 s by default.
    #[must_use]
    pub const fn non_lifetime(&self) -> Duration {
        Duration::from_millis(self.max_transmit_span().as_millis() + MAX_LATENCY.as_millis())
    }
}

impl Default for Transmission {
    fn default() -> Self {
        Self::DEFAULT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7252, section 4.8.2, table 3.
    #[test]
    fn derived_times_are_those_of_the_rfc() {
        let defaults = Transmission::default();
        assert_eq!(defaults.max_transmit_span(), Duration::from_secs(45));
        assert_eq!(defaults.max_transmit_wait(), Duration::from_secs(93));
        assert_eq!(defaults.exchange_lifetime(), Duration::from_secs(247));
        assert_eq!(defaults.non_lifetime(), Duration::from_secs(145));
    }

    #[test]
    fn the_first_timeout_spreads_from_two_to_three_seconds() {
        struct Fixed(u8);
        impl Random for Fixed {
            fn public(&mut self, bytes: &mut [u8]) {
                bytes.fill(self.0);
            }
            fn private(&mut self, bytes: &mut [u8]) {
                bytes.fill(self.0);
            }
        }
        assert_eq!(Transmission::DEFAULT.first_timeout(&mut Fixed(0)), 2_000);
        assert_eq!(Transmission::DEFAULT.first_timeout(&mut Fixed(0xff)), 3_000);
    }
}
