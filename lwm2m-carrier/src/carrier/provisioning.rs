//! From the records to the client: keys into the key store, the staged account into use, the link up.
//!
//! At the start of a device the link is down anyway. After a bootstrap it is taken down for the keys, where the key
//! store asks for it.

use lwm2m_core::{
    client::{BackOff, Failure},
    time::Instant,
};

use super::{
    Carrier, Completion, Context, Credential, Cursor, Flow, NO_ROOM, Pending, Stage, account, wipe,
};
use crate::{
    deferred::DeferredReason,
    error::{Cause, ConfigurationError, Error, ErrorKind},
    event::Event,
    hal::{
        CredentialKind, DetachReason, KeyStoreError, KeyStoreErrorKind, LinkErrorKind, SecurityTag,
    },
    profile::Credentials,
    record::{ACCOUNT, Account, STAGED, Spares, first_spare},
};

/// The profile's credentials, in the order in which they are written.
const PROFILE_KEYS: [CredentialKind; 2] = [CredentialKind::PskIdentity, CredentialKind::Psk];

/// Credentials that may lie under a tag that is given up.
const ALL_KEYS: [CredentialKind; 5] = [
    CredentialKind::PskIdentity,
    CredentialKind::Psk,
    CredentialKind::CaChain,
    CredentialKind::ClientCertificate,
    CredentialKind::PrivateKey,
];

/// Starts of the device without success that may follow each other at once; a user may switch it off and on.
const FREE_ATTEMPTS: u8 = 2;

/// No start of the device waits longer for its first attempt, as seconds before jitter. A longer wait may have begun
/// before the start, and would begin again with each: a device that starts every day would never attempt anything.
const LONGEST_HOLD_OFF: u32 = 3600;

/// Observe numbers that are reserved at a time.
const OBSERVE_NUMBERS: u32 = 1024;
/// Observe numbers have 24 bits.
const OBSERVE_MASK: u32 = 0x00ff_ffff;

impl<'r> Carrier<'r> {
    /// Whether the Observe numbers that were reserved are used up but for a quarter.
    pub(super) const fn observe_numbers_end(&self) -> bool {
        let used = self.client.observe_number();
        let left = self.state.observe_number.wrapping_sub(used) & OBSERVE_MASK;
        left < OBSERVE_NUMBERS / 4 || left > OBSERVE_NUMBERS
    }

