//! The client: registers with servers, answers their requests, reports values.
//!
//! It does no I/O. Datagrams, the state of sessions and the time are handed in; datagrams, requests for sessions,
//! events and the next deadline come out of [`Client::poll_output`], which is to be called after every other call
//! until it answers [`Output::Idle`].

mod accounts;
#[cfg(feature = "block")]
mod block1;
#[cfg(feature = "bootstrap")]
mod bootstrap;
mod config;
mod connection;
mod input;
mod management;
mod object_list;
mod output;
mod poll;
mod registration;
mod reply;
#[cfg(feature = "observe")]
mod reporting;
mod request;
mod resources;
#[cfg(feature = "separate")]
mod separate;
#[cfg(all(feature = "bootstrap", feature = "tlv"))]
pub mod snapshot;
mod traffic;

use crate::fmt::{info, warning};
use crate::message::deduplication;
#[cfg(feature = "observe")]
use crate::message::exchange::Purpose;
#[cfg(feature = "separate")]
use crate::model::{Error, Ticket};
use crate::model::{Objects, Path};
use crate::random::Random;
use crate::statistics::Statistics;
use crate::time::{Duration, Instant};
use core::fmt;

pub use config::{BackOff, Config};
use connection::{Connection, Session, Stage};
pub use output::{Event, Expect, Failure, Output, SessionEvent, SessionFailure, SessionId};
pub use resources::Resources;
#[cfg(feature = "separate")]
use separate::Separate;

pub use crate::message::transmission::Transmission;

/// Events that may wait between two calls of [`Client::poll_output`].
const EVENTS: usize = 8;

/// What a call needs beside the client: the time, the objects and randomness.
pub(crate) struct Context<'c> {
    pub(crate) now: Instant,
    pub(crate) objects: &'c mut dyn Objects,
    pub(crate) random: &'c mut dyn Random,
}

/// A datagram in the caller's buffer that is to be sent next.
#[derive(Clone, Copy)]
struct Outgoing {
    session: SessionId,
    len: usize,
    expect: Expect,
    /// The effect of this operation may begin once the datagram has been handed out.
    answered: Option<Path>,
}

/// An LwM2M client.
///
/// The buffer that is lent to [`handle_datagram`](Self::handle_datagram) may hold the answer afterwards; lend the same
/// one, untouched, to [`poll_output`](Self::poll_output). 1,280 bytes suit every network.
pub struct Client<'r> {
    config: Config<'r>,
    connections: &'r mut [Connection],
    deduplication: &'r mut [deduplication::Slot],
    #[cfg(feature = "observe")]
    observations: &'r mut [reporting::Observation],
    #[cfg(feature = "observe")]
    observe_number: u32,
    /// The periods of observations are to be looked up again.
    #[cfg(feature = "observe")]
    periods_changed: bool,
    #[cfg(feature = "attributes")]
    attributes: &'r mut [reporting::AttributeSet],
    #[cfg(feature = "separate")]
    separate: [Separate; separate::SLOTS],
    /// A long value of which some blocks have come.
    #[cfg(feature = "block")]
    transfer: Option<block1::Transfer>,
    outgoing: Option<Outgoing>,
    events: heapless::Deque<Event, EVENTS>,
    message_id: u16,
    online: bool,
    /// Something has changed since the deadlines were last looked at: a datagram or an event may wait to be handed out.
    stirred: bool,
    /// Nothing is to be done before.
    wake: Instant,
    /// When the last datagram was handed out.
    active_at: Instant,
    /// Objects 0 to 2 are in a transaction.
    #[cfg(feature = "bootstrap")]
    transaction: bool,
    /// Bootstraps that failed one after the other.
    #[cfg(feature = "bootstrap")]
    bootstrap_failures: u8,
    #[cfg(feature = "bootstrap")]
    finish: Option<request::Origin>,
    statistics: Statistics,
}

impl fmt::Debug for Client<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("statistics", &self.statistics)
            .finish_non_exhaustive()
    }
}

