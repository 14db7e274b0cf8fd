//! embedded-nal on non-blocking sockets.

mod dns;
mod tcp;
mod udp;

use std::io;

use dns::Lookup;
pub use tcp::BlockingTcp;
pub use udp::BlockingUdp;

use super::error::NetError;

/// The host's network behind embedded-nal's `UdpFullStack`, `TcpClientStack` and `Dns`.
///
/// No call waits. What cannot be done yet answers `WouldBlock` and is asked again with the same arguments.
#[derive(Debug, Default)]
pub struct BlockingStack {
    lookup: Option<Lookup>,
}

impl BlockingStack {
    /// The host's network, with no lookup under way.
    #[must_use]
    pub const fn new() -> Self {
        Self { lookup: None }
    }
}

/// `WouldBlock` as nb says it; everything else as a [`NetError`].
fn nb_error(error: io::Error) -> nb::Error<NetError> {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => nb::Error::WouldBlock,
        _ => nb::Error::Other(error.into()),
    }
}