    pub(super) fn profile_credential(&self, kind: CredentialKind) -> &'r [u8] {
        match (self.profile.credentials, kind) {
            (Credentials::Psk { identity, .. }, CredentialKind::PskIdentity) => identity,
            (Credentials::Psk { key, .. }, CredentialKind::Psk) => key,
            _ => &[],
        }
    }

    pub(super) fn provision(&mut self, buffer: &mut [u8], cx: &mut Context<'_>) -> Flow {
        if self.waits_for_link() && self.take_request_while_waiting() {
            return Flow::Again;
        }
        match self.stage {
            Stage::TakeDown => self.take_down(buffer, cx),
            Stage::LinkDown | Stage::LinkUp | Stage::ProfileKey(_) if cx.now < self.retry_at => {
                let waits = !self.take_reboot();
                if waits && !self.link_up && core::mem::take(&mut self.requests.link_down) {
                    self.stage = Stage::Stopped;
                } else if waits {
                    return Flow::Wait(self.retry_at);
                }
            }
            Stage::LinkDown => self.pending = Some(Pending::LinkDown),
            Stage::RestartModem => match self.settle_firmware(buffer) {
                Some(flow) => return flow,
                None => self.stage = Stage::ProfileKey(0),
            },
            Stage::ProfileKey(part) => match PROFILE_KEYS.get(usize::from(part)) {
                Some(&kind) if self.profile_key_due => {
                    let key = Credential::Profile(kind);
                    self.pending = Some(Pending::WriteKey(self.profile.first_tag, key));
                }
                _ => {
                    self.profile_key_due = false;
                    self.pending = self.look_for_profile_key();
                    if self.pending.is_none() {
                        self.cursor = Cursor::START;
                        self.stage = Stage::Keys;
                    }
                }
            },
            Stage::Keys => self.write_next_key(buffer, cx),
            Stage::Commit => self.commit(buffer, cx),
            Stage::DeleteStaged => self.pending = Some(Pending::Delete(STAGED)),
            Stage::FactoryReset => self.stage_factory_account(buffer, cx),
            Stage::Revert => {
                self.old_keys = self.spares(self.staged.as_ref());
                self.staged = None;
                self.discard_staged = true;
                self.stage = Stage::RevertLoad;
            }
            Stage::RevertLoad => self.pending = Some(Pending::Load(ACCOUNT)),
            Stage::DeleteKeys(kind) => self.delete_next_key(kind),
            Stage::BringUp => self.bring_up(),
            Stage::LinkUp => self.pending = Some(Pending::LinkUp),
            Stage::Online => self.online(buffer, cx),
            Stage::HoldOff if cx.now < self.retry_at => return Flow::Wait(self.retry_at),
            Stage::HoldOff => self.stage = Stage::Start,
            _ => self.start(cx),
        }
        Flow::Again
    }

    /// Whether the device waits before a further attempt, which the application may stop.
    const fn waits_for_link(&self) -> bool {
        matches!(self.stage, Stage::LinkUp | Stage::HoldOff) && self.pending.is_none()
    }

    /// Does one thing that the application wants and that need not wait with the device; whether there was one.
    fn take_request_while_waiting(&mut self) -> bool {
        if self.take_reboot() {
            return true;
        }
        if core::mem::take(&mut self.requests.factory_reset) {
            self.stage = Stage::FactoryReset;
        } else if core::mem::take(&mut self.requests.link_down) {
            self.stopping = true;
            self.stage = Stage::TakeDown;
        } else {
            return false;
        }
        true
    }

    /// Restarts the device, or asks the application whether it may be, if that is wanted.
    #[inline(never)]
    fn take_reboot(&mut self) -> bool {
        if core::mem::take(&mut self.rebooting) {
            self.pending = Some(Pending::Reboot);
        } else if core::mem::take(&mut self.requests.reboot) {
            self.push(Event::Reboot);
        } else {
            return false;
        }
        true
    }

    /// Takes the link down if keys are to be written that cannot be otherwise.
    fn take_down(&mut self, buffer: &mut [u8], cx: &mut Context<'_>) {
        let (own, staged) = (
            self.spares(Some(&self.account)),
            self.spares(self.staged.as_ref()),
        );
        self.cursor = Cursor::START;
        let keys = self.profile_key_due
            || self.staged.is_some()
                && (own & !staged != 0 || self.cursor.next(cx.objects, buffer).is_some())
            || self.old_keys & !own != 0;
        wipe(buffer);
        let needed =
            self.stopping || self.firmware_needs_link_down() || keys && self.keys_need_offline;
        if needed && self.link_up {
            if self.connected {
                self.push(Event::Disconnecting);
            }
            self.close_firmware_session(cx.now);
            self.tell_online(cx.now, false, cx.objects);
            self.stage = Stage::CloseSessions;
        } else {
            self.link_is_down();
        }
    }

    #[inline(never)]
    fn link_is_down(&mut self) {
        self.failures = 0;
        self.retry_at = Instant::ZERO;
        self.stage = if self.stopping {
            self.stopping = false;
            Stage::Stopped
        } else if self.restart_modem() {
            Stage::RestartModem
        } else {
            Stage::ProfileKey(0)
        };
    }

    fn write_next_key(&mut self, buffer: &mut [u8], cx: &Context<'_>) {
        let Some(staged) = &self.staged else {
            self.stage = Stage::DeleteKeys(0);
            return;
        };
        let next = self.cursor.next(cx.objects, buffer);
        wipe(buffer);
        match next {
            None => self.stage = Stage::Commit,
            Some((instance, kind)) => match staged.tags.of(instance) {
                Some(tag) => {
                    let key = Credential::Account(instance, kind);
                    self.pending = Some(Pending::WriteKey(tag, key));
                }
                // Staging gives a tag to each account with keys.
                None => self.stage = Stage::Revert,
            },
        }
    }

    /// Makes the staged account the one in use, now that its keys are in the key store.
    fn commit(&mut self, buffer: &mut [u8], cx: &mut Context<'_>) {
        let Some(staged) = self.staged.take() else {
            self.stage = Stage::BringUp;
            return;
        };
        account::forget_keys(cx.objects, buffer);
        wipe(buffer);
        self.old_keys = self.spares(Some(&self.account));
        self.account = staged;
        self.discard_staged = true;
        // After a factory reset it is the profile's.
        self.bootstrapped = self.profile.is_bootstrap_server && account::has_server(cx.objects);
        self.bootstrap_at = None;
        match self.account.encode(buffer, ACCOUNT, cx.objects) {
            Some(len) => self.pending = Some(Pending::Store(ACCOUNT, len)),
            None => self.not_committed(NO_ROOM),
        }
    }

    /// The account could not be stored. It is used all the same, and stays staged for the next start of the device; the
    /// one that is stored, which that start begins from, keeps its keys.
    fn not_committed(&mut self, cause: Cause) {
        self.push_error(ErrorKind::Internal, cause);
        self.old_keys = 0;
        self.discard_staged = false;
        self.stage = Stage::BringUp;
    }

    /// The spare tags of an account.
    fn spares(&self, account: Option<&Account>) -> Spares {
        account.map_or(0, |account| account.tags.spares(self.profile.first_tag))
    }

    fn delete_next_key(&mut self, kind: u8) {
        let old = self.old_keys & !self.spares(Some(&self.account));
        if old == 0 {
            self.old_keys = 0;
            self.stage = if core::mem::take(&mut self.discard_staged) {
                Stage::DeleteStaged
            } else {
                Stage::BringUp
            };
        } else if let Some(&kind) = ALL_KEYS.get(usize::from(kind)) {
            let tag = first_spare(self.profile.first_tag, old);
            self.pending = Some(Pending::DeleteKey(tag, kind));
        } else {
            // That was the last kind under the first of them.
            self.old_keys = old & (old - 1);
            self.stage = Stage::DeleteKeys(0);
        }
    }

    /// Stages the accounts of the profile like those of a bootstrap server: power may fail at any time after.
    fn stage_factory_account(&mut self, buffer: &mut [u8], cx: &mut Context<'_>) {
        let current = self.account;
        if let Err(error) = self.provision_from_profile(cx) {
            self.configuration_error(error);
        }
        let staged = Account {
            generation: current.generation.saturating_add(1),
            ..self.account
        };
        self.account = current;
        self.staged = Some(staged);
        match staged.encode(buffer, STAGED, cx.objects) {
            Some(len) => self.pending = Some(Pending::Store(STAGED, len)),
            None => {
                self.configuration_error(ConfigurationError::Buffer);
                self.stage = Stage::TakeDown;
            }
        }
    }

    fn bring_up(&mut self) {
        if self.connected {
            self.stage = Stage::Start;
            return;
        }
        self.stage = Stage::LinkUp;
        self.push(Event::Connecting);
    }

    /// The link is up: before the first attempt the attempts are counted.
    fn online(&mut self, buffer: &mut [u8], cx: &mut Context<'_>) {
        if self.counted {
            self.stage = Stage::Start;
            return;
        }
        self.counted = true;
        self.client.resume_observe_number(self.state.observe_number);
        self.reserve_observe_numbers();
        let attempts = self.state.attempts;
        self.state.attempts = attempts.saturating_add(1);
        self.client
            .resume_bootstrap_failures(attempts.saturating_sub(FREE_ATTEMPTS - 1));
        self.retry_at = cx.now;
        self.stage = Stage::HoldOff;
        if let Some(mut waits) = attempts.checked_sub(FREE_ATTEMPTS) {
            let back_off = if account::has_server(cx.objects) {
                &self.profile.registration_back_off
            } else {
                &self.profile.bootstrap_back_off
            };
            while waits > 0 && back_off.delay(waits) > LONGEST_HOLD_OFF {
                waits -= 1;
            }
            self.retry_at = self.put_off(back_off, waits, DeferredReason::NoReason, cx);
        }
        if let Some(len) = self.state.encode(buffer) {
            self.pending = Some(Pending::Store(crate::record::STATE, len));
        }
    }

    /// Takes the next Observe numbers behind the last one into use; to be stored before the first of them is sent.
    pub(super) const fn reserve_observe_numbers(&mut self) {
        let used = self.client.observe_number();
        let next = used.wrapping_add(OBSERVE_NUMBERS);
        self.state.observe_number = next & OBSERVE_MASK;
    }

    /// Sets the client going.
    fn start(&mut self, cx: &mut Context<'_>) {
        if self.naming.is_due() {
            self.pending = Some(Pending::Identify);
            return;
        }
        let has_server = account::has_server(cx.objects);
        if let Some(until) = self
            .bootstrap_at
            .filter(|&until| !has_server && until > cx.now)
        {
            self.retry_at = until;
            self.stage = Stage::HoldOff;
            return;
        }
        if !has_server {
            self.bootstrap_at = None;
        }
        self.stage = Stage::Run;
        if core::mem::take(&mut self.bootstrapped) {
            self.push(Event::Bootstrapped);
        }
        if has_server && self.connected {
            self.push(Event::LteReady);
        }
        self.tell_online(cx.now, self.connected, cx.objects);
        self.start_client(cx);
    }

    /// An action of one of the stages above is over.
    pub(super) fn provision_done(
        &mut self,
        completion: Completion,
        buffer: &mut [u8],
        cx: &mut Context<'_>,
    ) {
        match self.stage {
            Stage::LinkDown => self.link_down_done(completion, cx),
            Stage::LinkUp => self.link_up_done(completion, cx),
            Stage::ProfileKey(part) => match completion {
                Completion::KeyStoreFailed(error) => {
                    self.push_error(ErrorKind::Bootstrap, Cause::KeyStore(error));
                    self.wait_for_key_store(cx);
                    if self.learn_from(error) && self.link_up {
                        self.stage = Stage::TakeDown;
                    }
                }
                _ => self.stage = Stage::ProfileKey(part + 1),
            },
            Stage::Keys => {
                wipe(buffer);
                if let Completion::KeyStoreFailed(error) = completion {
                    self.push_error(ErrorKind::Bootstrap, Cause::KeyStore(error));
                    self.learn_from(error);
                    self.stage = Stage::Revert;
                }
            }
            Stage::Commit => {
                wipe(buffer);
                self.refusals = 0;
                if let Completion::StorageFailed(error) = completion {
                    self.not_committed(Cause::Storage(error));
                } else {
                    self.stage = Stage::DeleteKeys(0);
                }
            }
            Stage::DeleteStaged => {
                self.tell_storage(completion);
                self.stage = Stage::BringUp;
            }
            Stage::DeleteKeys(kind) => self.stage = Stage::DeleteKeys(kind + 1),
            Stage::RevertLoad => self.reverted(completion, buffer, cx),
            Stage::FactoryReset => {
                wipe(buffer);
                self.tell_storage(completion);
                self.forget_firmware();
                self.stage = Stage::TakeDown;
            }
            // The counters.
            _ => self.tell_storage(completion),
        }
    }

    pub(super) fn tell_storage(&mut self, completion: Completion) {
        if let Completion::StorageFailed(error) = completion {
            self.push_error(ErrorKind::Internal, Cause::Storage(error));
        }
    }

    fn link_down_done(&mut self, completion: Completion, cx: &mut Context<'_>) {
        if let Completion::LinkFailed(error) = completion {
            self.push_error(ErrorKind::DisconnectFail, Cause::Link(error));
            self.wait_for_link(DeferredReason::NoReason, cx);
            return;
        }
        self.link_up = false;
        if core::mem::take(&mut self.connected) {
            let reason = DetachReason::Requested;
            self.push(Event::Disconnected { reason });
        }
        self.link_is_down();
    }

    fn link_up_done(&mut self, completion: Completion, cx: &mut Context<'_>) {
        self.link_up = true;
        if let Completion::LinkFailed(error) = completion {
            self.push_error(ErrorKind::ConnectFail, Cause::Link(error));
            let reason = match error.kind {
                LinkErrorKind::PacketData | LinkErrorKind::Sim => DeferredReason::PdnActivate,
                _ => DeferredReason::NoReason,
            };
            self.wait_for_link(reason, cx);
            return;
        }
        self.connected = true;
        self.failures = 0;
        self.retry_at = Instant::ZERO;
        self.push(Event::Connected);
        self.initialized = Some(Ok(()));
        self.stage = Stage::Online;
    }

    fn wait_for_link(&mut self, reason: DeferredReason, cx: &mut Context<'_>) {
        let back_off = &self.profile.link_back_off;
        self.retry_at = self.put_off(back_off, self.failures, reason, cx);
        self.failures = self.failures.saturating_add(1);
    }

    /// The next attempt follows after the wait of that number, which the application hears of.
    #[inline(never)]
    pub(super) fn put_off(
        &mut self,
        back_off: &BackOff<'_>,
        failures: u8,
        reason: DeferredReason,
        cx: &mut Context<'_>,
    ) -> Instant {
        let wait = back_off.spread(failures, cx.random);
        self.defer(reason, wait);
        cx.now + wait
    }

    /// The key store has refused a key: the next attempt is published.
    fn wait_for_key_store(&mut self, cx: &mut Context<'_>) {
        let (back_off, reason) = (
            &self.profile.bootstrap_back_off,
            DeferredReason::BootstrapConnect,
        );
        self.retry_at = self.put_off(back_off, self.failures, reason, cx);
        self.failures = self.failures.saturating_add(1);
    }

    /// A key store that refuses because the link is up gets its next key while it is down, whatever it has said before.
    /// Whether that is new.
    fn learn_from(&mut self, error: KeyStoreError) -> bool {
        error.kind == KeyStoreErrorKind::Online
            && !core::mem::replace(&mut self.keys_need_offline, true)
    }

    /// Asks the key store for the profile's key, once, where somebody else has put it there.
    fn look_for_profile_key(&mut self) -> Option<Pending> {
        let Credentials::Tag(tag) = self.profile.credentials else {
            return None;
        };
        core::mem::take(&mut self.profile_tag_due)
            .then_some(Pending::FindKey(tag, CredentialKind::Psk))
    }

    /// The key store has been asked. Without the key every session with the first server will fail; the attempts go on, so
    /// that one that is put there later is used.
    pub(super) fn profile_key_found(&mut self, completion: Completion) {
        if completion != Completion::Found(true) {
            self.configuration_error(ConfigurationError::Credentials);
        }
    }

    /// The account from before the bootstrap is back.
    fn reverted(&mut self, completion: Completion, buffer: &mut [u8], cx: &mut Context<'_>) {
        self.tell_storage(completion);
        let record = match completion {
            Completion::Loaded(Some(len)) => buffer.get(..len),
            _ => None,
        };
        if let Err(error) = self.load_account(record, cx) {
            self.configuration_error(error);
        }
        wipe(buffer);
        // The profile's key has a tag of its own, which no staged account touches.
        self.profile_key_due = false;
        let (back_off, reason) = (
            &self.profile.bootstrap_back_off,
            DeferredReason::BootstrapConnect,
        );
        self.bootstrap_at = Some(self.put_off(back_off, self.refusals, reason, cx));
        self.refusals = self.refusals.saturating_add(1);
        self.state.attempts = self.state.attempts.saturating_add(1);
        self.save_state = true;
        self.stage = Stage::ProfileKey(0);
    }

    /// A configuration that cannot work.
    #[inline(never)]
    pub(super) fn configuration_error(&mut self, error: ConfigurationError) {
        let cause = Cause::Configuration(error);
        self.push(Event::Error(Error::new(ErrorKind::Configuration, cause)));
    }

    pub(super) fn stopped(&mut self) -> Flow {
        if self.take_reboot() {
            return Flow::Again;
        }
        if !core::mem::take(&mut self.requests.register) {
            return Flow::Wait(Instant::FAR_FUTURE);
        }
        // By way of the keys: some may still be to be written.
        self.stage = Stage::TakeDown;
        Flow::Again
    }
}

