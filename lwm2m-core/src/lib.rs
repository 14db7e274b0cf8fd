#![doc = include_str!("../README.md")]
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod fmt;

pub mod model;
pub mod objects;
pub mod random;
pub mod time;
pub mod wire;
