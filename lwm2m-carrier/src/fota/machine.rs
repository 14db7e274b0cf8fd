//! What is under way, what is stored of it, and which of the two lanes goes on.

use core::fmt;

use heapless::Deque;
use lwm2m_core::{
    client::{Expect, Transmission},
    model::{self, Object, Objects, Path, Ticket},
    objects::{FirmwareRequest, FirmwareState, FirmwareUpdate, SetError, UpdateResult},
    random::Random,
    time::Instant,
};

use crate::{
    error::{Cause, Error, ErrorKind},
    event::Event,
    hal::FirmwareError,
    profile::Profile,
    record::{FirmwareRecord, Standing},
};

use super::{
    download::Progress,
    job::{Done, Job, Operation},
    pull::Pull,
    push::{Part, Push},
    status::FirmwareStatus,
    verifier::Verifier,
};

/// Object 5.
pub(crate) const FIRMWARE_UPDATE: u16 = 5;
/// A resource of object 5.
pub(crate) const fn resource(id: u16) -> Path {
    Path::resource(FIRMWARE_UPDATE, 0, id)
}

/// Things that may wait to be handed out.
const NOTES: usize = 8;

/// How often a package is applied whose trial never comes, before it counts as failed; and how often a slot is asked again
/// that cannot tell how the update has ended, before the device is restarted for it.
pub(super) const TRIALS: u8 = 3;

/// What the machine wants of the carrier.
#[derive(Debug)]
pub(crate) enum Want {
    /// To be asked again at that time.
    Wait(Instant),
    /// The application is to be told.
    Event(Event),
    /// A resource of object 5 has changed.
    Changed(u16),
    /// An operation of a server is to be answered.
    Answer(Ticket, Result<(), model::Error>),
    /// The record is to be stored.
    Store,
    /// The session is to be opened, as [`Fota::target`] says.
    Open,
    /// The first bytes of the message buffer are to be sent.
    Send(usize, Expect),
    /// The session is to be held back, or no longer.
    Hold(bool),
    /// The session is to be closed.
    Close,
    /// The link is to be taken down for a restart of the modem.
    TakeDown,
    /// The device is to be restarted.
    Reboot,
}

/// What is remembered until it is handed out.
#[derive(Clone, Copy, Debug)]
pub(super) enum Note {
    Event(Event),
    Answer(Ticket, Result<(), model::Error>),
    Close,
}

/// What the machine is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Phase {
    /// Nothing, or a package that waits for the server's word.
    Rest,
    /// A server pushes a package.
    Push,
    /// A package is being downloaded.
    Pull,
    /// It is complete and made durable.
    Finish,
    /// It is read back, so far to this offset.
    Verify { offset: u32, to_apply: bool },
    /// It is applied, once that is stored.
    Apply,
    /// The link is to be taken down.
    TakeDown,
    /// The modem restarts.
    Restart,
    /// The device restarts.
    Reboot,
    /// The slot is asked how the update has ended.
    Outcome,
}

/// Firmware updates: object 5 and what is under way, for [`Carrier::with_firmware`](crate::Carrier::with_firmware).
///
/// It is as large as everything else of the carrier together, and lies in memory of its own for that: a `static`, or a
/// local variable that the carrier borrows.
///
/// ```
/// use lwm2m_carrier::fota::{Fota, Unverified};
///
/// let mut package = [0; 4096];
/// let mut verifier = Unverified;
/// let mut fota = Fota::new(&mut package, &mut verifier);
/// # let _ = &mut fota;
/// ```
pub struct Fota<'r> {
    pub(super) object: FirmwareUpdate<'r>,
    pub(super) verifier: &'r mut (dyn Verifier + 'r),
    pub(super) phase: Phase,
    pub(super) standing: Standing,
    pub(super) progress: Progress,
    /// Bytes of the package in the buffer, the last of those that the progress counts.
    pub(super) filled: usize,
    /// The slot was made ready for this package since the start of the device.
    pub(super) begun: bool,
    /// The package was verified since the start of the device.
    pub(super) verified: bool,
    /// How often the slot could not tell how the update has ended, since it was asked first.
    pub(super) unanswered: u8,
    /// The application has not been told of the success.
    pub(super) untold: bool,
    /// The job that is to be done next.
    pub(super) due: Option<Operation>,
    /// The job that the driver has.
    pub(super) running: Option<Operation>,
    /// What comes of that job does not matter any more.
    pub(super) stale: bool,
    pub(super) save: bool,
    pub(super) notes: Deque<Note, NOTES>,
    pub(super) push: Push,
    pub(super) pull: Pull<'r>,
}

