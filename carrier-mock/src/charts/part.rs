//! Which part of a life a chart draws.

use lwm2m_carrier::Event;

use crate::recorder::{Call, Entry, Recorded};

/// A part of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// All of it.
    Whole,
    /// Up to and with the call of `run()`.
    UpToRun,
    /// What comes behind the call of `run()`.
    FromRun,
    /// From FOTA_START to the next registration, or to the error.
    Update,
}

impl Part {
    /// The part; `None` when what it begins or ends with was not recorded.
    #[must_use]
    pub fn of(self, recording: &[Recorded]) -> Option<&[Recorded]> {
        let find = |is: fn(&Entry) -> bool| recording.iter().position(|r| is(&r.entry));
        match self {
            Self::Whole => Some(recording),
            Self::UpToRun => recording.get(..=find(is_run)?),
            Self::FromRun => recording.get(find(is_run)? + 1..),
            Self::Update => {
                let part =
                    recording.get(find(|entry| *entry == Entry::Event(Event::FotaStart))?..)?;
                let end = part.iter().position(|recorded| is_end(&recorded.entry))?;
                part.get(..=end)
            }
        }
    }

    /// Whether something comes before it.
    #[must_use]
    pub const fn began_before(self) -> bool {
        matches!(self, Self::FromRun | Self::Update)
    }
}

fn is_run(entry: &Entry) -> bool {
    *entry == Entry::Call(Call::Run)
}

const fn is_end(entry: &Entry) -> bool {
    matches!(
        entry,
        Entry::Event(Event::Registered { .. } | Event::Error(_))
    )
}
