//! The reporting interface (Core 1.1.1, section 6.4; RFC 7641): Observe, Notify, Cancel.

#[cfg(feature = "attributes")]
mod attributes;
mod observation;
#[cfg(feature = "attributes")]
mod write_attributes;

use super::connection::{Connection, Session, session_of};
use super::management::read::Readable;
use super::output::SessionId;
use super::poll::Step;
use super::reply::{Head, code_of};
use super::request::{Request, is_from_start};
use super::{Client, Context, accounts};
use crate::message::exchange::Purpose;
use crate::model::{ContentFormat, Error, Objects, Path, Value};
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

/// An observation whose time to be told has come.
struct Due {
    slot: usize,
    /// pmax has passed: the value is sent whatever it is.
    overdue: bool,
    kind: Kind,
}

/// A notification that is about to be sent.
struct Notification {
    slot: usize,
    kind: Kind,
    message_id: u16,
    /// Its length, or why there is nothing to tell.
    encoded: Result<usize, Error>,
    /// The value that it tells, where that can be compared.
    sample: Sample,
}

impl Notification {
    const fn new(slot: usize, kind: Kind, message_id: u16) -> Self {
        Self {
            slot,
            kind,
            message_id,
            encoded: Err(Error::Internal),
            sample: Sample::NONE,
        }
    }
}

