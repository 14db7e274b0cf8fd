//! TLS in software, for ports whose modem or stack has none.
//!
//! [`TlsSessions`] stands in front of other [`Sessions`](crate::hal::Sessions), such as
//! [`NalSessions`](super::NalSessions), and secures their streams: HTTPS downloads over any stack that has TCP. It is made of
//!
//! * [embedded-tls](https://crates.io/crates/embedded-tls) 0.19: TLS 1.3 as a client, without a heap;
//! * [rustls-webpki](https://crates.io/crates/rustls-webpki), the verifier of rustls: the path to a CA, that each
//!   certificate on it may act as one, lengths of paths, constraints of names, key usage of the server, its name, all
//!   dates. embedded-tls's own verifier checks few of these, and is not used;
//! * filters on both sides of the decryption, because embedded-tls cannot be left alone with a server.
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
//! # What embedded-tls does, and what is done about it
//!
//! | message | embedded-tls 0.19 | here |
//! | --- | --- | --- |
//! | any handshake message that is not protected, after the handshake; anyone on the path can send it | `unimplemented!()` | after the ServerHello only protected records pass |
//! | a protected record without content, also before the server has shown who it is | `unwrap()` of nothing | records shorter than 17 bytes do not pass, nor does an empty content |
//! | a protected handshake message after the handshake, other than a session ticket | `unimplemented!()` | its record does not decrypt |
//! | an alert that is not protected | ends the session as a goodbye does | does not pass |
//! | Finished, without Certificate or without CertificateVerify before it | the session is open | is closed before anything is sent or received |
//!
//! No other panic that a server can reach was found by reading its source; unlike in lwm2m-core, no link test excludes
//! one. **Where a panic must be excluded, take the TLS of a modem.**
//!
//! # What it needs
//!
//! * the buffers of the [engine](TlsChannel::engine), 17,664 bytes at best; four times `CHUNK`; some 6 KB for the engine
//!   itself. 81 KB of flash on a Cortex-M33
//! * the date: without one a session fails with `EPERM`, because a certificate that has expired cannot be told
//! * CA certificates by [`TrustAnchors`]: a [`KeyStore`](crate::hal::KeyStore) does not give them back
//! * servers whose certificates, all up to the CA's, are of ECDSA over P-256 with SHA-256, and that name their hosts in
//!   the subjectAltName (a common name does not count), at most five of them, in one record
//!
//! # What it does not do
//!
//! TLS 1.2; other cipher suites than `TLS_AES_128_GCM_SHA256`, other curves than P-256, RSA; certificates of the device
//! and pre-shared keys; resumption; HelloRetryRequest, KeyUpdate, handshake messages in more than one record: the
//! session ends at these. Revocation is not checked. The keys of a session are not wiped from memory. When the handshake fails the server sees the stream end, without an
//! alert. Signatures and key agreement take some tenths of a second of a small processor, in which nothing else runs.

mod bytes;
mod channel;
mod cipher;
mod engine;
mod records;
mod secured;
mod trust;
mod verifier;

pub use channel::TlsChannel;
pub use engine::{READ_BUFFER, WRITE_BUFFER};
pub use secured::TlsSessions;
pub use trust::TrustAnchors;
