//! The host's sockets and resolver behind embedded-nal.
//!
//! [`AsyncStack`] implements embedded-nal-async 0.9 on tokio; it must run inside a tokio runtime whose I/O driver is
//! enabled. [`BlockingStack`] implements embedded-nal 0.9: every call returns at once, with `WouldBlock` where there
//! is nothing to do yet. Both report the same [`NetError`].
//!
//! An IPv6 socket on the unspecified address `[::]` serves IPv4 peers too: their addresses are mapped (RFC 4291,
//! section 2.5.5.2) on the way out and unmapped on the way in, so a caller sees plain IPv4 addresses.

mod asynch;
mod bind;
mod blocking;
mod datagram;
mod error;

pub use asynch::{AsyncConnectedUdp, AsyncStack, AsyncTcp, AsyncUdp};
pub use blocking::{BlockingStack, BlockingTcp, BlockingUdp};
pub use error::{NetError, NetErrorKind};
