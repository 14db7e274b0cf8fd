//! Scripted servers without I/O: LwM2M's management server and bootstrap server, and the servers of [`firmware`].
//!
//! Those of LwM2M are honest peers: they retransmit with the timing of RFC 7252 section 4.8, recognise copies of
//! messages, and keep their own registrations, observations and lifetimes. A script says what they ask
//! of the device; a [`Conduct`] makes them silent or refusing.

mod accounts;
mod bootstrap;
mod conduct;
mod credentials;
mod dialogue;
mod endpoint;
mod exchange;
pub mod firmware;
mod management;
mod node;
mod path;
mod record;
mod registration;
mod request;
mod stream;
mod transmission;

use core::net::SocketAddr;

pub use accounts::{MODE_NO_SEC, MODE_PSK, SecurityAccount, security_tlv, server_tlv};
pub use bootstrap::{BootstrapProgress, BootstrapServer, BootstrapStatistics, MAX_SESSIONS};
pub use conduct::Conduct;
pub use credentials::{Credentials, Psk, Verdict};
pub use endpoint::MessageStatistics;
pub use management::{
    MAX_REGISTRATIONS, ManagementServer, ManagementStatistics, NotificationReply,
};
pub use node::ServerNode;
pub use record::{MAX_BODY, MAX_ENDPOINT, MAX_RECORDS, Record, RecordKind};
pub use registration::Registration;
pub use request::Request;
pub use stream::{Connection, Outgoing, StreamServer};
pub use transmission::{ACK_TIMEOUT, EXCHANGE_LIFETIME, MAX_RETRANSMIT, MAX_TRANSMIT_WAIT};

/// A datagram that a server sends: the first bytes of the buffer that was handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transmit {
    /// The receiver.
    pub to: SocketAddr,
    /// Bytes of the datagram.
    pub len: usize,
}

impl Transmit {
    /// The first `len` bytes, for `to`.
    #[must_use]
    pub const fn new(to: SocketAddr, len: usize) -> Self {
        Self { to, len }
    }
}
