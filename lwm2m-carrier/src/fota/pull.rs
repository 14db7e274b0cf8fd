//! A package that the device fetches from the URI in /5/0/1.
//!
//! A connection that fails is followed by another, after waits that the profile lists; each goes on where the last one
//! stopped. Attempts that bring next to nothing new are counted, and too many of them in a row end the download; so does a
//! server that has another package again and again. A peer that refuses, or is not trusted, before anything of the package
//! has come, ends it at once.

use lwm2m_core::{
    client::{BackOff, Transmission},
    model::Text,
    objects::UpdateResult,
    random::Random,
    time::{Duration, Instant},
};

use super::{
    download::{Failure, PART, Progress, Sink, Step, Taken, URI},
    job::Operation,
    machine::{Fota, Note, Phase, Surroundings, Want},
    transfer::Transfer,
    uri::{PackageUri, UriError},
};
use crate::{
    error::{Cause, DownloadError, Error, ErrorKind},
    event::Event,
    hal::{SessionError, SessionErrorKind},
    profile::Profile,
    record::Standing,
};

/// Redirects that are followed one after the other.
const REDIRECTS: u8 = 5;

/// The longest that a server may put off an attempt (Retry-After), as long as the longest wait of the profiles: a slip of
/// the server's must not end a download for good.
const LONGEST_WAIT: Duration = Duration::from_secs(86_400);

/// Where the session of a download stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Session {
    Closed,
    Opening,
    Open,
}

/// A download and its session.
#[derive(Debug)]
pub(super) struct Pull<'r> {
    back_off: BackOff<'r>,
    attempts: u8,
    transmission: Transmission,
    fragment: u32,
    /// Most bytes that come at once: the length of the message buffer.
    chunk: usize,
    session: Session,
    transfer: Option<Transfer>,
    /// Where the package is fetched from: /5/0/1, or where that was redirected to.
    location: Text<URI>,
    redirects: u8,
    /// The bytes in the buffer are the last.
    pub(super) complete: bool,
    /// What is in the buffer is to be written, though there is room for more.
    pub(super) flush: bool,
    held: bool,
    /// How far this package has to come until that is progress: a part further than it ever came. Where it has to be begun
    /// again, what lies before is none.
    goal: u32,
    /// That has been reached since the last failure.
    advanced: bool,
    /// How often the server had another package than before.
    changes: u8,
    /// Attempts in a row that brought nothing.
    failures: u8,
    retry_at: Instant,
}

impl<'r> Pull<'r> {
    /// None.
    pub(super) const NONE: Self = Self {
        back_off: Profile::GENERIC.firmware_back_off,
        attempts: Profile::GENERIC.firmware_attempts,
        transmission: Transmission::DEFAULT,
        fragment: Profile::GENERIC.firmware_fragment,
        chunk: 0,
        session: Session::Closed,
        transfer: None,
        location: Text::new(),
        redirects: 0,
        complete: false,
        flush: false,
        held: false,
        goal: PART,
        advanced: false,
        changes: 0,
        failures: 0,
        retry_at: Instant::ZERO,
    };

    /// How packages are fetched under a profile.
    pub(super) const fn configure(&mut self, profile: &Profile<'r>, transmission: Transmission) {
        self.back_off = profile.firmware_back_off;
        self.attempts = profile.firmware_attempts;
        self.fragment = profile.firmware_fragment;
        self.transmission = transmission;
    }

    /// Whether the session of a package that is complete is still open.
    pub(super) fn outlives_package(&self) -> bool {
        self.complete && self.session != Session::Closed
    }

    /// Begins at `uri`, with nothing known about it.
    #[inline(never)]
    fn begin(&mut self, uri: &str, now: Instant) {
        // What fits into /5/0/1 fits here.
        let _ = self.location.set(uri);
        self.transfer = None;
        self.redirects = 0;
        self.complete = false;
        self.flush = false;
        self.goal = PART;
        self.advanced = false;
        self.changes = 0;
        self.failures = 0;
        self.retry_at = now;
    }
}