impl<'r> Client<'r> {
    /// A client that does nothing until [`start`](Self::start).
    #[must_use]
    pub fn new<
        const SERVERS: usize,
        const OBSERVATIONS: usize,
        const ATTRIBUTES: usize,
        const DUPLICATES: usize,
    >(
        resources: &'r mut Resources<SERVERS, OBSERVATIONS, ATTRIBUTES, DUPLICATES>,
        mut config: Config<'r>,
        random: &mut dyn Random,
    ) -> Self {
        // 7 is reserved over UDP (RFC 7959, section 2.2).
        config.block_szx = config.block_szx.min(6);
        let mut id = [0; 2];
        random.public(&mut id);
        Self {
            config,
            connections: &mut resources.connections,
            deduplication: &mut resources.deduplication,
            #[cfg(feature = "observe")]
            observations: &mut resources.observations,
            #[cfg(feature = "observe")]
            observe_number: 0,
            #[cfg(feature = "observe")]
            periods_changed: false,
            #[cfg(feature = "attributes")]
            attributes: &mut resources.attributes,
            #[cfg(feature = "separate")]
            separate: [Separate::FREE; separate::SLOTS],
            #[cfg(feature = "block")]
            transfer: None,
            outgoing: None,
            events: heapless::Deque::new(),
            message_id: u16::from_le_bytes(id),
            online: true,
            stirred: true,
            wake: Instant::ZERO,
            active_at: Instant::ZERO,
            #[cfg(feature = "bootstrap")]
            transaction: false,
            #[cfg(feature = "bootstrap")]
            bootstrap_failures: 0,
            #[cfg(feature = "bootstrap")]
            finish: None,
            statistics: Statistics::default(),
        }
    }

    /// Registers with every server that has an account, or bootstraps when there is none. What was before (sessions,
    /// registrations, observations) is given up without a word to the servers. Accounts for which [`Resources`] has no room
    /// are left alone.
    ///
    /// # Errors
    /// [`Failure::NoAccount`] when object 0 has no account to start from.
    #[inline(never)]
    pub fn start(&mut self, now: Instant, objects: &mut dyn Objects) -> Result<(), Failure> {
        self.stirred = true;
        #[cfg(feature = "bootstrap")]
        self.roll_back(objects);
        for index in 0..self.connections.len() {
            self.forget(index);
        }
        let mut found = false;
        for account in accounts::instances(objects, accounts::SECURITY) {
            if accounts::is_bootstrap(objects, account) {
                continue;
            }
            let Some(short_id) = accounts::short_id(objects, account) else {
                continue;
            };
            let Some(server_instance) = accounts::server_instance(objects, short_id) else {
                continue;
            };
            let Some(connection) = self
                .connections
                .iter_mut()
                .find(|connection| !connection.used)
            else {
                break;
            };
            let delay = accounts::server_number(
                objects,
                server_instance,
                accounts::server::INITIAL_DELAY,
                0,
            );
            connection.used = true;
            connection.bootstrap = false;
            connection.account = account;
            connection.server_instance = server_instance;
            connection.short_id = short_id;
            #[cfg(feature = "block")]
            {
                connection.block_szx = self.config.block_szx;
            }
            connection.stage = Stage::Waiting {
                until: now + Duration::from_secs(u64::from(delay)),
            };
            found = true;
        }
        #[cfg(feature = "attributes")]
        self.forget_attributes_without_account();
        if found {
            return Ok(());
        }
        #[cfg(feature = "bootstrap")]
        return self.begin_bootstrap(now, objects, false);
        #[cfg(not(feature = "bootstrap"))]
        Err(Failure::NoAccount)
    }

    /// Gives up what a connection was about, without a word to the server.
    #[inline(never)]
    fn forget(&mut self, index: usize) {
        if let Some(connection) = self.connections.get_mut(index) {
            connection.close();
            // A session that the driver still has must be closed before the slot is used again.
            let session = connection.session;
            *connection = Connection {
                session,
                ..Connection::UNUSED
            };
            let id = connection::session_of(index);
            deduplication::forget_session(self.deduplication, id);
            #[cfg(feature = "separate")]
            self.forget_separate(id);
            #[cfg(feature = "block")]
            self.forget_transfer(id);
            #[cfg(feature = "observe")]
            self.forget_observations(id);
        }
    }

