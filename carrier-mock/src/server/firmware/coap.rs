//! The CoAP file server.

use core::net::SocketAddr;

use heapless::Deque;
use lwm2m_core::time::Instant;
use lwm2m_core::wire::coap::{Block, Code, Kind, Message, Token, option};

use super::coap_answer::{Answer, Content, OCTET_STREAM};
use super::coap_fault::{CoapFault, Faults};
use super::image::{Release, Shelf, When};
use crate::random::Pcg32;
use crate::server::transmission::{Due, Transmission};
use crate::server::{Credentials, ServerNode, Transmit, Verdict};

/// Answers that wait; further ones are lost.
const OUTBOX: usize = 8;

/// Counters of a CoAP file server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct CoapFileStatistics {
    /// Requests that have come, copies and those that are left without an answer included.
    pub requests: u32,
    /// Requests without an answer, by a fault.
    pub dropped: u32,
    /// Bytes of the image handed to the network: those behind the image's length were sent again.
    pub body_bytes: u64,
    /// Separate responses that were sent again, or given up.
    pub retransmissions: u32,
}

/// A CoAP server with one image under one path, sent by Block2 (RFC 7959) with Size2 in the first answer and where it is
/// asked for.
///
/// It keeps nothing of its clients: each request names its block, and one that comes twice is answered twice.
#[derive(Debug)]
pub struct CoapFileServer<'s> {
    target: &'s str,
    shelf: Shelf<'s>,
    credentials: Credentials<'s>,
    faults: Faults,
    present: bool,
    silent_until: Instant,
    random: Pcg32,
    next_message_id: u16,
    outbox: Deque<Answer<'s>, OUTBOX>,
    statistics: CoapFileStatistics,
}

impl<'s> CoapFileServer<'s> {
    /// A server of `release` under `target`, a path with its query, such as `/fw/app.bin?v=1`. `seed` decides its
    /// message ids and timeouts.
    #[must_use]
    pub fn new(seed: u64, target: &'s str, release: Release<'s>) -> Self {
        let mut random = Pcg32::new(seed);
        Self {
            target,
            shelf: Shelf::new(release),
            credentials: Credentials::default(),
            faults: Faults::default(),
            present: true,
            silent_until: Instant::ZERO,
            next_message_id: random.next_u32() as u16,
            random,
            outbox: Deque::new(),
            statistics: CoapFileStatistics::default(),
        }
    }

    /// The same behind DTLS, for clients with these keys; see [`Guard::Psk`](crate::world::Guard::Psk).
    #[must_use]
    pub const fn with_credentials(mut self, credentials: Credentials<'s>) -> Self {
        self.credentials = credentials;
        self
    }

    /// Adds a fault; false when there are [`MAX_COAP_FAULTS`](super::MAX_COAP_FAULTS) already.
    pub fn add_fault(&mut self, fault: CoapFault) -> bool {
        self.faults.add(fault)
    }

    /// The server does as it should from now on.
    pub fn clear_faults(&mut self) {
        self.faults.clear();
        self.silent_until = Instant::ZERO;
    }

    /// Puts another release in the place of the first, in the middle of a transfer if need be.
    pub const fn replace(&mut self, when: When, by: Release<'s>) {
        self.shelf.replace(when, by);
    }

    /// Sets whether the server is there at all; true by default.
    pub const fn set_present(&mut self, present: bool) {
        self.present = present;
    }

    /// The counters.
    #[must_use]
    pub const fn statistics(&self) -> CoapFileStatistics {
        self.statistics
    }

    const fn message_id(&mut self) -> u16 {
        self.next_message_id = self.next_message_id.wrapping_add(1);
        self.next_message_id
    }

    fn queue(&mut self, answer: Answer<'s>) {
        let _ = self.outbox.push_back(answer);
    }

    fn queue_empty(&mut self, to: SocketAddr, kind: Kind, message_id: u16) {
        self.queue(Answer {
            to,
            kind,
            message_id,
            token: Token::default(),
            content: Content::Empty,
            separate: None,
        });
    }

