#![doc = include_str!("../README.md")]
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod back_off;
mod deferred;
pub mod driver;
mod endpoint;
mod era;
pub mod errno;
mod error;
mod event;
pub mod hal;
mod profile;
mod response;
pub mod sessions;

pub use back_off::BackOff;
pub use deferred::{Deferred, DeferredReason};
pub use endpoint::EndpointFormat;
pub use era::Era;
pub use error::{Cause, ConfigurationError, Error, ErrorKind};
pub use event::Event;
pub use profile::{Credentials, Profile};
pub use response::{CaTags, EventHandler, IgnoreEvents, Response};
