#![doc = include_str!("../README.md")]
#![cfg_attr(not(test), no_std)]

pub mod at;
mod clock;
pub mod firmware;
mod info;
mod keys;
mod link;
mod race;
mod reset;

pub use clock::{NetworkClock, NetworkTime};
pub use firmware::DeltaFirmware;
pub use info::{Address, ModemFacts};
pub use keys::{CredentialList, ModemKeys, Stored};
pub use link::{Edrx, LinkSettings, LteLink, PowerSaving};
pub use reset::ResetBy;
