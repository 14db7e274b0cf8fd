//! The path of a request to a server.

use lwm2m_core::wire::coap::{Message, option};

/// The deepest path that a server serves, plus one to tell deeper ones.
const DEPTH: usize = 3;

/// The Uri-Path segments of a request; what is deeper than any served path is cut.
pub(super) struct UriPath<'a> {
    segments: [&'a str; DEPTH],
    len: usize,
}

impl<'a> UriPath<'a> {
    pub(super) fn of(message: &Message<'a>) -> Self {
        let mut path = Self {
            segments: [""; DEPTH],
            len: 0,
        };
        let options = message.options().filter(|o| o.number == option::URI_PATH);
        for (slot, segment) in path.segments.iter_mut().zip(options) {
            // A segment that is no UTF-8 names nothing here.
            *slot = segment.str().unwrap_or("\u{fffd}");
            path.len += 1;
        }
        path
    }

    pub(super) fn segments(&self) -> &[&'a str] {
        self.segments.get(..self.len).unwrap_or_default()
    }
}
