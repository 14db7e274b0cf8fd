//! What befalls firmware.

use core::borrow::Borrow;

use lwm2m_carrier::hal::{Applied, FirmwareError, Installed};
use lwm2m_core::time::Duration;

use super::model::{FirmwareCall, TooManyFaults};
use crate::world::World;

/// The script of the device's firmware slot, and what lies in it.
///
/// The flash comes from [`World::set_firmware_flash`]; without it the device takes no firmware. Its power cuts and torn
/// writes are set on the flash itself.
#[derive(Debug, Clone, Copy)]
pub struct ModemFirmware<'a, 'w> {
    world: &'a World<'w>,
}

impl<'a, 'w> ModemFirmware<'a, 'w> {
    pub(crate) const fn new(world: &'a World<'w>) -> Self {
        Self { world }
    }

    /// Sets how long the erase of a page takes: 85 ms by default, as the nRF91's.
    pub fn set_erase_time(&self, page: Duration) {
        self.world.firmware.borrow_mut().erase_time = page;
    }

    /// Sets how long the modem's restart takes: 10 s by default.
    pub fn set_restart_time(&self, time: Duration) {
        self.world.firmware.borrow_mut().restart_time = time;
    }

    /// Sets what an applied package asks for: [`Applied::RebootRequired`] by default.
    pub fn set_applied(&self, applied: Applied) {
        self.world.firmware.borrow_mut().asks_for = applied;
    }

    /// Sets how the installation of an applied package ends, with the modem's restart or the device's:
    /// [`Installed::Yes`] by default. With [`Installed::NotYet`] the boot loader forgets it.
    pub fn set_installed(&self, installed: Installed) {
        self.world.firmware.borrow_mut().will_be = installed;
    }

    /// Sets the modem's firmware version after a package was installed; `None`, the default: the same.
    pub fn set_version(&self, version: Option<&'w str>) {
        self.world.firmware.borrow_mut().version = version;
    }

    /// Lets a call fail, after `after` further ones of its kind that do not. The call does nothing.
    ///
    /// # Errors
    /// [`TooManyFaults`], as it says.
    pub fn fail(
        &self,
        call: FirmwareCall,
        after: u32,
        error: FirmwareError,
    ) -> Result<(), TooManyFaults> {
        let mut model = self.world.firmware.borrow_mut();
        model.add_fault(call, after, error)
    }

    /// Length of the package that the next restart installs.
    #[must_use]
    pub fn activated(&self) -> Option<u32> {
        self.world.firmware.borrow().activated
    }

    /// Whether the slot's flash, which must have power, holds these bytes at its start: those of a slice, or of a
    /// generator.
    #[must_use]
    pub fn holds<I: IntoIterator<Item: Borrow<u8>>>(&self, image: I) -> bool {
        let Some(flash) = self.world.firmware.borrow().flash else {
            return false;
        };
        let flash = flash.borrow();
        let mut found = [0; 64];
        let mut at = 0;
        for (index, expected) in image.into_iter().enumerate() {
            let place = index % found.len();
            if place == 0 {
                // The journal is behind every package, so there is always a whole piece to read.
                if flash.read(at, &mut found).is_err() {
                    return false;
                }
                at += found.len() as u32;
            }
            if found.get(place) != Some(expected.borrow()) {
                return false;
            }
        }
        true
    }
}