/// What the machine needs of its surroundings in a step.
pub(crate) struct Surroundings<'c> {
    pub(crate) now: Instant,
    /// Whether the network can be used.
    pub(crate) online: bool,
    /// The message buffer.
    pub(crate) buffer: &'c mut [u8],
    pub(crate) random: &'c mut dyn Random,
}

impl<'r> Fota<'r> {
    /// Nothing under way.
    ///
    /// `buffer` takes what comes in between until it is written to the slot; it is at least as long as the message
    /// buffer, and better a page of the flash longer. `verifier` decides what may be used.
    #[must_use]
    pub const fn new(buffer: &'r mut [u8], verifier: &'r mut (dyn Verifier + 'r)) -> Self {
        Self {
            object: FirmwareUpdate::new(buffer),
            verifier,
            phase: Phase::Rest,
            standing: Standing::Idle,
            progress: Progress::NONE,
            filled: 0,
            begun: false,
            verified: false,
            unanswered: 0,
            untold: false,
            due: None,
            running: None,
            stale: false,
            save: false,
            notes: Deque::new(),
            push: Push::NONE,
            pull: Pull::NONE,
        }
    }

    /// How packages are fetched, and what object 5 says of it: the protocols (/5/0/8).
    pub(crate) fn configure(&mut self, profile: &Profile<'r>, transmission: Transmission) {
        const COAP: &[u8] = &[0, 1];
        const COAP_AND_HTTP: &[u8] = &[0, 1, 2, 3];
        let all = if cfg!(feature = "http") {
            COAP_AND_HTTP
        } else {
            COAP
        };
        // All of them exist.
        let _ = self.object.set_protocols(all);
        self.pull.configure(profile, transmission);
    }

    /// Name and version of the package (/5/0/6, /5/0/7).
    pub(crate) fn set_package(
        &mut self,
        name: Option<&str>,
        version: Option<&str>,
    ) -> Result<(), SetError> {
        self.object.set_package_name(name)?;
        self.object.set_package_version(version)
    }

    /// State, result, and bytes taken and expected.
    pub(crate) fn status(&self) -> FirmwareStatus {
        FirmwareStatus {
            state: self.object.state(),
            result: self.object.result(),
            taken: self.progress.offset,
            size: self.progress.size,
        }
    }

    /// Bytes of the longest part that is taken in at once.
    pub(crate) fn buffer_len(&mut self) -> Option<usize> {
        let buffer = self.object.take_buffer()?;
        let len = buffer.len();
        self.object.return_buffer(buffer);
        Some(len)
    }

    /// The next thing to do.
    #[inline(never)]
    pub(crate) fn step(&mut self, around: &mut Surroundings<'_>) -> Want {
        self.take_requests(around.now);
        // The first parts of a push are gathered without a request.
        if self.phase == Phase::Rest && self.object.state() == FirmwareState::Downloading {
            self.begin_push();
        }
        if let Some(note) = self.notes.pop_front() {
            return match note {
                Note::Event(event) => Want::Event(event),
                Note::Answer(ticket, result) => Want::Answer(ticket, result),
                Note::Close => Want::Close,
            };
        }
        if let Some(resource) = self.object.take_changed() {
            return Want::Changed(resource);
        }
        if self.save {
            return Want::Store;
        }
        if self.pull.outlives_package() {
            return self.end_session(around);
        }
        match self.phase {
            Phase::Pull => self.step_pull(around),
            Phase::Apply => {
                self.begin_apply();
                Want::Wait(Instant::FAR_FUTURE)
            }
            Phase::TakeDown => Want::TakeDown,
            Phase::Reboot => {
                self.phase = Phase::Rest;
                Want::Reboot
            }
            _ => Want::Wait(Instant::FAR_FUTURE),
        }
    }

    /// Takes note of what a server wants; whether that is a download which is to be stored.
    pub(crate) fn takes_download(&mut self, now: Instant) -> bool {
        self.take_requests(now);
        self.save && self.phase == Phase::Pull && self.standing == Standing::Asked
    }

    #[inline(never)]
    fn take_requests(&mut self, now: Instant) {
        while let Some(request) = self.object.take_request() {
            self.request(request, now);
        }
    }

    /// A server wants something.
    fn request(&mut self, request: FirmwareRequest, now: Instant) {
        match request {
            FirmwareRequest::Cancel => self.cancel(),
            FirmwareRequest::Download => self.begin_pull(now),
            FirmwareRequest::Part {
                offset,
                len,
                last,
                ticket,
            } => {
                let part = Part { len, last, ticket };
                self.take_part(offset, part);
            }
            // It takes effect once it was answered: `update`.
            FirmwareRequest::Update => {}
            _ => {}
        }
    }

    #[inline(never)]
    pub(super) fn note(&mut self, note: Note) {
        // What waits is handed out before anything new is begun, so there is room.
        let _ = self.notes.push_back(note);
    }

    /// Gives up what is under way, without a word about it.
    fn abandon(&mut self) {
        self.close_session();
        if let Some(part) = self.push.part.take() {
            self.note(Note::Answer(part.ticket, Err(model::Error::Internal)));
        }
        self.stale |= self.running.is_some();
        self.due = Some(Operation::Discard);
        self.phase = Phase::Rest;
        self.standing = Standing::Idle;
        self.progress = Progress::NONE;
        self.filled = 0;
        self.begun = false;
        self.verified = false;
        self.pull.complete = false;
        self.save = true;
    }

    /// A server has reset the state machine.
    fn cancel(&mut self) {
        let was_told = self.phase != Phase::Rest || self.standing != Standing::Idle;
        self.abandon();
        self.given_up(was_told);
    }

    /// Everything is to be as it was at the first start of the device.
    pub(crate) fn forget(&mut self) {
        self.abandon();
        self.untold = false;
        // An empty URI fits.
        let _ = self
            .object
            .restore(FirmwareState::Idle, UpdateResult::Initial, "");
    }

    /// The update has failed.
    pub(super) fn fail(&mut self, result: UpdateResult, error: Error) {
        if let Some(part) = self.push.part.take() {
            let code = match result {
                UpdateResult::NoStorage | UpdateResult::NoMemory => model::Error::TooLarge,
                UpdateResult::PackageType | UpdateResult::Integrity => model::Error::BadRequest,
                _ => model::Error::Internal,
            };
            self.note(Note::Answer(part.ticket, Err(code)));
        }
        self.abandon();
        self.object.set(FirmwareState::Idle, result);
        self.note(Note::Event(Event::Error(error)));
    }

    /// The slot has refused something.
    fn slot_failed(&mut self, error: FirmwareError) {
        use crate::hal::FirmwareErrorKind as Kind;
        let (result, kind) = match error.kind {
            Kind::Full => (UpdateResult::NoStorage, ErrorKind::FotaPackage),
            Kind::Memory => (UpdateResult::NoMemory, ErrorKind::FotaPackage),
            Kind::Integrity => (UpdateResult::Integrity, ErrorKind::FotaPackage),
            Kind::Unsupported => (UpdateResult::PackageType, ErrorKind::FotaPackage),
            Kind::Io => (UpdateResult::UpdateFailed, ErrorKind::FotaFail),
        };
        self.fail(result, Error::new(kind, Cause::Firmware(error)));
    }

    /// The next job for the driver, which has none.
    pub(crate) fn take_job(&mut self) -> Option<Job<'r>> {
        if self.running.is_some() {
            return None;
        }
        let operation = match self.due? {
            // More may have come since.
            Operation::Write { .. } if self.phase == Phase::Pull => self.write_all(),
            operation => operation,
        };
        let buffer = match operation {
            Operation::Write { .. } | Operation::Read { .. } => Some(self.object.take_buffer()?),
            _ => None,
        };
        self.due = None;
        self.running = Some(operation);
        Some(Job::new(operation, buffer))
    }

