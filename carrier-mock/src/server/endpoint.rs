//! What both servers need of the CoAP message layer: message ids, tokens, deduplication, answers.

use core::net::SocketAddr;

use heapless::{Deque, Vec};
use lwm2m_core::time::Instant;
use lwm2m_core::wire::coap::{Builder, Code, Kind, Message, Token, option, write_empty};
use lwm2m_core::wire::writer::Writer;

use super::Transmit;
use super::transmission::EXCHANGE_LIFETIME;
use crate::random::Pcg32;

/// The longest answer that a server sends: header, token, a location.
const ANSWER: usize = 64;
/// Messages remembered for deduplication.
const SEEN: usize = 16;
/// Answers that wait to be sent.
const OUTBOX: usize = 16;

/// Counters of a server's message layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct MessageStatistics {
    /// Datagrams received.
    pub received: u32,
    /// Copies of messages that had been received before: answered again, not handled again.
    pub duplicates: u32,
    /// Datagrams that are no CoAP messages.
    pub malformed: u32,
    /// Requests sent for the first time.
    pub requests: u32,
    /// Requests sent again for want of an acknowledgement.
    pub retransmissions: u32,
    /// Requests that were given up without an answer.
    pub unanswered: u32,
}

/// A received message that the server has to look at.
pub(super) enum Received<'a> {
    /// A new request.
    Request(Message<'a>),
    /// A response, piggybacked or not. One that is not must be acknowledged or reset.
    Response(Message<'a>),
    /// An empty acknowledgement.
    Acknowledged(u16),
    /// A reset.
    Reset(u16),
    /// Nothing to do, or done already.
    Nothing,
}

/// A message received before, and what was answered.
#[derive(Debug)]
struct Seen {
    from: SocketAddr,
    message_id: u16,
    at: Instant,
    /// Empty when nothing was answered.
    answer: Vec<u8, ANSWER>,
}

/// One CoAP endpoint (RFC 7252, section 1.2).
#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) random: Pcg32,
    pub(super) statistics: MessageStatistics,
    next_message_id: u16,
    next_token: u32,
    seen: Deque<Seen, SEEN>,
    outbox: Deque<(SocketAddr, Vec<u8, ANSWER>), OUTBOX>,
}

impl Endpoint {
    pub(super) fn new(seed: u64) -> Self {
        let mut random = Pcg32::new(seed);
        Self {
            next_message_id: random.next_u32() as u16,
            next_token: random.next_u32(),
            random,
            statistics: MessageStatistics::default(),
            seen: Deque::new(),
            outbox: Deque::new(),
        }
    }

    /// Forgets what a process loses when it restarts.
    pub(super) fn restart(&mut self) {
        self.seen.clear();
        self.outbox.clear();
        self.next_message_id = self.random.next_u32() as u16;
    }

    pub(super) const fn message_id(&mut self) -> u16 {
        self.next_message_id = self.next_message_id.wrapping_add(1);
        self.next_message_id
    }

    pub(super) fn token(&mut self) -> Token {
        self.next_token = self.next_token.wrapping_add(1);
        Token::new(&self.next_token.to_be_bytes()).unwrap_or_default()
    }

