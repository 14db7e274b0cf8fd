//! The slot, with its faults and its recording.

use core::fmt;

use lwm2m_carrier::hal::{Applied, Firmware, FirmwareError, Installed};
use lwm2m_carrier::slot::FlashSlot;

use super::boot_loader::BootLoader;
use super::model::FirmwareCall;
use super::nor::SlotFlash;
use crate::recorder::{Entry, FirmwareOperation};
use crate::world::World;

/// The device's firmware slot: a [`FlashSlot`] over the flash that [`World::set_firmware_flash`] has been given. Without
/// one everything is answered as not supported.
pub struct DeviceFirmware<'a, 'w> {
    world: &'a World<'w>,
    slot: Option<FlashSlot<SlotFlash<'a, 'w>, BootLoader<'a, 'w>>>,
}

impl<'a, 'w> DeviceFirmware<'a, 'w> {
    pub(crate) fn new(world: &'a World<'w>) -> Self {
        let flash = world.firmware.borrow().flash;
        let slot = flash.and_then(|flash| {
            let flash = SlotFlash::new(world, flash);
            FlashSlot::new(flash, BootLoader::new(world)).ok()
        });
        Self { world, slot }
    }

    /// The slot, unless there is none, a fault befalls the call, or there is no power.
    async fn slot(
        &mut self,
        call: FirmwareCall,
    ) -> Result<&mut FlashSlot<SlotFlash<'a, 'w>, BootLoader<'a, 'w>>, FirmwareError> {
        self.world.powered().await;
        let slot = self.slot.as_mut().ok_or(FirmwareError::UNSUPPORTED)?;
        self.world.firmware.borrow_mut().fault(call)?;
        Ok(slot)
    }

    fn record<T>(&self, operation: FirmwareOperation, result: &Result<T, FirmwareError>) {
        let result = result.as_ref().map(|_| ()).map_err(|error| *error);
        self.world.record(Entry::Firmware { operation, result });
    }
}

impl Firmware for DeviceFirmware<'_, '_> {
    async fn begin(&mut self, size: Option<u32>, resume: bool) -> Result<u32, FirmwareError> {
        let result = match self.slot(FirmwareCall::Begin).await {
            Ok(slot) => slot.begin(size, resume).await,
            Err(error) => Err(error),
        };
        if result.is_ok() && !resume {
            self.world.firmware.borrow_mut().forget();
        }
        let resumed_at = result.unwrap_or_default();
        self.record(FirmwareOperation::Begin { resumed_at }, &result);
        result
    }

    async fn write(&mut self, offset: u32, part: &[u8]) -> Result<(), FirmwareError> {
        let result = match self.slot(FirmwareCall::Write).await {
            Ok(slot) => slot.write(offset, part).await,
            Err(error) => Err(error),
        };
        let len = part.len();
        self.record(FirmwareOperation::Write { offset, len }, &result);
        result
    }

    async fn finish(&mut self, size: u32) -> Result<(), FirmwareError> {
        let result = match self.slot(FirmwareCall::Finish).await {
            Ok(slot) => slot.finish(size).await,
            Err(error) => Err(error),
        };
        self.record(FirmwareOperation::Finish { size }, &result);
        result
    }

    async fn read(&mut self, offset: u32, buffer: &mut [u8]) -> Result<(), FirmwareError> {
        let slot = self.slot(FirmwareCall::Read).await?;
        slot.read(offset, buffer).await
    }

    async fn discard(&mut self) -> Result<(), FirmwareError> {
        let result = match self.slot(FirmwareCall::Discard).await {
            Ok(slot) => slot.discard().await,
            Err(error) => Err(error),
        };
        self.record(FirmwareOperation::Discard, &result);
        result
    }

    async fn apply(&mut self) -> Result<Applied, FirmwareError> {
        let result = match self.slot(FirmwareCall::Apply).await {
            Ok(slot) => slot.apply().await,
            Err(error) => Err(error),
        };
        self.record(FirmwareOperation::Apply, &result);
        result
    }

    async fn restart_modem(&mut self) -> Result<(), FirmwareError> {
        let result = match self.slot(FirmwareCall::RestartModem).await {
            Ok(slot) => slot.restart_modem().await,
            Err(error) => Err(error),
        };
        self.record(FirmwareOperation::RestartModem, &result);
        result
    }

    async fn outcome(&mut self) -> Result<Installed, FirmwareError> {
        let result = match self.slot(FirmwareCall::Outcome).await {
            Ok(slot) => slot.outcome().await,
            Err(error) => Err(error),
        };
        self.record(FirmwareOperation::Outcome, &result);
        result
    }
}

impl fmt::Debug for DeviceFirmware<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceFirmware")
            .field("slot", &self.slot)
            .finish_non_exhaustive()
    }
}