    /// Whether the driver has a job to take.
    pub(crate) const fn has_job(&self) -> bool {
        self.running.is_none() && self.due.is_some()
    }

    /// Whether the slot has something to do.
    pub(crate) const fn is_working(&self) -> bool {
        self.running.is_some() || self.due.is_some()
    }

    /// A job is over.
    pub(crate) fn job_done(&mut self, job: Job<'r>, result: Result<Done, FirmwareError>) {
        let Some(operation) = self.running.take() else {
            return;
        };
        let buffer = job.into_buffer();
        if core::mem::take(&mut self.stale) {
            if let Some(buffer) = buffer {
                self.object.return_buffer(buffer);
            }
            return self.pump();
        }
        if let (Operation::Read { len, .. }, Ok(_), Some(buffer)) = (operation, result, &buffer) {
            self.verifier.update(buffer.get(..len).unwrap_or_default());
        }
        if let Some(buffer) = buffer {
            self.object.return_buffer(buffer);
        }
        match (operation, result) {
            (Operation::Begin { .. }, Ok(Done::At(offset))) => self.slot_begun(offset),
            (Operation::Write { .. }, Ok(_)) => self.written(),
            (Operation::Finish { .. }, Ok(_)) => self.finished(),
            (Operation::Read { .. } | Operation::Apply, _)
            | (Operation::RestartModem | Operation::Outcome, _) => {
                self.installing(operation, result);
            }
            (Operation::Discard, _) => {}
            (_, Err(error)) => self.slot_failed(error),
            (_, Ok(_)) => self.slot_failed(FirmwareError::UNSUPPORTED),
        }
        self.pump();
    }