    /// Takes a datagram; answers by itself what the message layer answers.
    pub(super) fn receive<'a>(
        &mut self,
        now: Instant,
        from: SocketAddr,
        datagram: &'a [u8],
    ) -> Received<'a> {
        self.statistics.received = self.statistics.received.saturating_add(1);
        let message = match Message::parse(datagram) {
            Ok(message) => message,
            Err(error) => {
                self.statistics.malformed += 1;
                if let Some(message_id) = error.reset() {
                    self.queue_empty(from, Kind::Rst, message_id);
                }
                return Received::Nothing;
            }
        };
        let message_id = message.message_id();
        match message.kind() {
            Kind::Ack if message.code().is_empty() => return Received::Acknowledged(message_id),
            Kind::Ack => return Received::Response(message),
            Kind::Rst => return Received::Reset(message_id),
            Kind::Con | Kind::Non => {}
        }
        if self.is_copy(now, from, message_id) {
            return Received::Nothing;
        }
        if message.code().is_response() {
            return Received::Response(message);
        }
        if message.code().is_empty() {
            self.answer_empty(from, Kind::Rst, message_id);
            return Received::Nothing;
        }
        if message.options().any(|o| is_unknown_critical(o.number)) {
            self.answer(from, &message, Code::BAD_OPTION, "");
            return Received::Nothing;
        }
        Received::Request(message)
    }

    /// Answers a request: piggybacked if it was confirmable.
    pub(super) fn answer(
        &mut self,
        to: SocketAddr,
        request: &Message<'_>,
        code: Code,
        location: &str,
    ) {
        let (kind, message_id) = match request.kind() {
            Kind::Con => (Kind::Ack, request.message_id()),
            _ => (Kind::Non, self.message_id()),
        };
        let mut answer = Vec::new();
        let _ = answer.resize_default(ANSWER);
        let mut writer = Writer::new(&mut answer);
        Builder::new(&mut writer, kind, code, message_id, request.token())
            .path_options(option::LOCATION_PATH, location);
        let len = writer.finish().stored;
        answer.truncate(len);
        self.remember(to, request.message_id(), &answer);
        self.queue(to, answer);
    }

    /// Answers a message by an empty one, and every copy of it likewise.
    pub(super) fn answer_empty(&mut self, to: SocketAddr, kind: Kind, message_id: u16) {
        let answer = empty(kind, message_id);
        self.remember(to, message_id, &answer);
        self.queue(to, answer);
    }

    /// The next answer to send.
    pub(super) fn poll(&mut self, buf: &mut [u8]) -> Option<Transmit> {
        let (to, answer) = self.outbox.pop_front()?;
        buf.get_mut(..answer.len())?.copy_from_slice(&answer);
        Some(Transmit {
            to,
            len: answer.len(),
        })
    }

    /// Whether the message is a copy; answers it like the first one. One that is not is remembered.
    fn is_copy(&mut self, now: Instant, from: SocketAddr, message_id: u16) -> bool {
        while self
            .seen
            .front()
            .is_some_and(|seen| now.since(seen.at) >= EXCHANGE_LIFETIME)
        {
            self.seen.pop_front();
        }
        let known = |seen: &&Seen| seen.from == from && seen.message_id == message_id;
        if let Some(seen) = self.seen.iter().find(known) {
            let answer = seen.answer.clone();
            self.statistics.duplicates += 1;
            if !answer.is_empty() {
                self.queue(from, answer);
            }
            return true;
        }
        if self.seen.is_full() {
            self.seen.pop_front();
        }
        let _ = self.seen.push_back(Seen {
            from,
            message_id,
            at: now,
            answer: Vec::new(),
        });
        false
    }

    fn remember(&mut self, from: SocketAddr, message_id: u16, answer: &[u8]) {
        let known = |seen: &&mut Seen| seen.from == from && seen.message_id == message_id;
        if let Some(seen) = self.seen.iter_mut().find(known) {
            seen.answer.clear();
            let _ = seen.answer.extend_from_slice(answer);
        }
    }

    fn queue_empty(&mut self, to: SocketAddr, kind: Kind, message_id: u16) {
        self.queue(to, empty(kind, message_id));
    }

    /// A full outbox drops the oldest: the device will ask again.
    fn queue(&mut self, to: SocketAddr, message: Vec<u8, ANSWER>) {
        if self.outbox.is_full() {
            self.outbox.pop_front();
        }
        let _ = self.outbox.push_back((to, message));
    }
}

fn empty(kind: Kind, message_id: u16) -> Vec<u8, ANSWER> {
    let mut message = Vec::new();
    let _ = message.resize_default(4);
    write_empty(&mut Writer::new(&mut message), kind, message_id);
    message
}

/// Options that no request of the device's interfaces may carry here: block-wise requests are not
/// served.
const fn is_unknown_critical(number: u16) -> bool {
    !matches!(
        number,
        option::URI_HOST | option::URI_PORT | option::URI_PATH | option::URI_QUERY | option::ACCEPT
    ) && option::is_critical(number)
}
