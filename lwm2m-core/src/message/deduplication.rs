//! Requests that were handled already (RFC 7252, section 4.5).
//!
//! Answers are not kept. A slot holds what a repeated answer needs: its code, and the instance that a Create made.
//! Operations without an effect run again instead.

use crate::client::SessionId;
use crate::time::Instant;
use crate::wire::coap::Code;

/// Object and instance of a Create, where the server has not named the instance.
#[cfg(feature = "create")]
pub(crate) type Created = Option<(u16, u16)>;
#[cfg(not(feature = "create"))]
pub(crate) type Created = Option<core::convert::Infallible>;

/// What a repeated request is answered with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Remembered {
    /// The same code without payload, and the created instance as Location.
    Code(Code, Created),
    /// The answer is still to be decided: silence.
    Pending,
    /// The answer comes, or has come, as a message of its own: an empty acknowledgement.
    #[cfg(feature = "separate")]
    Acknowledged,
    /// The operation has no effect: handle the request again.
    Again,
}

/// One request that was handled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    session: SessionId,
    message_id: u16,
    expires: Instant,
    answer: Remembered,
}

impl Slot {
    /// All zeros, so that memory that is not in use takes no flash.
    pub(crate) const FREE: Self = Self {
        session: SessionId::new(0),
        message_id: 0,
        expires: Instant::ZERO,
        answer: Remembered::Code(Code::EMPTY, None),
    };
}

/// What was done about the message with this id from this session.
pub(crate) fn find(
    slots: &[Slot],
    now: Instant,
    session: SessionId,
    message_id: u16,
) -> Option<Remembered> {
    let slot = slots
        .iter()
        .find(|slot| slot.matches(now, session, message_id))?;
    Some(slot.answer)
}

/// Remembers a message; the slot that expires first makes room.
pub(crate) fn remember(
    slots: &mut [Slot],
    now: Instant,
    session: SessionId,
    message_id: u16,
    expires: Instant,
    answer: Remembered,
) {
    let at = slots
        .iter()
        .position(|slot| slot.matches(now, session, message_id));
    let slot = match at {
        Some(at) => slots.get_mut(at),
        None => slots.iter_mut().min_by_key(|slot| slot.expires),
    };
    if let Some(slot) = slot {
        *slot = Slot {
            session,
            message_id,
            expires,
            answer,
        };
    }
}

/// Forgets everything about a session: its peer may start anew with any message id.
pub(crate) fn forget_session(slots: &mut [Slot], session: SessionId) {
    for slot in slots.iter_mut().filter(|slot| slot.session == session) {
        *slot = Slot::FREE;
    }
}

impl Slot {
    fn matches(&self, now: Instant, session: SessionId, message_id: u16) -> bool {
        self.message_id == message_id && self.session == session && self.expires > now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: SessionId = SessionId::new(0);
    const B: SessionId = SessionId::new(1);

    #[test]
    fn a_message_is_known_until_it_expires_and_only_from_its_peer() {
        let mut slots = [Slot::FREE; 2];
        let end = Instant::from_millis(100);
        remember(&mut slots, Instant::ZERO, A, 7, end, Remembered::Again);
        assert_eq!(
            find(&slots, Instant::from_millis(99), A, 7),
            Some(Remembered::Again)
        );
        assert_eq!(find(&slots, end, A, 7), None);
        assert_eq!(find(&slots, Instant::ZERO, B, 7), None);
        forget_session(&mut slots, A);
        assert_eq!(find(&slots, Instant::ZERO, A, 7), None);
    }

    #[test]
    fn the_oldest_makes_room() {
        let mut slots = [Slot::FREE; 2];
        for id in 1..=3 {
            let end = Instant::from_millis(100 + u64::from(id));
            remember(&mut slots, Instant::ZERO, A, id, end, Remembered::Pending);
        }
        assert_eq!(find(&slots, Instant::ZERO, A, 1), None);
        assert!(find(&slots, Instant::ZERO, A, 2).is_some());
        assert!(find(&slots, Instant::ZERO, A, 3).is_some());
    }
}
