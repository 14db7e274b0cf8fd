//! A package that a server writes to /5/0/0.

use lwm2m_core::{model::Ticket, objects::UpdateResult};

use super::{
    download::Progress,
    machine::{Fota, Note, Phase},
};
use crate::{
    error::{Cause, DownloadError, Error, ErrorKind},
    event::Event,
    record::Standing,
};

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
}

impl Push {
    pub(super) const NONE: Self = Self {
        part: None,
        complete: false,
    };
}

impl Fota<'_> {
    /// A server has begun to push a package, or begins it anew.
    pub(super) fn begin_push(&mut self) {
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

    /// A part has come, and lies at the start of the buffer.
    pub(super) fn take_part(&mut self, offset: u32, part: Part) {
        if offset == 0 && (self.phase != Phase::Push || self.begun || self.is_working()) {
            self.begin_push();
        }
        self.push.part = Some(part);
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

    /// Object 5 has given the package up, after the server's reset, its silence, or a part for which there is no room: what
    /// the application hears of it. `was_told`: it knows of the package.
    pub(super) fn given_up(&mut self, was_told: bool) {
        let (kind, cause) = match self.object.result() {
            UpdateResult::ConnectionLost => (ErrorKind::FotaConnectionLost, DownloadError::Timeout),
            UpdateResult::NoMemory => (ErrorKind::FotaPackage, DownloadError::Memory),
            _ if was_told => (ErrorKind::FotaFail, DownloadError::Cancelled),
            _ => return,
        };
        let error = Error::new(kind, Cause::Download(cause));
        self.note(Note::Event(Event::Error(error)));
    }
}