    /// Tells that something about a session has happened.
    pub fn handle_session(
        &mut self,
        now: Instant,
        session: SessionId,
        event: SessionEvent,
        objects: &mut dyn Objects,
        random: &mut dyn Random,
    ) {
        self.stirred = true;
        let index = session.index();
        let cx = &mut Context {
            now,
            objects,
            random,
        };
        let Some(connection) = self
            .connections
            .get_mut(index)
            .filter(|connection| connection.used)
        else {
            return;
        };
        info!("session {}: {:?}", index, event);
        match event {
            SessionEvent::Open { resumed } => {
                if connection.session == Session::Opening {
                    connection.session = Session::Open;
                    if !resumed && connection.is_registered() && !connection.deregister {
                        // A new security context: the registration belongs to the old one (Transport 1.1.1, 5.2).
                        connection.stage = Stage::Attempting;
                    }
                    if !resumed {
                        // Nor does what was asked over it (RFC 7252, section 9.1.1).
                        deduplication::forget_session(self.deduplication, session);
                        #[cfg(feature = "separate")]
                        self.forget_separate(session);
                    }
                }
            }
            // The client itself has ended the session, or begins another: the report says nothing new.
            _ if !matches!(connection.session, Session::Opening | Session::Open) => {}
            SessionEvent::Failed(failure) => {
                connection.session = Session::Closed;
                self.attempt_failed(index, Failure::Session(failure), cx);
            }
            SessionEvent::Closed => {
                connection.session = Session::Closed;
                #[cfg(feature = "block")]
                connection.restart_list();
                let registered = connection.is_registered();
                if (self.outgoing.as_ref()).is_some_and(|answer| answer.session == session) {
                    self.lose_answer();
                }
                deduplication::forget_session(self.deduplication, session);
                #[cfg(feature = "separate")]
                self.forget_separate(session);
                if self.interrupt(index) || !registered {
                    self.attempt_failed(index, Failure::Closed, cx);
                }
            }
        }
    }

    /// Drops the message that is on its way, as its session is gone; whether it was a request. What a notification told
    /// is told again later.
    fn interrupt(&mut self, index: usize) -> bool {
        let exchange = self
            .connections
            .get_mut(index)
            .and_then(|connection| connection.exchange.take());
        let Some(exchange) = exchange else {
            return false;
        };
        #[cfg(feature = "observe")]
        if let Purpose::Notification(slot) = exchange.purpose {
            self.tell_again(slot);
        }
        exchange.purpose.is_request()
    }

    /// An answer that did not get away is lost, but not what was to follow it.
    fn lose_answer(&mut self) {
        if let Some(path) = self.outgoing.take().and_then(|outgoing| outgoing.answered) {
            self.push(Event::Answered { path });
        }
    }

    /// Tells whether the network can be used. While it cannot, nothing is sent and no attempt is made; sessions are
    /// closed. When it can again, servers are told that the client is back.
    pub fn set_online(&mut self, now: Instant, online: bool, objects: &mut dyn Objects) {
        if self.online == online {
            return;
        }
        info!("online: {}", online);
        self.online = online;
        self.stirred = true;
        self.lose_answer();
        for index in 0..self.connections.len() {
            if !online {
                self.interrupt(index);
            }
            let Some(connection) = self.connections.get_mut(index).filter(|c| c.used) else {
                continue;
            };
            if online {
                connection.update |= connection.is_registered();
                #[cfg(feature = "observe")]
                self.resume_observations(index, now, objects);
            } else {
                connection.close();
                if connection.is_interrupted() {
                    connection.stage = Stage::Waiting { until: now };
                }
            }
        }
        #[cfg(feature = "bootstrap")]
        if self.finish.is_none() && !online {
            self.roll_back(objects);
        }
        #[cfg(not(feature = "bootstrap"))]
        let _ = objects;
    }