    /// The slot is ready for the package.
    fn slot_begun(&mut self, offset: u32) {
        self.begun = true;
        if self.phase == Phase::Pull {
            if self.standing == Standing::Begun {
                self.progress.offset = offset;
                self.pull.complete = self.progress.is_complete();
            }
            self.standing = Standing::Begun;
            self.save = true;
        }
    }

    /// What was lent for writing is in the slot.
    fn written(&mut self) {
        self.filled = 0;
        self.pull.flush = false;
        if self.phase == Phase::Push {
            self.part_written();
        }
    }

    /// Gives the slot what it is ready for.
    pub(super) fn pump(&mut self) {
        if self.running.is_some() || self.due.is_some() {
            return;
        }
        let (bytes, complete) = match self.phase {
            Phase::Push => (
                self.push.part.map_or(0, |part| part.len),
                self.push.complete,
            ),
            Phase::Pull => (self.bytes_to_write(), self.pull.complete),
            _ => return,
        };
        if bytes == 0 && !complete {
            return;
        }
        if !self.begun {
            let (size, resume) = (self.progress.size, false);
            self.due = Some(Operation::Begin { size, resume });
            return;
        }
        if bytes > 0 {
            self.due = Some(match self.phase {
                Phase::Push => Operation::Write {
                    offset: self.progress.offset,
                    len: bytes,
                },
                _ => self.write_all(),
            });
        } else {
            self.phase = Phase::Finish;
            let size = self.progress.offset;
            self.due = Some(Operation::Finish { size });
        }
    }

