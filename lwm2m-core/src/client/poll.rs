//! What is to be done next.

use super::connection::{Session, Stage, session_of};
use super::output::{Event, Expect, Failure, Output};
use super::{Client, Context, Outgoing};
use crate::fmt::{debug, info};
use crate::message::exchange::{Due, Exchange, Purpose};
use crate::model::Objects;
use crate::random::Random;
use crate::time::Instant;
use crate::wire::coap::Token;

/// What a look at one connection led to.
pub(super) enum Step {
    /// Nothing is to be done now.
    Rest,
    /// The connection itself has nothing to do: what else there is for its server may be sent.
    #[cfg(any(feature = "observe", feature = "separate"))]
    Free,
    /// Something has changed: look again.
    Again,
    Open,
    Close,
    /// A message of this length is in the buffer.
    Transmit(usize),
}

impl Client<'_> {
    /// What to do next; to be called again until it answers [`Output::Idle`], and when that deadline has come.
    ///
    /// May change after every other call. `buffer` is written also where nothing comes of it: nothing else may be kept there.
    #[must_use]
    pub fn poll_output<'b>(
        &mut self,
        now: Instant,
        buffer: &'b mut [u8],
        objects: &mut dyn Objects,
        random: &mut dyn Random,
    ) -> Output<'b> {
        // First what is asked most often.
        if !self.stirred && now < self.wake {
            return Output::Idle { until: self.wake };
        }
        self.work(
            &mut Context {
                now,
                objects,
                random,
            },
            buffer,
        )
    }

    fn transmit<'b>(&mut self, outgoing: Outgoing, buffer: &'b [u8], now: Instant) -> Output<'b> {
        if let Some(path) = outgoing.answered {
            self.push(Event::Answered { path });
        }
        self.count_sent(now, outgoing.len);
        Output::Transmit {
            session: outgoing.session,
            datagram: buffer.get(..outgoing.len).unwrap_or(&[]),
            expect: outgoing.expect,
        }
    }

    // Inlined into a driver, its locals would lie on the stack while the driver waits.
    #[inline(never)]
    fn work<'b>(&mut self, cx: &mut Context<'_>, buffer: &'b mut [u8]) -> Output<'b> {
        // What waits to be handed out comes first.
        if self.outgoing.is_none()
            && self.events.is_empty()
            && let Some(output) = self.look(cx, buffer)
        {
            return output;
        }
        if let Some(outgoing) = self.outgoing.take() {
            return self.transmit(outgoing, buffer, cx.now);
        }
        match self.events.pop_front() {
            Some(event) => Output::Event(event),
            None => Output::Idle { until: self.wake },
        }
    }

    /// Looks at one connection after the other, until there is something to do; none where that is to hand out a message
    /// or an event.
    fn look(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Option<Output<'static>> {
        #[cfg(feature = "bootstrap")]
        self.undo_forgotten(cx.objects);
        #[cfg(feature = "block")]
        self.watch_transfer(cx);
        #[cfg(feature = "observe")]
        self.settle_periods(cx.objects);
        let window = self.window(cx.now);
        let mut index = 0;
        while let Some(connection) = self.connections.get(index) {
            let session = session_of(index);
            let account = connection.account;
            let step = self.step(index, window, buffer, cx);
            // Not from within a step, whose locals would lie on the stack meanwhile.
            #[cfg(any(feature = "observe", feature = "separate"))]
            let step = match step {
                Step::Free => self.send_waiting(index, window, buffer, cx),
                step => step,
            };
            match step {
                #[cfg(any(feature = "observe", feature = "separate"))]
                Step::Free => index += 1,
                Step::Rest => index += 1,
                Step::Again => {}
                Step::Open => {
                    info!("session {}: requested for account {}", index, account);
                    return Some(Output::Open { session, account });
                }
                Step::Close => {
                    info!("session {}: closed", index);
                    return Some(Output::Close { session });
                }
                Step::Transmit(len) => {
                    self.stirred = true;
                    self.outgoing = Some(Outgoing {
                        session,
                        len,
                        expect: self.expect(cx),
                        answered: None,
                    });
                    return None;
                }
            }
            if !self.events.is_empty() {
                return None;
            }
        }
        self.stirred = false;
        self.wake = self.deadline(cx.now, 0);
        Some(Output::Idle { until: self.wake })
    }

    /// What comes and goes after a message of the client.
    fn expect(&self, cx: &Context<'_>) -> Expect {
        if self.deadline(cx.now, self.batch_window()) <= cx.now {
            Expect::More
        } else if self.connections.iter().any(|c| c.exchange.is_some()) {
            Expect::Reply
        } else {
            Expect::Nothing
        }
    }

    /// When something is to be done although nothing is handed in, or, while the radio is awake anyway, may be done
    /// earlier by up to `window` milliseconds.
    #[cfg_attr(
        not(feature = "observe"),
        expect(unused_variables, reason = "only notifications depend on it")
    )]
    fn deadline(&self, now: Instant, window: u32) -> Instant {
        if !self.online {
            return Instant::FAR_FUTURE;
        }
        let mut next = Instant::FAR_FUTURE;
        for connection in self.connections.iter() {
            if connection.used && !self.is_held(connection) {
                next = next.min(connection.deadline(window));
            }
        }
        #[cfg(feature = "block")]
        let next = next.min(self.transfer_deadline());
        #[cfg(feature = "observe")]
        let next = next.min(self.notification_deadline(now, window));
        next
    }

    /// Whether a server has to wait because a bootstrap server is at work.
    const fn is_held(&self, connection: &super::Connection) -> bool {
        #[cfg(feature = "bootstrap")]
        return self.transaction
            && !connection.bootstrap
            && matches!(connection.stage, Stage::Waiting { .. });
        #[cfg(not(feature = "bootstrap"))]
        {
            let _ = connection;
            false
        }
    }

    #[inline(never)]
    fn step(&mut self, index: usize, window: u32, buffer: &mut [u8], cx: &mut Context<'_>) -> Step {
        let now = cx.now;
        let online = self.online
            && !self
                .connections
                .get(index)
                .is_some_and(|connection| self.is_held(connection));
        let Some(connection) = self.connections.get_mut(index) else {
            return Step::Rest;
        };
        if connection.session == Session::Unwanted {
            connection.session = Session::Closed;
            return Step::Close;
        }
        if !connection.used || !online {
            return Step::Rest;
        }

        match connection.session {
            Session::Wanted => {
                connection.session = Session::Opening;
                self.stirred = true;
                return Step::Open;
            }
            Session::Opening => return Step::Rest,
            _ => {}
        }
        if (connection.exchange.as_ref()).is_some_and(|exchange| exchange.due <= now) {
            return self.exchange_due(index, buffer, cx);
        }
        match connection.stage {
            Stage::Waiting { until } if until <= now => {
                connection.stage = Stage::Attempting;
                return Step::Again;
            }
            Stage::Attempting if connection.exchange.is_none() => {
                let purpose = connection.attempt();
                return self.ask(index, purpose, buffer, cx);
            }
            Stage::Registered { .. } if connection.exchange.is_none() => {
                if let Some(purpose) = connection.registration_due(now, window) {
                    return self.ask(index, purpose, buffer, cx);
                }
            }
            #[cfg(feature = "bootstrap")]
            Stage::Bootstrapping { until } if until <= now => {
                self.bootstrap_failed(index, Failure::Incomplete, cx);
                return Step::Again;
            }
            #[cfg(feature = "bootstrap")]
            Stage::Grace { until } if until <= now => {
                self.bootstrap_done(index);
                return Step::Again;
            }
            _ => {}
        }
        #[cfg(any(feature = "observe", feature = "separate"))]
        return Step::Free;
        #[cfg(not(any(feature = "observe", feature = "separate")))]
        Step::Rest
    }

    /// Sends a separate response or a notification that waits for a connection with nothing else to do.
    #[cfg(any(feature = "observe", feature = "separate"))]
    fn send_waiting(
        &mut self,
        index: usize,
        window: u32,
        buffer: &mut [u8],
        cx: &mut Context<'_>,
    ) -> Step {
        #[cfg(feature = "separate")]
        if self.has_separate()
            && let Some(len) = self.send_separate(index, buffer, cx)
        {
            return Step::Transmit(len);
        }
        #[cfg(feature = "observe")]
        return self.send_notification(index, window, buffer, cx);
        #[cfg(not(feature = "observe"))]
        {
            let _ = window;
            Step::Rest
        }
    }

    /// Asks for the session of a connection that has none; what is to be done before a message can be sent, if anything.
    pub(super) fn want_session(&mut self, index: usize) -> Option<Step> {
        let Some(connection) = self.connections.get_mut(index) else {
            return Some(Step::Rest);
        };
        if connection.session != Session::Closed {
            return None;
        }
        connection.session = Session::Wanted;
        Some(Step::Again)
    }

    /// Sends a request of the client, for which a session is opened when there is none.
    fn ask(
        &mut self,
        index: usize,
        purpose: Purpose,
        buffer: &mut [u8],
        cx: &mut Context<'_>,
    ) -> Step {
        if let Some(step) = self.want_session(index) {
            return step;
        }
        self.begin_telling(index, purpose, cx.objects, buffer.len());
        // Two bytes suffice: there is one request at a time, and its message id has to fit as well.
        let mut token = [0; 2];
        cx.random.public(&mut token);
        let token = Token::new(&token).unwrap_or(Token::EMPTY);
        let len = self.begin_exchange(index, purpose, token, buffer, cx);
        if len == 0 {
            self.exchange_failed(index, purpose, Failure::Refused, cx);
            return Step::Again;
        }
        debug!("session {}: {:?} sent", index, purpose);
        Step::Transmit(len)
    }

    /// Puts a confirmable message on its way; its length.
    pub(super) fn begin_exchange(
        &mut self,
        index: usize,
        purpose: Purpose,
        token: Token,
        buffer: &mut [u8],
        cx: &mut Context<'_>,
    ) -> usize {
        let id = self.next_message_id();
        self.open_exchange(index, purpose, id, token, cx);
        let len = self.encode(index, purpose, id, token, buffer, cx);
        if len == 0
            && let Some(connection) = self.connections.get_mut(index)
        {
            connection.exchange = None;
        }
        len
    }

    /// A confirmable message of connection `index` is about to be sent.
    #[inline(never)]
    pub(super) fn open_exchange(
        &mut self,
        index: usize,
        purpose: Purpose,
        message_id: u16,
        token: Token,
        cx: &mut Context<'_>,
    ) {
        if let Some(connection) = self.connections.get_mut(index) {
            let (now, transmission) = (cx.now, &self.config.transmission);
            let exchange = Exchange::new(purpose, message_id, token, now, transmission, cx.random);
            connection.exchange = Some(exchange);
        }
    }

    /// The time of an exchange has come: its message is sent again, or given up.
    fn exchange_due(&mut self, index: usize, buffer: &mut [u8], cx: &mut Context<'_>) -> Step {
        let Some(connection) = self.connections.get_mut(index) else {
            return Step::Rest;
        };
        let Some(exchange) = &mut connection.exchange else {
            return Step::Rest;
        };
        let purpose = exchange.purpose;
        // A Register is not sent again only to be undone.
        let unwanted = purpose == Purpose::Register && connection.deregister;
        match exchange.timed_out(cx.now, &self.config.transmission) {
            Due::SendAgain if !unwanted => {
                #[cfg(feature = "observe")]
                if matches!(purpose, Purpose::Notification(_)) {
                    self.message_id = self.message_id.wrapping_add(1);
                    exchange.renew(self.message_id);
                }
                let (id, token) = (exchange.message_id, exchange.token);
                let len = self.encode(index, purpose, id, token, buffer, cx);
                if len > 0 {
                    debug!("session {}: {:?} sent again", index, purpose);
                    self.statistics.retransmissions =
                        self.statistics.retransmissions.wrapping_add(1);
                    return Step::Transmit(len);
                }
            }
            Due::SendAgain | Due::GiveUp => {
                self.statistics.timeouts = self.statistics.timeouts.wrapping_add(1);
            }
        }
        self.exchange_failed(index, purpose, Failure::Timeout, cx);
        Step::Again
    }

    /// Encodes the message of an exchange from the state behind it.
    #[cfg_attr(
        not(feature = "observe"),
        expect(
            clippy::needless_pass_by_ref_mut,
            reason = "a notification takes a new number"
        )
    )]
    fn encode(
        &mut self,
        index: usize,
        purpose: Purpose,
        message_id: u16,
        token: Token,
        buffer: &mut [u8],
        cx: &Context<'_>,
    ) -> usize {
        match purpose {
            Purpose::Register | Purpose::Update | Purpose::Deregister => {
                self.encode_registration(index, purpose, message_id, token, buffer, cx.objects)
            }
            #[cfg(feature = "bootstrap")]
            Purpose::BootstrapRequest => self.encode_bootstrap_request(message_id, token, buffer),
            #[cfg(feature = "observe")]
            Purpose::Notification(slot) => {
                self.encode_notification_again(slot, message_id, buffer, cx)
            }
            #[cfg(feature = "separate")]
            Purpose::Response(slot) => self.encode_separate(slot, message_id, buffer),
        }
    }

    /// Nothing will come back for a message.
    pub(super) fn exchange_failed(
        &mut self,
        index: usize,
        purpose: Purpose,
        failure: Failure,
        cx: &mut Context<'_>,
    ) {
        let Some(connection) = self.connections.get_mut(index) else {
            return;
        };
        debug!("session {}: {:?} fails: {}", index, purpose, failure);
        connection.exchange = None;
        match purpose {
            Purpose::Register | Purpose::Update | Purpose::Deregister => {
                self.registration_unanswered(index, purpose, failure, cx);
            }
            #[cfg(feature = "bootstrap")]
            Purpose::BootstrapRequest => self.bootstrap_failed(index, failure, cx),
            // Nobody wants to know, or nobody is there any more (RFC 7641, section 4.5). A server that was only out of
            // reach would go on to believe in the observation: it is to hear of a new registration, which ends it there too.
            #[cfg(feature = "observe")]
            Purpose::Notification(slot) => {
                connection.unheard |= failure == Failure::Timeout;
                self.end_observation(usize::from(slot));
                if failure == Failure::Timeout {
                    self.registration_unanswered(index, Purpose::Update, failure, cx);
                }
            }
            #[cfg(feature = "separate")]
            Purpose::Response(slot) => self.close_separate(slot),
        }
    }
}

impl super::Connection {
    /// The request that an attempt consists of.
    const fn attempt(&self) -> Purpose {
        #[cfg(feature = "bootstrap")]
        if self.bootstrap {
            return Purpose::BootstrapRequest;
        }
        Purpose::Register
    }
}
