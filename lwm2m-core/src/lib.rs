#![doc = include_str!("../README.md")]
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod fmt;

pub mod client;
mod message;
pub mod model;
pub mod objects;
pub mod random;
mod statistics;
pub mod time;
pub mod wire;

pub use client::{Client, Config, Event, Output, Resources, SessionEvent, SessionId};
pub use statistics::Statistics;