impl Fota<'_> {
    /// A server has written /5/0/1.
    pub(super) fn begin_pull(&mut self, now: Instant) {
        self.note(Note::Event(Event::FotaStart));
        self.phase = Phase::Pull;
        self.standing = Standing::Asked;
        self.progress = Progress::NONE;
        self.begun = false;
        self.filled = 0;
        self.save = true;
        self.pull.begin(self.object.uri(), now);
        if let Err(error) = PackageUri::parse(self.object.uri()) {
            self.bad_uri(error);
        }
    }

    /// Goes on with a download from before the start of the device.
    pub(super) fn resume_pull(&mut self, uri: &str, now: Instant) {
        self.note(Note::Event(Event::FotaStart));
        self.phase = Phase::Pull;
        self.pull.begin(uri, now);
        if self.standing == Standing::Begun {
            let (size, resume) = (self.progress.size, true);
            self.due = Some(Operation::Begin { size, resume });
        }
    }

    fn bad_uri(&mut self, error: UriError) {
        let (result, error) = match error {
            UriError::Unsupported => (UpdateResult::UnsupportedProtocol, DownloadError::Scheme),
            UriError::Malformed => (UpdateResult::InvalidUri, DownloadError::Uri),
        };
        self.end(result, ErrorKind::FotaProtocol, error);
    }

    /// The download has failed for good.
    #[inline(never)]
    fn end(&mut self, result: UpdateResult, kind: ErrorKind, error: DownloadError) {
        self.fail(result, Error::new(kind, Cause::Download(error)));
    }

    /// Where the session of the download leads.
    pub(crate) fn target(&self) -> Option<PackageUri<'_>> {
        PackageUri::parse(self.pull.location.as_str()).ok()
    }

    /// Bytes in the buffer that are to be written now: all once they are the last, or once there is no room for what may
    /// come at once.
    pub(super) fn bytes_to_write(&mut self) -> usize {
        if self.pull.complete || self.pull.flush || self.room() < self.pull.chunk {
            self.filled
        } else {
            0
        }
    }

    /// Bytes that the buffer still takes: none while it is lent.
    fn room(&mut self) -> usize {
        self.buffer_len().unwrap_or(0).saturating_sub(self.filled)
    }

    pub(super) fn step_pull(&mut self, around: &mut Surroundings<'_>) -> Want {
        self.pull.chunk = around.buffer.len();
        let begins = self.standing == Standing::Begun && !self.begun;
        if begins || self.pull.complete || !around.online {
            return Want::Wait(Instant::FAR_FUTURE);
        }
        match self.pull.session {
            Session::Closed if around.now < self.pull.retry_at => Want::Wait(self.pull.retry_at),
            Session::Closed => self.open(),
            Session::Opening => Want::Wait(Instant::FAR_FUTURE),
            Session::Open => self.step_transfer(around),
        }
    }

    /// Sends what is still owed to the server of a complete package, and closes the session.
    pub(super) fn end_session(&mut self, around: &mut Surroundings<'_>) -> Want {
        if let (Some(transfer), Ok(uri)) = (
            &mut self.pull.transfer,
            PackageUri::parse(self.pull.location.as_str()),
        ) && let Ok(Step::Send { len, expect }) =
            transfer.poll(&uri, &self.progress, (0, self.filled), around)
        {
            return Want::Send(len, expect);
        }
        self.close_session();
        Want::Wait(around.now)
    }

    fn open(&mut self) -> Want {
        let scheme = self.target().map(|uri| uri.scheme);
        self.pull.transfer = scheme
            .and_then(|scheme| Transfer::new(scheme, self.pull.transmission, self.pull.fragment));
        if self.pull.transfer.is_none() {
            self.bad_uri(UriError::Unsupported);
            return Want::Wait(Instant::ZERO);
        }
        self.pull.session = Session::Opening;
        self.pull.held = false;
        Want::Open
    }

    fn step_transfer(&mut self, around: &mut Surroundings<'_>) -> Want {
        let room = self.room();
        let full = room < self.pull.chunk;
        let Some(transfer) = &mut self.pull.transfer else {
            return Want::Close;
        };
        if transfer.is_stream() && full != self.pull.held {
            self.pull.held = full;
            return Want::Hold(full);
        }
        let Ok(uri) = PackageUri::parse(self.pull.location.as_str()) else {
            return Want::Close;
        };
        let sink = (if full { 0 } else { room }, self.filled);
        match transfer.poll(&uri, &self.progress, sink, around) {
            Ok(Step::Send { len, expect }) => Want::Send(len, expect),
            Ok(Step::Wait { until }) => {
                // The protocol waits for the buffer, not for the peer.
                self.pull.flush = until == Instant::FAR_FUTURE;
                self.pump();
                Want::Wait(until)
            }
            Err(failure) => {
                self.failed(failure, around.now, around.random);
                Want::Wait(around.now)
            }
        }
    }

    /// Something has come over the session.
    pub(crate) fn received(&mut self, now: Instant, bytes: &[u8], random: &mut dyn Random) {
        // Without the buffer there is no place for it. A stream was held before; of datagrams only those come then that
        // were sent twice.
        let Some(memory) = self.object.take_buffer() else {
            return;
        };
        let mut sink = Sink {
            bytes: memory,
            len: self.filled,
        };
        let mut taken = Taken::More;
        let (size, validator) = (self.progress.size, self.progress.validator.clone());
        if let Some(transfer) = &mut self.pull.transfer {
            let location = &mut self.pull.location;
            taken = transfer.handle(now, bytes, &mut self.progress, &mut sink, location);
        }
        let filled = sink.len;
        self.object.return_buffer(memory);
        self.filled = filled;
        let is_another = self.progress.size != size || self.progress.validator != validator;
        if taken == Taken::Changed && is_another {
            self.pull.goal = PART;
            self.pull.changes = self.pull.changes.saturating_add(1);
            if self.pull.changes > self.pull.attempts {
                taken = Taken::Failed(Failure::Protocol);
            }
        }
        if self.progress.offset >= self.pull.goal {
            self.pull.goal = self.progress.offset.saturating_add(PART);
            self.pull.advanced = true;
        }
        self.taken(taken, now, random);
    }

    fn taken(&mut self, taken: Taken, now: Instant, random: &mut dyn Random) {
        match taken {
            Taken::More => {}
            // The session is closed by the next step: an acknowledgement may be owed.
            Taken::Complete => self.pull.complete = true,
            Taken::Changed => {
                // What is in the slot is of another package, or will be.
                self.begun = false;
                self.standing = Standing::Asked;
                self.save = true;
                if self.progress.is_complete() {
                    self.taken(Taken::Complete, now, random);
                }
            }
            Taken::Moved => {
                self.close_session();
                self.pull.redirects = self.pull.redirects.saturating_add(1);
                self.pull.retry_at = now;
                if self.pull.redirects > REDIRECTS {
                    let error = DownloadError::Redirects;
                    self.end(UpdateResult::InvalidUri, ErrorKind::FotaProtocol, error);
                }
            }
            Taken::Again => {
                let cause = Cause::Download(DownloadError::Closed);
                self.try_again(cause, Duration::ZERO, now, random);
            }
            Taken::Failed(failure) => self.failed(failure, now, random),
        }
        self.pump();
    }

    /// The download has failed, for now or for good.
    fn failed(&mut self, failure: Failure, now: Instant, random: &mut dyn Random) {
        let (result, kind, error) = match failure {
            Failure::NotFound => (
                UpdateResult::InvalidUri,
                ErrorKind::FotaProtocol,
                DownloadError::NotFound,
            ),
            Failure::Refused => (
                UpdateResult::ConnectionLost,
                ErrorKind::FotaConnection,
                DownloadError::Refused,
            ),
            Failure::TooLarge => (
                UpdateResult::NoStorage,
                ErrorKind::FotaPackage,
                DownloadError::TooLarge,
            ),
            Failure::Protocol => (
                UpdateResult::UnsupportedProtocol,
                ErrorKind::FotaProtocol,
                DownloadError::Protocol,
            ),
            Failure::Unavailable { retry_after } => {
                let wait = Duration::from_secs(retry_after.into()).min(LONGEST_WAIT);
                let cause = Cause::Download(DownloadError::Unavailable);
                return self.try_again(cause, wait, now, random);
            }
            Failure::Timeout => {
                let cause = Cause::Download(DownloadError::Timeout);
                return self.try_again(cause, Duration::ZERO, now, random);
            }
        };
        self.end(result, kind, error);
    }

    /// Begins another attempt, after the profile's wait or at least `wait`; gives up when too many brought nothing.
    fn try_again(&mut self, cause: Cause, wait: Duration, now: Instant, random: &mut dyn Random) {
        self.close_session();
        self.start_at_uri();
        if core::mem::take(&mut self.pull.advanced) {
            // It goes on: at once, as nothing speaks against it.
            self.pull.failures = 0;
            self.pull.retry_at = now + wait;
            return;
        }
        if self.pull.failures >= self.pull.attempts {
            let error = Error::new(ErrorKind::FotaConnectionLost, cause);
            return self.fail(UpdateResult::ConnectionLost, error);
        }
        let listed = self.pull.back_off.spread(self.pull.failures, random);
        self.pull.failures = self.pull.failures.saturating_add(1);
        self.pull.retry_at = now + wait.max(listed);
    }

    /// Each connection begins at /5/0/1: a redirection may have been for one time only (RFC 9110, section 15.4).
    #[inline(never)]
    fn start_at_uri(&mut self) {
        self.pull.redirects = 0;
        let _ = self.pull.location.set(self.object.uri());
    }

    /// The session is open.
    pub(crate) fn session_opened(&mut self) {
        if self.pull.session == Session::Opening {
            self.pull.session = Session::Open;
        }
    }

    /// The session could not be opened, or was closed.
    pub(crate) fn session_ended(
        &mut self,
        error: SessionError,
        now: Instant,
        random: &mut dyn Random,
    ) {
        let cause = Cause::Session(error);
        match core::mem::replace(&mut self.pull.session, Session::Closed) {
            Session::Closed => {}
            Session::Opening => self.not_opened(error, now, random),
            // A session of datagrams finds out by its first one.
            Session::Open if error.kind == SessionErrorKind::Refused => {
                self.not_opened(error, now, random);
            }
            Session::Open => {
                // The protocol says what the end of the connection means.
                let in_due_form = error.kind == SessionErrorKind::Closed;
                let taken = match &mut self.pull.transfer {
                    Some(transfer) => transfer.closed(&mut self.progress, in_due_form),
                    None => Taken::Again,
                };
                match taken {
                    Taken::Failed(Failure::Timeout) => {
                        self.try_again(cause, Duration::ZERO, now, random);
                    }
                    taken => self.taken(taken, now, random),
                }
            }
        }
    }

    fn not_opened(&mut self, error: SessionError, now: Instant, random: &mut dyn Random) {
        use SessionErrorKind as Kind;
        let fresh = self.progress.offset == 0 && self.standing != Standing::Begun;
        let (result, kind) = match error.kind {
            Kind::NameResolution if fresh => (UpdateResult::InvalidUri, ErrorKind::FotaConnection),
            Kind::Refused | Kind::Handshake if fresh => {
                (UpdateResult::ConnectionLost, ErrorKind::FotaConnection)
            }
            Kind::Unsupported => (UpdateResult::UnsupportedProtocol, ErrorKind::FotaProtocol),
            _ => return self.try_again(Cause::Session(error), Duration::ZERO, now, random),
        };
        self.fail(result, Error::new(kind, Cause::Session(error)));
    }

    /// There are no credentials for the session.
    pub(crate) fn no_credentials(&mut self) {
        self.pull.session = Session::Closed;
        let error = DownloadError::Credentials;
        self.end(
            UpdateResult::ConnectionLost,
            ErrorKind::FotaConnection,
            error,
        );
    }

    /// The link is gone, and the session of the download is to be closed.
    pub(crate) fn link_lost(&mut self, now: Instant) {
        if self.pull.session != Session::Closed {
            self.leave_session(now);
            self.note(Note::Close);
        }
    }

    /// The link is about to go, or is gone: whether there is a session to be closed.
    pub(crate) fn leave_session(&mut self, now: Instant) -> bool {
        if self.pull.session == Session::Closed {
            return self.notes.iter().any(|note| matches!(note, Note::Close));
        }
        self.pull.session = Session::Closed;
        self.pull.transfer = None;
        self.pull.retry_at = now;
        self.start_at_uri();
        true
    }

    #[inline(never)]
    pub(super) fn close_session(&mut self) {
        self.pull.transfer = None;
        if self.pull.session != Session::Closed {
            self.pull.session = Session::Closed;
            self.note(Note::Close);
        }
    }
}