    /// The client has acknowledged or reset a separate response.
    fn settle(&mut self, from: SocketAddr, message_id: u16) {
        let settled = |answer: &Answer<'_>| {
            answer.separate.is_some() && answer.to == from && answer.message_id == message_id
        };
        for _ in 0..self.outbox.len() {
            if let Some(answer) = self.outbox.pop_front()
                && !settled(&answer)
            {
                self.queue(answer);
            }
        }
    }

    fn request(&mut self, now: Instant, from: SocketAddr, request: &Message<'_>) {
        self.statistics.requests += 1;
        if now < self.silent_until || self.faults.drops() {
            self.statistics.dropped += 1;
            return;
        }
        let (message_id, token) = (request.message_id(), request.token());
        let confirmable = request.kind() == Kind::Con;
        let is_copy = |answer: &Answer<'_>| {
            let of = answer.separate.as_ref().map(|(of, _)| *of);
            answer.to == from && of == Some(message_id)
        };
        if self.outbox.iter().any(is_copy) {
            return self.queue_empty(from, Kind::Ack, message_id);
        }
        let resets = |fault| matches!(fault, CoapFault::Resets { .. }).then_some(());
        if confirmable && self.faults.shown(resets).is_some() {
            return self.queue_empty(from, Kind::Rst, message_id);
        }
        let content = self.content(now, request);
        let mut answer = Answer {
            to: from,
            kind: if confirmable { Kind::Ack } else { Kind::Non },
            message_id: if confirmable {
                message_id
            } else {
                self.message_id()
            },
            token,
            content,
            separate: None,
        };
        let separate = self.faults.shown(|fault| match fault {
            CoapFault::Separate { after, .. } => Some(after),
            _ => None,
        });
        if confirmable && let Some(after) = separate {
            self.queue_empty(from, Kind::Ack, message_id);
            let transmission = Transmission::new(now + after, &mut self.random);
            answer.kind = Kind::Con;
            answer.message_id = self.message_id();
            answer.separate = Some((message_id, transmission));
        }
        self.queue(answer);
    }

    fn content(&mut self, now: Instant, request: &Message<'_>) -> Content<'s> {
        let status = |code| Content::Status {
            code,
            max_age: None,
        };
        let uint = |number| request.option(number).and_then(|o| o.uint().ok());
        if request.options().any(|o| is_unknown_critical(o.number)) {
            return status(Code::BAD_OPTION);
        }
        if !self.is_target(request) {
            return status(Code::NOT_FOUND);
        }
        if request.code() != Code::GET {
            return status(Code::METHOD_NOT_ALLOWED);
        }
        if uint(option::ACCEPT).is_some_and(|format| format != OCTET_STREAM) {
            return status(Code::NOT_ACCEPTABLE);
        }
        let refusal = self.faults.shown(|fault| match fault {
            CoapFault::Answers { code, max_age, .. } => Some(Content::Status { code, max_age }),
            _ => None,
        });
        if let Some(refusal) = refusal {
            return refusal;
        }
        let asked = match uint(option::BLOCK2).map(Block::from_uint) {
            Some(Ok(block)) => Some(block),
            Some(Err(_)) => return status(Code::BAD_REQUEST),
            None => None,
        };
        let release = self.shelf.current(now, self.statistics.body_bytes);
        let first = asked.is_none_or(|block| block.num == 0);
        let mut tags = request.options().filter(|o| o.number == option::ETAG);
        if first && tags.any(|tag| tag.value == release.entity_tag.as_bytes()) {
            let entity_tag = release.entity_tag;
            return Content::Valid { entity_tag };
        }
        self.part(&release, asked, uint(option::SIZE2).is_some())
    }

    /// The block that is asked for.
    fn part(
        &mut self,
        release: &Release<'s>,
        asked: Option<Block>,
        size_asked: bool,
    ) -> Content<'s> {
        let total = release.image.len();
        let largest = self.faults.shown(|fault| match fault {
            CoapFault::SmallerBlocks { szx } => Some(szx),
            _ => None,
        });
        let szx = asked.map_or(Block::MAX_SZX, |block| block.szx);
        let szx = szx.min(largest.unwrap_or(Block::MAX_SZX));
        let size = 16_u32 << szx;
        let offset = asked.map_or(0, |block| block.num << (4 + block.szx));
        if offset >= total && offset > 0 {
            return Content::Status {
                code: Code::BAD_REQUEST,
                max_age: None,
            };
        }
        let end = offset.saturating_add(size).min(total);
        let ends_early = self.faults.shown(|fault| match fault {
            CoapFault::EndsEarly { at, .. } if (offset..end).contains(&at) => Some(()),
            _ => None,
        });
        let goes_on = |fault| (fault == CoapFault::GoesOn).then_some(());
        let more = if end < total {
            ends_early.is_none()
        } else {
            self.faults.shown(goes_on).is_some()
        };
        let cut = self.faults.shown(|fault| match fault {
            CoapFault::CutsBlocks { by, .. } if more => Some(by),
            _ => None,
        });
        let by = self.faults.shown(|fault| match fault {
            CoapFault::ShiftsNumber { by, .. } => Some(by),
            _ => None,
        });
        let num = (offset >> (4 + szx)).saturating_add(by.unwrap_or(0));
        let block = Block::new(num, more, szx).filter(|_| asked.is_some() || more);
        let omits = |fault| (fault == CoapFault::OmitsSize).then_some(());
        let told = self.faults.shown(omits).is_none() && (offset == 0 || size_asked);
        let longer = self.faults.shown(|fault| match fault {
            CoapFault::ChangesSize { by } if offset > 0 => Some(by),
            _ => None,
        });
        Content::Part {
            image: release.image,
            entity_tag: release.entity_tag,
            offset,
            len: (end - offset).saturating_sub(cut.unwrap_or(0)),
            block,
            size: told.then_some(total.saturating_add(longer.unwrap_or(0))),
        }
    }

    /// Whether the request names the path and the query of the image, segment by segment.
    fn is_target(&self, request: &Message<'_>) -> bool {
        let (path, query) = self.target.split_once('?').unwrap_or((self.target, ""));
        let segments = path.strip_prefix('/').unwrap_or(path);
        let has = |number, wanted: &str, separator| {
            let wanted = wanted.split(separator).filter(|part| !part.is_empty());
            let options = request.options().filter(|o| o.number == number);
            options.map(|o| o.value).eq(wanted.map(str::as_bytes))
        };
        has(option::URI_PATH, segments, '/') && has(option::URI_QUERY, query, '&')
    }
}

