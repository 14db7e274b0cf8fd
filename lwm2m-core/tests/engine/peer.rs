//! A management server that keeps to the RFCs: what it knows of the device, and what it does with a datagram.

use std::collections::HashMap;

use lwm2m_core::time::{Duration, Instant};
use lwm2m_core::wire::coap::{Block, Code, Kind, option};

use crate::common::{Answer, Request, empty, get, uri_path};

/// ACK_TIMEOUT with some jitter, and MAX_RETRANSMIT.
const TIMEOUT: Duration = Duration::from_millis(2_500);
const RETRANSMISSIONS: u32 = 4;

/// A request of the server that has no response yet.
#[derive(Debug)]
struct Asked {
    request: Request,
    /// The path that it observes.
    observes: Option<String>,
    due: Instant,
    wait: Duration,
    left: u32,
    /// The device has acknowledged it: the response comes on its own.
    acknowledged: bool,
}

/// What the server believes to observe.
#[derive(Debug)]
pub(crate) struct Observed {
    pub(crate) path: String,
    number: u32,
    pub(crate) value: String,
}

/// The server.
#[derive(Debug, Default)]
pub(crate) struct Peer {
    /// The last segment of the Location, while there is a registration.
    pub(crate) registration: Option<String>,
    registrations: u32,
    pub(crate) list: String,
    /// Blocks of a list that have come.
    blocks: Vec<u8>,
    pub(crate) lifetime: u32,
    pub(crate) observed: HashMap<Vec<u8>, Observed>,
    asked: Vec<Asked>,
    /// Answers by message id, for requests that come again.
    answered: HashMap<u16, Vec<u8>>,
    /// Observes each new registration, before it answers or after.
    observes_at_once: Option<Order>,
    /// What is to be sent.
    pub(crate) out: Vec<Vec<u8>>,
}

/// Which of two messages leaves first.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Order {
    ObserveFirst,
    AnswerFirst,
}

impl Peer {
    pub(crate) fn new(observes_at_once: Option<Order>) -> Self {
        Self {
            observes_at_once,
            ..Self::default()
        }
    }

    /// Sends a request until it is answered.
    pub(crate) fn ask(&mut self, now: Instant, request: Request, observes: Option<&str>) {
        self.out.push(request.bytes());
        self.asked.push(Asked {
            request,
            observes: observes.map(Into::into),
            due: now + TIMEOUT,
            wait: TIMEOUT,
            left: RETRANSMISSIONS,
            acknowledged: false,
        });
    }

    /// Observes `path`, unless it has two observations: the device has room for four, of which late copies take some.
    pub(crate) fn observe(&mut self, now: Instant, path: &str) {
        let asked = self.asked.iter().filter(|asked| asked.observes.is_some());
        if self.observed.len() + asked.count() < 2 {
            let request = get(path).accept(0).uint(option::OBSERVE, 0);
            self.ask(now, request, Some(path));
        }
    }

    /// Cancels an observation, if there is one.
    pub(crate) fn cancel(&mut self, now: Instant) {
        let Some(token) = self.observed.keys().min().cloned() else {
            return;
        };
        if let Some(observed) = self.observed.remove(&token) {
            let request = get(&observed.path).accept(0).uint(option::OBSERVE, 1);
            self.ask(now, request.with_token(&token), None);
        }
    }

    /// Loses the registration, as by a restart.
    pub(crate) fn forget(&mut self) {
        self.registration = None;
        self.observed.clear();
        self.asked.clear();
    }

