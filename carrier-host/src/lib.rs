#![doc = include_str!("../README.md")]

pub mod dtls;
pub mod flash;
pub mod net;
