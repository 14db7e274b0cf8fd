//! The registration interface (Core 1.1.1, section 6.2): Register, Update, De-register, and when to try again.

use super::accounts::{self, server};
#[cfg(any(feature = "observe", feature = "separate"))]
use super::connection::session_of;
use super::connection::{Connection, Session, Stage};
use super::object_list::{self, List};
use super::output::{Event, Failure};
use super::{Client, Context};
use crate::message::exchange::Purpose;
use crate::model::{ContentFormat, Objects};
use crate::time::{Duration, Instant};
#[cfg(feature = "block")]
use crate::wire::coap::Block;
use crate::wire::coap::{Builder, Code, Kind, Message, Token, option};
use crate::wire::writer::Writer;

/// Bytes that header and options of a Register may take: an endpoint name of 252 bytes, and the rest.
#[cfg(feature = "block")]
const HEAD: usize = 320;

impl Client<'_> {
    /// Encodes Register, Update or De-register at the front of `buffer`; the length, 0 when it does not fit.
    pub(super) fn encode_registration(
        &self,
        index: usize,
        purpose: Purpose,
        message_id: u16,
        token: Token,
        buffer: &mut [u8],
        objects: &dyn Objects,
    ) -> usize {
        let Some(connection) = self.connections.get(index) else {
            return 0;
        };
        let register = purpose == Purpose::Register;
        let code = if purpose == Purpose::Deregister {
            Code::DELETE
        } else {
            Code::POST
        };
        let update = purpose == Purpose::Update;
        let list = register || (update && connection.tells_objects);
        let links = List::Registration {
            root_link: register && self.config.root_link,
        };
        #[cfg(feature = "block")]
        let block = list
            .then(|| list_block(connection, objects, links))
            .flatten();
        let mut writer = Writer::new(buffer);
        let mut builder = Builder::new(&mut writer, Kind::Con, code, message_id, token);
        if register {
            builder.option(option::URI_PATH, b"rd");
        } else {
            let mut segments = connection.location.as_slice();
            while let Some((&len, rest)) = segments.split_first() {
                let Some((segment, rest)) = rest.split_at_checked(usize::from(len)) else {
                    break;
                };
                builder.option(option::URI_PATH, segment);
                segments = rest;
            }
        }
        if list {
            builder.option_uint(
                option::CONTENT_FORMAT,
                u32::from(ContentFormat::CoreLink.number()),
            );
        }
        if register {
            builder.option(option::URI_QUERY, b"lwm2m=1.1");
            builder.string_option_parts(option::URI_QUERY, "ep=", self.config.endpoint);
        }
        if register || (update && connection.tells_lifetime) {
            builder.string_option_decimal(option::URI_QUERY, "lt=", connection.lifetime);
        }
        if register {
            if self.config.announce_binding {
                builder.option(option::URI_QUERY, b"b=U");
            }
            if self.config.queue_mode {
                builder.option(option::URI_QUERY, b"Q");
            }
        }
        #[cfg(feature = "block")]
        if let Some(block) = block {
            builder.option_uint(option::BLOCK1, block.to_uint());
            builder.payload();
            let start = writer.finish().stored;
            let rest = buffer.get_mut(start..).unwrap_or(&mut []);
            let mut window = Writer::window(rest, block.offset());
            object_list::write(&mut window, objects, links);
            let stored = window.finish().stored.min(block.size());
            // A list that has become shorter may have nothing left: then no marker, either.
            return if stored > 0 {
                start + stored
            } else {
                start.saturating_sub(1)
            };
        }
        if list {
            object_list::write(builder.payload(), objects, links);
        }
        let written = writer.finish();
        if written.is_whole() {
            written.stored
        } else {
            0
        }
    }

    /// A server has answered Register, Update or De-register.
    pub(super) fn registration_answered(
        &mut self,
        index: usize,
        purpose: Purpose,
        message: &Message<'_>,
        cx: &mut Context<'_>,
    ) {
        let code = message.code();
        #[cfg(feature = "block")]
        if self.list_continued(index, purpose, message, cx.objects) {
            return;
        }
        match (purpose, code) {
            (Purpose::Register, Code::CREATED) if !self.take_location(index, message) => {
                self.attempt_failed(index, Failure::Location, cx);
            }
            (Purpose::Register, Code::CREATED) | (Purpose::Update, Code::CHANGED) => {
                self.registered(index, purpose, cx);
            }
            (Purpose::Deregister, _) => self.deregistered(index, code.is_success(), cx),
            (Purpose::Update, Code::NOT_FOUND) => {
                // The server does not know the registration (any more): register at once.
                if let Some(connection) = self.connections.get_mut(index) {
                    connection.stage = Stage::Attempting;
                }
            }
            _ => self.attempt_failed(index, Failure::Code(code), cx),
        }
    }

    /// Whether the server wants the next block of the object list, or smaller ones.
    #[cfg(feature = "block")]
    fn list_continued(
        &mut self,
        index: usize,
        purpose: Purpose,
        message: &Message<'_>,
        objects: &dyn Objects,
    ) -> bool {
        let register = purpose == Purpose::Register;
        let links = List::Registration {
            root_link: register && self.config.root_link,
        };
        let Some(connection) = self.connections.get_mut(index) else {
            return false;
        };
        // Behind the last block there is none to continue with: a server that asks on would be answered for ever.
        let continues = message.code() == Code::CONTINUE
            && (register || (purpose == Purpose::Update && connection.tells_objects))
            && list_block(connection, objects, links).is_some_and(|block| block.more);
        let asked = message
            .option(option::BLOCK1)
            .and_then(|item| item.uint().ok())
            .and_then(|value| Block::from_uint(value).ok());
        let smaller = asked
            .map(|block| block.szx)
            .filter(|&szx| szx < connection.block_szx);
        match (message.code(), smaller) {
            (Code::CONTINUE, None) if continues => connection.block += 1,
            // What was taken counts in the server's size.
            (Code::CONTINUE, Some(szx)) if continues => {
                connection.block = (connection.block + 1) << (connection.block_szx - szx);
                connection.block_szx = szx;
            }
            (Code::REQUEST_ENTITY_TOO_LARGE, Some(szx)) => {
                connection.block = 0;
                connection.block_szx = szx;
            }
            _ => {
                connection.block = 0;
                return false;
            }
        }
        connection.update |= purpose == Purpose::Update;
        true
    }

    /// Keeps the Location that a server has given to a registration; whether there is one that fits.
    fn take_location(&mut self, index: usize, message: &Message<'_>) -> bool {
        let Some(connection) = self.connections.get_mut(index) else {
            return false;
        };
        connection.location.clear();
        let mut fits = true;
        for segment in message
            .options()
            .filter(|item| item.number == option::LOCATION_PATH)
        {
            let Ok(len) = u8::try_from(segment.value.len()) else {
                fits = false;
                break;
            };
            fits &= connection.location.push(len).is_ok()
                && connection.location.extend_from_slice(segment.value).is_ok();
        }
        if !fits {
            // A Location that is cut would name another registration.
            connection.location.clear();
        }
        !connection.location.is_empty()
    }

    /// A server has taken a Register or Update.
    fn registered(&mut self, index: usize, purpose: Purpose, cx: &Context<'_>) {
        let Some(connection) = self.connections.get_mut(index) else {
            return;
        };
        connection.told();
        connection.stage = Stage::Registered {
            update_at: self.config.update_at(cx.now, connection.lifetime),
        };
        let is_update = purpose == Purpose::Update;
        // Where notifications are lost but not a Register, as on a path that drops long datagrams, the waits go on to grow.
        if is_update || !connection.unheard {
            connection.reached();
        }
        let server = connection.short_id;
        if is_update {
            self.push(Event::Updated { server });
            return;
        }
        self.push(Event::Registered { server });
        #[cfg(feature = "bootstrap")]
        self.end_rescue();
    }

    fn deregistered(&mut self, index: usize, confirmed: bool, cx: &Context<'_>) {
        let Some(connection) = self.connections.get_mut(index) else {
            return;
        };
        connection.close();
        connection.deregister = false;
        connection.stage = match connection.disable.take() {
            Some(secs) => Stage::Waiting {
                until: cx.now + Duration::from_secs(u64::from(secs)),
            },
            None => Stage::Idle,
        };
        let server = connection.short_id;
        #[cfg(feature = "separate")]
        self.forget_separate(session_of(index));
        #[cfg(feature = "observe")]
        self.forget_observations(session_of(index));
        self.push(Event::Deregistered { server, confirmed });
    }

    /// Nothing came back for a message of the registration interface.
    pub(super) fn registration_unanswered(
        &mut self,
        index: usize,
        purpose: Purpose,
        failure: Failure,
        cx: &mut Context<'_>,
    ) {
        if purpose == Purpose::Deregister {
            self.deregistered(index, false, cx);
            return;
        }
        // The session may be dead without anybody having said so.
        if let Some(connection) = self.connections.get_mut(index) {
            connection.close();
        }
        self.attempt_failed(index, failure, cx);
    }

    /// An attempt to bootstrap or to register has failed, or a registration is lost: decides when to try again.
    pub(super) fn attempt_failed(&mut self, index: usize, failure: Failure, cx: &mut Context<'_>) {
        let Some(connection) = self.connections.get_mut(index) else {
            return;
        };
        if connection.bootstrap {
            #[cfg(feature = "bootstrap")]
            self.bootstrap_failed(index, failure, cx);
            return;
        }
        connection.exchange = None;
        if connection.deregister {
            self.deregistered(index, false, cx);
            return;
        }
        let objects = &*cx.objects;
        let instance = connection.server_instance;
        let number =
            |resource, default| accounts::server_number(objects, instance, resource, default);
        // Both counts are kept in a byte.
        let most = u32::from(u8::MAX);
        // The retry rules of Core 1.1.1, section 6.2.1.1 and appendix E.2.
        connection.attempts = connection.attempts.saturating_add(1);
        let mut exhausted = false;
        let wait = if u32::from(connection.attempts) < number(server::RETRY_COUNT, 5).min(most) {
            let doublings = u32::from(connection.attempts - 1).min(20);
            let timer = u64::from(number(server::RETRY_TIMER, 60));
            Duration::from_secs(timer << doublings)
        } else {
            connection.attempts = 0;
            connection.sequences = connection.sequences.saturating_add(1);
            let delay = number(server::SEQUENCE_DELAY, 86_400);
            // The largest delay stands for no further sequence.
            let count = number(server::SEQUENCE_COUNT, 1).min(most);
            if u32::from(connection.sequences) < count && delay != u32::MAX {
                Duration::from_secs(delay.into())
            } else {
                connection.sequences = 0;
                exhausted = true;
                let wait = self
                    .config
                    .registration_back_off
                    .spread(connection.back_off, cx.random);
                connection.back_off = connection.back_off.saturating_add(1);
                wait
            }
        };
        let retry_at = cx.now + wait;
        connection.stage = Stage::Waiting { until: retry_at };
        connection.close();
        let server = connection.short_id;
        // Nobody waits for these answers any more, others wait for the room.
        #[cfg(feature = "separate")]
        self.forget_separate(session_of(index));
        self.push(Event::RegistrationFailed {
            server,
            failure,
            retry_at,
            exhausted,
        });
        #[cfg(feature = "bootstrap")]
        if exhausted
            && accounts::boolean(
                cx.objects,
                accounts::SERVER,
                instance,
                server::BOOTSTRAP_ON_FAILURE,
            ) != Some(false)
        {
            // Without a bootstrap account the back-off list goes on by itself.
            let _ = self.begin_bootstrap(cx.now, cx.objects, true);
        }
    }

    /// A server has written to its Server instance, or the application has.
    pub(super) fn account_written(&mut self, instance: u16, objects: &dyn Objects) {
        let registered = |connection: &&mut Connection| connection.used && !connection.bootstrap;
        for connection in self.connections.iter_mut().filter(registered) {
            if connection.server_instance == instance {
                connection.lifetime_changed |= lifetime(objects, connection) != connection.lifetime;
                connection.stale |= connection.lifetime_changed;
                connection.update |= connection.lifetime_changed && connection.is_registered();
            }
        }
    }

    /// A Register or Update begins, which tells the state of now.
    ///
    /// `capacity` is the size of the message buffer.
    pub(super) fn begin_telling(
        &mut self,
        index: usize,
        purpose: Purpose,
        objects: &dyn Objects,
        capacity: usize,
    ) {
        #[cfg(not(feature = "block"))]
        let _ = capacity;
        let Some(connection) = self.connections.get_mut(index) else {
            return;
        };
        if !matches!(purpose, Purpose::Register | Purpose::Update) {
            return;
        }
        connection.update = false;
        // A further block goes on with what was begun.
        #[cfg(feature = "block")]
        if connection.block > 0 {
            return;
        }
        #[cfg(feature = "block")]
        {
            let largest = Block::szx_for(capacity.saturating_sub(HEAD));
            connection.block_szx = connection.block_szx.min(largest);
        }
        // What is told now stays the same when it is sent again (RFC 7252, section 4.2).
        connection.tells_lifetime = connection.lifetime_changed;
        connection.tells_objects = connection.objects_changed;
        let register = purpose == Purpose::Register;
        if register || connection.lifetime_changed {
            connection.lifetime = lifetime(objects, connection);
        }
        if register {
            connection.lifetime_changed = false;
            connection.objects_changed = false;
        }
        connection.stale = false;
        // A Register ends what the server observes. With its answer it would be too late: who observes at once may be faster.
        #[cfg(feature = "observe")]
        if register {
            self.forget_observations(session_of(index));
        }
    }

    /// Whether connection `index` could carry a message now.
    pub(super) fn is_open(&self, index: usize) -> bool {
        self.connections
            .get(index)
            .is_some_and(|connection| connection.session == Session::Open)
    }
}

