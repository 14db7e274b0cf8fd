//! A package that a server writes to /5/0/0.

use lwm2m_core::{
    model::Ticket,
    objects::UpdateResult,
    time::{Duration, Instant},
};

use super::{
    download::Progress,
    machine::{Fota, Note, Phase, Want},
};
use crate::{
    error::{Cause, DownloadError, Error, ErrorKind},
    event::Event,
    record::Standing,
};

/// A push of which nothing has come for so long is given up: the server has forgotten its own request by then
/// (EXCHANGE_LIFETIME, RFC 7252, section 4.8.2).
const PATIENCE: Duration = Duration::from_secs(247);

/// A part that lies in the buffer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) len: usize,
    pub(super) last: bool,
    /// Answers the server, once it is written.
    pub(super) ticket: Ticket,
}

#[derive(Debug)]
pub(super) struct Push {
    pub(super) part: Option<Part>,
    /// The last part was written; its answer waits until all is durable.
    pub(super) complete: bool,
    deadline: Instant,
}

impl Push {
    pub(super) const NONE: Self = Self {
        part: None,
        complete: false,
        deadline: Instant::FAR_FUTURE,
    };
}

impl Fota<'_> {
    /// A part has come, and lies at the start of the buffer.
    pub(super) fn take_part(&mut self, offset: u32, part: Part, now: Instant) {
        if offset == 0 {
            if self.phase != Phase::Push {
                self.note(Note::Event(Event::FotaStart));
            }
            self.stale |= self.running.is_some();
            self.due = None;
            self.phase = Phase::Push;
            self.standing = Standing::Idle;
            self.progress = Progress::NONE;
            self.begun = false;
            self.push.complete = false;
            self.save = true;
        }
        self.push.part = Some(part);
        self.push.deadline = now + PATIENCE;
        self.pump();
    }

    /// The part is in the slot.
    pub(super) fn part_written(&mut self) {
        let Some(part) = self.push.part else {
            return;
        };
        let len = u32::try_from(part.len).unwrap_or(u32::MAX);
        self.progress.offset = self.progress.offset.saturating_add(len);
        if part.last {
            // Nothing is left to be written of it, but its answer is still owed.
            self.push.part = Some(Part { len: 0, ..part });
            self.push.complete = true;
        } else {
            self.push.part = None;
            self.note(Note::Answer(part.ticket, Ok(())));
        }
    }

    pub(super) fn step_push(&mut self, now: Instant) -> Want {
        if self.is_working() {
            return Want::Wait(Instant::FAR_FUTURE);
        }
        if now < self.push.deadline {
            return Want::Wait(self.push.deadline);
        }
        let cause = Cause::Download(DownloadError::Timeout);
        let error = Error::new(ErrorKind::FotaConnectionLost, cause);
        self.fail(UpdateResult::ConnectionLost, error);
        Want::Wait(now)
    }
}
