//! A LwM2M server: registration table, device management, observations.

use core::net::SocketAddr;

use heapless::Vec;
use lwm2m_core::time::Instant;
use lwm2m_core::wire::coap::{Code, Kind, Message, option};

use super::Transmit;
use super::conduct::{Conduct, Plan};
use super::credentials::Credentials;
use super::dialogue::Progress;
use super::endpoint::{Endpoint, MessageStatistics, Received};
use super::path::UriPath;
use super::record::{Log, Record, RecordKind};
use super::registration::{Observation, Parameters, Registration};
use super::request::Request;

/// Devices that can be registered at a time.
pub const MAX_REGISTRATIONS: usize = 4;

/// What a server does with a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum NotificationReply {
    /// Acknowledges it, if it is confirmable.
    #[default]
    Acknowledge,
    /// Resets it: the observation ends (RFC 7641, section 3.6).
    Reset,
    /// Does not answer, as if it were lost.
    Ignore,
}

/// What a management server has counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ManagementStatistics {
    /// Registers accepted.
    pub registers: u32,
    /// Updates accepted.
    pub updates: u32,
    /// De-registers accepted.
    pub deregisters: u32,
    /// Registrations whose lifetime ended.
    pub expiries: u32,
    /// Requests of devices refused.
    pub refusals: u32,
    /// Notifications taken.
    pub notifications: u32,
    /// Sends accepted.
    pub sends: u32,
}

/// A management server without I/O.
///
/// Hand it each datagram with [`handle`](Self::handle), then send what [`poll`](Self::poll) writes
/// until it answers `None`; do so again at [`next_timeout`](Self::next_timeout). Each device that
/// registers is sent the script from its start, one request after the other, with the
/// retransmissions of RFC 7252. What happens is in the [records](Self::take_record).
#[derive(Debug)]
pub struct ManagementServer<'s> {
    coap: Endpoint,
    plan: Plan,
    credentials: Credentials<'s>,
    notification_reply: NotificationReply,
    script: &'s [Request<'s>],
    registrations: Vec<Registration<'s>, MAX_REGISTRATIONS>,
    next_location: u16,
    log: Log<'s>,
    statistics: ManagementStatistics,
}

