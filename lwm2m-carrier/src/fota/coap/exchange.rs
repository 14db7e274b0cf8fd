//! A request that is under way, and when it is sent again (RFC 7252, section 4.2).

use lwm2m_core::{
    client::Transmission,
    random::Random,
    time::{Duration, Instant},
    wire::coap::{Block, Token},
};

/// A confirmable request that has been sent and is neither answered nor given up. It is not kept, but written again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Exchange {
    pub(super) message_id: u16,
    pub(super) token: Token,
    /// The block that it asks for.
    pub(super) block: Block,
    /// It asks for the size, too.
    pub(super) asks_size: bool,
    retransmissions: u8,
    /// The current timeout in milliseconds.
    timeout: u32,
    /// When to send again or to give up.
    pub(super) due: Instant,
    /// An empty acknowledgement has come: nothing is sent again, the response is awaited.
    acknowledged: bool,
}

/// Bytes of a token: as much chance as RFC 7252, section 5.3.1 asks for where there is no DTLS.
const TOKEN: usize = 4;

impl Exchange {
    /// One that is sent now for the first time.
    pub(super) fn new(
        message_id: u16,
        block: Block,
        asks_size: bool,
        now: Instant,
        transmission: &Transmission,
        random: &mut dyn Random,
    ) -> Self {
        let mut token = [0; TOKEN];
        random.public(&mut token);
        let timeout = transmission.first_timeout(random);
        Self {
            message_id,
            token: Token::new(&token).unwrap_or_default(),
            block,
            asks_size,
            retransmissions: 0,
            timeout,
            due: now + Duration::from_millis(timeout.into()),
            acknowledged: false,
        }
    }

    /// An empty acknowledgement has come: the response may take until the message id is free again.
    pub(super) fn acknowledge(&mut self, now: Instant, transmission: &Transmission) {
        if !self.acknowledged {
            self.acknowledged = true;
            self.due = now + transmission.exchange_lifetime();
        }
    }

    /// It is due: whether it is sent again; if not, it is given up.
    pub(super) fn is_sent_again(&mut self, now: Instant, transmission: &Transmission) -> bool {
        if self.acknowledged || self.retransmissions >= transmission.max_retransmit {
            return false;
        }
        self.retransmissions += 1;
        self.timeout = self.timeout.saturating_mul(2);
        self.due = now + Duration::from_millis(self.timeout.into());
        true
    }
}
