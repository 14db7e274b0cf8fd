//! The porting surface: what a device must offer.
//!
//! One file per trait, each trait exactly once, as `async fn`. A port implements [`Link`], [`KeyStore`], [`Sessions`]
//! (or takes [`NalSessions`](crate::sessions::NalSessions)), [`Storage`], [`Clock`], [`Random`], [`Reset`] and,
//! for firmware updates, [`Firmware`] for its own types and hands one [`Hal`] with all of them to a driver; [`ModemInfo`]
//! is asked for the endpoint client name, where the carrier makes it.
//!
//! # Cancel safety
//!
//! [`Sessions::receive`], [`Link::changed`] and [`Clock::wait`] are dropped whenever one of the others is ready first,
//! and called again: nothing may be lost by that. All other methods run to their end, unless the application drops
//! the driver's future; the driver then calls the same method with the same arguments again when it is run the next
//! time, so each of them must be repeatable.
//!
//! # Errors
//!
//! Each trait has its own error: a kind, which decides what the library does, and the port's `errno`, which is only
//! passed on to the application. What follows from an error stands with each method.
//!
//! # Blocking ports
//!
//! A port without an executor writes the same methods: [`driver::blocking`](crate::driver::blocking) has what turns
//! an `nb` function into a future and runs a future without an executor.

mod clock;
mod firmware;
mod key_store;
mod link;
mod modem_info;
mod platform;
mod reset;
mod sessions;
mod storage;

pub use clock::Clock;
pub use firmware::{Applied, Firmware, FirmwareError, FirmwareErrorKind, Installed, NoFirmware};
pub use key_store::{
    CaTags, CredentialKind, KeyStore, KeyStoreError, KeyStoreErrorKind, SecurityTag,
};
pub use link::{DetachReason, Link, LinkError, LinkErrorKind, LinkState};
pub use lwm2m_core::client::{Expect, SessionId};
pub use lwm2m_core::random::Random;
pub use modem_info::{ModemInfo, NoModemInfo, NotAvailable};
pub use platform::Hal;
pub use reset::Reset;
pub use sessions::{
    ConnectionId, OpenRequest, Opened, Received, Security, SessionError, SessionErrorKind,
    Sessions, Transport,
};
pub use storage::{RecordId, Storage, StorageError, StorageErrorKind};
