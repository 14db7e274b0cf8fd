//! A LwM2M bootstrap server: answers Bootstrap-Request, then sends its script.

use core::net::SocketAddr;

use heapless::Vec;
use lwm2m_core::time::Instant;
use lwm2m_core::wire::coap::{Code, Kind, Message, option};

use super::Transmit;
use super::conduct::{Conduct, Plan};
use super::credentials::Credentials;
use super::dialogue::{Dialogue, Progress};
use super::endpoint::{Endpoint, MessageStatistics, Received};
use super::path::UriPath;
use super::record::{EndpointName, Log, Record, RecordKind};
use super::request::Request;

/// Bootstrap sessions that a server remembers, the running and the ended ones; the oldest make room.
pub const MAX_SESSIONS: usize = 4;

/// How far a device's bootstrap has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BootstrapProgress {
    /// Requests are left, or the script ended without a Finish.
    Running,
    /// The device accepted Bootstrap-Finish.
    Finished,
    /// A request was refused, reset or not answered, and the server stopped.
    Failed,
}

/// What a bootstrap server has counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct BootstrapStatistics {
    /// Bootstrap-Requests accepted.
    pub requests: u32,
    /// Bootstrap-Requests refused.
    pub refusals: u32,
    /// Operations that the device answered with success.
    pub successes: u32,
    /// Operations that the device answered with an error.
    pub failures: u32,
    /// Bootstraps that ended with an accepted Finish.
    pub finished: u32,
}

#[derive(Debug)]
struct Session<'s> {
    endpoint: EndpointName,
    dialogue: Dialogue<'s>,
    progress: BootstrapProgress,
}

/// A bootstrap server without I/O, driven like [`ManagementServer`](super::ManagementServer).
///
/// Its script is a list of Bootstrap-Delete, -Write, -Discover, -Read and -Finish, each confirmable
/// and sent when the one before has been answered. A new Bootstrap-Request starts again from the top.
#[derive(Debug)]
pub struct BootstrapServer<'s> {
    coap: Endpoint,
    plan: Plan,
    credentials: Credentials<'s>,
    endpoints: &'s [&'s str],
    stop_on_error: bool,
    script: &'s [Request<'s>],
    sessions: Vec<Session<'s>, MAX_SESSIONS>,
    log: Log<'s>,
    statistics: BootstrapStatistics,
}

