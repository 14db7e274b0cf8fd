//! The reporting interface (Core 1.1.1, section 6.4; RFC 7641): Observe, Notify, Cancel.

#[cfg(feature = "attributes")]
mod attributes;
mod observation;
#[cfg(feature = "attributes")]
mod write_attributes;

#[cfg(feature = "attributes")]
use super::connection::Connection;
use super::connection::{Session, session_of};
use super::management::read;
use super::output::SessionId;
use super::reply::{Head, code_of};
use super::request::{Request, is_from_start};
use super::{Client, Context, accounts};
use crate::message::exchange::Purpose;
use crate::model::{Objects, Path};
use crate::time::{Duration, Instant};
use crate::wire::coap::{Code, Kind, Token};

#[cfg(feature = "attributes")]
pub(crate) use attributes::{AttributeSet, Attributes};
pub(crate) use observation::Observation;
use observation::Sample;

/// The largest Observe number (RFC 7641, section 2).
const LARGEST_NUMBER: u32 = 0x00ff_ffff;

/// At least one notification in this time is confirmable (RFC 7641, section 4.5).
const CONFIRM_EVERY: Duration = Duration::from_secs(86_400);

/// When a notification may and must be sent.
struct Period {
    /// Not before pmin has passed.
    earliest: Instant,
    /// When pmax has passed, although nothing has changed.
    latest: Instant,
}

