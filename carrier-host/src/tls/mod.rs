//! TLS 1.2 and 1.3 for streams, by [rustls](https://crates.io/crates/rustls) with ring.
//!
//! A firmware package is as trustworthy as the server that it comes from, so its certificate must really be checked:
//! the path to a CA, that each certificate on it may act as one, the name and the dates. rustls does all of that;
//! embedded-tls by itself checks neither basicConstraints nor key usage, by which any certificate that a CA has issued
//! could act as a CA itself. Names are checked against the host that is asked for, dates against the system clock. Revocation is
//! not checked.

mod config;
mod credentials;

pub(crate) use config::{Trust, client_config};
pub(crate) use credentials::{is_ca_chain, is_certificate_chain, is_private_key};
