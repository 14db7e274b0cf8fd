//! What servers want of the one who does the updates, in the order in which they want it.

use core::mem;

use crate::model::{Error, Ticket};

/// What the owner of a [`FirmwareUpdate`](super::FirmwareUpdate) is to do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum FirmwareRequest {
    /// Download the package from [`uri`](super::FirmwareUpdate::uri), then tell by
    /// [`set`](super::FirmwareUpdate::set) how it went.
    Download,
    /// Take a part of a pushed package from the buffer, where its first `len` bytes are, return the buffer and answer
    /// `ticket` by [`Client::answer`](crate::client::Client::answer). The server sends nothing before.
    ///
    /// An offset of 0 begins a package; whatever there is of another one is void.
    Part {
        /// Where the part belongs, in bytes from the start of the package.
        offset: u32,
        /// Its length in bytes; an empty part may be the last.
        len: usize,
        /// Whether the package is complete with it. Before the ticket is answered, [`set`](super::FirmwareUpdate::set)
        /// is to tell that the state is Downloaded, or why it is not.
        last: bool,
        /// What to answer.
        ticket: Ticket,
    },
    /// Stop what is under way, and remove the package.
    Cancel,
    /// Install the package, once [`Event::Answered`](crate::client::Event::Answered) tells that the answer has left.
    Update,
}

/// Most requests that can wait: a Cancel, a Part that came before it was seen, another Cancel, and what came then.
const WAITING: usize = 4;

/// The requests that the owner has not seen, the oldest first and the free places last.
#[derive(Debug)]
pub(super) struct Requests([Option<FirmwareRequest>; WAITING]);

impl Requests {
    pub(super) const fn new() -> Self {
        Self([None; WAITING])
    }

    /// Takes the oldest; the others move up.
    pub(super) fn take(&mut self) -> Option<FirmwareRequest> {
        let mut moved = None;
        for place in self.0.iter_mut().rev() {
            mem::swap(place, &mut moved);
        }
        moved
    }

    /// Whether one more fits.
    ///
    /// # Errors
    /// [`Error::Busy`] when the owner has not looked for long.
    pub(super) const fn check_room(&self) -> Result<(), Error> {
        match self.0 {
            [.., Some(_)] => Err(Error::Busy),
            _ => Ok(()),
        }
    }

    /// Adds a request, for which there is room.
    #[inline(never)]
    pub(super) fn leave(&mut self, request: FirmwareRequest) {
        if let Some(place) = self.0.iter_mut().find(|place| place.is_none()) {
            *place = Some(request);
        }
    }

    /// Adds a Cancel, for which there always is room: what it cancels needs not be begun. Parts stay, as somebody
    /// waits for the answer to each.
    pub(super) fn leave_cancel(&mut self) {
        for place in self.0.iter_mut().rev() {
            match place {
                None => {}
                Some(FirmwareRequest::Download | FirmwareRequest::Update) => *place = None,
                Some(FirmwareRequest::Cancel) => return,
                Some(FirmwareRequest::Part { .. }) => break,
            }
        }
        self.leave(FirmwareRequest::Cancel);
    }

    /// Whether a Cancel waits.
    pub(super) fn has_cancel(&self) -> bool {
        self.0.contains(&Some(FirmwareRequest::Cancel))
    }

    /// Whether a Part waits.
    pub(super) fn has_part(&self) -> bool {
        let mut waiting = self.0.iter();
        waiting.any(|request| matches!(request, Some(FirmwareRequest::Part { .. })))
    }
}
