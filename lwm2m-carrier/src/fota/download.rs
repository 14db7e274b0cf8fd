//! What the downloads over CoAP and HTTP have in common: what goes in and what comes out.
//!
//! A download is a machine without I/O for one connection, made anew for each. It asks the server for what follows
//! [`Progress::offset`], checks that it is still the same package, and puts the package's bytes into a [`Sink`]. The
//! session, retries and the firmware slot are its owner's.

use heapless::Vec;
use lwm2m_core::{client::Expect, time::Instant};

/// Bytes of the longest validator that is kept: entity tags of HTTP are seldom longer. A longer one counts as none.
pub(crate) const VALIDATOR: usize = 64;

/// Bytes of the longest URI (/5/0/1).
pub(crate) const URI: usize = 255;

/// Bytes of a package that are progress: less of it, however often, does not keep a download alive.
pub(crate) const PART: u32 = 1024;

/// How far a download has come, and what it is a download of. Stored, so that it goes on after a power loss.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Progress {
    /// Bytes of the package, from its start, that have been taken: written to the slot, or in the sink.
    pub(crate) offset: u32,
    /// Bytes of the whole package, once the server has told.
    pub(crate) size: Option<u32>,
    /// What tells this package from another under the same URI: CoAP's ETag; HTTP's strong entity tag with its quotes,
    /// or else its Last-Modified date, as the server wrote it, for If-Range. Empty when the server has given none.
    pub(crate) validator: Vec<u8, VALIDATOR>,
}

impl Progress {
    /// Whether all of the package has been taken.
    pub(crate) fn is_complete(&self) -> bool {
        self.size == Some(self.offset)
    }

    /// Sets the validator; one that is too long counts as none.
    #[inline(never)]
    pub(crate) fn set_validator(&mut self, validator: &[u8]) {
        self.validator.clear();
        let _ = self.validator.extend_from_slice(validator);
    }
}

/// Where the package's bytes go: the memory between the network and the slot.
#[derive(Debug)]
pub(crate) struct Sink<'b> {
    /// The whole memory. What lies behind `len` may be used in between.
    pub(crate) bytes: &'b mut [u8],
    /// Bytes of the package at its start.
    pub(crate) len: usize,
}

impl Progress {
    /// Nothing was taken, and nothing is known.
    pub(crate) const NONE: Self = Self {
        offset: 0,
        size: None,
        validator: Vec::new(),
    };
}

impl Sink<'_> {
    /// Bytes that it still takes.
    pub(crate) const fn room(&self) -> usize {
        self.bytes.len() - self.len
    }

    /// Takes bytes of the package; those that find no room are left out, so the caller asks for [`room`](Self::room)
    /// first.
    pub(crate) fn put(&mut self, part: &[u8]) {
        let room = self.bytes.get_mut(self.len..).unwrap_or_default();
        let len = room.len().min(part.len());
        for (to, from) in room.iter_mut().zip(part) {
            *to = *from;
        }
        self.len += len;
    }
}

/// What a download wants next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Step {
    /// Send the first bytes of the message buffer.
    Send {
        /// How many.
        len: usize,
        /// What comes back.
        expect: Expect,
    },
    /// Nothing before that time, unless something comes in or there is room again.
    Wait {
        /// When to ask again.
        until: Instant,
    },
}

/// What has become of what came in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Taken {
    /// There may be new bytes in the sink; more will follow.
    More,
    /// The bytes in the sink are the last.
    Complete,
    /// The server has another package now than the one that was begun, or only tells the whole of it: what was taken is
    /// void. The progress speaks of the new one, from its start, and so do the bytes in the sink, if there are any: an
    /// answer that brings the new package is taken at once. They are the last where
    /// [`Progress::is_complete`] says so.
    Changed,
    /// The package lies elsewhere, as its location says now: a new download begins there, with a new session. Only HTTP redirects.
    #[cfg_attr(
        not(feature = "http"),
        allow(dead_code, reason = "CoAP has no redirections")
    )]
    Moved,
    /// The server has ended the connection, or is about to; a new one goes on where this one stopped. There may be new
    /// bytes in the sink. Only HTTP has connections.
    #[cfg_attr(
        not(feature = "http"),
        allow(dead_code, reason = "CoAP has no connections")
    )]
    Again,
    /// It has failed.
    Failed(Failure),
}

/// Why a download has failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Failure {
    /// The server has no such package: result 7.
    NotFound,
    /// The server does not let the device have it: result 4.
    Refused,
    /// It is too large to be told of or taken (4.13, 413): result 2.
    TooLarge,
    /// The server does not do as the protocol says, or asks for what is not supported: result 9.
    Protocol,
    /// The server cannot answer now: tried again.
    Unavailable {
        /// Seconds that the server asks to wait for; 0: it asks for none.
        retry_after: u32,
    },
    /// Nothing has come for too long: tried again.
    Timeout,
}
