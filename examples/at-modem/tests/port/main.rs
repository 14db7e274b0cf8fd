//! The port against the modem program: over a serial line in memory, with real UDP on loopback.

#![allow(
    clippy::unwrap_used,
    clippy::large_futures,
    clippy::indexing_slicing,
    reason = "a failed test panics, and has a large stack"
)]

mod bench;
mod conformance;
