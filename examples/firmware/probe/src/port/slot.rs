//! The flash of the firmware slot, and the boot loader.

use embedded_storage_async::nor_flash::{
    ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
};
use lwm2m_carrier::{
    hal::{Applied, FirmwareError, FirmwareErrorKind, Installed},
    slot::Activate,
};

use super::{Operation, Port, pick};

/// The flash.
#[derive(Debug)]
pub struct SlotFlash<'p>(pub &'p Port);

/// A flash operation has failed.
#[derive(Clone, Copy, Debug)]
pub struct FlashFailure;

impl NorFlashError for FlashFailure {
    fn kind(&self) -> NorFlashErrorKind {
        NorFlashErrorKind::Other
    }
}

impl ErrorType for SlotFlash<'_> {
    type Error = FlashFailure;
}

impl ReadNorFlash for SlotFlash<'_> {
    const READ_SIZE: usize = 1;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashFailure> {
        let len = u32::try_from(bytes.len()).unwrap_or(0).to_be_bytes();
        self.0
            .call(Operation::ReadFlash, &[&offset.to_be_bytes(), &len], bytes)
            .map(drop)
            .map_err(|_| FlashFailure)
    }

    fn capacity(&self) -> usize {
        512 * 1024
    }
}

impl NorFlash for SlotFlash<'_> {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = 4096;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashFailure> {
        let parts = [from.to_be_bytes(), to.to_be_bytes()];
        self.0
            .order(
                Operation::EraseFlash,
                &parts.each_ref().map(<[u8; 4]>::as_slice),
            )
            .map_err(|_| FlashFailure)
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashFailure> {
        self.0
            .order(Operation::WriteFlash, &[&offset.to_be_bytes(), bytes])
            .map_err(|_| FlashFailure)
    }
}

/// The boot loader.
#[derive(Debug)]
pub struct BootLoader<'p>(pub &'p Port);

pub(super) fn firmware_error(status: u8) -> FirmwareError {
    const KINDS: [FirmwareErrorKind; 4] = [
        FirmwareErrorKind::Full,
        FirmwareErrorKind::Memory,
        FirmwareErrorKind::Integrity,
        FirmwareErrorKind::Unsupported,
    ];
    FirmwareError::new(
        pick(status, &KINDS, FirmwareErrorKind::Io),
        i32::from(status),
    )
}

impl Activate for BootLoader<'_> {
    async fn activate(&mut self, size: u32) -> Result<Applied, FirmwareError> {
        let mut answer = [0];
        self.0
            .call(Operation::Activate, &[&size.to_be_bytes()], &mut answer)
            .map(|_| match answer {
                [0] => Applied::ModemRestart,
                _ => Applied::RebootRequired,
            })
            .map_err(firmware_error)
    }

    async fn restart_modem(&mut self) -> Result<(), FirmwareError> {
        self.0
            .order(Operation::RestartModem, &[])
            .map_err(firmware_error)
    }

    async fn outcome(&mut self) -> Result<Installed, FirmwareError> {
        let mut answer = [0];
        self.0
            .call(Operation::Outcome, &[], &mut answer)
            .map(|_| match answer {
                [0] => Installed::Yes,
                [1] => Installed::Failed,
                _ => Installed::NotYet,
            })
            .map_err(firmware_error)
    }
}
