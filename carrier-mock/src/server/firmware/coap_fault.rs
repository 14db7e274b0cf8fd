//! What a CoAP file server does otherwise than it should, or than a client may hope.

use heapless::Vec;
use lwm2m_core::time::Duration;
use lwm2m_core::wire::coap::Code;

/// Faults that a server has at a time.
pub const MAX_COAP_FAULTS: usize = 6;

/// One fault. Where `times` is given, that many answers show it (`u32::MAX`: all).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CoapFault {
    /// Blocks are smaller than the client asks for (RFC 7959, section 2.4, lets a server do that).
    SmallerBlocks {
        /// The largest size exponent that is served.
        szx: u8,
    },
    /// The request is acknowledged at once, and answered in a message of its own (RFC 7252, section 5.2.2).
    Separate {
        /// How long the answer takes.
        after: Duration,
        /// Answers.
        times: u32,
    },
    /// The answer names a block that is so many behind the one that is sent.
    ShiftsNumber {
        /// Blocks.
        by: u32,
        /// Answers.
        times: u32,
    },
    /// The block that holds this byte is called the last one.
    EndsEarly {
        /// Offset of the byte.
        at: u32,
        /// Answers.
        times: u32,
    },
    /// More is said to follow the last block; who asks for it gets 4.00.
    GoesOn,
    /// Blocks that more follows are so many bytes shorter than their size.
    CutsBlocks {
        /// Bytes.
        by: u32,
        /// Answers.
        times: u32,
    },
    /// The answer has this code, and no image.
    Answers {
        /// 4.04, 5.03 …
        code: Code,
        /// Max-Age in seconds: with 5.03, when to ask again (RFC 7252, section 5.9.3.4).
        max_age: Option<u32>,
        /// Answers.
        times: u32,
    },
    /// Requests are reset.
    Resets {
        /// Requests.
        times: u32,
    },
    /// Once so many bytes of the image were sent, and again after as many, nothing is answered for a while.
    FallsSilent {
        /// Bytes.
        after: u32,
        /// How long.
        span: Duration,
        /// Times.
        times: u32,
    },
    /// Every n-th request is lost.
    Drops {
        /// n, at least 1.
        nth: u32,
    },
    /// No answer has a Size2.
    OmitsSize,
    /// Size2 is so many bytes too large in answers with another block than the first.
    ChangesSize {
        /// Bytes.
        by: u32,
    },
}

#[derive(Debug, Clone, Copy)]
struct Armed {
    fault: CoapFault,
    left: u32,
    /// Bytes or requests since it was shown last.
    count: u32,
}

/// All faults of a server.
#[derive(Debug, Default)]
pub(super) struct Faults {
    armed: Vec<Armed, MAX_COAP_FAULTS>,
}

impl Faults {
    /// Adds a fault; false when there are too many.
    pub(super) fn add(&mut self, fault: CoapFault) -> bool {
        let left = match fault {
            CoapFault::Separate { times, .. }
            | CoapFault::ShiftsNumber { times, .. }
            | CoapFault::EndsEarly { times, .. }
            | CoapFault::CutsBlocks { times, .. }
            | CoapFault::Answers { times, .. }
            | CoapFault::FallsSilent { times, .. }
            | CoapFault::Resets { times } => times,
            _ => u32::MAX,
        };
        let count = 0;
        self.armed.push(Armed { fault, left, count }).is_ok()
    }

    pub(super) fn clear(&mut self) {
        self.armed.clear();
    }

    /// The first fault for which `take` has an answer, which is shown once more by that.
    pub(super) fn shown<T>(&mut self, take: impl Fn(CoapFault) -> Option<T>) -> Option<T> {
        let mut live = self.armed.iter_mut().filter(|armed| armed.left > 0);
        live.find_map(|armed| {
            let taken = take(armed.fault)?;
            armed.show();
            Some(taken)
        })
    }

    /// A request has come; whether it is lost.
    pub(super) fn drops(&mut self) -> bool {
        let mut dropped = false;
        for armed in &mut self.armed {
            if let CoapFault::Drops { nth } = armed.fault {
                armed.count += 1;
                if armed.count >= nth {
                    armed.count = 0;
                    dropped = true;
                }
            }
        }
        dropped
    }

    /// So many bytes of the image were sent; how long the server is silent after them.
    pub(super) fn sent(&mut self, bytes: u32) -> Option<Duration> {
        let mut silent = None;
        for armed in self.armed.iter_mut().filter(|armed| armed.left > 0) {
            if let CoapFault::FallsSilent { after, span, .. } = armed.fault {
                armed.count = armed.count.saturating_add(bytes);
                if armed.count >= after {
                    armed.count = 0;
                    armed.show();
                    silent = Some(span);
                }
            }
        }
        silent
    }
}

impl Armed {
    const fn show(&mut self) {
        if self.left != u32::MAX {
            self.left -= 1;
        }
    }
}