/// What a failed bootstrap or registration is called.
pub(super) fn reason(failure: Failure, bootstrap: bool) -> DeferredReason {
    use lwm2m_core::{client::SessionFailure, wire::coap::Code};
    match (failure, bootstrap) {
        (Failure::Session(SessionFailure::NoRoute), true) => DeferredReason::BootstrapNoRoute,
        (Failure::Session(SessionFailure::NoRoute), false) => DeferredReason::ServerNoRoute,
        (Failure::Session(_), true) => DeferredReason::BootstrapConnect,
        (Failure::Session(_), false) => DeferredReason::ServerConnect,
        (Failure::Code(Code::SERVICE_UNAVAILABLE), _) => DeferredReason::ServiceUnavailable,
        (_, true) => DeferredReason::BootstrapSequence,
        (_, false) => DeferredReason::ServerRegistration,
    }
}

/// The account that follows the one in use, with a spare tag for each account that holds keys; `None` when there are
/// too many accounts, or one without a key.
pub(super) fn staged_account(
    current: &Account,
    first: SecurityTag,
    objects: &dyn lwm2m_core::model::Objects,
    buffer: &mut [u8],
) -> Option<Account> {
    let mut staged = Account {
        generation: current.generation.checked_add(1)?,
        provisioning: current.provisioning,
        ..Account::default()
    };
    for instance in account::instances(objects, 0) {
        if !account::is_secure(objects, instance) {
            continue;
        }
        let added = if account::holds_keys(objects, instance, buffer) {
            staged.tags.set_spare(instance, first, &current.tags)
        } else {
            staged.tags.set(instance, current.tags.of(instance)?)
        };
        if !added {
            return None;
        }
    }
    Some(staged)
}
