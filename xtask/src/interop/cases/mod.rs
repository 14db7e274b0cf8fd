//! The table: each row a name, the literal that is expected, and the steps that get it.

use super::{
    bench::{Bench, Device},
    failure::Failure,
};

mod bootstrap;
mod chip;
mod device;
mod firmware;
mod instances;
mod observe;
mod read;
mod refusal;
mod registration;
mod restart;
mod write;

/// A row.
#[derive(Debug)]
pub(super) struct Case {
    /// What `--only` looks in.
    pub(super) name: &'static str,
    /// The text that the steps must come to.
    pub(super) expected: &'static str,
    pub(super) run: Run,
}

/// The steps of a row; a failure on the way stands in the table as what was got.
#[derive(Debug)]
pub(super) enum Run {
    /// Starts its clients itself.
    Alone(fn(&mut Bench) -> Result<String, Failure>),
    /// Works on a device that is registered over coap, and leaves it as it was.
    Managed(fn(&mut Device<'_>) -> Result<String, Failure>),
}

/// All rows, in the order in which they run.
pub(super) const TABLE: &[&[Case]] = &[
    registration::CASES,
    read::CASES,
    write::CASES,
    device::CASES,
    instances::CASES,
    observe::CASES,
    bootstrap::CASES,
    restart::CASES,
    firmware::CASES,
    refusal::CASES,
    chip::CASES,
];
