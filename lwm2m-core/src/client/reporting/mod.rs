//! The reporting interface (Core 1.1.1, section 6.4; RFC 7641): Observe, Notify, Cancel.

#[cfg(feature = "attributes")]
mod attributes;
mod observation;
#[cfg(feature = "attributes")]
mod write_attributes;

#[cfg(feature = "attributes")]
use super::connection::Connection;
use super::connection::{Session, session_of};
use super::management::read::Readable;
use super::output::SessionId;
use super::reply::{Head, code_of};
use super::request::{Request, is_from_start};
use super::{Client, Context, accounts};
use crate::message::exchange::Purpose;
use crate::model::{ContentFormat, Error, Objects, Path};
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

/// What there is to tell.
struct Report<'o> {
    readable: Result<Readable<'o>, Error>,
    /// The value itself, where it is one that can be compared.
    sample: Sample,
}

impl<'o> Report<'o> {
    /// What there is now.
    // Its locals are gone before the notification is encoded.
    #[inline(never)]
    fn of(observation: &Observation, objects: &'o dyn Objects, default: ContentFormat) -> Self {
        let accept = observation.format.map(ContentFormat::number);
        let readable = Readable::find(objects, observation.path, accept, default);
        Self {
            sample: Sample(match &readable {
                Ok(readable) => readable.short_value(observation.path),
                Err(_) => None,
            }),
            readable,
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
        readable: &Readable<'_>,
        now: Instant,
    ) -> Option<u32> {
        let session = session_of(index);
        match request.observe? {
            0 if is_from_start(request.block2) => {
                self.observe(session, token, path, request, readable, now)
            }
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
        readable: &Readable<'_>,
        now: Instant,
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
            session,
            token,
            path,
            format: request.accept.and_then(ContentFormat::from_number),
            sent_at: now,
            confirmed_at: now,
            sent: Sample(readable.short_value(path)),
            ..Observation::UNUSED
        };
        self.periods_changed();
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

    /// Takes over what now holds for the observations: attributes, else the defaults of the Server object.
    pub(super) fn settle_periods(&mut self, objects: &dyn Objects) {
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
                (values.pmin, values.pmax)
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
    pub(super) fn notification_deadline(&self, window: u32) -> Instant {
        let mut next = Instant::FAR_FUTURE;
        for observation in self.observations.iter().filter(|o| o.used) {
            if !self.can_notify(observation) {
                continue;
            }
            next = next.min(observation.latest(window));
            if observation.changed {
                next = next.min(observation.earliest());
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

    /// Whether the value of now is one that the server wants to know, knowing the last one.
    fn is_worth_telling(&self, index: usize, observation: &Observation, now: Sample) -> bool {
        if observation.sent.is_same(now) {
            return false;
        }
        #[cfg(feature = "attributes")]
        if observation.has_thresholds
            && let Some(connection) = self.connections.get(index)
        {
            let values = self.attributes_of(connection).effective(observation.path);
            return values.is_met(observation.sent, now);
        }
        let _ = index;
        true
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
            let overdue = observation.latest(window) <= cx.now;
            if !(overdue || observation.changed && observation.earliest() <= cx.now) {
                continue;
            }
            let report = Report::of(observation, cx.objects, self.config.format);
            if !overdue && !self.is_worth_telling(index, observation, report.sample) {
                // It has changed back, or not far enough.
                self.observations.get_mut(slot)?.changed = false;
                continue;
            }
            if state == Session::Closed {
                self.connections.get_mut(index)?.session = Session::Wanted;
                return None;
            }
            let confirm = self.config.confirmable_notifications
                || observation.confirmed_at + CONFIRM_EVERY <= cx.now;
            let len = if !confirm {
                let id = self.next_message_id();
                self.encode_notification(slot, Kind::Non, id, buffer, &report, cx.now)
            } else if !busy {
                let token = observation.token;
                let purpose = Purpose::Notification(u8::try_from(slot).ok()?);
                self.begin_exchange(index, purpose, token, buffer, cx)
            } else {
                0
            };
            return Some(len).filter(|&len| len > 0);
        }
        None
    }

    /// Encodes a confirmable notification with the value of now at the front of `buffer`.
    pub(super) fn encode_confirmable(
        &mut self,
        slot: u8,
        message_id: u16,
        buffer: &mut [u8],
        cx: &Context<'_>,
    ) -> usize {
        let slot = usize::from(slot);
        let Some(observation) = self.observations.get(slot) else {
            return 0;
        };
        let report = Report::of(observation, cx.objects, self.config.format);
        self.encode_notification(slot, Kind::Con, message_id, buffer, &report, cx.now)
    }

    /// Encodes a notification of this report at the front of `buffer`. What cannot be read any more ends the observation
    /// with the code that says why (RFC 7641, section 3.2).
    #[inline(never)]
    fn encode_notification(
        &mut self,
        slot: usize,
        kind: Kind,
        message_id: u16,
        buffer: &mut [u8],
        report: &Report<'_>,
        now: Instant,
    ) -> usize {
        let number = self.next_observe_number();
        let Some(observation) = self.observations.get_mut(slot) else {
            return 0;
        };
        let mut head = Head::new(kind, Code::CONTENT, message_id, observation.token);
        head.observe = Some(number);
        let (path, value) = (observation.path, report.sample.0);
        let max_szx = self.config.block_szx;
        let answer = match &report.readable {
            Ok(readable) => readable.answer(buffer, &mut head, None, max_szx, path, value),
            Err(error) => Err(*error),
        };
        match answer {
            Ok(len) => {
                observation.changed = false;
                observation.sent = report.sample;
                observation.sent_at = now;
                observation.message_id = Some(message_id);
                if kind == Kind::Con {
                    observation.confirmed_at = now;
                }
                len
            }
            Err(error) => self.encode_final_notification(slot, error, message_id, buffer),
        }
    }

    #[cold]
    #[inline(never)]
    fn encode_final_notification(
        &mut self,
        slot: usize,
        error: Error,
        message_id: u16,
        buffer: &mut [u8],
    ) -> usize {
        let Some(observation) = self.observations.get(slot) else {
            return 0;
        };
        let head = Head::new(Kind::Non, code_of(error), message_id, observation.token);
        self.end_observation(slot);
        head.alone(buffer)
    }
}
