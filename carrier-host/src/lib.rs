#![doc = include_str!("../README.md")]

pub mod clock;
pub mod console;
pub mod dtls;
pub mod flash;
pub mod net;
pub mod random;
pub mod storage;
