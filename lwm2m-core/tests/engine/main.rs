//! The engine from outside: datagrams, sessions and time in; datagrams, requests for sessions and events out.
//! Expected bytes, codes and times are those of the specifications.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by a panic"
)]

#[path = "../common/mod.rs"]
mod common;

mod answers;
mod application_objects;
mod bootstrap;
mod bootstrap_rules;
mod firmware;
mod firmware_push;
mod library_objects;
mod lives;
mod management;
mod noise;
mod peer;
mod power;
mod registration;
mod robustness;
mod servers;
mod transmission;
