//! Firmware updates, from a server's wish to the result that it reads.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed test panics"
)]
#![allow(
    clippy::large_futures,
    reason = "a test holds the driver and its flash store on its stack"
)]

mod coap_faults;
mod cuts;
mod http_faults;
mod install;
mod noise;
mod outcomes;
mod pull;
mod push;
mod records;
mod requests;
mod stage;
mod strict;
mod unknown;
