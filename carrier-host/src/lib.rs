#![doc = include_str!("../README.md")]

pub mod dtls;
pub mod net;
