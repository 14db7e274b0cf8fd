//! The requests to one device, one after the other (NSTART = 1; RFC 7252, section 4.7).

use core::net::SocketAddr;
use core::slice::Iter;

use heapless::Deque;
use lwm2m_core::time::Instant;
use lwm2m_core::wire::coap::{Message, Token};
use lwm2m_core::wire::writer::Writer;

use super::Transmit;
use super::endpoint::Endpoint;
use super::exchange::Exchange;
use super::request::Request;
use super::transmission::Due;

/// Requests beside the script that wait their turn.
const EXTRA: usize = 8;

/// What the servers send to one device: a script, and what else is asked for on the way.
#[derive(Debug)]
pub(super) struct Dialogue<'s> {
    pub(super) peer: SocketAddr,
    script: Iter<'s, Request<'s>>,
    extra: Deque<Request<'s>, EXTRA>,
    /// When the step before ended.
    idle_since: Instant,
    exchange: Option<Exchange<'s>>,
}

/// What came of [`Dialogue::poll`].
pub(super) enum Progress<'s> {
    /// A datagram is to be sent.
    Transmit(Transmit),
    /// A request was given up.
    Unanswered(Request<'s>),
    /// Nothing is due.
    Idle,
}

impl<'s> Dialogue<'s> {
    pub(super) fn new(now: Instant, peer: SocketAddr, script: &'s [Request<'s>]) -> Self {
        Self {
            peer,
            script: script.iter(),
            extra: Deque::new(),
            idle_since: now,
            exchange: None,
        }
    }

    /// Adds a request that goes out before the rest of the script; false when there is no room.
    pub(super) fn push(&mut self, request: Request<'s>) -> bool {
        self.extra.push_back(request).is_ok()
    }

    /// Leaves out what has not been sent.
    pub(super) fn stop(&mut self) {
        self.script = [].iter();
        self.extra.clear();
    }

    /// When [`poll`](Self::poll) has something to do.
    pub(super) fn next_timeout(&self, may_start: bool) -> Option<Instant> {
        match &self.exchange {
            Some(exchange) => Some(exchange.deadline()),
            None if may_start => self.next_start(),
            None => None,
        }
    }

    /// Sends what is due. `token_of` names the token of the observation that a request cancels;
    /// without `may_start` no new request begins.
    pub(super) fn poll(
        &mut self,
        now: Instant,
        coap: &mut Endpoint,
        may_start: bool,
        token_of: impl Fn(&Request<'s>) -> Option<Token>,
        buf: &mut [u8],
    ) -> Progress<'s> {
        if self.exchange.is_none() && may_start && self.next_start().is_some_and(|at| at <= now) {
            let next = self
                .extra
                .pop_front()
                .or_else(|| self.script.next().copied());
            self.exchange =
                next.map(|request| Exchange::new(now, coap, request, token_of(&request)));
        }
        let Some(exchange) = &mut self.exchange else {
            return Progress::Idle;
        };
        match exchange.poll(now, coap) {
            Due::Later(_) => Progress::Idle,
            Due::Send => {
                let mut writer = Writer::new(buf);
                exchange.encode(&mut writer);
                Progress::Transmit(Transmit {
                    to: self.peer,
                    len: writer.finish().stored,
                })
            }
            Due::GiveUp => {
                let request = exchange.request;
                self.end(now);
                Progress::Unanswered(request)
            }
        }
    }

    /// An empty acknowledgement came.
    pub(super) fn acknowledge(&mut self, now: Instant, message_id: u16) {
        if let Some(exchange) = &mut self.exchange
            && exchange.has_message_id(message_id)
        {
            exchange.acknowledge(now);
        }
    }

    /// A reset came; the request that it ended, if any.
    pub(super) fn reset(&mut self, now: Instant, message_id: u16) -> Option<Request<'s>> {
        let exchange = self.exchange.as_ref()?;
        if !exchange.has_message_id(message_id) {
            return None;
        }
        let request = exchange.request;
        self.end(now);
        Some(request)
    }

    /// Whether a response with this token answers the request under way.
    pub(super) fn awaits(&self, token: Token) -> bool {
        self.exchange
            .as_ref()
            .is_some_and(|exchange| exchange.has_token(token))
    }

    /// A response that [`awaits`](Self::awaits) knows; the exchange, when it has ended.
    pub(super) fn respond(
        &mut self,
        now: Instant,
        coap: &mut Endpoint,
        response: &Message<'_>,
    ) -> Option<Exchange<'s>> {
        let whole = self.exchange.as_mut()?.respond(now, coap, response);
        if !whole {
            return None;
        }
        self.end(now)
    }

    fn end(&mut self, now: Instant) -> Option<Exchange<'s>> {
        self.idle_since = now;
        self.exchange.take()
    }

    fn next_start(&self) -> Option<Instant> {
        let next = self
            .extra
            .front()
            .or_else(|| self.script.as_slice().first())?;
        Some(self.idle_since + next.after)
    }
}
