#![doc = include_str!("../README.md")]
#![cfg_attr(not(any(feature = "std", test)), no_std)]

pub mod clock;
pub mod flash;
pub mod network;
pub mod random;
pub mod server;