    /// Writes what has come of a download.
    fn write_all(&self) -> Operation {
        let filled = u32::try_from(self.filled).unwrap_or(u32::MAX);
        Operation::Write {
            offset: self.progress.offset.saturating_sub(filled),
            len: self.filled,
        }
    }

    /// What is kept of it.
    pub(crate) fn record(&self) -> FirmwareRecord<'_> {
        let result = if self.phase == Phase::Push {
            UpdateResult::ConnectionLost
        } else {
            self.object.result()
        };
        FirmwareRecord {
            standing: self.standing,
            result,
            untold: self.untold,
            uri: self.object.uri(),
            offset: self.progress.offset,
            size: self.progress.size,
            validator: &self.progress.validator,
        }
    }

    /// The record is on its way to the storage; where that fails, the device works on from RAM.
    pub(crate) const fn stored(&mut self) {
        self.save = false;
    }

    /// Whether there is something to be stored before the device goes on.
    pub(crate) const fn is_unsaved(&self) -> bool {
        self.save
    }

    /// Takes up what was stored before the device has started.
    pub(crate) fn restore(&mut self, record: &FirmwareRecord<'_>, now: Instant) {
        let state = match record.standing {
            Standing::Idle => FirmwareState::Idle,
            Standing::Asked | Standing::Begun => FirmwareState::Downloading,
            Standing::Complete => FirmwareState::Downloaded,
            Standing::Updating(_) => FirmwareState::Updating,
        };
        // It came from there, so it fits.
        let _ = self.object.restore(state, record.result, record.uri);
        self.standing = record.standing;
        self.untold = record.untold;
        self.progress.offset = record.offset;
        self.progress.size = record.size;
        self.progress.set_validator(record.validator);
        match record.standing {
            Standing::Idle | Standing::Complete => {}
            Standing::Asked | Standing::Begun => {
                if record.standing == Standing::Asked {
                    self.progress = Progress::NONE;
                }
                self.resume_pull(record.uri, now);
            }
            Standing::Updating(_) => self.ask_outcome(),
        }
    }

    /// A device has registered: whether the application is to be told of a success.
    pub(crate) fn registered(&mut self) -> bool {
        let untold = core::mem::take(&mut self.untold);
        self.save |= untold;
        untold
    }
}

impl fmt::Debug for Fota<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fota")
            .field("phase", &self.phase)
            .finish_non_exhaustive()
    }
}

/// The application's objects, with object 5 in front of its own.
pub(crate) struct Overlay<'a, 'r> {
    own: Option<&'a mut FirmwareUpdate<'r>>,
    others: &'a mut dyn Objects,
}

impl<'a, 'r> Overlay<'a, 'r> {
    /// The application's objects alone where there is no machine.
    pub(crate) fn new(fota: Option<&'a mut Fota<'r>>, others: &'a mut dyn Objects) -> Self {
        let own = fota.map(|fota| &mut fota.object);
        Self { own, others }
    }
}

impl Objects for Overlay<'_, '_> {
    fn object(&self, id: u16) -> Option<&dyn Object> {
        match &self.own {
            Some(own) if id == FIRMWARE_UPDATE => Some(&**own),
            _ => self.others.object(id),
        }
    }

    fn object_mut(&mut self, id: u16) -> Option<&mut dyn Object> {
        match &mut self.own {
            Some(own) if id == FIRMWARE_UPDATE => Some(&mut **own),
            _ => self.others.object_mut(id),
        }
    }

    fn next_object(&self, after: Option<u16>) -> Option<u16> {
        let own = self.own.as_ref().map(|_| FIRMWARE_UPDATE);
        let own = own.filter(|&id| after.is_none_or(|after| after < id));
        match (self.others.next_object(after), own) {
            (Some(other), Some(own)) => Some(other.min(own)),
            (other, own) => other.or(own),
        }
    }
}
