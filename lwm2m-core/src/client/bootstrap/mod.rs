//! The bootstrap interface (Core 1.1.1, section 6.1): the session with a bootstrap server.
//!
//! What the server does to objects 0 to 2 is a transaction of the objects: valid at Bootstrap-Finish, undone when the
//! session fails.

mod consistency;
mod delete;
pub(super) mod discover;
mod operation;

use super::accounts::{self, security};
use super::connection::{Connection, Stage, session_of};
use super::output::{Event, Failure};
use super::reply::Head;
use super::request::Origin;
use super::{Client, Context};
use crate::fmt::{info, warning};
use crate::message::deduplication::{self, Remembered};
use crate::model::{ContentFormat, Objects, Transaction};
use crate::random::Random;
use crate::time::{Duration, Instant};
use crate::wire::coap::{Builder, Code, Kind, Token, option};
use crate::wire::writer::Writer;

/// Attempts that follow each wait at the end of the back-off list, as many as a registration has unless its server says
/// otherwise (Retry Count): one that fails by chance must not cost another day.
const ATTEMPTS: u8 = 5;

/// Objects that take part in the transaction.
const STAGED: [u16; 3] = [0, 1, 2];

impl Client<'_> {
    /// Bootstraps at the server of the bootstrap account, after its hold-off time. Nothing happens when a bootstrap is
    /// under way or waiting already.
    ///
    /// # Errors
    /// [`Failure::NoAccount`] when there is no bootstrap account, or no room for one more server.
    pub fn bootstrap(&mut self, now: Instant, objects: &mut dyn Objects) -> Result<(), Failure> {
        self.stirred = true;
        self.begin_bootstrap(now, objects, false)
    }

    /// The same; `rescue` tells that it is for want of a registration.
    pub(super) fn begin_bootstrap(
        &mut self,
        now: Instant,
        objects: &dyn Objects,
        rescue: bool,
    ) -> Result<(), Failure> {
        let mut connections = self.connections.iter_mut();
        if let Some(connection) = connections.find(|c| c.used && c.bootstrap) {
            connection.rescue &= rescue;
            return Ok(());
        }
        let account = accounts::bootstrap_account(objects).ok_or(Failure::NoAccount)?;
        let slot = match self
            .connections
            .iter()
            .position(|connection| !connection.used)
        {
            Some(slot) => slot,
            // A server that does not answer makes room.
            None => {
                let idle = self
                    .connections
                    .iter()
                    .position(|connection| !connection.is_registered());
                let slot = idle.ok_or(Failure::NoAccount)?;
                self.forget(slot);
                slot
            }
        };
        let hold_off =
            accounts::number(objects, accounts::SECURITY, account, security::HOLD_OFF).unwrap_or(0);
        let connection = self.connections.get_mut(slot).ok_or(Failure::NoAccount)?;
        info!("bootstrap at account {} in {} s", account, hold_off);
        connection.used = true;
        connection.bootstrap = true;
        connection.rescue = rescue;
        connection.account = account;
        connection.stage = Stage::Waiting {
            until: now + Duration::from_secs(u64::from(hold_off)),
        };
        Ok(())
    }

    /// A server has taken a registration. Where none is missing any more, a bootstrap that only waits to help with that is
    /// not needed.
    pub(super) fn end_rescue(&mut self) {
        let mut servers = self.connections.iter().filter(|c| c.used && !c.bootstrap);
        if !servers.all(Connection::is_registered) {
            return;
        }
        let waits = |c: &Connection| {
            c.used && c.bootstrap && c.rescue && matches!(c.stage, Stage::Waiting { .. })
        };
        if let Some(index) = self.connections.iter().position(waits) {
            self.bootstrap_failures = 0;
            self.forget(index);
        }
    }

    /// Bootstrap-Request at the front of `buffer`; its length, 0 when it does not fit.
    pub(super) fn encode_bootstrap_request(
        &self,
        message_id: u16,
        token: Token,
        buffer: &mut [u8],
    ) -> usize {
        let mut writer = Writer::new(buffer);
        let mut builder = Builder::new(&mut writer, Kind::Con, Code::POST, message_id, token);
        builder.option(option::URI_PATH, b"bs");
        builder.string_option_parts(option::URI_QUERY, "ep=", self.config.endpoint);
        // The format in which the server is to write; single values have no choice.
        if !matches!(
            self.config.format,
            ContentFormat::Text | ContentFormat::Opaque
        ) {
            builder.string_option_decimal(
                option::URI_QUERY,
                "pct=",
                u32::from(self.config.format.number()),
            );
        }
        let written = writer.finish();
        if written.is_whole() {
            written.stored
        } else {
            0
        }
    }

    pub(super) fn bootstrap_request_answered(
        &mut self,
        index: usize,
        code: Code,
        cx: &mut Context<'_>,
    ) {
        if code != Code::CHANGED {
            self.bootstrap_failed(index, Failure::Code(code), cx);
        } else if let Some(connection) = self.connections.get_mut(index)
            && connection.stage == Stage::Attempting
        {
            connection.stage = Stage::Bootstrapping {
                until: cx.now + self.config.transmission.exchange_lifetime(),
            };
        }
    }

    /// Opens the transaction unless it is open.
    fn begin_transaction(&mut self, objects: &mut dyn Objects) -> bool {
        if self.transaction {
            return true;
        }
        for (at, &id) in STAGED.iter().enumerate() {
            let object = objects.object_mut(id);
            if object.is_some_and(|object| object.transaction(Transaction::Begin).is_err()) {
                warning!("bootstrap: object {} refuses the transaction", id);
                // What is open already would refuse the next one.
                let begun = STAGED.get(..at).unwrap_or(&[]);
                end_all(objects, begun, Transaction::Rollback);
                return false;
            }
        }
        info!("bootstrap: {:?}", Transaction::Begin);
        self.transaction = true;
        true
    }

    #[inline(never)]
    fn end_transaction(&mut self, objects: &mut dyn Objects, step: Transaction) {
        if self.transaction {
            info!("bootstrap: {:?}", step);
            self.transaction = false;
            #[cfg(feature = "observe")]
            self.periods_changed();
            end_all(objects, &STAGED, step);
        }
    }

    /// Undoes a bootstrap that was given up by [`deregister`](Self::deregister), which has no objects at hand.
    pub(super) fn undo_forgotten(&mut self, objects: &mut dyn Objects) {
        if self.transaction && !self.connections.iter().any(|c| c.used && c.bootstrap) {
            self.roll_back(objects);
        }
    }

    /// Undoes what a bootstrap server has done so far.
    pub(super) fn roll_back(&mut self, objects: &mut dyn Objects) {
        self.finish = None;
        self.end_transaction(objects, Transaction::Rollback);
    }

    /// Answers [`Event::BootstrapFinishing`]: `accepted` tells that the configuration is safe from a power loss. The
    /// server learns it now; after a grace in which a repeated Bootstrap-Finish is answered, [`Event::Bootstrapped`]
    /// follows. Otherwise everything is as it was before, and [`Event::BootstrapFailed`] follows.
    ///
    /// Returns whether there was a bootstrap to finish.
    pub fn finish_bootstrap(
        &mut self,
        now: Instant,
        accepted: bool,
        buffer: &mut [u8],
        objects: &mut dyn Objects,
        random: &mut dyn Random,
    ) -> bool {
        let finishing = |connection: &Connection| connection.stage == Stage::Finishing;
        let (Some(index), Some(origin)) = (
            self.connections.iter().position(finishing),
            self.finish.take(),
        ) else {
            return false;
        };
        self.stirred = true;
        let code = if accepted {
            Code::CHANGED
        } else {
            Code::NOT_ACCEPTABLE
        };
        self.answer_finish(now, index, &origin, code, buffer);
        if accepted {
            self.end_transaction(objects, Transaction::Commit);
            if let Some(connection) = self.connections.get_mut(index) {
                connection.stage = Stage::Grace {
                    until: now + self.config.grace(),
                };
            }
        } else {
            self.bootstrap_failed(
                index,
                Failure::Refused,
                &mut Context {
                    now,
                    objects,
                    random,
                },
            );
        }
        true
    }

    fn answer_finish(
        &mut self,
        now: Instant,
        index: usize,
        origin: &Origin,
        code: Code,
        buffer: &mut [u8],
    ) {
        if !self.is_open(index) {
            return;
        }
        let session = session_of(index);
        let id = self.next_message_id();
        let len = Head::answer_to(origin, code, id).alone(buffer);
        self.reply(session, len, None);
        let expires = now + self.config.transmission.exchange_lifetime();
        let answer = Remembered::Code(code, None);
        deduplication::remember(
            self.deduplication,
            now,
            session,
            origin.message_id,
            expires,
            answer,
        );
    }

    /// A bootstrap is over without success: undoes it, and tries again later.
    pub(super) fn bootstrap_failed(
        &mut self,
        index: usize,
        failure: Failure,
        cx: &mut Context<'_>,
    ) {
        match self
            .connections
            .get(index)
            .map(|connection| connection.stage)
        {
            // What was accepted stays accepted, whatever becomes of the session.
            Some(Stage::Grace { .. }) => return self.bootstrap_done(index),
            Some(Stage::Finishing) if self.finish.is_some() => return,
            _ => {}
        }
        self.roll_back(cx.objects);
        let back_off = self.config.bootstrap_back_off;
        let wait = back_off.spread(self.bootstrap_step(), cx.random);
        self.bootstrap_failures = self.bootstrap_failures.saturating_add(1);
        let retry_at = cx.now + wait;
        if let Some(connection) = self.connections.get_mut(index) {
            connection.close();
            connection.stage = Stage::Waiting { until: retry_at };
        }
        self.push(Event::BootstrapFailed { failure, retry_at });
    }

    /// Where in the back-off list the wait is that follows now: once the list has come to its end, its first waits lie
    /// between the attempts that follow the last.
    fn bootstrap_step(&mut self) -> u8 {
        let listed = self.config.bootstrap_back_off.listed();
        let Some(over) = self.bootstrap_failures.checked_sub(listed) else {
            return self.bootstrap_failures;
        };
        let place = over % ATTEMPTS;
        // However often it fails, the count stays where it is understood.
        self.bootstrap_failures = listed.saturating_add(place);
        if place + 1 < ATTEMPTS { place } else { listed }
    }

    /// The grace is over.
    pub(super) fn bootstrap_done(&mut self, index: usize) {
        self.bootstrap_failures = 0;
        self.forget(index);
        self.push(Event::Bootstrapped);
    }

    /// Bootstraps that have failed one after the other; with [`resume_bootstrap_failures`] the count survives a
    /// restart, so that a device that restarts in a loop does not hammer the server.
    ///
    /// [`resume_bootstrap_failures`]: Self::resume_bootstrap_failures
    #[must_use]
    pub const fn bootstrap_failures(&self) -> u8 {
        self.bootstrap_failures
    }

    /// Sets the count of [`bootstrap_failures`](Self::bootstrap_failures): at most so that the last wait of the list
    /// follows.
    pub fn resume_bootstrap_failures(&mut self, failures: u8) {
        let last = self.config.bootstrap_back_off.listed().saturating_sub(1);
        self.bootstrap_failures = failures.min(last);
    }
}

/// Ends the transactions of these objects.
fn end_all(objects: &mut dyn Objects, ids: &[u16], step: Transaction) {
    for &id in ids {
        if let Some(object) = objects.object_mut(id) {
            // Ending a transaction that is open cannot fail.
            let _ = object.transaction(step);
        }
    }
}
