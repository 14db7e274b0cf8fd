//! TLS in software, for ports whose modem or stack has none.
//!
//! [`TlsSessions`] stands in front of other [`Sessions`], such as [`NalSessions`](super::NalSessions), and secures their
//! streams: HTTPS downloads over any stack that has TCP. It is made of
//!
//! * [embedded-tls](https://crates.io/crates/embedded-tls) 0.19: TLS 1.3 as a client, without a heap;
//! * [rustls-webpki](https://crates.io/crates/rustls-webpki), the verifier of rustls: the path to a CA, that each
//!   certificate on it may act as one, lengths of paths, constraints of names, key usage of the server, its name, all
//!   dates. embedded-tls's own verifier checks few of these, and is not used;
//! * a filter on both sides of the decryption, because embedded-tls panics at messages that a server, or anyone on the
//!   path, can send. Those that were found are refused before it sees them.
//!
//! ```
//! use core::pin::pin;
//!
//! use embedded_nal_async::{AddrType, Dns, TcpConnect, UdpStack};
//! use lwm2m_carrier::hal::{Clock, Random, SecurityTag};
//! use lwm2m_carrier::sessions::NalSessions;
//! use lwm2m_carrier::sessions::tls::{READ_BUFFER, TlsChannel, TlsSessions, WRITE_BUFFER};
//!
//! # const PRIVATE_CA: &[u8] = &[];
//! /// The tag that the application answers CERTS_INIT with, and the certificate in DER.
//! const TRUSTED: &[(SecurityTag, &[u8])] = &[(SecurityTag(411), PRIVATE_CA)];
//!
//! async fn run<N: UdpStack + TcpConnect + Dns>(stack: &N, clock: impl Clock, random: impl Random) {
//!     let (mut read, mut write) = ([0; READ_BUFFER], [0; WRITE_BUFFER]);
//!     let channel = TlsChannel::<512>::new();
//!     let engine = pin!(channel.engine(&mut read, &mut write, TRUSTED, random));
//!     let plain = NalSessions::<_, 2, 512>::new(stack, &[AddrType::IPv4]);
//!     let sessions = TlsSessions::new(plain, clock, &channel, engine);
//!     // `sessions` goes into the `Hal` that the driver runs with.
//!     # let _ = sessions;
//! }
//! ```
//!
//! # What it needs
//!
//! * the buffers of the [engine](TlsChannel::engine), 17,664 bytes at best; four times `CHUNK`; some 2 KB for the engine
//!   itself. In flash some 100 KB
//! * the date: without one a session fails with `EPERM`, because a certificate that has expired cannot be told
//! * CA certificates by [`TrustAnchors`]: a [`KeyStore`](crate::hal::KeyStore) does not give them back
//! * servers whose certificates, all up to the CA's, are of ECDSA over P-256 with SHA-256, and that name their hosts in
//!   the subjectAltName (a common name does not count), at most five of them, in one record
//!
//! # What it does not do
//!
//! TLS 1.2; other cipher suites than `TLS_AES_128_GCM_SHA256`, other curves than P-256, RSA; certificates of the device
//! and pre-shared keys; resumption; HelloRetryRequest, KeyUpdate, handshake messages in more than one record: the
//! session ends at these. Revocation is not checked. When the handshake fails the server sees the stream end, without an
//! alert. Signatures and key agreement take some tenths of a second of a small processor, in which nothing else runs.

mod bytes;
mod channel;
mod cipher;
mod engine;
mod records;
mod secured;
mod trust;
mod verifier;

#[cfg(doc)]
use crate::hal::Sessions;
pub use channel::TlsChannel;
pub use engine::{READ_BUFFER, WRITE_BUFFER};
pub use secured::TlsSessions;
pub use trust::TrustAnchors;
