#![doc = include_str!("../README.md")]
#![cfg_attr(not(test), no_std)]

pub mod at;
mod clock;
pub mod firmware;
mod info;
mod keys;
mod link;
#[cfg(all(
    target_os = "none",
    any(feature = "nrf9160", feature = "nrf9151", feature = "nrf9161")
))]
pub mod modem;
pub mod net;
mod race;
mod random;
mod reset;
pub mod sessions;

pub use clock::{NetworkClock, NetworkTime};
pub use firmware::{DeltaFirmware, FirmwareByKind};
pub use info::{Address, ModemFacts};
pub use keys::{CredentialList, ModemKeys, Stored};
pub use link::{Edrx, LinkSettings, LteLink, PowerOffWarning, PowerSaving};
pub use random::RandomBy;
pub use reset::ResetBy;
pub use sessions::{ModemSessions, SessionCache, SessionSettings};

#[cfg(all(
    target_os = "none",
    any(
        all(feature = "nrf9160", feature = "nrf9151"),
        all(feature = "nrf9160", feature = "nrf9161"),
        all(feature = "nrf9151", feature = "nrf9161")
    )
))]
compile_error!("one chip at a time: nrf9160, nrf9151 or nrf9161");
