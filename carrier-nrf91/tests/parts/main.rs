//! The parts of the port against a modem of which only the texts are real.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::large_futures,
    reason = "helpers of tests fail by a panic, and have a large stack"
)]

mod battery;
mod by_kind;
mod conformance;
mod conformance_by_kind;
mod double;
mod exchange;
mod firmware;
mod info;
mod keys;
mod link;
