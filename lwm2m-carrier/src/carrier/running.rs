//! The client at work: its outputs become actions, its events those of the carrier.

use lwm2m_core::{
    client::{self, Output, SessionEvent, SessionFailure},
    model::Path,
    time::Instant,
};

use super::{
    Carrier, Completion, Context, Credential, Cursor, Flow, NO_ROOM, Pending, Stage, account,
    provisioning::{reason, staged_account},
    wipe,
};
use crate::{
    deferred::DeferredReason,
    error::{Cause, ConfigurationError, ErrorKind},
    event::Event,
    record::{ACCOUNT, STAGED, STATE},
};

/// Update of the Firmware Update object.
const UPDATE: Path = Path::resource(5, 0, 2);
/// Reboot and Factory Reset of the Device object.
const REBOOT: Path = Path::resource(3, 0, 4);
const FACTORY_RESET: Path = Path::resource(3, 0, 5);

impl Carrier<'_> {
    pub(super) fn run(&mut self, buffer: &mut [u8], cx: &mut Context<'_>) -> Flow {
        match self.stage {
            Stage::CheckKeys => return self.check_next_key(buffer, cx),
            Stage::StoreStaged => return self.store_staged(buffer, cx),
            _ => {}
        }
        if self.store_before_answer(buffer, cx.now) {
            return Flow::Again;
        }
        // An answer may lie in the buffer: the client goes first.
        let objects = &mut overlay!(self, cx.objects);
        let output = self.client.poll_output(cx.now, buffer, objects, cx.random);
        match output {
            Output::Transmit {
                session,
                datagram,
                expect,
            } => self.pending = Some(Pending::Send(session, datagram.len(), expect)),
            Output::Open { session, account } => self.open(session, account, buffer, cx),
            Output::Close { session } => self.pending = Some(Pending::Close(session)),
            Output::Event(event) => self.client_event(event, buffer, cx),
            Output::Idle { until } => return self.idle(until, buffer, cx),
            _ => {}
        }
        Flow::Again
    }

    /// The client has nothing to do: the carrier's own work.
    fn idle(&mut self, until: Instant, buffer: &mut [u8], cx: &mut Context<'_>) -> Flow {
        if matches!(self.stage, Stage::CloseSessions) {
            self.stage = Stage::LinkDown;
            return Flow::Again;
        }
        if core::mem::take(&mut self.save_account) {
            match self.account.encode(buffer, ACCOUNT, cx.objects) {
                Some(len) => self.pending = Some(Pending::Store(ACCOUNT, len)),
                None => self.push_error(ErrorKind::Internal, NO_ROOM),
            }
            return Flow::Again;
        }
        if self.observe_numbers_end() {
            self.reserve_observe_numbers();
            self.save_state = true;
        }
        if core::mem::take(&mut self.save_state)
            && let Some(len) = self.state.encode(buffer)
        {
            self.pending = Some(Pending::Store(STATE, len));
            return Flow::Again;
        }
        let at_rest = until == Instant::FAR_FUTURE;
        let until = match self.step_firmware(buffer, cx) {
            Some(Flow::Again) => return Flow::Again,
            Some(Flow::Wait(firmware)) => until.min(firmware),
            None => until,
        };
        if core::mem::take(&mut self.rebooting) {
            self.pending = Some(Pending::Reboot);
            return Flow::Again;
        }
        if self.take_request(cx) {
            return Flow::Again;
        }
        // A download goes on when the link is up again; only what it has to do at once comes first.
        if self.stopping && at_rest && until > cx.now {
            self.stage = Stage::TakeDown;
            return Flow::Again;
        }
        match self.bootstrap_at {
            Some(at) if at <= cx.now => {
                self.bootstrap_at = None;
                // Without a bootstrap account there is nothing to try again.
                let objects = &mut overlay!(self, cx.objects);
                let _ = self.client.bootstrap(cx.now, objects);
                Flow::Again
            }
            Some(at) => Flow::Wait(until.min(at)),
            None => Flow::Wait(until),
        }
    }

    /// Does one thing that the application wants; whether there was one.
    fn take_request(&mut self, cx: &mut Context<'_>) -> bool {
        let requests = &mut self.requests;
        if core::mem::take(&mut requests.reboot) {
            self.push(Event::Reboot);
        } else if core::mem::take(&mut requests.factory_reset) {
            self.stage = Stage::FactoryReset;
        } else if core::mem::take(&mut requests.link_down) {
            self.stopping = true;
            self.bootstrap_at = None;
            if self.profile.deregisters_on_link_down {
                self.client.deregister();
            } else {
                self.stage = Stage::TakeDown;
            }
        } else if core::mem::take(&mut requests.deregister) {
            self.client.deregister();
        } else if self.stopping || self.client.is_deregistering() {
            // To register comes after the end of that.
            return false;
        } else if core::mem::take(&mut requests.register) {
            let mut ids = account::server_ids(cx.objects);
            if ids.any(|id| self.client.is_registered(id)) {
                drop(ids);
                self.client.update(false);
            } else {
                drop(ids);
                self.start_client(cx);
            }
        } else {
            return false;
        }
        true
    }

    fn client_event(&mut self, event: client::Event, buffer: &mut [u8], cx: &mut Context<'_>) {
        match event {
            client::Event::BootstrapFinishing => {
                let first = self.profile.first_tag;
                self.staged = staged_account(&self.account, first, cx.objects, buffer);
                wipe(buffer);
                match self.staged {
                    Some(_) => {
                        self.cursor = Cursor::START;
                        self.stage = Stage::CheckKeys;
                    }
                    None => {
                        let cause = Cause::Configuration(ConfigurationError::Objects);
                        self.refuse(cause, buffer, cx);
                    }
                }
            }
            client::Event::Bootstrapped => self.stage = Stage::TakeDown,
            client::Event::BootstrapFailed { failure, retry_at } => {
                self.attempt_failed(reason(failure, true), retry_at, true, cx.now);
            }
            client::Event::Registered { server } => {
                if self.state.attempts != 0 {
                    self.state.attempts = 0;
                    self.save_state = true;
                }
                self.push(Event::Registered { server });
                self.firmware_registered();
            }
            client::Event::Deregistered { server, confirmed } => {
                self.push(Event::Deregistered { server, confirmed });
            }
            client::Event::RegistrationFailed {
                failure,
                retry_at,
                exhausted,
                ..
            } => self.attempt_failed(reason(failure, false), retry_at, exhausted, cx.now),
            client::Event::AccountChanged { .. } => self.save_account = true,
            client::Event::Answered { path: UPDATE } => self.update_firmware(),
            client::Event::Answered { path: REBOOT } => self.push(Event::Reboot),
            client::Event::Answered {
                path: FACTORY_RESET,
            } => self.requests.factory_reset = true,
            _ => {}
        }
    }

    #[inline(never)]
    fn attempt_failed(
        &mut self,
        reason: DeferredReason,
        retry_at: Instant,
        counts: bool,
        now: Instant,
    ) {
        self.defer(reason, retry_at.since(now));
        if counts {
            self.state.attempts = self.state.attempts.saturating_add(1);
            self.save_state = true;
        }
    }

    /// Bootstrap-Finish: whether the key store can take every key.
    fn check_next_key(&mut self, buffer: &mut [u8], cx: &mut Context<'_>) -> Flow {
        let next = self.cursor.next(cx.objects, buffer);
        wipe(buffer);
        let Some((instance, kind)) = next else {
            self.stage = Stage::StoreStaged;
            return Flow::Again;
        };
        let staged = self.staged.as_ref();
        match staged.and_then(|staged| staged.tags.of(instance)) {
            Some(tag) => {
                let key = Credential::Account(instance, kind);
                self.pending = Some(Pending::CheckKey(tag, key));
            }
            // Staging gives a tag to each account with keys; a key without one has no place.
            None => {
                let cause = Cause::Configuration(ConfigurationError::Credentials);
                self.refuse(cause, buffer, cx);
            }
        }
        Flow::Again
    }

    fn store_staged(&mut self, buffer: &mut [u8], cx: &mut Context<'_>) -> Flow {
        let record = self
            .staged
            .and_then(|staged| staged.encode(buffer, STAGED, cx.objects));
        match record {
            Some(len) => self.pending = Some(Pending::Store(STAGED, len)),
            None => self.refuse(NO_ROOM, buffer, cx),
        }
        Flow::Again
    }

    /// An action of one of the stages here is over, other than those of sessions.
    pub(super) fn run_done(
        &mut self,
        completion: Completion,
        buffer: &mut [u8],
        cx: &mut Context<'_>,
    ) {
        wipe(buffer);
        match (self.stage, completion) {
            (Stage::CheckKeys, Completion::KeyStoreFailed(error)) => {
                self.refuse(Cause::KeyStore(error), buffer, cx);
            }
            (Stage::StoreStaged, Completion::StorageFailed(error)) => {
                self.refuse(Cause::Storage(error), buffer, cx);
            }
            (Stage::StoreStaged, _) => {
                self.stage = Stage::Run;
                self.finish_bootstrap(true, buffer, cx);
            }
            (_, completion) => self.tell_storage(completion),
        }
    }

    /// Refuses what a bootstrap server has configured.
    fn refuse(&mut self, cause: Cause, buffer: &mut [u8], cx: &mut Context<'_>) {
        self.staged = None;
        self.stage = Stage::Run;
        self.push_error(ErrorKind::Bootstrap, cause);
        self.finish_bootstrap(false, buffer, cx);
    }

    /// The client wants a session.
    fn open(
        &mut self,
        session: client::SessionId,
        account: u16,
        buffer: &mut [u8],
        cx: &mut Context<'_>,
    ) {
        let Some(obstacle) = super::session::obstacle(self, account, buffer, cx.objects) else {
            self.pending = Some(Pending::Open(session, account));
            return;
        };
        self.configuration_error(obstacle);
        let failed = SessionEvent::Failed(SessionFailure::NoRoute);
        self.tell_session(session, failed, cx);
    }
}
