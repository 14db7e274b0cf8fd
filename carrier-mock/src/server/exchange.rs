//! One request to the device, from its first datagram to its answer, block-wise if need be.

use lwm2m_core::time::Instant;
use lwm2m_core::wire::coap::{Block, Builder, Code, Kind, Message, Token, option};
use lwm2m_core::wire::writer::Writer;

use super::endpoint::Endpoint;
use super::record::Body;
use super::request::Request;
use super::transmission::{Due, EXCHANGE_LIFETIME, Transmission};

/// A request that waits for its answer.
#[derive(Debug)]
pub(super) struct Exchange<'s> {
    pub(super) request: Request<'s>,
    /// The token of the first block's request: that of the observation, if it becomes one.
    pub(super) first_token: Token,
    /// Whether the device accepted the observation that the request asks for.
    pub(super) is_observed: bool,
    /// What has come of the answer.
    pub(super) body: Body,
    token: Token,
    message_id: u16,
    phase: Phase,
    /// The part of the payload that goes out now.
    block1: Option<Block>,
    /// The part of the answer that is asked for now.
    block2: Option<Block>,
}

#[derive(Debug)]
enum Phase {
    /// Not acknowledged yet.
    Sending(Transmission),
    /// Acknowledged; the separate response is waited for until then.
    Waiting(Instant),
}

impl<'s> Exchange<'s> {
    /// A request to be sent at `now`; `token` is that of an observation to cancel.
    pub(super) fn new(
        now: Instant,
        coap: &mut Endpoint,
        request: Request<'s>,
        token: Option<Token>,
    ) -> Self {
        let token = token.unwrap_or_else(|| coap.token());
        let block1 = request.first_block();
        coap.statistics.requests += 1;
        Self {
            request,
            first_token: token,
            is_observed: false,
            body: Body::default(),
            token,
            message_id: coap.message_id(),
            phase: Phase::Sending(Transmission::new(now, &mut coap.random)),
            block1,
            block2: None,
        }
    }

    /// What is due at `now`; a request that is acknowledged is never sent again.
    pub(super) fn poll(&mut self, now: Instant, coap: &mut Endpoint) -> Due {
        let due = match &mut self.phase {
            Phase::Sending(transmission) => {
                let due = transmission.poll(now);
                if due == Due::Send && transmission.is_repeated() {
                    coap.statistics.retransmissions += 1;
                }
                due
            }
            Phase::Waiting(until) if *until <= now => Due::GiveUp,
            Phase::Waiting(until) => Due::Later(*until),
        };
        if due == Due::GiveUp {
            coap.statistics.unanswered += 1;
        }
        due
    }

    pub(super) const fn deadline(&self) -> Instant {
        match &self.phase {
            Phase::Sending(transmission) => transmission.deadline(),
            Phase::Waiting(until) => *until,
        }
    }

    pub(super) const fn has_message_id(&self, message_id: u16) -> bool {
        self.message_id == message_id
    }

    pub(super) fn has_token(&self, token: Token) -> bool {
        self.token == token
    }

    /// The empty acknowledgement came.
    pub(super) fn acknowledge(&mut self, now: Instant) {
        self.phase = Phase::Waiting(now + EXCHANGE_LIFETIME);
    }

    /// Writes the request; the same bytes each time.
    pub(super) fn encode(&self, writer: &mut Writer<'_>) {
        let request = &self.request;
        let mut builder =
            Builder::new(writer, Kind::Con, request.code, self.message_id, self.token);
        // The blocks behind the first are fetched without touching the observation (RFC 7959, 2.6).
        if let (Some(observe), None) = (request.observe, self.block2) {
            builder.option_uint(option::OBSERVE, observe);
        }
        builder.path_options(option::URI_PATH, request.path);
        if let Some(format) = request.content_format {
            builder.option_uint(option::CONTENT_FORMAT, format.into());
        }
        for query in request.query.split('&').filter(|query| !query.is_empty()) {
            builder.option(option::URI_QUERY, query.as_bytes());
        }
        if let Some(format) = request.accept {
            builder.option_uint(option::ACCEPT, format.into());
        }
        if let Some(block) = self.block2 {
            builder.option_uint(option::BLOCK2, block.to_uint());
        }
        if let Some(block) = self.block1 {
            builder.option_uint(option::BLOCK1, block.to_uint());
        }
        let payload = match self.block1 {
            Some(block) => part(request.payload, block),
            None => request.payload,
        };
        if !payload.is_empty() {
            builder.payload().bytes(payload);
        }
    }

    /// Takes a response; true when the answer is whole, else the next block is under way.
    pub(super) fn respond(
        &mut self,
        now: Instant,
        coap: &mut Endpoint,
        response: &Message<'_>,
    ) -> bool {
        if self.next_block1(response) {
            self.send_next(now, coap);
            return false;
        }
        if self.block2.is_none() {
            let accepted = response.option(option::OBSERVE).is_some();
            self.is_observed = accepted && self.request.observe == Some(0);
        }
        self.body.append(response.payload());
        if self.next_block2(response) {
            self.send_next(now, coap);
            return false;
        }
        true
    }

    /// After 2.31 the next part of the payload is due, in blocks as small as the device asks.
    fn next_block1(&mut self, response: &Message<'_>) -> bool {
        let (Some(sent), true) = (self.block1, response.code() == Code::CONTINUE) else {
            return false;
        };
        let szx = block_option(response, option::BLOCK1).map_or(sent.szx, |b| b.szx.min(sent.szx));
        let offset = sent.offset() + sent.size();
        self.block1 = block_at(self.request.payload.len(), offset, szx);
        self.block1.is_some()
    }

    fn next_block2(&mut self, response: &Message<'_>) -> bool {
        let Some(block) = block_option(response, option::BLOCK2).filter(|block| block.more) else {
            return false;
        };
        self.block2 = Block::new(block.num + 1, false, block.szx);
        self.block1 = None;
        self.block2.is_some()
    }

    fn send_next(&mut self, now: Instant, coap: &mut Endpoint) {
        coap.statistics.requests += 1;
        self.message_id = coap.message_id();
        self.token = coap.token();
        self.phase = Phase::Sending(Transmission::new(now, &mut coap.random));
    }
}

/// The block of a payload of `len` bytes that starts at `offset`.
pub(super) fn block_at(len: usize, offset: usize, szx: u8) -> Option<Block> {
    let size = 16 << szx;
    let num = u32::try_from(offset / size).ok()?;
    (offset < len).then(|| Block::new(num, offset + size < len, szx))?
}

fn part(payload: &[u8], block: Block) -> &[u8] {
    let rest = payload.get(block.offset()..).unwrap_or_default();
    rest.get(..block.size()).unwrap_or(rest)
}

pub(super) fn block_option(message: &Message<'_>, number: u16) -> Option<Block> {
    let value = message.option(number)?.uint().ok()?;
    Block::from_uint(value).ok()
}
