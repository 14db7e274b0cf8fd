//! DTLS 1.2 with a pre-shared key (RFC 6347, RFC 4279), as a client.
//!
//! The cipher suite is `TLS_PSK_WITH_AES_128_CCM_8` (RFC 6655), the one that LwM2M makes mandatory for pre-shared
//! keys; the extended master secret (RFC 7627) is required. The protocol itself is dimpl's.
//!
//! [`DtlsSession`] does no I/O: datagrams, application data and time go in and out by calls. [`DtlsSocket`] drives one
//! over a connected UDP socket.

mod config;
mod credentials;
mod error;
mod session;
mod socket;

pub use config::DtlsConfig;
pub use credentials::PskCredentials;
pub use error::DtlsError;
pub use session::{DtlsSession, DtlsState};
pub use socket::DtlsSocket;
