//! One confirmable message on its way to a server.
//!
//! The message itself is not kept: it is encoded again from the state behind it, with the same message id and token.

use super::transmission::Transmission;
use crate::random::Random;
use crate::time::{Duration, Instant};
use crate::wire::coap::Token;

/// What a confirmable message carries.
// Numbered from 1, so that no exchange is all zeros, as is all unused memory of a client.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub(crate) enum Purpose {
    Register = 1,
    Update,
    Deregister,
    #[cfg(feature = "bootstrap")]
    BootstrapRequest,
    /// A notification of the observation in this slot.
    #[cfg(feature = "observe")]
    Notification(u8),
    /// The separate response in this slot.
    #[cfg(feature = "separate")]
    Response(u8),
}

impl Purpose {
    /// Whether a response is expected, not only an acknowledgement.
    pub(crate) const fn is_request(self) -> bool {
        match self {
            #[cfg(feature = "separate")]
            Self::Response(_) => false,
            #[cfg(feature = "observe")]
            Self::Notification(_) => false,
            _ => true,
        }
    }
}

/// A confirmable message that has been sent and is neither answered nor given up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exchange {
    pub(crate) purpose: Purpose,
    pub(crate) message_id: u16,
    pub(crate) token: Token,
    /// Message ids of earlier attempts of a notification.
    #[cfg(feature = "observe")]
    earlier: [u16; 8],
    /// Retransmissions so far. [`ACKNOWLEDGED`]: nothing is sent again, the response is awaited.
    retransmissions: u8,
    /// The current timeout in milliseconds.
    timeout: u32,
    /// When to send again or to give up.
    pub(crate) due: Instant,
}

/// As if all retransmissions were used up.
const ACKNOWLEDGED: u8 = u8::MAX;

/// What a due exchange is to do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Due {
    SendAgain,
    GiveUp,
}

impl Exchange {
    pub(crate) fn new(
        purpose: Purpose,
        message_id: u16,
        token: Token,
        now: Instant,
        transmission: &Transmission,
        random: &mut dyn Random,
    ) -> Self {
        let timeout = transmission.first_timeout(random);
        Self {
            purpose,
            message_id,
            token,
            #[cfg(feature = "observe")]
            earlier: [message_id; 8],
            retransmissions: 0,
            timeout,
            due: now + Duration::from_millis(u64::from(timeout)),
        }
    }

    /// Whether an acknowledgement or reset with this id is meant for the message.
    pub(crate) fn matches(&self, message_id: u16) -> bool {
        #[cfg(feature = "observe")]
        if self.earlier.contains(&message_id) {
            return true;
        }
        self.message_id == message_id
    }

    /// Goes on under another id: what is sent again is not the same message.
    #[cfg(feature = "observe")]
    pub(crate) fn renew(&mut self, message_id: u16) {
        if let Some(slot) = self
            .earlier
            .get_mut(usize::from(self.retransmissions.saturating_sub(1)))
        {
            *slot = self.message_id;
        }
        self.message_id = message_id;
    }

    /// An empty acknowledgement has come: the response may take until the message id is free again.
    pub(crate) fn acknowledge(&mut self, now: Instant, transmission: &Transmission) {
        if self.retransmissions != ACKNOWLEDGED {
            self.retransmissions = ACKNOWLEDGED;
            self.due = now + transmission.exchange_lifetime();
        }
    }

    /// The timeout has passed: doubles it and tells whether to send again (RFC 7252, section 4.2).
    ///
    /// A late call does not shift the retransmissions that follow unless a whole period was missed.
    pub(crate) fn timed_out(&mut self, now: Instant, transmission: &Transmission) -> Due {
        if self.retransmissions >= transmission.max_retransmit {
            return Due::GiveUp;
        }
        self.retransmissions += 1;
        self.timeout = self.timeout.saturating_mul(2);
        let wait = Duration::from_millis(u64::from(self.timeout));
        let next = self.due + wait;
        self.due = if next > now { next } else { now + wait };
        Due::SendAgain
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(u8);
    impl Random for Fixed {
        fn public(&mut self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
        fn private(&mut self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    /// RFC 7252, section 4.2: retransmissions 2-3, 6-9, 14-21, 30-45 s after the first sending, given up at 62-93 s.
    #[test]
    fn retransmissions_back_off_and_end() {
        for (fill, expected) in [(0, [2, 6, 14, 30, 62]), (0xff, [3, 9, 21, 45, 93])] {
            let parameters = Transmission::default();
            let token = Token::default();
            let mut exchange = Exchange::new(
                Purpose::Register,
                1,
                token,
                Instant::ZERO,
                &parameters,
                &mut Fixed(fill),
            );
            for (n, secs) in expected.iter().enumerate() {
                let due = exchange.due;
                assert_eq!(due, Instant::from_millis(secs * 1000));
                let what = exchange.timed_out(due, &parameters);
                assert_eq!(what, if n < 4 { Due::SendAgain } else { Due::GiveUp });
            }
        }
    }

    #[test]
    fn an_acknowledged_exchange_is_not_sent_again() {
        let parameters = Transmission::default();
        let token = Token::default();
        let mut exchange = Exchange::new(
            Purpose::Register,
            1,
            token,
            Instant::ZERO,
            &parameters,
            &mut Fixed(0),
        );
        exchange.acknowledge(Instant::from_millis(500), &parameters);
        assert_eq!(exchange.due, Instant::from_millis(247_500));
        assert_eq!(exchange.timed_out(exchange.due, &parameters), Due::GiveUp);
    }
}
