//! All sessions and the sockets that they are made of.

use core::task::{Context, Poll};

use lwm2m_carrier::hal::{Received, SessionId};
use lwm2m_core::time::Instant;

use super::slot::{Phase, Slot};
use crate::net::Sockets;

/// The sessions that are not closed. Their sockets are closed when it is dropped.
#[derive(Debug)]
pub(super) struct Table<S: Sockets, const SESSIONS: usize> {
    pub(super) sockets: S,
    pub(super) slots: [Option<Slot>; SESSIONS],
    /// The session that is looked at first: each in turn.
    next: usize,
}

impl<S: Sockets, const SESSIONS: usize> Table<S, SESSIONS> {
    pub(super) const fn new(sockets: S) -> Self {
        Self {
            sockets,
            slots: [const { None }; SESSIONS],
            next: 0,
        }
    }

    /// When the first of the connects is given up.
    pub(super) fn deadline(&self) -> Instant {
        let deadlines = self.slots.iter().flatten().filter_map(Slot::deadline);
        deadlines.min().unwrap_or(Instant::FAR_FUTURE)
    }

    /// Whether the modem makes no handshake.
    pub(super) fn is_free(&self) -> bool {
        !self.slots.iter().flatten().any(Slot::makes_handshake)
    }

    pub(super) fn end(&mut self, index: usize) {
        if let Some(slot) = self.slots.get_mut(index).and_then(Option::take) {
            let _ = self.sockets.close(slot.socket);
        }
    }

    /// What has happened to any session, each being the first to be looked at in turn.
    pub(super) fn poll(
        &mut self,
        buffer: &mut [u8],
        now: Instant,
        context: &Context<'_>,
    ) -> Poll<(SessionId, Received)> {
        let first = self.next;
        for index in (first..SESSIONS).chain(0..first) {
            let free = self.is_free();
            let Some(slot) = self.slots.get_mut(index).and_then(Option::as_mut) else {
                continue;
            };
            let received = match slot.phase {
                Phase::Queued { .. } | Phase::Connecting { .. } => {
                    match slot.poll_open(&self.sockets, now, free, context) {
                        Poll::Pending => continue,
                        Poll::Ready(Ok(resumed)) => Received::Opened { resumed },
                        Poll::Ready(Err(error)) => Received::Closed(error),
                    }
                }
                Phase::Open | Phase::Saved => {
                    match slot.poll_receive(&self.sockets, buffer, context) {
                        Poll::Pending => continue,
                        Poll::Ready(received) => received,
                    }
                }
            };
            if matches!(received, Received::Closed(_)) {
                self.end(index);
            }
            self.next = if index < SESSIONS.saturating_sub(1) {
                index.saturating_add(1)
            } else {
                0
            };
            let number = u8::try_from(index).unwrap_or(u8::MAX);
            return Poll::Ready((SessionId::new(number), received));
        }
        Poll::Pending
    }
}

impl<S: Sockets, const SESSIONS: usize> Drop for Table<S, SESSIONS> {
    fn drop(&mut self) {
        for slot in self.slots.iter_mut().filter_map(Option::take) {
            let _ = self.sockets.close(slot.socket);
        }
    }
}