/// The block of the object list that is next, when the list does not fit into one message.
#[cfg(feature = "block")]
fn list_block(connection: &Connection, objects: &dyn Objects, links: List) -> Option<Block> {
    let mut counter = Writer::counting();
    object_list::write(&mut counter, objects, links);
    let total = counter.len();
    let szx = connection.block_szx;
    let size = 16usize << szx;
    if connection.block == 0 && total <= size {
        return None;
    }
    let offset = usize::try_from(connection.block).ok()?.checked_mul(size)?;
    Block::new(connection.block, offset + size < total, szx)
}

impl Connection {
    /// What is to be sent to a registered server, if anything; an Update earlier by up to `window` milliseconds.
    pub(super) fn registration_due(&self, now: Instant, window: u32) -> Option<Purpose> {
        let Stage::Registered { update_at } = self.stage else {
            return None;
        };
        if self.deregister {
            Some(Purpose::Deregister)
        } else if self.update || update_at.brought_forward(window, self.lifetime) <= now {
            Some(Purpose::Update)
        } else {
            None
        }
    }
}

impl super::Config<'_> {
    /// When to send an Update after a Register or Update at `now`: so early that its retransmissions fit.
    fn update_at(&self, now: Instant, lifetime: u32) -> Instant {
        if lifetime == 0 {
            // No limit (Core 1.1.1, section 6.2.1).
            return Instant::FAR_FUTURE;
        }
        let lifetime = Duration::from_secs(u64::from(lifetime));
        let half = Duration::from_millis(lifetime.as_millis() / 2);
        now + half.max(lifetime - self.transmission.max_transmit_wait())
    }
}

/// The lifetime that the Server object asks for; a day when it does not say.
#[inline(never)]
fn lifetime(objects: &dyn Objects, connection: &Connection) -> u32 {
    accounts::server_number(
        objects,
        connection.server_instance,
        server::LIFETIME,
        86_400,
    )
}
