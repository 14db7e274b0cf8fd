//! From the last byte of a package to the result: made durable, verified, applied, tried.

use lwm2m_core::objects::{FirmwareState, UpdateResult};

use super::{
    VerifierError,
    download::Progress,
    job::{Done, Operation},
    machine::{Fota, Note, Phase, TRIALS},
};
use crate::{
    error::{Cause, Error, ErrorKind},
    hal::{Applied, FirmwareError, FirmwareErrorKind, Installed},
    record::Standing,
};

/// The count of trials once the device is restarted because the slot cannot tell how they have ended.
const RESTARTED: u8 = TRIALS + 1;

impl Fota<'_> {
    /// The package is complete and durable.
    pub(super) fn finished(&mut self) {
        if let Some(part) = self.push.part.take() {
            self.note(Note::Answer(part.ticket, Ok(())));
        }
        self.verify(false);
    }

    /// Reads the package back from its start.
    fn verify(&mut self, to_apply: bool) {
        self.verifier.begin(self.progress.offset);
        self.read_on(0, to_apply);
    }

    fn read_on(&mut self, offset: u32, to_apply: bool) {
        self.phase = Phase::Verify { offset, to_apply };
        let left = self.progress.offset.saturating_sub(offset);
        let room = self.buffer_len().unwrap_or(0);
        let len = usize::try_from(left).map_or(room, |left| left.min(room));
        if len > 0 {
            self.due = Some(Operation::Read { offset, len });
            return;
        }
        match self.verifier.finish() {
            Ok(()) => self.may_be_used(to_apply),
            Err(error) => self.untrusted(error, to_apply),
        }
    }

    /// The verifier has nothing against it.
    fn may_be_used(&mut self, to_apply: bool) {
        self.verified = true;
        if to_apply {
            self.phase = Phase::Apply;
            self.begin_apply();
            return;
        }
        self.phase = Phase::Rest;
        self.standing = Standing::Complete;
        self.save = true;
        self.object
            .set(FirmwareState::Downloaded, UpdateResult::Initial);
    }

    fn untrusted(&mut self, error: VerifierError, to_apply: bool) {
        let result = match error {
            _ if to_apply => UpdateResult::UpdateFailed,
            VerifierError::Unsupported => UpdateResult::PackageType,
            VerifierError::Damaged | VerifierError::Untrusted => UpdateResult::Integrity,
        };
        let kind = if to_apply {
            ErrorKind::FotaFail
        } else {
            ErrorKind::FotaPackage
        };
        self.fail(result, Error::new(kind, Cause::Package(error)));
    }

    /// The answer to Update has left: what it asks for begins, once it is stored that it does.
    pub(crate) fn update(&mut self) {
        if self.object.state() == FirmwareState::Updating && self.standing == Standing::Complete {
            self.standing = Standing::Updating(0);
            self.phase = Phase::Apply;
            self.save = true;
        }
    }

    /// It is stored that the package is to be applied.
    pub(super) fn begin_apply(&mut self) {
        if self.is_working() {
            return;
        }
        if self.verified {
            self.due = Some(Operation::Apply);
        } else {
            self.verify(true);
        }
    }

    /// An operation of this file is over.
    pub(super) fn installing(&mut self, operation: Operation, result: Result<Done, FirmwareError>) {
        match (operation, result, self.phase) {
            (Operation::Read { offset, len }, Ok(_), Phase::Verify { to_apply, .. }) => {
                let len = u32::try_from(len).unwrap_or(u32::MAX);
                self.read_on(offset.saturating_add(len), to_apply);
            }
            // It cannot be read back: the slot verifies it itself.
            (Operation::Read { offset: 0, .. }, Err(error), Phase::Verify { to_apply, .. })
                if error.kind == FirmwareErrorKind::Unsupported =>
            {
                self.may_be_used(to_apply)
            }
            (
                Operation::Read { .. },
                Err(error),
                Phase::Verify {
                    to_apply: false, ..
                },
            ) => {
                let error = Error::new(ErrorKind::FotaPackage, Cause::Firmware(error));
                self.fail(UpdateResult::Integrity, error);
            }
            (Operation::Apply, Ok(Done::Applied(applied)), _) => {
                self.phase = match applied {
                    Applied::ModemRestart => Phase::TakeDown,
                    Applied::RebootRequired => Phase::Reboot,
                };
            }
            (Operation::RestartModem, Ok(_), _) => {
                self.ask_outcome();
            }
            (Operation::Outcome, Ok(Done::Installed(installed)), _) => self.tried(installed),
            (Operation::Outcome, Err(error), _) => self.outcome_unknown(error),
            (_, Err(error), _) => self.update_failed(Cause::Firmware(error)),
            _ => self.update_failed(Cause::Firmware(FirmwareError::UNSUPPORTED)),
        }
    }

    /// Asks the slot how the update has ended. Where the record of one is missing it is asked as well: the image that runs
    /// may wait for its confirmation, and as long as it does, no package is taken.
    pub(crate) fn ask_outcome(&mut self) {
        self.unanswered = 0;
        self.phase = Phase::Outcome;
        self.due = Some(Operation::Outcome);
    }

    /// The slot cannot tell how the update has ended: the package may run without being confirmed, so it has neither
    /// failed nor gone well. It is asked again; then a restart decides, which brings the old firmware back where a boot
    /// loader has no confirmation. Behind that one the update has failed.
    fn outcome_unknown(&mut self, error: FirmwareError) {
        if self.unanswered < TRIALS {
            self.unanswered = self.unanswered.saturating_add(1);
            self.due = Some(Operation::Outcome);
            return;
        }
        match self.standing {
            Standing::Updating(trials) if trials <= TRIALS => {
                self.standing = Standing::Updating(RESTARTED);
                self.phase = Phase::Reboot;
                self.save = true;
            }
            Standing::Updating(_) => self.update_failed(Cause::Firmware(error)),
            _ => self.phase = Phase::Rest,
        }
    }

    /// The record has not been stored. Without it a restart for the sake of the outcome would be followed by another one,
    /// and so on.
    pub(crate) fn not_stored(&mut self) {
        if self.phase == Phase::Reboot {
            let error = FirmwareError::new(FirmwareErrorKind::Io, crate::errno::EIO);
            self.update_failed(Cause::Firmware(error));
        }
    }

    /// Whether the device is to be restarted, once.
    pub(crate) fn takes_reboot(&mut self) -> bool {
        let due = self.phase == Phase::Reboot;
        if due {
            self.phase = Phase::Rest;
        }
        due
    }

    /// The slot has told how the update has ended.
    fn tried(&mut self, installed: Installed) {
        if !matches!(self.standing, Standing::Updating(_)) {
            // Nobody waits for a result.
            self.phase = Phase::Rest;
            return;
        }
        match (installed, self.standing) {
            (Installed::Yes, _) => {
                self.phase = Phase::Rest;
                self.standing = Standing::Idle;
                self.progress = Progress::NONE;
                self.untold = true;
                self.save = true;
                self.object.set(FirmwareState::Idle, UpdateResult::Success);
            }
            (Installed::NotYet, Standing::Updating(trials)) if trials < TRIALS => {
                self.standing = Standing::Updating(trials.saturating_add(1));
                self.phase = Phase::Apply;
                self.save = true;
            }
            _ => {
                let error = FirmwareError::new(FirmwareErrorKind::Io, crate::errno::EFAULT);
                self.update_failed(Cause::Firmware(error));
            }
        }
    }

    fn update_failed(&mut self, cause: Cause) {
        self.fail(
            UpdateResult::UpdateFailed,
            Error::new(ErrorKind::FotaFail, cause),
        );
    }

    /// The link is down, and the modem can be restarted with the package; whether that is due.
    pub(crate) fn restart_modem(&mut self) -> bool {
        if self.phase != Phase::TakeDown {
            return false;
        }
        self.phase = Phase::Restart;
        self.due = Some(Operation::RestartModem);
        true
    }

    /// Whether the link is to be taken down for the package.
    pub(crate) fn needs_link_down(&self) -> bool {
        self.phase == Phase::TakeDown
    }

    /// Whether the device has to wait before it goes on: for the slot, or for the record.
    pub(crate) fn is_settling(&self) -> bool {
        matches!(self.phase, Phase::Restart | Phase::Outcome) && self.is_working()
    }
}