const fn is_unknown_critical(number: u16) -> bool {
    !matches!(
        number,
        option::URI_HOST
            | option::URI_PORT
            | option::URI_PATH
            | option::URI_QUERY
            | option::ACCEPT
            | option::BLOCK2
    ) && option::is_critical(number)
}

impl ServerNode for CoapFileServer<'_> {
    fn handle(&mut self, now: Instant, from: SocketAddr, datagram: &[u8]) {
        if !self.present {
            return;
        }
        let message = match Message::parse(datagram) {
            Ok(message) => message,
            Err(error) => {
                if let Some(message_id) = error.reset() {
                    self.queue_empty(from, Kind::Rst, message_id);
                }
                return;
            }
        };
        match message.kind() {
            Kind::Ack | Kind::Rst => self.settle(from, message.message_id()),
            _ if message.code().is_request() => self.request(now, from, &message),
            Kind::Con => self.queue_empty(from, Kind::Rst, message.message_id()),
            Kind::Non => {}
        }
    }

    fn poll(&mut self, now: Instant, buf: &mut [u8]) -> Option<Transmit> {
        for _ in 0..self.outbox.len() {
            let mut answer = self.outbox.pop_front()?;
            match answer.poll(now) {
                Due::Later(_) => self.queue(answer),
                Due::GiveUp => self.statistics.retransmissions += 1,
                Due::Send => {
                    let (len, image_bytes) = answer.encode(buf);
                    self.statistics.body_bytes += u64::from(image_bytes);
                    if let Some(span) = self.faults.sent(image_bytes) {
                        self.silent_until = now + span;
                    }
                    let to = answer.to;
                    if let Some((_, transmission)) = &answer.separate {
                        self.statistics.retransmissions += u32::from(transmission.is_repeated());
                        self.queue(answer);
                    }
                    return Some(Transmit { to, len });
                }
            }
        }
        None
    }

    fn next_timeout(&self, now: Instant) -> Option<Instant> {
        let deadlines = self.outbox.iter().map(|answer| answer.deadline(now));
        deadlines.min()
    }

    fn verify(&self, identity: &[u8], key: &[u8]) -> Verdict {
        self.credentials.check(identity, key)
    }

    fn is_present(&self) -> bool {
        self.present
    }
}
