//! embedded-nal-async on tokio.

mod dns;
mod tcp;
mod udp;

pub(in crate::net) use dns::matches;
pub use tcp::AsyncTcp;
pub use udp::{AsyncConnectedUdp, AsyncUdp};

/// The host's network behind embedded-nal-async's `UdpStack`, `TcpConnect` and `Dns`.
///
/// It has no state: a copy is the same network. Its calls must be awaited in a tokio runtime with I/O enabled, and
/// panic outside of one.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct AsyncStack;

impl AsyncStack {
    /// The host's network.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}
