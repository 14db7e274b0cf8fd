//! What makes an image the running one.

use crate::hal::{Applied, FirmwareError, Installed};

/// What makes the complete package in a [`FlashSlot`](super::FlashSlot) the running firmware: a request to a boot loader,
/// or to a modem that reads the flash.
#[allow(
    async_fn_in_trait,
    reason = "the drivers run on one thread; no Send is promised"
)]
pub trait Activate {
    /// As [`Firmware::apply`](crate::hal::Firmware::apply), with the package's length in bytes. Only called for a package
    /// that is complete, perhaps several times.
    ///
    /// # Errors
    /// As there.
    async fn activate(&mut self, size: u32) -> Result<Applied, FirmwareError>;

    /// What was activated must not take effect any more: the slot is about to take another package, or gives this one up.
    /// None is a success, the default.
    ///
    /// # Errors
    /// What is in the slot is still needed, or the request cannot be taken back: the slot leaves its flash as it is, and
    /// the update fails.
    async fn withdraw(&mut self) -> Result<(), FirmwareError> {
        Ok(())
    }

    /// As [`Firmware::restart_modem`](crate::hal::Firmware::restart_modem).
    ///
    /// # Errors
    /// As there.
    async fn restart_modem(&mut self) -> Result<(), FirmwareError> {
        Err(FirmwareError::UNSUPPORTED)
    }

    /// As [`Firmware::outcome`](crate::hal::Firmware::outcome).
    ///
    /// # Errors
    /// As there.
    async fn outcome(&mut self) -> Result<Installed, FirmwareError>;
}
