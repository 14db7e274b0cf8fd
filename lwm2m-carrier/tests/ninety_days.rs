//! A quarter of a year in the life of a device to which nothing happens.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed test panics"
)]

mod bench;

use bench::life::{DAYS, live};

/// Update is due at lifetime - MAX_TRANSMIT_WAIT, here 86,400 s - 93 s = 86,307 s after the last answer; 90 days have
/// 7,776,000 s = 90 x 86,307 s + 8,370 s.
#[test]
fn a_lifetime_of_a_day_takes_90_updates() {
    assert_eq!(live(86_400, DAYS), 90);
}

/// 3,600 s - 93 s = 3,507 s, and 0.1 s for each round trip; 7,776,000 s = 2,217 x 3,507.1 s + 759 s.
#[test]
fn a_lifetime_of_an_hour_takes_2217_updates() {
    assert_eq!(live(3_600, DAYS), 2_217);
}

/// Below 186 s half of the lifetime is later: 60 s; 86,400 s = 1,437 x 60.1 s + 36 s.
#[test]
fn a_lifetime_of_two_minutes_takes_1437_updates_a_day() {
    assert_eq!(live(120, 1), 1_437);
}
