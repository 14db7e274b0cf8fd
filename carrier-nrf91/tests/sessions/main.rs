//! Sessions and IP stacks over the modem's sockets: the real sockets of the computer in the modem's place, and a script where
//! the modem secures.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::large_futures,
    reason = "helpers of tests fail by a panic"
)]

mod host;
mod plain;
mod script;
mod secured;
mod stacks;
