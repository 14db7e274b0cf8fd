#![doc = include_str!("../README.md")]
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod aligned;
pub mod carrier;
mod connectivity;
mod deferred;
pub mod driver;
mod endpoint;
mod era;
pub mod errno;
mod error;
mod event;
mod fmt;
pub mod fota;
pub mod hal;
mod profile;
mod record;
mod response;
pub mod sessions;
pub mod slot;
#[cfg(feature = "sequential-storage")]
pub mod storage;
mod uri;

pub use carrier::Carrier;
pub use connectivity::Connectivity;
pub use deferred::{Deferred, DeferredReason};
pub use endpoint::{EndpointError, EndpointFormat};
pub use era::Era;
pub use error::{Cause, ConfigurationError, DownloadError, Error, ErrorKind};
pub use event::Event;
pub use hal::CaTags;
pub use lwm2m_core::{Statistics, client::BackOff};
pub use profile::{Credentials, Profile};
pub use response::{EventHandler, IgnoreEvents, Response};
