//! One connection of a download, over whichever protocol the URI names.

#[cfg(feature = "http")]
use super::http;
use lwm2m_core::{client::Transmission, model::Text, time::Instant};

use super::{
    coap,
    download::{Failure, Progress, Sink, Step, Taken, URI},
    machine::Surroundings,
    uri::{PackageUri, Scheme},
};

/// Block size exponent that is asked for: 1,024 bytes (RFC 7959, section 2.2).
const LARGEST_BLOCK: u8 = 6;

#[derive(Debug)]
pub(super) enum Transfer {
    Coap(coap::Download),
    #[cfg(feature = "http")]
    Http(http::Download),
}

#[cfg_attr(
    not(feature = "http"),
    allow(
        unused_variables,
        clippy::needless_pass_by_ref_mut,
        clippy::unused_self,
        reason = "some are for one of the protocols"
    )
)]
impl Transfer {
    /// The machine for a new connection; `None` where the protocol is not compiled in.
    pub(super) fn new(scheme: Scheme, transmission: Transmission, fragment: u32) -> Option<Self> {
        match scheme {
            Scheme::Coap | Scheme::Coaps => {
                Some(Self::Coap(coap::Download::new(LARGEST_BLOCK, transmission)))
            }
            #[cfg(feature = "http")]
            Scheme::Http | Scheme::Https => Some(Self::Http(http::Download::new(fragment))),
            #[cfg(not(feature = "http"))]
            Scheme::Http | Scheme::Https => {
                let _ = fragment;
                None
            }
        }
    }

    /// Whether it goes over a stream, which can be held back.
    pub(super) const fn is_stream(&self) -> bool {
        match self {
            Self::Coap(_) => false,
            #[cfg(feature = "http")]
            Self::Http(_) => true,
        }
    }

    /// What to do next; `room` and `filled` are of the sink, which has none while it is lent.
    pub(super) fn poll(
        &mut self,
        uri: &PackageUri<'_>,
        progress: &Progress,
        (room, filled): (usize, usize),
        around: &mut Surroundings<'_>,
    ) -> Result<Step, Failure> {
        match self {
            Self::Coap(download) => {
                let _ = filled;
                download.poll(
                    around.now,
                    uri,
                    progress,
                    room,
                    around.buffer,
                    around.random,
                )
            }
            #[cfg(feature = "http")]
            Self::Http(download) => {
                download.poll(around.now, uri, progress, room, filled, around.buffer)
            }
        }
    }

    pub(super) fn handle(
        &mut self,
        now: Instant,
        bytes: &[u8],
        progress: &mut Progress,
        sink: &mut Sink<'_>,
        location: &mut Text<URI>,
    ) -> Taken {
        match self {
            Self::Coap(download) => download.handle(now, bytes, progress, sink),
            #[cfg(feature = "http")]
            Self::Http(download) => download.handle(now, bytes, progress, sink, location),
        }
    }

    /// The session has ended: `in_due_form` by the peer, or it was broken off.
    pub(super) fn closed(&mut self, progress: &mut Progress, in_due_form: bool) -> Taken {
        match self {
            Self::Coap(_) => Taken::Failed(Failure::Timeout),
            #[cfg(feature = "http")]
            Self::Http(download) => download.closed(progress, in_due_form),
        }
    }
}