    /// Sends an Update to every server that the client is registered with, with the object list when
    /// `objects_changed` (instances were created or deleted by the application).
    pub fn update(&mut self, objects_changed: bool) {
        self.stirred = true;
        for connection in self
            .connections
            .iter_mut()
            .filter(|connection| connection.used)
        {
            connection.update |= connection.is_registered();
            if objects_changed {
                connection.list_changed();
            }
        }
    }

    /// De-registers from every server. [`Event::Deregistered`] tells the end for each; [`start`](Self::start) begins
    /// anew.
    pub fn deregister(&mut self) {
        self.stirred = true;
        for index in 0..self.connections.len() {
            let Some(connection) = self
                .connections
                .get_mut(index)
                .filter(|connection| connection.used)
            else {
                continue;
            };
            if connection.may_be_registered() && self.online {
                connection.deregister = true;
                connection.disable = None;
            } else if !connection.bootstrap {
                let server = connection.short_id;
                connection.close();
                connection.stage = Stage::Idle;
                self.push(Event::Deregistered {
                    server,
                    confirmed: false,
                });
            } else {
                self.forget(index);
            }
        }
    }

    /// Whether a De-register is on its way, or about to be.
    #[must_use]
    pub fn is_deregistering(&self) -> bool {
        self.connections
            .iter()
            .any(|connection| connection.deregister)
    }

    /// Answers an operation that an object had answered with [`Outcome::Later`](crate::model::Outcome::Later).
    /// An unknown ticket is ignored: the server has given up, or its session is gone.
    #[cfg(feature = "separate")]
    pub fn answer(&mut self, ticket: Ticket, result: Result<(), Error>) {
        self.stirred = true;
        #[cfg(feature = "block")]
        self.transfer_answered(ticket, result.is_ok());
        self.answer_separate(ticket, result);
    }

    /// How the client behaves.
    #[must_use]
    pub const fn config(&self) -> &Config<'r> {
        &self.config
    }

    /// Sets the endpoint client name, where it is not known from the start. Bootstrap-Request and Register carry it from
    /// then on; a registration that there is already keeps its name.
    pub const fn set_endpoint(&mut self, endpoint: &'r str) {
        self.config.endpoint = endpoint;
    }

    /// Whether the client is registered with the server of this short id.
    #[must_use]
    pub fn is_registered(&self, server: u16) -> bool {
        self.connections
            .iter()
            .any(|connection| connection.short_id == server && connection.is_registered())
    }

    /// How many sessions the client itself uses: numbers 0 to one less than this, one for each of the `SERVERS` of its
    /// [`Resources`]. Higher numbers are free for sessions of the application, such as downloads.
    #[must_use]
    pub const fn session_count(&self) -> usize {
        self.connections.len()
    }

    /// How many bytes at the start of the buffer are an answer that [`poll_output`](Self::poll_output) hands out next: what
    /// lies behind may be used before, for example to store what the answer promises.
    #[must_use]
    pub fn answer_len(&self) -> usize {
        self.outgoing.as_ref().map_or(0, |outgoing| outgoing.len)
    }

    /// The counters.
    #[must_use]
    pub const fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    /// [`Config::batch_window`] in milliseconds.
    fn batch_window(&self) -> u32 {
        u32::try_from(self.config.batch_window.as_millis()).unwrap_or(u32::MAX)
    }

    /// How many milliseconds earlier than due something may go along now: none while the radio sleeps.
    fn window(&self, now: Instant) -> u32 {
        if now.since(self.active_at) > self.config.radio_idle {
            0
        } else {
            self.batch_window()
        }
    }

    /// The next message id.
    #[inline(never)]
    fn next_message_id(&mut self) -> u16 {
        self.message_id = self.message_id.wrapping_add(1);
        self.message_id
    }

    fn push(&mut self, event: Event) {
        self.stirred = true;
        info!("{:?}", event);
        if self.events.push_back(event).is_err() {
            warning!("the event is lost: too many wait to be polled");
            self.statistics.events_lost = self.statistics.events_lost.wrapping_add(1);
        }
    }
}
