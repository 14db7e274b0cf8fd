//! The carrier policy as a state machine without I/O.
//!
//! [`Carrier`] owns the LwM2M client and adds what lies around it: when the link goes up and down, where credentials
//! are written, what is kept through a power loss, when to try again, and what the application is told. It hands out
//! one [`Action`] at a time and is told how it went; time, randomness, the objects and the message buffer come in as
//! arguments. [`driver`](crate::driver) has the loop for it.
//!
//! A device passes through these stages; those without a reason are skipped:
//!
//! | stage | file |
//! | --- | --- |
//! | load the records, ask for CA certificates | `boot` |
//! | take the link down, write keys, make a staged account the one in use, bring the link up | `provisioning` |
//! | ask the modem for the endpoint client name | `identity` |
//! | bootstrap, register, answer; at Bootstrap-Finish check the keys and stage the account | `running` |
//!
//! Firmware updates run beside them: `firmware` joins them to [`fota`](crate::fota).

/// The application's objects, with object 5 where there are firmware updates, for a call of the client.
#[cfg(feature = "fota")]
macro_rules! overlay {
    ($carrier:expr, $objects:expr) => {
        crate::fota::Overlay::new($carrier.fota.as_deref_mut(), $objects)
    };
}
/// The application's objects for a call of the client.
#[cfg(not(feature = "fota"))]
macro_rules! overlay {
    ($carrier:expr, $objects:expr) => {
        *$objects
    };
}

mod account;
mod action;
mod boot;
mod client;
#[cfg(feature = "fota")]
mod firmware;
#[cfg(not(feature = "fota"))]
#[path = "no_firmware.rs"]
#[allow(
    clippy::needless_pass_by_ref_mut,
    reason = "the signatures are those of the other one"
)]
mod firmware;
mod identity;
mod provisioning;
mod requests;
mod running;
mod session;

use core::fmt;

use lwm2m_core::{
    client::{Client, Config, Resources, SessionId},
    model::{self, Objects, Path, Ticket},
    random::Random,
    time::{Duration, Instant},
};
use zeroize::Zeroize;

use crate::{
    deferred::{Deferred, DeferredReason},
    error::{Cause, ConfigurationError, Error, ErrorKind},
    event::Event,
    fmt::{info, warning},
    hal::{CaTags, DetachReason, LinkState, Received, SecurityTag},
    profile::Profile,
    record::{Account, Spares, State},
    response::Response,
};

use account::Cursor;
pub use action::{Action, Completion, Secret};
use action::{Credential, Pending};
use identity::Naming;
pub use requests::RequestError;
use requests::Requests;

/// Events that may wait to be handed out.
const EVENTS: usize = 8;

/// Where a device stands.
#[derive(Clone, Copy, Debug)]
enum Stage {
    /// Not begun, or ended with an error: [`Carrier::begin`] is to be called.
    Idle,
    LoadState,
    LoadAccount,
    LoadStaged,
    LoadFirmware,
    /// A restart with a new firmware is behind the device: how it went.
    SettleFirmware,
    /// The application is asked for CA certificates.
    Certificates,
    TakeDown,
    CloseSessions,
    LinkDown,
    /// The modem restarts with a new firmware.
    RestartModem,
    /// Number of the kind.
    ProfileKey(u8),
    Keys,
    Commit,
    DeleteStaged,
    /// Number of the kind, under the first of the old tags.
    DeleteKeys(u8),
    /// The keys of a staged account were refused.
    Revert,
    RevertLoad,
    FactoryReset,
    BringUp,
    LinkUp,
    Online,
    HoldOff,
    Start,
    Run,
    CheckKeys,
    StoreStaged,
    /// Stopped by the application.
    Stopped,
    /// The device restarts.
    Halted,
}

/// What to do after a stage has been looked at.
enum Flow {
    /// Look again: there is an action, an event or another stage.
    Again,
    /// Nothing before that time.
    Wait(Instant),
}

/// The outside of a call: time, objects and randomness.
struct Context<'c> {
    now: Instant,
    objects: &'c mut dyn Objects,
    random: &'c mut dyn Random,
}

