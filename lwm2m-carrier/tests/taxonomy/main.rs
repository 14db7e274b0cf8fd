//! One test for each error and each deferral that has a cause here: the cause is set up, and the application hears of it
//! by its name and its number. `docs/errors.md` says which test stands for which row.

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

#[path = "../bench/mod.rs"]
mod bench;
mod configuration;
mod deferrals;
mod device;
mod errors;
mod firmware;
#[path = "../fota/stage.rs"]
#[allow(dead_code, reason = "the tests of firmware updates take the rest")]
mod fota;
mod numbers;
#[path = "../fota/records.rs"]
mod records;
mod sim;
#[path = "../fota/strict.rs"]
mod strict;
mod table;
