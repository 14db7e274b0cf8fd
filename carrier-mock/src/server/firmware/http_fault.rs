//! What an HTTP server does otherwise than it should, or than a client may hope.

use heapless::Vec;
use lwm2m_core::time::Duration;

/// Faults that a server has at a time.
pub const MAX_HTTP_FAULTS: usize = 6;

/// One fault. Where `times` is given, that many answers show it (`u32::MAX`: all).
///
/// `after` counts bytes of the image over all answers, and again after each time; so with `times` 1 it is a place in the
/// whole download, with more it is a distance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum HttpFault<'s> {
    /// Ranges are not supported: every answer is 200 with the whole image (RFC 9110, section 14.2).
    IgnoresRanges,
    /// Content-Range names a range that begins so many bytes behind the one that is sent.
    ShiftsRange {
        /// Bytes.
        by: u32,
        /// Answers.
        times: u32,
    },
    /// Content-Range of an answer that does not begin at byte 0 names a whole that is so many bytes longer.
    ChangesTotal {
        /// Bytes.
        by: u32,
    },
    /// Content-Range names no total: `bytes 0-9/*`.
    OmitsTotal,
    /// Requests for `from` are sent elsewhere. The image is served there if that is its path, and under `from` once the
    /// redirections are used up.
    Redirects {
        /// Path and query that are redirected.
        from: &'s str,
        /// What Location says: an absolute URI, or a reference.
        to: &'s str,
        /// 301, 302, 303, 307 or 308.
        status: u16,
        /// Answers.
        times: u32,
    },
    /// The image is sent in chunks (RFC 9112, section 7.1), without Content-Length.
    Chunks {
        /// Bytes of a chunk.
        size: u32,
        /// What follows the size of each chunk, such as `;a=b`; at most 32 bytes.
        extension: &'s str,
        /// A field behind the last chunk, without line end, such as `Digest: x`; empty: none. At most 32 bytes.
        trailer: &'s str,
    },
    /// No Content-Length: the image ends with the connection.
    OmitsLength,
    /// After each `bytes` of the image nothing comes for `pause`.
    Pauses {
        /// Bytes.
        bytes: u32,
        /// How long.
        pause: Duration,
    },
    /// Nothing more comes on this connection, which stays open.
    Stalls {
        /// Bytes.
        after: u32,
        /// Times.
        times: u32,
    },
    /// The connection is closed in the middle of the image.
    Closes {
        /// Bytes.
        after: u32,
        /// Times.
        times: u32,
    },
    /// The connection is reset in the middle of the image.
    Resets {
        /// Bytes.
        after: u32,
        /// Times.
        times: u32,
    },
    /// The connection is closed after each answer, which says so (`Connection: close`) or does not.
    EndsConnections {
        /// Whether it says so.
        announced: bool,
    },
    /// The answer has this status and no image.
    Answers {
        /// 404, 403, 500, 503 …
        status: u16,
        /// Retry-After in seconds.
        retry_after: Option<u32>,
        /// Answers.
        times: u32,
    },
    /// The answer is no HTTP at all, and the connection closed behind it.
    Garbles {
        /// Answers.
        times: u32,
    },
    /// The head has a field of so many bytes.
    PadsHead {
        /// Bytes.
        bytes: u32,
        /// Answers.
        times: u32,
    },
    /// The answer claims to be compressed: `Content-Encoding: gzip`.
    Encodes {
        /// Answers.
        times: u32,
    },
    /// Answers are HTTP/1.0, without chunks, and each ends its connection.
    SpeaksHttp10,
    /// Field names are written in small letters, and values stand between tabs, as RFC 9112 section 5 allows.
    SpellsOddly,
    /// An interim answer (103) comes before the real one (RFC 9110, section 15.2).
    Informs,
}

/// A fault, and how often it is still shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Armed<'s> {
    pub(super) fault: HttpFault<'s>,
    left: u32,
    /// Bytes of the image since it was shown last.
    count: u32,
}

/// What a fault does in the middle of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Interruption {
    Pause(Duration),
    Stall,
    Close,
    Reset,
}

/// All faults of a server.
#[derive(Debug, Default)]
pub(super) struct Faults<'s> {
    armed: Vec<Armed<'s>, MAX_HTTP_FAULTS>,
}

impl<'s> Faults<'s> {
    /// Adds a fault; false when there are too many.
    pub(super) fn add(&mut self, fault: HttpFault<'s>) -> bool {
        let left = match fault {
            HttpFault::ShiftsRange { times, .. }
            | HttpFault::Redirects { times, .. }
            | HttpFault::Stalls { times, .. }
            | HttpFault::Closes { times, .. }
            | HttpFault::Resets { times, .. }
            | HttpFault::Answers { times, .. }
            | HttpFault::Garbles { times }
            | HttpFault::PadsHead { times, .. }
            | HttpFault::Encodes { times } => times,
            _ => u32::MAX,
        };
        let count = 0;
        self.armed.push(Armed { fault, left, count }).is_ok()
    }

    pub(super) fn clear(&mut self) {
        self.armed.clear();
    }

    /// The first fault for which `take` has an answer, which is shown once more by that.
    pub(super) fn shown<T>(&mut self, take: impl Fn(HttpFault<'s>) -> Option<T>) -> Option<T> {
        let mut live = self.armed.iter_mut().filter(|armed| armed.left > 0);
        live.find_map(|armed| {
            let taken = take(armed.fault)?;
            if armed.left != u32::MAX {
                armed.left -= 1;
            }
            Some(taken)
        })
    }

    /// Whether there is a fault for which `is` holds, shown or not.
    pub(super) fn has(&self, is: impl Fn(HttpFault<'s>) -> bool) -> bool {
        self.armed.iter().any(|armed| is(armed.fault))
    }

    /// Where the next interruption comes, and which: bytes of the image from here.
    fn interruption(armed: &Armed<'_>) -> Option<(u32, Interruption)> {
        let (after, what) = match armed.fault {
            HttpFault::Pauses { bytes, pause } => (bytes, Interruption::Pause(pause)),
            HttpFault::Stalls { after, .. } => (after, Interruption::Stall),
            HttpFault::Closes { after, .. } => (after, Interruption::Close),
            HttpFault::Resets { after, .. } => (after, Interruption::Reset),
            _ => return None,
        };
        let ahead = after.max(1).saturating_sub(armed.count);
        (armed.left > 0).then_some((ahead, what))
    }

    /// Bytes of the image until something happens.
    pub(super) fn until_interruption(&self) -> u32 {
        let ahead = self.armed.iter().filter_map(Self::interruption);
        ahead.map(|(ahead, _)| ahead).min().unwrap_or(u32::MAX)
    }

    /// So many bytes of the image were sent; what happens then.
    pub(super) fn sent(&mut self, bytes: u32) -> Option<Interruption> {
        let mut happens = None;
        for armed in &mut self.armed {
            let Some((ahead, what)) = Self::interruption(armed) else {
                continue;
            };
            armed.count = armed.count.saturating_add(bytes);
            if bytes >= ahead {
                armed.count = 0;
                if armed.left != u32::MAX {
                    armed.left -= 1;
                }
                happens = Some(what);
            }
        }
        happens
    }
}
