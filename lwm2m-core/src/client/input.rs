//! Datagrams from servers: the message layer (RFC 7252, section 4).

use core::num::NonZeroU32;

use super::connection::session_of;
use super::output::{Expect, Failure, SessionId};
use super::reply::Head;
use super::request::Request;
use super::{Client, Context, Outgoing};
use crate::fmt::{debug, warning};
use crate::message::deduplication::{self, Remembered};
use crate::message::exchange::Purpose;
use crate::model::{Objects, Path};
use crate::random::Random;
use crate::time::Instant;
use crate::wire::coap::{Code, Kind, Message, ParseError, write_empty};
use crate::wire::shift::shift;
use crate::wire::writer::Writer;

/// Bytes that an answer without payload needs at most: header, token, Location, Block1 and Size1.
const SMALLEST_ANSWER: usize = 40;

/// How a request was handled.
pub(super) struct Handled {
    /// Length of the answer at the front of the buffer; 0 for silence.
    pub(super) len: usize,
    pub(super) remembered: Remembered,
    /// Operation with an effect after the answer.
    pub(super) answered: Option<Path>,
}

impl Client<'_> {
    /// Handles the datagram in the first `len` bytes of `buffer`, which has come from the server of `session`.
    ///
    /// Nothing that the network sends leads to an error: it is answered, or dropped and counted in
    /// [`statistics`](Self::statistics).
    // Inlined into a driver, its locals would lie on the stack while the driver waits.
    #[inline(never)]
    pub fn handle_datagram(
        &mut self,
        now: Instant,
        session: SessionId,
        buffer: &mut [u8],
        len: usize,
        objects: &mut dyn Objects,
        random: &mut dyn Random,
    ) {
        self.stirred = true;
        self.count_received(len);
        let index = session.index();
        if !self.is_open(index) || len > buffer.len() {
            debug!("session {}: not open, {} bytes are dropped", index, len);
            self.unexpected();
            return;
        }
        // The request is moved to the end of the buffer, its answer is built at the front.
        let front = buffer.len() - len;
        shift(buffer, 0..len, front);
        let (head, tail) = buffer.split_at_mut(front);
        let mut request = Request::new();
        let message = match request.read(tail) {
            Ok(message) => message,
            Err(error) => {
                self.malformed(session, buffer, error);
                return;
            }
        };
        let cx = &mut Context {
            now,
            objects,
            random,
        };
        let code = message.code();
        if code.is_request() {
            request.message = &message;
            if head.len() < SMALLEST_ANSWER {
                warning!("session {}: {} bytes are too long a request", index, len);
                let id = self.next_message_id();
                let mut answer = Head::answer(&message, Code::REQUEST_ENTITY_TOO_LARGE, id);
                #[cfg(feature = "block")]
                {
                    answer.block1 = super::block1::smaller_block(&request, head.len() + len);
                }
                let largest = u32::try_from(buffer.len().saturating_sub(2 * SMALLEST_ANSWER));
                answer.size1 = largest.ok().and_then(NonZeroU32::new);
                let len = answer.alone(buffer);
                self.reply(session, len, None);
                return;
            }
            self.request(index, &request, head, cx);
        } else if code.is_response() {
            self.response(index, &message, head, cx);
        } else if code.is_empty() {
            self.empty(index, &message, head, cx);
        } else {
            self.reject(session, &message, head);
        }
    }

    fn unexpected(&mut self) {
        self.statistics.unexpected = self.statistics.unexpected.wrapping_add(1);
    }

    /// Not a message: reset when it was confirmable, else ignored (RFC 7252, sections 3 and 4.2).
    fn malformed(&mut self, session: SessionId, buffer: &mut [u8], error: ParseError) {
        debug!("session {}: malformed: {:?}", session.number(), error);
        self.statistics.malformed = self.statistics.malformed.wrapping_add(1);
        if let Some(message_id) = error.reset() {
            self.reply_empty(session, Kind::Rst, message_id, buffer);
        }
    }

    #[inline(never)]
    pub(super) fn reply(&mut self, session: SessionId, len: usize, answered: Option<Path>) {
        if len > 0 {
            self.stirred = true;
            let busy = self
                .connections
                .get(session.index())
                .is_some_and(|connection| connection.bootstrap);
            let expect = if busy { Expect::More } else { Expect::Nothing };
            self.outgoing = Some(Outgoing {
                session,
                len,
                expect,
                answered,
            });
        }
    }

    fn reply_empty(&mut self, session: SessionId, kind: Kind, message_id: u16, buffer: &mut [u8]) {
        let mut writer = Writer::new(buffer);
        write_empty(&mut writer, kind, message_id);
        self.reply(session, writer.finish().stored, None);
    }

    /// A message that cannot be processed: reset when it was confirmable.
    fn reject(&mut self, session: SessionId, message: &Message<'_>, buffer: &mut [u8]) {
        debug!("session {}: rejected: {:?}", session.number(), message);
        self.unexpected();
        if message.kind() == Kind::Con {
            self.reply_empty(session, Kind::Rst, message.message_id(), buffer);
        }
    }

    fn empty(
        &mut self,
        index: usize,
        message: &Message<'_>,
        buffer: &mut [u8],
        cx: &mut Context<'_>,
    ) {
        let session = session_of(index);
        let (kind, id) = (message.kind(), message.message_id());
        if kind == Kind::Con {
            // A ping (RFC 7252, section 4.3).
            self.reply_empty(session, Kind::Rst, id, buffer);
            return;
        }
        let Some(connection) = self.connections.get_mut(index) else {
            return;
        };
        let Some(exchange) = connection.exchange.as_mut().filter(|it| it.matches(id)) else {
            #[cfg(feature = "observe")]
            if kind == Kind::Rst && self.reset_notification(session, id) {
                return;
            }
            debug!("session {}: unexpected: {:?}", index, message);
            self.unexpected();
            return;
        };
        let purpose = exchange.purpose;
        if kind == Kind::Rst {
            self.exchange_failed(index, purpose, Failure::Reset, cx);
            return;
        }
        match purpose {
            #[cfg(feature = "observe")]
            Purpose::Notification(_) => {
                connection.exchange = None;
                connection.reached();
            }
            #[cfg(feature = "separate")]
            Purpose::Response(slot) => {
                connection.exchange = None;
                self.close_separate(slot);
            }
            _ => exchange.acknowledge(cx.now, &self.config.transmission),
        }
    }

    fn response(
        &mut self,
        index: usize,
        message: &Message<'_>,
        buffer: &mut [u8],
        cx: &mut Context<'_>,
    ) {
        let session = session_of(index);
        let Some(connection) = self.connections.get_mut(index) else {
            return;
        };
        let piggybacked = message.kind() == Kind::Ack;
        let asked = connection.exchange.as_ref().filter(|exchange| {
            exchange.purpose.is_request()
                && exchange.token == message.token()
                && (!piggybacked || exchange.message_id == message.message_id())
        });
        let Some(purpose) = asked.map(|exchange| exchange.purpose) else {
            // A separate response that was answered before may come again: its sender has missed the acknowledgement.
            let known =
                deduplication::find(self.deduplication, cx.now, session, message.message_id())
                    .is_some();
            if known && message.kind() == Kind::Con {
                self.reply_empty(session, Kind::Ack, message.message_id(), buffer);
            } else {
                self.reject(session, message, buffer);
            }
            return;
        };
        let critical = message
            .options()
            .any(|item| item.is_critical() && !is_known_in_response(item.number));
        if critical {
            // RFC 7252, section 5.4.1: such a response is rejected.
            self.reject(session, message, buffer);
            if message.kind() != Kind::Con {
                return;
            }
            self.exchange_failed(index, purpose, Failure::Code(Code::BAD_OPTION), cx);
            return;
        }
        let code = message.code();
        debug!("session {}: {:?} answered: {}", index, purpose, code);
        connection.exchange = None;
        if message.kind() == Kind::Con {
            self.reply_empty(session, Kind::Ack, message.message_id(), buffer);
            self.remember(session, message, Remembered::Pending, cx);
        }
        match purpose {
            Purpose::Register | Purpose::Update | Purpose::Deregister => {
                self.registration_answered(index, purpose, message, cx);
            }
            #[cfg(feature = "bootstrap")]
            Purpose::BootstrapRequest => self.bootstrap_request_answered(index, code, cx),
            #[cfg(feature = "observe")]
            Purpose::Notification(_) => {}
            #[cfg(feature = "separate")]
            Purpose::Response(_) => {}
        }
    }

    fn request(
        &mut self,
        index: usize,
        request: &Request<'_>,
        buffer: &mut [u8],
        cx: &mut Context<'_>,
    ) {
        let session = session_of(index);
        let message = request.message;
        let (kind, id) = (message.kind(), message.message_id());
        if let Some(known) = deduplication::find(self.deduplication, cx.now, session, id) {
            self.statistics.duplicates = self.statistics.duplicates.wrapping_add(1);
            if kind == Kind::Non {
                return;
            }
            match known {
                Remembered::Pending => return,
                #[cfg(feature = "separate")]
                Remembered::Acknowledged => {
                    self.reply_empty(session, Kind::Ack, id, buffer);
                    return;
                }
                Remembered::Code(code, created) => {
                    let mut head = Head::answer(message, code, id);
                    head.created = created;
                    if code.is_success() {
                        head.block1 = self.block1_of(code, request);
                    }
                    let len = head.alone(buffer);
                    self.reply(session, len, None);
                    return;
                }
                Remembered::Again => {}
            }
        }
        let handled = match request.check() {
            Ok(()) => self.handle_request(index, request, buffer, cx),
            // RFC 7252, section 5.4.1: a non-confirmable one is rejected silently.
            Err(Code::BAD_OPTION) if kind == Kind::Non => {
                debug!("session {}: unknown option: {:?}", index, message);
                self.unexpected();
                return;
            }
            Err(code) => self.answer_code(message, code, buffer),
        };
        #[cfg(any(feature = "log", feature = "defmt"))]
        record_refusal(index, request, buffer.get(..handled.len).unwrap_or(&[]));
        // What may run again needs no memory, which is better kept for what must not.
        if handled.remembered != Remembered::Again || kind == Kind::Non {
            self.remember(session, message, handled.remembered, cx);
        }
        self.reply(session, handled.len, handled.answered);
    }

    /// Remembers what a message was answered with for as long as it may come again (RFC 7252, section 4.8.2).
    fn remember(
        &mut self,
        session: SessionId,
        message: &Message<'_>,
        answer: Remembered,
        cx: &Context<'_>,
    ) {
        let transmission = &self.config.transmission;
        let lifetime = match message.kind() {
            Kind::Con => transmission.exchange_lifetime(),
            _ => transmission.non_lifetime(),
        };
        let (now, id) = (cx.now, message.message_id());
        let list = &mut *self.deduplication;
        deduplication::remember(list, now, session, id, now + lifetime, answer);
    }

    /// An answer of a code alone.
    pub(super) fn answer_code(
        &mut self,
        request: &Message<'_>,
        code: Code,
        buffer: &mut [u8],
    ) -> Handled {
        let id = self.next_message_id();
        let len = Head::answer(request, code, id).alone(buffer);
        Handled {
            len,
            remembered: Remembered::Code(code, None),
            answered: None,
        }
    }
}

/// Records an answer that is an error.
#[cfg(any(feature = "log", feature = "defmt"))]
fn record_refusal(index: usize, request: &Request<'_>, answer: &[u8]) {
    // The second byte is the code (RFC 7252, section 3).
    let code = Code(answer.get(1).copied().unwrap_or(0));
    if code.is_response() && !code.is_success() {
        let (method, place) = (request.message.code(), request.place);
        debug!(
            "session {}: {} of {:?} refused: {}",
            index, method, place, code
        );
    }
}

/// Critical options that a response to the client's requests may carry.
const fn is_known_in_response(number: u16) -> bool {
    use crate::wire::coap::option;
    matches!(number, option::BLOCK1 | option::BLOCK2)
}
