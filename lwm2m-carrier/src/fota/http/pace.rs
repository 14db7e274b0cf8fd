//! How fast a package has to come.
//!
//! A server that sends a byte now and then is never silent, and would keep a download under way for months.

use lwm2m_core::time::{Duration, Instant};

use crate::fota::download::PART;

/// How long a server may take for [`PART`] bytes, heads and all: 27 bit/s. Links at the edge of coverage, as those of
/// NB-IoT, still do ten times as much.
const LIMIT: Duration = Duration::from_secs(300);

/// The time that is left for a part of the package. Only that counts in which the server is waited for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// Where the part ends in the package.
    end: u32,
    /// What was left when the server was begun to be waited for.
    left: Duration,
    /// Since when it is waited for.
    since: Option<Instant>,
}

impl Pace {
    /// Before the first part.
    pub(super) const START: Self = Self {
        end: PART,
        left: LIMIT,
        since: None,
    };

    /// The server is waited for: until when.
    pub(super) fn wait(&mut self, now: Instant) -> Instant {
        *self.since.get_or_insert(now) + self.left
    }

    /// The server is not waited for.
    pub(super) fn pause(&mut self, now: Instant) {
        if let Some(since) = self.since.take() {
            self.left = self.left - now.since(since);
        }
    }

    /// The package has come as far as `offset`, or was begun again.
    pub(super) fn reach(&mut self, now: Instant, offset: u32) {
        if offset >= self.end || self.end - offset > PART {
            *self = Self {
                end: offset.saturating_add(PART),
                left: LIMIT,
                since: self.since.map(|_| now),
            };
        }
    }
}