impl Client<'_> {
    /// Tells that the value at `path`, or below it, has changed. Observers are told as their attributes ask for.
    pub fn changed(&mut self, path: Path) {
        for observation in self
            .observations
            .iter_mut()
            .filter(|observation| observation.used)
        {
            if observation.path.contains(&path) || path.contains(&observation.path) {
                observation.changed = true;
                self.stirred = true;
            }
        }
    }

    /// The number of observations.
    #[must_use]
    pub fn observations(&self) -> usize {
        self.observations
            .iter()
            .filter(|observation| observation.used)
            .count()
    }

    /// Goes on with Observe numbers above `number` (24 bits), which were used before a restart.
    pub const fn resume_observe_number(&mut self, number: u32) {
        self.observe_number = number & LARGEST_NUMBER;
    }

    /// The last Observe number that was used.
    #[must_use]
    pub const fn observe_number(&self) -> u32 {
        self.observe_number
    }

    const fn next_observe_number(&mut self) -> u32 {
        self.observe_number = (self.observe_number + 1) & LARGEST_NUMBER;
        self.observe_number
    }

    /// Begins or ends an observation as the Observe option of a Read asks for; the number for the answer. A request
    /// for a later block is none for an observation.
    pub(super) fn observe_option(
        &mut self,
        index: usize,
        path: Path,
        request: &Request<'_>,
        token: Token,
        cx: &Context<'_>,
    ) -> Option<u32> {
        let session = session_of(index);
        match request.observe? {
            0 if is_from_start(request.block2) => self.observe(session, token, path, request, cx),
            1 => {
                self.cancel_observation(session, token, path);
                None
            }
            _ => None,
        }
    }

    /// Begins the observation that a Read with Observe 0 asks for. The Observe number for the answer; none when there
    /// is no room, so that the server gets a plain answer.
    fn observe(
        &mut self,
        session: SessionId,
        token: Token,
        path: Path,
        request: &Request<'_>,
        cx: &Context<'_>,
    ) -> Option<u32> {
        let of_session = |o: &Observation| o.used && o.session == session;
        let list = &mut *self.observations;
        // Another token on the same path is an observation of its own while there is room.
        let slot = list
            .iter()
            .position(|o| of_session(o) && o.token == token)
            .or_else(|| list.iter().position(|o| !o.used))
            .or_else(|| list.iter().position(|o| of_session(o) && o.path == path))?;
        let observation = list.get_mut(slot)?;
        *observation = Observation {
            used: true,
            changed: false,
            session,
            token,
            path,
            format: request
                .accept
                .and_then(crate::model::ContentFormat::from_number),
            message_id: None,
            sent_at: cx.now,
            confirmed_at: cx.now,
            sent: Sample::take(cx.objects, path),
        };
        Some(self.next_observe_number())
    }

    /// Ends the observation that a Read with Observe 1 names by its token, else by its path.
    pub(super) fn cancel_observation(&mut self, session: SessionId, token: Token, path: Path) {
        let by_token = |o: &Observation| o.used && o.session == session && o.token == token;
        let by_path = |o: &Observation| o.used && o.session == session && o.path == path;
        let slot = self.observations.iter().position(by_token);
        if let Some(slot) = slot.or_else(|| self.observations.iter().position(by_path)) {
            self.end_observation(slot);
        }
    }

    /// A reset came for the message with this id: ends the observation whose last notification it was.
    pub(super) fn reset_notification(&mut self, session: SessionId, message_id: u16) -> bool {
        let last =
            |o: &Observation| o.used && o.session == session && o.message_id == Some(message_id);
        match self.observations.iter().position(last) {
            Some(slot) => {
                self.end_observation(slot);
                true
            }
            None => false,
        }
    }

    pub(super) fn end_observation(&mut self, slot: usize) {
        if let Some(observation) = self.observations.get_mut(slot) {
            *observation = Observation::UNUSED;
        }
        for connection in self.connections.iter_mut() {
            let current = connection.exchange.map(|exchange| exchange.purpose);
            if current == u8::try_from(slot).ok().map(Purpose::Notification) {
                connection.exchange = None;
            }
        }
    }

    /// Nobody knows whether the last notification of an observation has arrived.
    pub(super) fn tell_again(&mut self, slot: u8) {
        if let Some(observation) = self.observations.get_mut(usize::from(slot)) {
            observation.changed = true;
            observation.sent = Sample::NONE;
        }
    }

    /// The notification that ends an observation is not confirmable: nothing is sent again.
    pub(super) fn forget_final_notification(&mut self, index: usize) {
        let Some(connection) = self.connections.get_mut(index) else {
            return;
        };
        if let Some(Purpose::Notification(slot)) = connection.exchange.map(|e| e.purpose)
            && !self
                .observations
                .get(usize::from(slot))
                .is_some_and(|observation| observation.used)
        {
            connection.exchange = None;
        }
    }

    /// A registration ends all observations of its server.
    #[inline(never)]
    pub(super) fn forget_observations(&mut self, session: SessionId) {
        for observation in self
            .observations
            .iter_mut()
            .filter(|o| o.session == session)
        {
            *observation = Observation::UNUSED;
        }
    }

    /// The network is back. What a server was not to be told later (/1/x/6) is forgotten.
    pub(super) fn resume_observations(
        &mut self,
        index: usize,
        now: Instant,
        objects: &dyn Objects,
    ) {
        let Some(connection) = self.connections.get(index) else {
            return;
        };
        let (instance, storing) = (
            connection.server_instance,
            accounts::server::NOTIFICATION_STORING,
        );
        if accounts::boolean(objects, accounts::SERVER, instance, storing).unwrap_or(true) {
            return;
        }
        for slot in 0..self.observations.len() {
            let Some(observation) = self.observations.get(slot) else {
                return;
            };
            if !observation.used || observation.session != session_of(index) {
                continue;
            }
            let Period { earliest, latest } = self.period(observation, objects, 0);
            if let Some(observation) = self.observations.get_mut(slot) {
                observation.changed &= now < earliest;
                if latest <= now {
                    observation.sent_at = now;
                }
            }
        }
    }

    /// The period of an observation: attributes, else the defaults of the Server object. What must be sent at its end
    /// may go along earlier by up to `window` milliseconds, but not before pmin.
    // Inlined into all callers it would be a large part of them.
    #[inline(never)]
    fn period(&self, observation: &Observation, objects: &dyn Objects, window: u32) -> Period {
        let Some(connection) = self.connections.get(observation.session.index()) else {
            return Period {
                earliest: observation.sent_at,
                latest: Instant::FAR_FUTURE,
            };
        };
        let instance = connection.server_instance;
        let server = accounts::find(objects, accounts::SERVER, instance);
        let default = |resource| accounts::number_in(server?, instance, resource);
        #[cfg(feature = "attributes")]
        let (pmin, pmax) = {
            let values = self.attributes_of(connection).effective(observation.path);
            (values.pmin, values.pmax)
        };
        #[cfg(not(feature = "attributes"))]
        let (pmin, pmax) = (None, None);
        let pmin = pmin
            .or_else(|| default(accounts::server::DEFAULT_PMIN))
            .unwrap_or(0);
        let pmax = pmax
            .or_else(|| default(accounts::server::DEFAULT_PMAX))
            .unwrap_or(0);
        let earliest = observation.sent_at + Duration::from_secs(u64::from(pmin));
        // 0 means no limit; one below pmin is ignored.
        let latest = if pmax > 0 && pmax >= pmin {
            let latest = observation.sent_at + Duration::from_secs(u64::from(pmax));
            latest.brought_forward(window, pmax).max(earliest)
        } else {
            Instant::FAR_FUTURE
        };
        Period { earliest, latest }
    }

    #[cfg(feature = "attributes")]
    pub(super) const fn attributes_of(&self, connection: &Connection) -> Attributes<'_> {
        Attributes {
            sets: self.attributes,
            server: connection.short_id,
        }
    }

    /// When the next notification may fall due, or may go along: earlier by up to `window` milliseconds.
    pub(super) fn notification_deadline(&self, objects: &dyn Objects, window: u32) -> Instant {
        let mut next = Instant::FAR_FUTURE;
        for observation in self.observations.iter().filter(|o| o.used) {
            if !self.can_notify(observation) {
                continue;
            }
            let Period { earliest, latest } = self.period(observation, objects, window);
            next = next.min(latest);
            if observation.changed {
                next = next.min(earliest);
            }
        }
        next
    }

    /// Whether the way to the server of an observation is free: else something else leads to a look at it.
    fn can_notify(&self, observation: &Observation) -> bool {
        self.connections
            .get(observation.session.index())
            .is_some_and(|connection| {
                let ready = matches!(connection.session, Session::Open | Session::Closed);
                connection.is_registered() && connection.exchange.is_none() && ready
            })
    }

    /// Whether a notification of this observation waits for its acknowledgement.
    fn is_under_way(&self, slot: usize, observation: &Observation) -> bool {
        let connection = self.connections.get(observation.session.index());
        connection
            .and_then(|connection| connection.exchange)
            .is_some_and(|exchange| match exchange.purpose {
                Purpose::Notification(current) => usize::from(current) == slot,
                _ => false,
            })
    }

    /// The observation of the server of connection `index` for which a notification is due now.
    fn due_observation(&mut self, index: usize, cx: &Context<'_>) -> Option<usize> {
        let session = session_of(index);
        let window = self.window(cx.now);
        for slot in 0..self.observations.len() {
            let observation = self.observations.get(slot)?;
            if !observation.used
                || observation.session != session
                || self.is_under_way(slot, observation)
            {
                continue;
            }
            let Period { earliest, latest } = self.period(observation, cx.objects, window);
            if latest <= cx.now {
                return Some(slot);
            }
            if !observation.changed || cx.now < earliest {
                continue;
            }
            if self.is_worth_telling(index, observation, cx.objects) {
                return Some(slot);
            }
            // It has changed back, or not far enough.
            self.observations.get_mut(slot)?.changed = false;
        }
        None
    }

    /// Whether the value now is one that the server wants to know, knowing the last one.
    fn is_worth_telling(
        &self,
        index: usize,
        observation: &Observation,
        objects: &dyn Objects,
    ) -> bool {
        let now = Sample::take(objects, observation.path);
        #[cfg(feature = "attributes")]
        if let Some(connection) = self.connections.get(index) {
            return self
                .attributes_of(connection)
                .effective(observation.path)
                .is_met(observation.sent, now);
        }
        let _ = index;
        !observation.sent.is_same(now)
    }

    /// Sends a notification that is due to the server of connection `index`; its length.
    pub(super) fn send_notification(
        &mut self,
        index: usize,
        buffer: &mut [u8],
        cx: &mut Context<'_>,
    ) -> Option<usize> {
        let connection = self.connections.get(index)?;
        if !connection.is_registered() {
            return None;
        }
        let (state, busy) = (connection.session, connection.exchange.is_some());
        let slot = self.due_observation(index, cx)?;
        if state == Session::Closed {
            self.connections.get_mut(index)?.session = Session::Wanted;
            return None;
        }
        let observation = self.observations.get(slot)?;
        let token = observation.token;
        let confirm = self.config.confirmable_notifications
            || observation.confirmed_at + CONFIRM_EVERY <= cx.now;
        if confirm {
            if busy {
                return None;
            }
            let purpose = Purpose::Notification(u8::try_from(slot).ok()?);
            let len = self.begin_exchange(index, purpose, token, buffer, cx);
            return Some(len).filter(|&len| len > 0);
        }
        let id = self.next_message_id();
        let len = self.encode_notification(slot, Kind::Non, id, buffer, cx);
        Some(len).filter(|&len| len > 0)
    }

    /// Encodes a notification with the value of now at the front of `buffer`. What cannot be read any more ends the
    /// observation with the code that says why (RFC 7641, section 3.2).
    pub(super) fn encode_notification(
        &mut self,
        slot: usize,
        kind: Kind,
        message_id: u16,
        buffer: &mut [u8],
        cx: &Context<'_>,
    ) -> usize {
        let Some(observation) = self.observations.get(slot) else {
            return 0;
        };
        let objects = &*cx.objects;
        let (path, token) = (observation.path, observation.token);
        let accept = observation.format.map(crate::model::ContentFormat::number);
        let mut head = Head::new(kind, Code::CONTENT, message_id, token);
        head.observe = Some(self.next_observe_number());
        let max_szx = self.config.block_szx;
        let result = read::format_of(objects, path, accept, self.config.format).and_then(
            |(object, format)| {
                head.format = Some(format);
                let len = read::answer(buffer, &mut head, None, max_szx, object, path)?;
                Ok((len, Sample::of(object, path)))
            },
        );
        match result {
            Ok((len, sent)) => {
                if let Some(observation) = self.observations.get_mut(slot) {
                    observation.changed = false;
                    observation.sent = sent;
                    observation.sent_at = cx.now;
                    observation.message_id = Some(message_id);
                    if kind == Kind::Con {
                        observation.confirmed_at = cx.now;
                    }
                }
                len
            }
            Err(error) => {
                self.end_observation(slot);
                Head::new(Kind::Non, code_of(error), message_id, token).alone(buffer)
            }
        }
    }
}