impl<'s> ManagementServer<'s> {
    /// A server that sends `script` to every device that registers. `seed` decides message ids, tokens
    /// and jitter.
    #[must_use]
    pub fn new(seed: u64, script: &'s [Request<'s>]) -> Self {
        Self {
            coap: Endpoint::new(seed),
            plan: Plan::default(),
            credentials: Credentials::default(),
            notification_reply: NotificationReply::default(),
            script,
            registrations: Vec::new(),
            next_location: 0,
            log: Log::default(),
            statistics: ManagementStatistics::default(),
        }
    }

    /// Sets the keys that open a session with this server.
    pub const fn set_credentials(&mut self, credentials: Credentials<'s>) {
        self.credentials = credentials;
    }

    /// The keys that open a session with this server.
    #[must_use]
    pub const fn credentials(&self) -> Credentials<'s> {
        self.credentials
    }

    /// Sets how Registers, Updates, De-registers and Sends are treated from now on.
    pub const fn set_conduct(&mut self, conduct: Conduct) {
        self.plan.set(conduct);
    }

    /// Sets how the next `requests` of them are treated; copies of a message count once.
    pub const fn set_conduct_for(&mut self, conduct: Conduct, requests: u32) {
        self.plan.set_for(conduct, requests);
    }

    /// Sets what is done with notifications.
    pub const fn set_notification_reply(&mut self, reply: NotificationReply) {
        self.notification_reply = reply;
    }

    /// Sets what devices that register from now on are sent.
    pub const fn set_script(&mut self, script: &'s [Request<'s>]) {
        self.script = script;
    }

    /// Sends one more request to a device, before what is left of the script. False when no such
    /// device is registered or too many requests wait.
    pub fn request(&mut self, endpoint: &str, request: Request<'s>) -> bool {
        let mut known = self.registrations.iter_mut();
        known
            .find(|registration| registration.endpoint == endpoint)
            .is_some_and(|registration| registration.dialogue.push(request))
    }

    /// Forgets all registrations, observations and messages, as a restart without storage does.
    pub fn restart(&mut self) {
        self.registrations.clear();
        self.coap.restart();
    }

    /// The devices that are registered.
    pub fn registrations(&self) -> impl Iterator<Item = &Registration<'s>> {
        self.registrations.iter()
    }

    /// The registration of this endpoint.
    #[must_use]
    pub fn registration(&self, endpoint: &str) -> Option<&Registration<'s>> {
        self.registrations().find(|r| r.endpoint == endpoint)
    }

    /// Whether the server was told to be silent for good: it is not there at all.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.plan.is_gone()
    }

    /// Takes the oldest record.
    pub fn take_record(&mut self) -> Option<Record<'s>> {
        self.log.take()
    }

    /// What the server has counted.
    #[must_use]
    pub const fn statistics(&self) -> ManagementStatistics {
        self.statistics
    }

    /// What the server's message layer has counted.
    #[must_use]
    pub const fn message_statistics(&self) -> MessageStatistics {
        self.coap.statistics
    }

    /// Takes a datagram from `from`.
    pub fn handle(&mut self, now: Instant, from: SocketAddr, datagram: &[u8]) {
        self.expire(now);
        if self.plan.is_gone() {
            if let Ok(message) = Message::parse(datagram)
                && message.code().is_request()
            {
                self.log
                    .add(Record::new(now, RecordKind::Ignored, "").message_was(&message));
            }
            return;
        }
        match self.coap.receive(now, from, datagram) {
            Received::Nothing => {}
            Received::Request(message) => self.handle_request(now, from, &message),
            Received::Response(message) => self.handle_response(now, from, &message),
            Received::Acknowledged(message_id) => {
                for registration in of_peer(&mut self.registrations, from) {
                    registration.last_heard = now;
                    registration.dialogue.acknowledge(now, message_id);
                }
            }
            Received::Reset(message_id) => {
                for registration in of_peer(&mut self.registrations, from) {
                    registration.last_heard = now;
                    if let Some(request) = registration.dialogue.reset(now, message_id) {
                        let record = Record::new(now, RecordKind::Reset, &registration.endpoint);
                        self.log.add(record.request_was(request));
                    }
                }
            }
        }
    }

    /// Writes the next datagram to `buf`, which should hold 1,280 bytes.
    ///
    /// Call it until it answers `None`.
    #[must_use]
    pub fn poll(&mut self, now: Instant, buf: &mut [u8]) -> Option<Transmit> {
        self.expire(now);
        if self.plan.is_gone() {
            return None;
        }
        if let Some(transmit) = self.coap.poll(buf) {
            return Some(transmit);
        }
        for registration in &mut self.registrations {
            let awake = registration.is_awake(now);
            let observations = &registration.observations;
            let token_of = |request: &Request<'_>| {
                let same = |o: &&Observation<'_>| o.request.path == request.path;
                let cancelled = observations.iter().find(same)?;
                (request.observe == Some(1)).then_some(cancelled.token)
            };
            loop {
                let dialogue = &mut registration.dialogue;
                match dialogue.poll(now, &mut self.coap, awake, token_of, buf) {
                    Progress::Transmit(transmit) => return Some(transmit),
                    Progress::Unanswered(request) => {
                        let endpoint = &registration.endpoint;
                        let record = Record::new(now, RecordKind::Unanswered, endpoint);
                        self.log.add(record.request_was(request));
                    }
                    Progress::Idle => break,
                }
            }
        }
        None
    }

    /// When [`poll`](Self::poll) has something to do, unless a datagram comes before. May change after
    /// any call.
    #[must_use]
    pub fn next_timeout(&self, now: Instant) -> Option<Instant> {
        if self.plan.is_gone() {
            return None;
        }
        let timeouts = self.registrations.iter().map(|r| r.next_timeout(now));
        timeouts.min()
    }

    fn handle_request(&mut self, now: Instant, from: SocketAddr, message: &Message<'_>) {
        let path = UriPath::of(message);
        let location = match path.segments() {
            ["rd", number] => self.find(number),
            _ => None,
        };
        let endpoint = location.and_then(|index| self.registrations.get(index));
        let endpoint = match endpoint {
            Some(registration) => registration.endpoint.clone(),
            None => named(message),
        };
        match self.plan.next() {
            Conduct::Serve => {}
            Conduct::Silent => {
                self.log
                    .add(Record::new(now, RecordKind::Ignored, &endpoint).message_was(message));
                return;
            }
            Conduct::Refuse(code) => return self.refuse(now, from, message, code, &endpoint),
        }
        let done = match (message.code(), path.segments()) {
            (Code::POST, ["rd"]) => self.register(now, from, message),
            (Code::POST, ["rd", _]) => self.update(now, from, message, location),
            (Code::DELETE, ["rd", _]) => self.deregister(now, from, message, location),
            (Code::POST, ["dp"]) => self.send(now, from, message),
            (_, ["rd"] | ["rd", _] | ["dp"]) => Err(Code::METHOD_NOT_ALLOWED),
            _ => Err(Code::NOT_FOUND),
        };
        if let Err(code) = done {
            self.refuse(now, from, message, code, &endpoint);
        }
    }

    fn register(
        &mut self,
        now: Instant,
        from: SocketAddr,
        message: &Message<'_>,
    ) -> Result<(), Code> {
        let location = self.next_location.wrapping_add(1);
        let registration = Registration::new(now, from, location, message, self.script)?;
        // A device that registers again takes the place of its old registration, observations and all.
        self.registrations
            .retain(|old| old.endpoint != registration.endpoint);
        let mut path = heapless::String::<16>::new();
        let _ = core::fmt::write(&mut path, format_args!("/rd/{location}"));
        let record = Record::new(now, RecordKind::Registered, &registration.endpoint);
        self.registrations
            .push(registration)
            .map_err(|_| Code::SERVICE_UNAVAILABLE)?;
        self.next_location = location;
        self.statistics.registers += 1;
        self.log.add(record.message_was(message));
        self.coap.answer(from, message, Code::CREATED, &path);
        Ok(())
    }

    fn update(
        &mut self,
        now: Instant,
        from: SocketAddr,
        message: &Message<'_>,
        location: Option<usize>,
    ) -> Result<(), Code> {
        let registration = location
            .and_then(|index| self.registrations.get_mut(index))
            .ok_or(Code::NOT_FOUND)?;
        registration.update(now, from, message)?;
        self.statistics.updates += 1;
        let record = Record::new(now, RecordKind::Updated, &registration.endpoint);
        self.log.add(record.message_was(message));
        self.coap.answer(from, message, Code::CHANGED, "");
        Ok(())
    }

    fn deregister(
        &mut self,
        now: Instant,
        from: SocketAddr,
        message: &Message<'_>,
        location: Option<usize>,
    ) -> Result<(), Code> {
        let registration = match location {
            Some(index) if index < self.registrations.len() => self.registrations.remove(index),
            _ => return Err(Code::NOT_FOUND),
        };
        self.statistics.deregisters += 1;
        let record = Record::new(now, RecordKind::Deregistered, &registration.endpoint);
        self.log.add(record.message_was(message));
        self.coap.answer(from, message, Code::DELETED, "");
        Ok(())
    }

    fn send(&mut self, now: Instant, from: SocketAddr, message: &Message<'_>) -> Result<(), Code> {
        let registration = of_peer(&mut self.registrations, from)
            .next()
            .ok_or(Code::NOT_FOUND)?;
        if message.option(option::CONTENT_FORMAT).is_none() || message.payload().is_empty() {
            return Err(Code::BAD_REQUEST);
        }
        registration.last_heard = now;
        self.statistics.sends += 1;
        let record = Record::new(now, RecordKind::Sent, &registration.endpoint);
        self.log.add(record.message_was(message));
        self.coap.answer(from, message, Code::CHANGED, "");
        Ok(())
    }

    fn refuse(
        &mut self,
        now: Instant,
        from: SocketAddr,
        message: &Message<'_>,
        code: Code,
        endpoint: &str,
    ) {
        self.statistics.refusals += 1;
        let record = Record::new(now, RecordKind::Refused, endpoint);
        self.log.add(record.message_was(message).code_was(code));
        self.coap.answer(from, message, code, "");
    }

    fn handle_response(&mut self, now: Instant, from: SocketAddr, message: &Message<'_>) {
        let token = message.token();
        let separate = message.kind() == Kind::Con;
        for registration in of_peer(&mut self.registrations, from) {
            registration.last_heard = now;
            if registration.dialogue.awaits(token) {
                if separate {
                    self.coap
                        .answer_empty(from, Kind::Ack, message.message_id());
                }
                let ended = registration.dialogue.respond(now, &mut self.coap, message);
                if let Some(exchange) = ended {
                    let request = exchange.request;
                    if request.observe.is_some() {
                        let is_other = |o: &Observation<'_>| o.request.path != request.path;
                        registration.observations.retain(is_other);
                    }
                    if exchange.is_observed {
                        let token = exchange.first_token;
                        let observation = Observation { token, request };
                        let _ = registration.observations.push(observation);
                    }
                    let record = Record::new(now, RecordKind::Answered, &registration.endpoint)
                        .message_was(message);
                    self.log
                        .add(record.request_was(request).body_was(exchange.body));
                }
                return;
            }
            // The network has doubled an answer that is in an acknowledgement: no notification comes in one.
            if message.kind() == Kind::Ack {
                continue;
            }
            let known = |o: &Observation<'_>| o.token == token;
            let Some(index) = registration.observations.iter().position(known) else {
                continue;
            };
            let request = registration.observations.get(index).map(|o| o.request);
            self.statistics.notifications += 1;
            let mut record = Record::new(now, RecordKind::Notified, &registration.endpoint);
            if let Some(request) = request {
                record = record.request_was(request);
            }
            self.log.add(record.message_was(message));
            match self.notification_reply {
                NotificationReply::Acknowledge if separate => {
                    self.coap
                        .answer_empty(from, Kind::Ack, message.message_id());
                }
                NotificationReply::Reset => {
                    self.coap
                        .answer_empty(from, Kind::Rst, message.message_id());
                    registration.observations.swap_remove(index);
                    return;
                }
                _ => {}
            }
            if !message.code().is_success() {
                // An error ends the observation (RFC 7641, section 3.2).
                registration.observations.swap_remove(index);
            }
            return;
        }
        if message.kind() != Kind::Ack {
            self.coap
                .answer_empty(from, Kind::Rst, message.message_id());
        }
    }

    /// The index of the registration at `/rd/` and this number.
    fn find(&self, number: &str) -> Option<usize> {
        let number = number.parse::<u16>().ok()?;
        self.registrations.iter().position(|r| r.location == number)
    }

    fn expire(&mut self, now: Instant) {
        let (log, expiries) = (&mut self.log, &mut self.statistics.expiries);
        self.registrations.retain(|registration| {
            let lives = registration.expires() > now;
            if !lives {
                *expiries += 1;
                log.add(Record::new(
                    registration.expires(),
                    RecordKind::Expired,
                    &registration.endpoint,
                ));
            }
            lives
        });
    }
}

fn of_peer<'r, 's>(
    registrations: &'r mut [Registration<'s>],
    peer: SocketAddr,
) -> impl Iterator<Item = &'r mut Registration<'s>> {
    registrations
        .iter_mut()
        .filter(move |registration| registration.peer() == peer)
}

/// The endpoint that a request names, for the record.
fn named(message: &Message<'_>) -> super::record::EndpointName {
    let mut name = super::record::EndpointName::new();
    if let Ok(Parameters {
        endpoint: Some(endpoint),
        ..
    }) = Parameters::of(message)
    {
        let _ = name.push_str(endpoint);
    }
    name
}
