//! Separate responses (RFC 7252, section 5.2.2): operations that take longer than an acknowledgement may.

use super::connection::{Session, session_of};
use super::input::Handled;
use super::output::SessionId;
use super::reply::{Head, code_of};
use super::request::Block;
use super::{Client, Context};
use crate::fmt::debug;
use crate::message::deduplication::Remembered;
use crate::message::exchange::Purpose;
use crate::model::{Error, Ticket};
use crate::wire::coap::{Code, Kind, Message, Token, write_empty};
use crate::wire::writer::Writer;

/// Operations of all servers that may be under way at the same time; one more is answered 5.03.
pub(crate) const SLOTS: usize = 2;

/// An operation whose answer comes later.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Separate {
    used: bool,
    session: SessionId,
    token: Token,
    confirmable: bool,
    ticket: Ticket,
    /// The code of a success, and the block that it acknowledges.
    success: Code,
    block1: Option<Block>,
    /// The answer, once it is known.
    answer: Option<Code>,
}

impl Separate {
    pub(crate) const FREE: Self = Self {
        used: false,
        session: SessionId::new(0),
        token: Token::EMPTY,
        confirmable: false,
        ticket: Ticket(0),
        success: Code::EMPTY,
        block1: None,
        answer: None,
    };
}

impl Client<'_> {
    /// Puts off the answer to `request`: an empty acknowledgement tells a confirmable one that it has come.
    pub(super) fn answer_later(
        &mut self,
        index: usize,
        ticket: Ticket,
        success: Code,
        block1: Option<Block>,
        request: &Message<'_>,
        buffer: &mut [u8],
    ) -> Handled {
        if !self.open_separate(session_of(index), request, ticket, success, block1) {
            return self.answer_code(request, Code::SERVICE_UNAVAILABLE, buffer);
        }
        let mut len = 0;
        if request.kind() == Kind::Con {
            let mut writer = Writer::new(buffer);
            write_empty(&mut writer, Kind::Ack, request.message_id());
            len = writer.finish().stored;
        }
        Handled {
            len,
            remembered: Remembered::Acknowledged,
            answered: None,
        }
    }

    /// Remembers that `ticket` answers `request`; instead of an earlier one of that server, which it
    /// repeats. False when there is no room.
    fn open_separate(
        &mut self,
        session: SessionId,
        request: &Message<'_>,
        ticket: Ticket,
        success: Code,
        block1: Option<Block>,
    ) -> bool {
        let is_open = |slot: &Separate| {
            slot.used && slot.session == session && slot.ticket == ticket && slot.answer.is_none()
        };
        let at = self
            .separate
            .iter()
            .position(is_open)
            .or_else(|| self.separate.iter().position(|slot| !slot.used));
        let Some(slot) = at.and_then(|at| self.separate.get_mut(at)) else {
            return false;
        };
        *slot = Separate {
            used: true,
            session,
            token: request.token(),
            confirmable: request.kind() == Kind::Con,
            ticket,
            success,
            block1,
            answer: None,
        };
        true
    }

    /// Whether an answer waits to be sent.
    pub(super) fn has_separate(&self) -> bool {
        self.separate.iter().any(|slot| slot.answer.is_some())
    }

    /// Whether one more operation could not be answered later.
    pub(super) fn is_occupied(&self) -> bool {
        self.separate.iter().all(|slot| slot.used)
    }

    pub(super) fn answer_separate(&mut self, ticket: Ticket, result: Result<(), Error>) {
        let open =
            |slot: &&mut Separate| slot.used && slot.ticket == ticket && slot.answer.is_none();
        if let Some(slot) = self.separate.iter_mut().find(open) {
            slot.answer = Some(match result {
                Ok(()) => slot.success,
                Err(error) => {
                    let session = slot.session.number();
                    debug!("session {}: refused later: {}", session, error);
                    code_of(error)
                }
            });
        }
    }

    #[inline(never)]
    pub(super) fn forget_separate(&mut self, session: SessionId) {
        for slot in self
            .separate
            .iter_mut()
            .filter(|slot| slot.session == session)
        {
            *slot = Separate::FREE;
        }
    }

    #[inline(never)]
    pub(super) fn close_separate(&mut self, slot: u8) {
        if let Some(slot) = self.separate.get_mut(usize::from(slot)) {
            *slot = Separate::FREE;
        }
    }

    /// Sends an answer that is known to the server of connection `index`, when nothing is on its way there.
    pub(super) fn send_separate(
        &mut self,
        index: usize,
        buffer: &mut [u8],
        cx: &mut Context<'_>,
    ) -> Option<usize> {
        let connection = self.connections.get(index)?;
        if connection.session != Session::Open || connection.exchange.is_some() {
            return None;
        }
        let session = session_of(index);
        let ready = |slot: &Separate| slot.used && slot.session == session && slot.answer.is_some();
        let at = self.separate.iter().position(ready)?;
        let slot = *self.separate.get(at)?;
        if slot.confirmable {
            let purpose = Purpose::Response(u8::try_from(at).ok()?);
            return Some(self.begin_exchange(index, purpose, slot.token, buffer, cx));
        }
        self.close_separate(u8::try_from(at).ok()?);
        let id = self.next_message_id();
        Some(slot.head(Kind::Non, id)?.alone(buffer))
    }

    /// Encodes the answer in `slot`.
    pub(super) fn encode_separate(&self, slot: u8, message_id: u16, buffer: &mut [u8]) -> usize {
        let slot = self.separate.get(usize::from(slot));
        slot.and_then(|slot| slot.head(Kind::Con, message_id))
            .map_or(0, |head| head.alone(buffer))
    }
}

impl Separate {
    /// Whether it asks for the next block.
    #[cfg(feature = "block")]
    pub(super) fn is_continue(&self) -> bool {
        self.answer == Some(Code::CONTINUE)
    }

    fn head(&self, kind: Kind, message_id: u16) -> Option<Head> {
        let mut head = Head::new(kind, self.answer?, message_id, self.token);
        head.block1 = self.block1;
        Some(head)
    }
}