impl<'s> BootstrapServer<'s> {
    /// A server that sends `script` to every device that asks. `seed` decides message ids, tokens and
    /// jitter.
    #[must_use]
    pub fn new(seed: u64, script: &'s [Request<'s>]) -> Self {
        Self {
            coap: Endpoint::new(seed),
            plan: Plan::default(),
            credentials: Credentials::default(),
            endpoints: &[],
            stop_on_error: true,
            script,
            sessions: Vec::new(),
            log: Log::default(),
            statistics: BootstrapStatistics::default(),
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

    /// Serves these endpoints alone, and refuses others with 4.00; an empty list serves all.
    pub const fn set_endpoints(&mut self, endpoints: &'s [&'s str]) {
        self.endpoints = endpoints;
    }

    /// Sets how Bootstrap-Requests are treated from now on.
    pub const fn set_conduct(&mut self, conduct: Conduct) {
        self.plan.set(conduct);
    }

    /// Sets how the next `requests` of them are treated; copies of a message count once.
    pub const fn set_conduct_for(&mut self, conduct: Conduct, requests: u32) {
        self.plan.set_for(conduct, requests);
    }

    /// Whether a refused request ends the bootstrap (as it does unless set otherwise), or the script
    /// goes on.
    pub const fn set_stop_on_error(&mut self, stop: bool) {
        self.stop_on_error = stop;
    }

    /// Sets what devices that ask from now on are sent.
    pub const fn set_script(&mut self, script: &'s [Request<'s>]) {
        self.script = script;
    }

    /// How far this endpoint has come; `None` when it has not asked.
    #[must_use]
    pub fn progress(&self, endpoint: &str) -> Option<BootstrapProgress> {
        let session = self.sessions.iter().find(|s| s.endpoint == endpoint)?;
        Some(session.progress)
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
    pub const fn statistics(&self) -> BootstrapStatistics {
        self.statistics
    }

    /// What the server's message layer has counted.
    #[must_use]
    pub const fn message_statistics(&self) -> MessageStatistics {
        self.coap.statistics
    }

    /// Takes a datagram from `from`.
    pub fn handle(&mut self, now: Instant, from: SocketAddr, datagram: &[u8]) {
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
                for session in of_peer(&mut self.sessions, from) {
                    session.dialogue.acknowledge(now, message_id);
                }
            }
            Received::Reset(message_id) => {
                for session in of_peer(&mut self.sessions, from) {
                    if let Some(request) = session.dialogue.reset(now, message_id) {
                        let record = Record::new(now, RecordKind::Reset, &session.endpoint);
                        self.log.add(record.request_was(request));
                        session.fail(now, &mut self.log);
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
        if self.plan.is_gone() {
            return None;
        }
        if let Some(transmit) = self.coap.poll(buf) {
            return Some(transmit);
        }
        for session in &mut self.sessions {
            loop {
                let dialogue = &mut session.dialogue;
                match dialogue.poll(now, &mut self.coap, true, |_| None, buf) {
                    Progress::Transmit(transmit) => return Some(transmit),
                    Progress::Unanswered(request) => {
                        let record = Record::new(now, RecordKind::Unanswered, &session.endpoint);
                        self.log.add(record.request_was(request));
                        session.fail(now, &mut self.log);
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
    pub fn next_timeout(&self) -> Option<Instant> {
        if self.plan.is_gone() {
            return None;
        }
        let dialogues = self.sessions.iter().map(|session| &session.dialogue);
        dialogues.filter_map(|d| d.next_timeout(true)).min()
    }

    fn handle_request(&mut self, now: Instant, from: SocketAddr, message: &Message<'_>) {
        let endpoint = query(message, "ep").unwrap_or_default();
        let conduct = self.plan.next();
        let checked = match conduct {
            Conduct::Serve => self.check(message, endpoint),
            Conduct::Silent => {
                let record = Record::new(now, RecordKind::Ignored, endpoint);
                self.log.add(record.message_was(message));
                return;
            }
            Conduct::Refuse(code) => Err(code),
        };
        let name = match checked {
            Ok(name) => name,
            Err(code) => {
                self.statistics.refusals += 1;
                let record = Record::new(now, RecordKind::Refused, endpoint);
                self.log.add(record.message_was(message).code_was(code));
                self.coap.answer(from, message, code, "");
                return;
            }
        };
        self.statistics.requests += 1;
        self.coap.answer(from, message, Code::CHANGED, "");
        let record = Record::new(now, RecordKind::BootstrapRequested, &name);
        self.log.add(record.message_was(message));
        self.sessions.retain(|session| session.endpoint != name);
        if self.sessions.is_full() {
            self.sessions.remove(0);
        }
        let _ = self.sessions.push(Session {
            endpoint: name,
            dialogue: Dialogue::new(now, from, self.script),
            progress: BootstrapProgress::Running,
        });
    }

    /// Checks a Bootstrap-Request (Core 1.1.1, section 6.1.7.1).
    fn check(&self, message: &Message<'_>, endpoint: &str) -> Result<EndpointName, Code> {
        match (message.code(), UriPath::of(message).segments()) {
            (Code::POST, ["bs"]) => {}
            (_, ["bs"]) => return Err(Code::METHOD_NOT_ALLOWED),
            _ => return Err(Code::NOT_FOUND),
        }
        let served = self.endpoints.is_empty() || self.endpoints.contains(&endpoint);
        if endpoint.is_empty() || !served {
            return Err(Code::BAD_REQUEST);
        }
        if let Some(preferred) = query(message, "pct") {
            let preferred = preferred.parse().map_err(|_| Code::BAD_REQUEST)?;
            let written = |request: &Request<'_>| request.content_format == Some(preferred);
            if !self.script.iter().any(written) {
                return Err(Code::UNSUPPORTED_CONTENT_FORMAT);
            }
        }
        let mut name = EndpointName::new();
        name.push_str(endpoint).map_err(|_| Code::BAD_REQUEST)?;
        Ok(name)
    }

    fn handle_response(&mut self, now: Instant, from: SocketAddr, message: &Message<'_>) {
        let token = message.token();
        let Some(session) = of_peer(&mut self.sessions, from).find(|s| s.dialogue.awaits(token))
        else {
            if message.kind() != Kind::Ack {
                self.coap
                    .answer_empty(from, Kind::Rst, message.message_id());
            }
            return;
        };
        if message.kind() == Kind::Con {
            self.coap
                .answer_empty(from, Kind::Ack, message.message_id());
        }
        let Some(exchange) = session.dialogue.respond(now, &mut self.coap, message) else {
            return;
        };
        let request = exchange.request;
        let record = Record::new(now, RecordKind::Answered, &session.endpoint);
        let record = record.message_was(message).request_was(request);
        self.log.add(record.body_was(exchange.body));
        if !message.code().is_success() {
            self.statistics.failures += 1;
            if self.stop_on_error {
                session.fail(now, &mut self.log);
            }
            return;
        }
        self.statistics.successes += 1;
        if request.is_finish() {
            self.statistics.finished += 1;
            session.progress = BootstrapProgress::Finished;
            session.dialogue.stop();
            let kind = RecordKind::BootstrapFinished;
            self.log.add(Record::new(now, kind, &session.endpoint));
        }
    }
}

impl<'s> Session<'s> {
    fn fail(&mut self, now: Instant, log: &mut Log<'s>) {
        self.dialogue.stop();
        self.progress = BootstrapProgress::Failed;
        log.add(Record::new(
            now,
            RecordKind::BootstrapFailed,
            &self.endpoint,
        ));
    }
}

fn of_peer<'r, 's>(
    sessions: &'r mut [Session<'s>],
    peer: SocketAddr,
) -> impl Iterator<Item = &'r mut Session<'s>> {
    sessions
        .iter_mut()
        .filter(move |session| session.dialogue.peer == peer)
}

/// The value of a query.
fn query<'a>(message: &Message<'a>, name: &str) -> Option<&'a str> {
    let queries = message.options().filter(|o| o.number == option::URI_QUERY);
    let mut pairs = queries.filter_map(|query| query.str().ok()?.split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}
