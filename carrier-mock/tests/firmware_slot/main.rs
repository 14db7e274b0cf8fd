//! A firmware slot on the flash model: whatever the power does, what is counted as written is written.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed test panics"
)]

mod bench;
mod calls;
mod cuts;
mod device;
mod units;