impl Client<'_> {
    /// Tells that the value at `path`, or below it, has changed. Observers are told as their attributes ask for.
    ///
    /// What the application itself changes in object 1 (Server) holds for observations from this call on: the default
    /// periods (resources 2 and 3) are not looked up each time.
    pub fn changed(&mut self, path: Path) {
        if matches!(path.object_id(), None | Some(accounts::SERVER)) {
            self.periods_changed();
        }
        for observation in self
            .observations
            .iter_mut()
            .filter(|observation| observation.used)
        {
            // Mostly it is what is observed.
            if observation.path == path
                || observation.path.contains(&path)
                || path.contains(&observation.path)
            {
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

    pub(super) const fn next_observe_number(&mut self) -> u32 {
        self.observe_number = (self.observe_number + 1) & LARGEST_NUMBER;
        self.observe_number
    }

    /// Begins or ends an observation as the Observe option of a Read asks for; the slot of one that has begun. A request
    /// for a later block is none for an observation.
    pub(super) fn observe_option(
        &mut self,
        index: usize,
        path: Path,
        request: &Request<'_>,
        now: Instant,
    ) -> Option<usize> {
        let observe = request.observe?;
        let (session, token) = (session_of(index), request.message.token());
        match observe {
            0 if is_from_start(request.block2) => self.observe(session, token, path, request, now),
            1 => {
                self.cancel_observation(session, token);
                None
            }
            _ => None,
        }
    }

    /// Begins the observation that a Read with Observe 0 asks for; its slot. None when there is no room, so that the
    /// server gets a plain answer.
    fn observe(
        &mut self,
        session: SessionId,
        token: Token,
        path: Path,
        request: &Request<'_>,
        now: Instant,
    ) -> Option<usize> {
        let of_session = |o: &Observation| o.used && o.session == session;
        let list = &*self.observations;
        // Another token on the same path is an observation of its own while there is room.
        let slot = list
            .iter()
            .position(|o| of_session(o) && o.token == token)
            .or_else(|| list.iter().position(|o| !o.used))
            .or_else(|| list.iter().position(|o| of_session(o) && o.path == path))?;
        // What is on its way tells of the one that is replaced.
        self.end_observation(slot);
        let observation = self.observations.get_mut(slot)?;
        *observation = Observation {
            used: true,
            session,
            token,
            path,
            format: request.accept.and_then(ContentFormat::from_number),
            sent_at: now,
            confirmed_at: now,
            ..Observation::UNUSED
        };
        self.periods_changed();
        Some(slot)
    }

    /// The Read that began an observation is answered, with this value where there is a single one; or was refused.
    // Inlined, the value would be moved by a call of `memmove`, which is larger than all of this.
    #[inline(never)]
    pub(super) fn observation_answered(
        &mut self,
        slot: usize,
        is_ok: bool,
        value: &Option<Value<'static>>,
    ) {
        if !is_ok {
            self.end_observation(slot);
        } else if let Some(observation) = self.observations.get_mut(slot) {
            observation.sent = Sample(*value);
        }
    }

    /// Ends the observation that a Read with Observe 1 names by its token (RFC 7641, section 3.6): another one of the same path
    /// goes on, also where the request comes twice.
    pub(super) fn cancel_observation(&mut self, session: SessionId, token: Token) {
        let named = |o: &Observation| o.used && o.session == session && o.token == token;
        if let Some(slot) = self.observations.iter().position(named) {
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
        self.settle_periods(objects);
        let session = session_of(index);
        let of_session = |o: &&mut Observation| o.used && o.session == session;
        for observation in self.observations.iter_mut().filter(of_session) {
            observation.changed &= now < observation.earliest();
            if observation.latest(0) <= now {
                observation.sent_at = now;
            }
        }
    }

    /// Attributes, or what the Server object says, may be others than before, and with them the deadlines.
    pub(super) const fn periods_changed(&mut self) {
        self.periods_changed = true;
        self.stirred = true;
    }

    /// Takes over what now holds for the observations: attributes, else the defaults of the Server object. What a bootstrap
    /// server does to that holds when its transaction has ended.
    pub(super) fn settle_periods(&mut self, objects: &dyn Objects) {
        #[cfg(feature = "bootstrap")]
        if self.transaction {
            return;
        }
        if core::mem::take(&mut self.periods_changed) {
            self.look_up_periods(objects);
        }
    }

    #[inline(never)]
    fn look_up_periods(&mut self, objects: &dyn Objects) {
        for observation in self.observations.iter_mut().filter(|o| o.used) {
            let Some(connection) = self.connections.get(observation.session.index()) else {
                continue;
            };
            let instance = connection.server_instance;
            let default = |resource| accounts::server_number(objects, instance, resource, 0);
            #[cfg(feature = "attributes")]
            let (pmin, pmax) = {
                let attributes = Attributes {
                    sets: self.attributes,
                    server: connection.short_id,
                };
                let values = attributes.effective(observation.path);
                observation.has_thresholds = values.has_thresholds();
                (values.pmin(), values.pmax())
            };
            #[cfg(not(feature = "attributes"))]
            let (pmin, pmax) = (None::<u32>, None::<u32>);
            observation.pmin = pmin.unwrap_or_else(|| default(accounts::server::DEFAULT_PMIN));
            observation.pmax = pmax.unwrap_or_else(|| default(accounts::server::DEFAULT_PMAX));
        }
    }

    #[cfg(feature = "attributes")]
    pub(super) const fn attributes_of(&self, connection: &Connection) -> Attributes<'_> {
        Attributes {
            sets: self.attributes,
            server: connection.short_id,
        }
    }

    /// When the next notification may fall due, or may go along: earlier by up to `window` milliseconds.
    pub(super) fn notification_deadline(&self, now: Instant, window: u32) -> Instant {
        let mut next = Instant::FAR_FUTURE;
        for (slot, observation) in self.observations.iter().enumerate() {
            if !observation.is_pending() {
                continue;
            }
            let due = observation.due(window);
            if self.can_notify(slot, observation, now.max(due)) {
                next = next.min(due);
            }
        }
        next
    }

    /// Whether the way to the server of an observation is free at that time: else something else leads to a look at it.
    fn can_notify(&self, slot: usize, observation: &Observation, at: Instant) -> bool {
        self.connections
            .get(observation.session.index())
            .is_some_and(|connection| {
                let ready = matches!(connection.session, Session::Open | Session::Closed);
                let registered = connection.is_registered();
                registered && ready && self.is_free(connection, slot, observation, at)
            })
    }

    /// Whether a notification that is sent at that time is to be acknowledged.
    fn is_confirmable(&self, observation: &Observation, at: Instant) -> bool {
        self.config.confirmable_notifications || observation.confirmed_at + CONFIRM_EVERY <= at
    }

    /// Whether no message that waits for its acknowledgement holds a notification of this observation up at that time.
    fn is_free(
        &self,
        connection: &Connection,
        slot: usize,
        observation: &Observation,
        at: Instant,
    ) -> bool {
        // What is not confirmable does not wait for what is, unless that is of the same observation.
        match connection
            .exchange
            .as_ref()
            .map(|exchange| exchange.purpose)
        {
            None => true,
            Some(Purpose::Notification(current)) if usize::from(current) == slot => false,
            Some(_) => !self.is_confirmable(observation, at),
        }
    }

    /// Whether the value of now, or that there is none, is what the server wants to know, knowing the last one.
    fn is_worth_telling(&self, index: usize, notification: &Notification) -> bool {
        let Some(observation) = self.observations.get(notification.slot) else {
            return false;
        };
        if notification.encoded.is_err() {
            return true;
        }
        let now = &notification.sample;
        if observation.sent.is_same(*now) {
            return false;
        }
        #[cfg(feature = "attributes")]
        if observation.has_thresholds {
            return self.is_far_enough(index, observation, now);
        }
        let _ = index;
        true
    }

    /// Whether the value of now crosses a threshold, or is a step away from the one that was told.
    #[cfg(feature = "attributes")]
    #[inline(never)]
    fn is_far_enough(&self, index: usize, observation: &Observation, now: &Sample) -> bool {
        self.connections.get(index).is_some_and(|connection| {
            let values = self.attributes_of(connection).effective(observation.path);
            values.is_met(observation.sent, *now)
        })
    }

    /// Sends a notification that is due to the server of connection `index`, or may go along as it is due within `window`
    /// milliseconds.
    pub(super) fn send_notification(
        &mut self,
        index: usize,
        window: u32,
        buffer: &mut [u8],
        cx: &mut Context<'_>,
    ) -> Step {
        // Three steps, one after the other: the locals of one do not lie on the stack while another is taken.
        while let Some(due) = self.due_notification(index, window, cx.now) {
            let id = self.message_id.wrapping_add(1);
            let mut notification = Notification::new(due.slot, due.kind, id);
            self.encode_notification(&mut notification, buffer, cx.objects);
            if due.overdue || self.is_worth_telling(index, &notification) {
                return self.begin_notification(index, &notification, buffer, cx);
            }
            // It has changed back, or not far enough: what was encoded is not sent.
            if let Some(observation) = self.observations.get_mut(due.slot) {
                observation.changed = false;
            }
        }
        Step::Rest
    }

    /// The first observation of the server of connection `index` of which a notification is due, or may go along.
    #[inline(never)]
    fn due_notification(&self, index: usize, window: u32, now: Instant) -> Option<Due> {
        let connection = self.connections.get(index)?;
        if !connection.is_registered() {
            return None;
        }
        let session = session_of(index);
        let (turn, count) = (usize::from(connection.turn), self.observations.len());
        for step in 0..count {
            let slot = turn + step;
            let slot = slot.checked_sub(count).unwrap_or(slot);
            let observation = self.observations.get(slot)?;
            if !observation.is_pending()
                || observation.session != session
                || observation.due(window) > now
                || !self.is_free(connection, slot, observation, now)
            {
                continue;
            }
            let overdue = observation.latest(window) <= now;
            let kind = if self.is_confirmable(observation, now) {
                Kind::Con
            } else {
                Kind::Non
            };
            return Some(Due {
                slot,
                overdue,
                kind,
            });
        }
        None
    }

    /// Puts a notification on its way, or asks for the session that it needs.
    #[inline(never)]
    fn begin_notification(
        &mut self,
        index: usize,
        notification: &Notification,
        buffer: &mut [u8],
        cx: &mut Context<'_>,
    ) -> Step {
        if let Some(step) = self.want_session(index) {
            return step;
        }
        self.message_id = notification.message_id;
        if notification.kind == Kind::Con
            && notification.encoded.is_ok()
            && let Ok(slot) = u8::try_from(notification.slot)
            && let Some(observation) = self.observations.get(notification.slot)
            && let Some(connection) = self.connections.get_mut(index)
        {
            connection.turn = slot.wrapping_add(1);
            let purpose = Purpose::Notification(slot);
            let token = observation.token;
            self.open_exchange(index, purpose, notification.message_id, token, cx);
        }
        match self.notified(notification, buffer, cx.now) {
            0 => Step::Rest,
            len => Step::Transmit(len),
        }
    }

    /// Encodes a confirmable notification again, with the value of now; its length.
    pub(super) fn encode_notification_again(
        &mut self,
        slot: u8,
        message_id: u16,
        buffer: &mut [u8],
        cx: &Context<'_>,
    ) -> usize {
        let mut notification = Notification::new(usize::from(slot), Kind::Con, message_id);
        self.encode_notification(&mut notification, buffer, cx.objects);
        self.notified(&notification, buffer, cx.now)
    }

    /// Encodes a notification at the front of `buffer`.
    #[inline(never)]
    fn encode_notification(
        &self,
        notification: &mut Notification,
        buffer: &mut [u8],
        objects: &dyn Objects,
    ) {
        let Some(observation) = self.observations.get(notification.slot) else {
            return;
        };
        let path = observation.path;
        let accept = observation.format.map(ContentFormat::number);
        let mut found = Readable::find(objects, path, accept, self.config.format);
        let Notification {
            kind, message_id, ..
        } = *notification;
        let mut head = Head::new(kind, Code::CONTENT, message_id, observation.token);
        head.observe = Some((self.observe_number + 1) & LARGEST_NUMBER);
        let max_szx = self.config.block_szx;
        notification.encoded = match &mut found {
            Ok(readable) => {
                let encoded = readable.answer(buffer, &mut head, None, max_szx);
                notification.sample = Sample(readable.value);
                encoded
            }
            Err(error) => Err(*error),
        };
    }

    /// A notification is about to be sent; its length. What cannot be read any more ends the observation with the code
    /// that says why (RFC 7641, section 3.2).
    #[inline(never)]
    fn notified(&mut self, notification: &Notification, buffer: &mut [u8], now: Instant) -> usize {
        let &Notification {
            slot, message_id, ..
        } = notification;
        let Some(observation) = self.observations.get_mut(slot) else {
            return 0;
        };
        match notification.encoded {
            Ok(len) => {
                self.observe_number = (self.observe_number + 1) & LARGEST_NUMBER;
                observation.changed = false;
                observation.sent = notification.sample;
                observation.sent_at = now;
                observation.message_id = Some(message_id);
                if notification.kind == Kind::Con {
                    observation.confirmed_at = now;
                }
                len
            }
            Err(error) => {
                let head = Head::new(Kind::Non, code_of(error), message_id, observation.token);
                self.end_observation(slot);
                head.alone(buffer)
            }
        }
    }
}
