//! Wall time of 90 days in the life of a simulated device: `cargo bench -p carrier-benches --bench life`.
#![allow(
    missing_docs,
    dead_code,
    unreachable_pub,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a benchmark, on the bench of the tests"
)]

#[path = "../../lwm2m-carrier/tests/bench/mod.rs"]
mod bench;

use bench::life::{DAYS, live};

fn main() {
    divan::main();
}

/// The lifetime in seconds; the result is the number of Updates.
#[divan::bench(args = [86_400, 3_600], sample_count = 10, sample_size = 1)]
fn ninety_days(lifetime: i64) -> u32 {
    live(lifetime, DAYS)
}
