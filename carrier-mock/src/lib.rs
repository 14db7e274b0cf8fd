#![doc = include_str!("../README.md")]
#![cfg_attr(not(any(feature = "std", test)), no_std)]

pub mod application;
#[cfg(feature = "charts")]
pub mod charts;
pub mod clock;
pub mod conformance;
#[cfg(feature = "std")]
pub mod executor;
pub mod flash;
pub mod modem;
pub mod network;
pub mod random;
pub mod recorder;
pub mod server;
pub mod storage;
pub mod world;