/// Carrier device management, as a state machine.
///
/// Each turn of a driver: [`poll`](Self::poll); carry out the action; [`complete`](Self::complete). While the action
/// is [`Action::Wait`], what comes from the network and the link is handed in, and `poll` follows.
// In this order: what each stage looks at comes first, where short instructions reach it; the compiler would put it last.
#[repr(C)]
pub struct Carrier<'r> {
    stage: Stage,
    keys_need_offline: bool,
    /// The link was asked for, and not taken down since: it is up, or the modem looks for it by itself.
    link_up: bool,
    /// The application knows the link to be up.
    connected: bool,
    /// The counters of this start of the device are stored.
    counted: bool,
    ignore_staged: bool,
    /// A record of a staged account is to be deleted, once the keys are gone that belong to no account any more: as long
    /// as it is there, a device that starts knows that it has to look for such keys.
    discard_staged: bool,
    /// The profile's key is to be written.
    profile_key_due: bool,
    /// The key store is to be asked whether it has the profile's key, which somebody else has put there.
    profile_tag_due: bool,
    /// `BOOTSTRAPPED` is due.
    bootstrapped: bool,
    /// Attempts that have failed one after the other, of the link or the key store.
    failures: u8,
    /// Staged accounts whose keys were refused one after the other.
    refusals: u8,
    save_state: bool,
    save_account: bool,
    stopping: bool,
    rebooting: bool,
    requests: Requests,
    /// Where keys may lie that belong to no account any more, and are to be deleted: the tags of the account before the
    /// one in use, or all where it is not known which those were. Only what the library itself has written is ever deleted.
    old_keys: Spares,
    /// Where the stage is in its walk over the keys of the accounts.
    cursor: Cursor,
    /// The action that was handed out and is not complete.
    pending: Option<Pending>,
    /// No further attempt at what has just failed before this.
    retry_at: Instant,
    profile: &'r Profile<'r>,
    #[cfg(feature = "fota")]
    fota: Option<&'r mut crate::fota::Fota<'r>>,
    state: State,
    naming: Naming<'r>,
    /// A bit for each session that is being opened.
    opening: u32,
    /// A bootstrap is to begin then.
    bootstrap_at: Option<Instant>,
    initialized: Option<Result<(), Error>>,
    /// The account that a bootstrap server has left, until its keys are written.
    staged: Option<Account>,
    /// The account in use.
    account: Account,
    ca_tags: CaTags,
    events: heapless::Deque<Event, EVENTS>,
    client: Client<'r>,
}

impl<'r> Carrier<'r> {
    /// A carrier with the client's memory in `resources`. `config` is [`profile.config(…)`](Profile::config), changed
    /// where need be.
    #[must_use]
    pub fn new<
        const SERVERS: usize,
        const OBSERVATIONS: usize,
        const ATTRIBUTES: usize,
        const DUPLICATES: usize,
    >(
        resources: &'r mut Resources<SERVERS, OBSERVATIONS, ATTRIBUTES, DUPLICATES>,
        profile: &'r Profile<'r>,
        config: Config<'r>,
        random: &mut dyn Random,
    ) -> Self {
        Self {
            client: Client::new(resources, config, random),
            #[cfg(feature = "fota")]
            fota: None,
            profile,
            stage: Stage::Idle,
            pending: None,
            events: heapless::Deque::new(),
            cursor: Cursor::START,
            keys_need_offline: false,
            link_up: false,
            connected: false,
            initialized: None,
            counted: false,
            state: State::default(),
            account: Account::default(),
            staged: None,
            ignore_staged: false,
            discard_staged: false,
            old_keys: 0,
            profile_key_due: false,
            profile_tag_due: false,
            naming: Naming::KNOWN,
            bootstrapped: false,
            ca_tags: CaTags::default(),
            failures: 0,
            refusals: 0,
            retry_at: Instant::ZERO,
            bootstrap_at: None,
            save_state: false,
            save_account: false,
            stopping: false,
            rebooting: false,
            requests: Requests::default(),
            opening: 0,
        }
    }

