//! DTLS sessions against dimpl's server: without I/O on a virtual clock, and over loopback.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed test panics"
)]

mod server;
mod session;
mod sessions;
mod socket;

use carrier_host::dtls::PskCredentials;

const IDENTITY: &[u8] = b"urn:imei:353270080000008";
const KEY: &[u8] = &[0x5A; 16];

fn credentials() -> PskCredentials {
    PskCredentials::new(IDENTITY, KEY).unwrap()
}
