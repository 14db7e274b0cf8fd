#![doc = include_str!("../README.md")]

pub mod clock;
pub mod console;
pub mod dtls;
pub mod firmware;
pub mod flash;
pub mod keys;
pub mod link;
pub mod net;
pub mod random;
pub mod sessions;
pub mod storage;
mod tls;