    /// Begins with initialisation, unless that is under way or done. `keys_need_offline` is what
    /// [`KeyStore::requires_offline`](crate::hal::KeyStore::requires_offline) says.
    pub fn begin(&mut self, keys_need_offline: bool, link: LinkState) {
        if matches!(self.stage, Stage::Idle) {
            self.keys_need_offline = keys_need_offline;
            self.link_up = link != LinkState::Down(DetachReason::Requested);
            self.initialized = None;
            self.stage = Stage::LoadState;
            self.push(Event::Initialized);
        }
    }

    /// How initialisation went: `None` while it is under way. It succeeds when the link is up for the first time, and
    /// fails when the configuration is not usable or the application has failed it; [`begin`](Self::begin) then begins
    /// anew.
    #[must_use]
    pub fn initialized(&self) -> Option<Result<(), Error>> {
        self.initialized
            .filter(|_| self.pending.is_none() && self.events.is_empty())
    }

    /// What to do next.
    ///
    /// `buffer` must be the same each time and is not to be touched except by the actions that lend it.
    #[must_use]
    // Not inlined into the driver's futures, where all registers are taken.
    #[inline(never)]
    pub fn poll<'b>(
        &mut self,
        now: Instant,
        buffer: &'b mut [u8],
        objects: &mut dyn Objects,
        random: &mut dyn Random,
    ) -> Action<'b>
    where
        'r: 'b,
    {
        let cx = &mut Context {
            now,
            objects,
            random,
        };
        loop {
            if let Some(pending) = self.pending {
                return self.action(pending, buffer, cx.objects);
            }
            if let Some(event) = self.events.pop_front() {
                self.pending = Some(Pending::Event(event));
                continue;
            }
            if let Flow::Wait(until) = self.advance(buffer, cx) {
                // The driver looks for jobs between two turns.
                let until = if self.has_job() { now } else { until };
                return Action::Wait { until, buffer };
            }
        }
    }

    /// Looks at the stage.
    fn advance(&mut self, buffer: &mut [u8], cx: &mut Context<'_>) -> Flow {
        match self.stage {
            Stage::Idle | Stage::Halted => Flow::Wait(Instant::FAR_FUTURE),
            Stage::LoadState
            | Stage::LoadAccount
            | Stage::LoadStaged
            | Stage::LoadFirmware
            | Stage::SettleFirmware
            | Stage::Certificates => self.boot(buffer),
            Stage::Run | Stage::CheckKeys | Stage::StoreStaged | Stage::CloseSessions => {
                self.run(buffer, cx)
            }
            Stage::Stopped => self.stopped(),
            _ => self.provision(buffer, cx),
        }
    }

    /// What `pending` stands for.
    #[inline(never)]
    fn action<'b>(
        &self,
        pending: Pending,
        buffer: &'b mut [u8],
        objects: &dyn Objects,
    ) -> Action<'b>
    where
        'r: 'b,
    {
        match pending {
            Pending::Event(event) => Action::Event(event),
            Pending::LinkUp => Action::LinkUp,
            Pending::LinkDown => Action::LinkDown,
            Pending::CheckKey(tag, credential) => Action::CheckKey {
                tag,
                kind: credential.kind(),
                credential: self.credential(credential, buffer, objects),
            },
            Pending::WriteKey(tag, credential) => Action::WriteKey {
                tag,
                kind: credential.kind(),
                credential: self.credential(credential, buffer, objects),
            },
            Pending::FindKey(tag, kind) => Action::FindKey { tag, kind },
            Pending::Identify => Action::Identify {
                format: self.profile.endpoint,
                buffer,
            },
            Pending::DeleteKey(tag, kind) => Action::DeleteKey { tag, kind },
            Pending::Open(session, account) => self.open_action(session, account, buffer, objects),
            #[cfg(feature = "fota")]
            Pending::OpenFirmware(session) => self.open_firmware_action(session, buffer, objects),
            #[cfg(feature = "fota")]
            Pending::Hold(session, held) => Action::Hold { session, held },
            Pending::Send(session, len, expect) => Action::Send {
                session,
                datagram: buffer.get(..len).unwrap_or(&[]),
                expect,
            },
            Pending::Close(session) => Action::Close { session },
            Pending::Load(id) => Action::Load { id, buffer },
            Pending::Store(id, len) => Action::Store {
                id,
                record: Secret(buffer.get(..len).unwrap_or(&[])),
            },
            #[cfg(feature = "fota")]
            Pending::StoreBehind(id, from, len) => {
                let record = buffer.get(from..).and_then(|behind| behind.get(..len));
                Action::Store {
                    id,
                    record: Secret(record.unwrap_or(&[])),
                }
            }
            Pending::Delete(id) => Action::Delete { id },
            Pending::Reboot => Action::Reboot,
        }
    }

    fn credential<'b>(
        &self,
        credential: Credential,
        buffer: &'b mut [u8],
        objects: &dyn Objects,
    ) -> Secret<'b>
    where
        'r: 'b,
    {
        Secret(match credential {
            Credential::Profile(kind) => self.profile_credential(kind),
            Credential::Account(instance, kind) => {
                account::credential(objects, instance, kind, buffer)
            }
        })
    }

    /// Tells how the last action went. `buffer` is the one lent to [`poll`](Self::poll).
    #[inline(never)]
    pub fn complete(
        &mut self,
        now: Instant,
        completion: Completion,
        buffer: &mut [u8],
        objects: &mut dyn Objects,
        random: &mut dyn Random,
    ) {
        let cx = &mut Context {
            now,
            objects,
            random,
        };
        let Some(pending) = self.pending.take() else {
            return;
        };
        match pending {
            Pending::Event(event) => {
                if let Completion::Response(response) = completion {
                    self.answered(event, response);
                }
            }
            Pending::Open(session, _) => self.open_done(session, completion, cx),
            Pending::Send(session, ..) => self.send_done(session, completion, cx),
            #[cfg(feature = "fota")]
            Pending::OpenFirmware(_) => self.firmware_open_done(completion, cx),
            #[cfg(feature = "fota")]
            Pending::StoreBehind(_, from, _) => {
                // The answer stays.
                wipe(buffer.get_mut(from..).unwrap_or_default());
                self.tell_storage(completion);
            }
            #[cfg(feature = "fota")]
            Pending::Hold(..) => {}
            Pending::Close(_) => {}
            Pending::FindKey(..) => self.profile_key_found(completion),
            Pending::Identify => self.identified(completion, buffer, cx),
            Pending::Reboot => self.stage = Stage::Halted,
            _ => match self.stage {
                Stage::LoadState
                | Stage::LoadAccount
                | Stage::LoadStaged
                | Stage::LoadFirmware
                | Stage::SettleFirmware => self.boot_done(completion, buffer, cx),
                Stage::Run | Stage::CheckKeys | Stage::StoreStaged => {
                    self.run_done(completion, buffer, cx);
                }
                _ => self.provision_done(completion, buffer, cx),
            },
        }
    }

    /// The application has answered an event.
    fn answered(&mut self, event: Event, response: Response) {
        match event {
            Event::CertsInit => match response {
                Response::Later => {}
                Response::CaTags(tags) => self.certs_ready(Ok(tags)),
                Response::Fail(errno) => self.certs_ready(Err(errno)),
                Response::Done | Response::Refuse => self.certs_ready(Ok(CaTags::default())),
            },
            Event::Reboot => self.rebooting = response != Response::Refuse,
            _ => {}
        }
    }

    /// Tells that the CA certificates are in the key store under these tags, or that writing them has failed with this
    /// number, after [`Event::CertsInit`] was answered with [`Response::Later`].
    pub fn certs_ready(&mut self, result: Result<CaTags, i32>) {
        if !matches!(self.stage, Stage::Certificates) {
            return;
        }
        match result {
            Ok(tags) => {
                self.ca_tags = tags;
                self.stage = Stage::TakeDown;
            }
            Err(errno) => self.fail(Error::new(ErrorKind::Init, Cause::Application(errno))),
        }
    }

    /// Initialisation ends: the configuration is not usable. The application is told by an event too, as
    /// [`Runner::run`](crate::driver::Runner::run) returns no error.
    #[inline(never)]
    fn not_usable(&mut self, error: ConfigurationError) {
        self.configuration_error(error);
        self.fail(Error::new(
            ErrorKind::Configuration,
            Cause::Configuration(error),
        ));
    }

    /// Initialisation ends with an error.
    fn fail(&mut self, error: Error) {
        self.initialized = Some(Err(error));
        self.stage = Stage::Idle;
    }

    /// Handles the datagram in the first `len` bytes of `buffer`, which has come over `session`.
    pub fn handle_datagram(
        &mut self,
        now: Instant,
        session: SessionId,
        buffer: &mut [u8],
        len: usize,
        objects: &mut dyn Objects,
        random: &mut dyn Random,
    ) {
        if self.is_firmware_session(session) {
            let bytes = buffer.get(..len).unwrap_or_default();
            self.firmware_received(Received::Datagram(len), bytes, now, random);
        } else if matches!(self.stage, Stage::Run) {
            let objects = &mut overlay!(self, objects);
            self.client
                .handle_datagram(now, session, buffer, len, objects, random);
        }
    }

    /// The link was lost, or has come back by itself.
    pub fn handle_link(&mut self, now: Instant, state: LinkState, objects: &mut dyn Objects) {
        match state {
            LinkState::Down(reason) => {
                if self.connected {
                    self.connected = false;
                    self.push(Event::Disconnected { reason });
                    self.firmware_link_lost(now);
                    self.tell_online(now, false, objects);
                }
            }
            LinkState::Up if !self.connected => {
                self.link_up = true;
                match self.stage {
                    // There is no need to wait any longer.
                    Stage::LinkUp => self.retry_at = now,
                    Stage::HoldOff | Stage::Run => {
                        self.ask_modem_again(now);
                        self.connected = true;
                        self.push(Event::Connected);
                        if matches!(self.stage, Stage::Run) && account::has_server(objects) {
                            self.push(Event::LteReady);
                        }
                        self.tell_online(now, true, objects);
                    }
                    _ => {}
                }
            }
            LinkState::Up => {}
        }
    }

    /// Tells that the application has changed the value at `path`, or below it: observers are notified as their
    /// attributes ask for.
    pub fn changed(&mut self, path: Path) {
        self.client.changed(path);
    }

    /// Sends an Update to every server, with the list of objects when `objects_changed`.
    pub fn update(&mut self, objects_changed: bool) {
        self.client.update(objects_changed);
    }

    /// Answers an operation that an object had answered with [`Outcome::Later`](model::Outcome::Later).
    pub fn answer(&mut self, ticket: Ticket, result: Result<(), model::Error>) {
        self.client.answer(ticket, result);
    }

    /// Whether the device is registered with the server of this short id.
    #[must_use]
    pub fn is_registered(&self, server: u16) -> bool {
        self.client.is_registered(server)
    }

    /// The security tags of the CA certificates that the application has supplied.
    pub fn ca_tags(&self) -> impl Iterator<Item = SecurityTag> + '_ {
        self.ca_tags.iter()
    }

    /// The counters of the client, with what firmware updates have sent and received.
    #[must_use]
    pub const fn statistics(&self) -> &lwm2m_core::Statistics {
        self.client.statistics()
    }

    /// How often the device has started, this time included; 0 before initialisation.
    #[must_use]
    pub const fn boots(&self) -> u32 {
        self.state.boots
    }

    // Not inlined, as all that follow: there are some thirty callers.
    #[inline(never)]
    fn push(&mut self, event: Event) {
        info!("{}", event.chart_name());
        // The stages hand all events out before they go on, so there is room.
        let _ = self.events.push_back(event);
    }

    #[inline(never)]
    fn push_error(&mut self, kind: ErrorKind, cause: Cause) {
        let error = Error::new(kind, cause);
        warning!("{} {}", kind.chart_name(), error.errno());
        self.push(Event::Error(error));
    }

    #[inline(never)]
    fn defer(&mut self, reason: DeferredReason, wait: Duration) {
        warning!("{} {} s", reason.chart_name(), wait.as_secs());
        self.push(Event::Deferred(Deferred::new(reason, wait)));
    }
}

/// A record does not fit into the message buffer.
const NO_ROOM: Cause = Cause::Configuration(ConfigurationError::Buffer);

/// Makes a buffer forget the keys that may lie in it.
#[inline(never)]
fn wipe(buffer: &mut [u8]) {
    buffer.zeroize();
}

impl fmt::Debug for Carrier<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Carrier")
            .field("stage", &self.stage)
            .field("pending", &self.pending)
            .finish_non_exhaustive()
    }
}