    /// Whether a request waits for its response.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.asked.is_empty()
    }

    /// When it sends something again.
    pub(crate) fn due(&self) -> Instant {
        let due = self.asked.iter().map(|asked| asked.due);
        due.min().unwrap_or(Instant::FAR_FUTURE)
    }

    /// Sends again what is due, or gives it up.
    pub(crate) fn repeat(&mut self, now: Instant) {
        self.asked
            .retain(|asked| asked.due > now || (asked.left > 0 && !asked.acknowledged));
        for asked in self.asked.iter_mut().filter(|asked| asked.due <= now) {
            asked.left -= 1;
            asked.wait = asked.wait.saturating_mul(2);
            asked.due = now + asked.wait;
            self.out.push(asked.request.bytes());
        }
    }

    /// A datagram of the device arrives.
    pub(crate) fn receive(&mut self, now: Instant, datagram: &[u8]) {
        let message = Answer::new(datagram);
        if message.code().is_request() {
            let before = self.registrations;
            let answer = match self.answered.get(&message.id()) {
                Some(answer) => answer.clone(),
                None => self.registration(&message),
            };
            self.answered.insert(message.id(), answer.clone());
            self.out.push(answer);
            if let Some(order) = self.observes_at_once
                && self.registrations > before
            {
                self.observe(now, "/26241/1/1");
                if let (Order::ObserveFirst, Some(observe)) = (order, self.out.pop()) {
                    self.out.insert(0, observe);
                }
            }
        } else if message.code().is_empty() {
            let meant = |asked: &&mut Asked| asked.request.id == message.id();
            if let Some(asked) = self.asked.iter_mut().find(meant) {
                // The response may take as long as the exchange lives.
                asked.acknowledged = true;
                asked.due = now + Duration::from_secs(247);
            }
        } else {
            self.response(&message);
        }
    }

    /// Register, Update or De-register; the answer.
    fn registration(&mut self, message: &Answer) -> Vec<u8> {
        let path = uri_path(message);
        let register = path == ["rd"];
        let known = self.registration.as_ref();
        if !register && known.is_none_or(|location| path != ["rd", location]) {
            return message.reply(Code::NOT_FOUND);
        }
        if message.code() == Code::DELETE {
            self.forget();
            return message.reply(Code::DELETED);
        }
        let mut list = message.payload().to_vec();
        if let Some(value) = message.uint(option::BLOCK1) {
            let block = Block::from_uint(value).unwrap();
            if block.num == 0 {
                self.blocks.clear();
            }
            let code = if self.blocks.len() != block.offset() {
                Code::REQUEST_ENTITY_INCOMPLETE
            } else {
                self.blocks.append(&mut list);
                Code::CONTINUE
            };
            if block.more || code != Code::CONTINUE {
                let mut answer = Request::new(code, "").id(message.id());
                answer.kind = Kind::Ack;
                let answer = answer.with_token(&message.token());
                return answer.uint(option::BLOCK1, value).bytes();
            }
            list = core::mem::take(&mut self.blocks);
        }
        for query in message.strings(option::URI_QUERY) {
            if let Some(lifetime) = query.strip_prefix("lt=") {
                self.lifetime = lifetime.parse().unwrap();
            }
        }
        if !list.is_empty() {
            self.list = String::from_utf8(list).unwrap();
        }
        if !register {
            return message.reply(Code::CHANGED);
        }
        self.observed.clear();
        self.asked.retain(|asked| asked.observes.is_none());
        self.registrations += 1;
        let location = self.registrations.to_string();
        let answer = message.created(&format!("/rd/{location}"));
        self.registration = Some(location);
        answer
    }

    /// A response, or a notification.
    fn response(&mut self, message: &Answer) {
        let token = message.token();
        let asked = |asked: &Asked| asked.request.token() == token;
        let number = message.uint(option::OBSERVE);
        let mut kind = Kind::Ack;
        if let Some(at) = self.asked.iter().position(asked) {
            let asked = self.asked.remove(at);
            if let (Some(path), Some(number)) = (asked.observes, number) {
                let value = message.text().into();
                let observed = Observed {
                    path,
                    number,
                    value,
                };
                self.observed.insert(token, observed);
            }
        } else if let Some(observed) = self.observed.get_mut(&token) {
            match number {
                Some(number) if number > observed.number => {
                    observed.number = number;
                    observed.value = message.text().into();
                }
                Some(_) => {}
                None => drop(self.observed.remove(&token)),
            }
        } else if number.is_some() && message.kind() != Kind::Ack {
            // Nobody observes that (any more).
            kind = Kind::Rst;
        }
        if message.kind() == Kind::Con || kind == Kind::Rst {
            self.out.push(empty(kind, message.id()));
        }
    }
}
