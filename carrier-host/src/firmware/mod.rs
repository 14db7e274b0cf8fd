//! A firmware slot in a file, and a boot loader that stands in for a device's.
//!
//! [`FileFirmware`] is `lwm2m-carrier`'s slot for flash over a [`FlashImage`], in a file of its own. A host program
//! does not replace itself: to apply a package means that the next start copies it to the file [`installed`] names,
//! which some other program may run, or a test compare. The rest is as on a device: what was applied takes effect with
//! the restart, power may fail anywhere, and the outcome is known afterwards.

mod boot;

use std::io;
use std::path::{Path, PathBuf};

use core::fmt;

use lwm2m_carrier::hal::{Applied, Firmware, FirmwareError, Installed};
use lwm2m_carrier::slot::FlashSlot;

use crate::flash::{FlashImage, OpenError};
use boot::{BootLoader, Request};

/// Bytes that are written to the file at once: a page, because each write is waited for until it is on disk.
const STAGE: usize = FlashImage::PAGE_SIZE;

/// Pages of the package that one page of the slot's journal has records for, rounded down.
const PAGES_IN_JOURNAL: u32 = 500;

/// A firmware slot in a file.
#[derive(Debug)]
pub struct FileFirmware {
    slot: Box<FlashSlot<FlashImage, BootLoader, STAGE>>,
    boot_loader: BootLoader,
}

/// Why there is no firmware slot.
#[derive(Debug)]
#[non_exhaustive]
pub enum FileFirmwareError {
    /// The file cannot be used.
    Image(OpenError),
    /// A slot has room for 1 to 267,000,000 bytes.
    Size,
    /// What the last start has left for this one cannot be read or written.
    Boot(io::Error),
}

/// Where a package that was applied lies after the restart: the slot's path with `.installed` behind it.
#[must_use]
pub fn installed(slot: &Path) -> PathBuf {
    boot::beside(slot, "installed")
}

impl FileFirmware {
    /// The slot in the file `path`, made when it does not exist, with room for packages of `size` bytes; first the
    /// package that was applied before this start is installed.
    ///
    /// The file has to be opened with the same `size` each time. It is locked until the slot is dropped.
    ///
    /// # Errors
    /// [`FileFirmwareError`]; a file that is no slot of this size is left alone. That a package cannot be installed is
    /// no error here: [`outcome`](Firmware::outcome) tells it.
    pub async fn open(path: &Path, size: u32) -> Result<Self, FileFirmwareError> {
        let pages = u16::try_from(pages(size)).map_err(|_| FileFirmwareError::Size)?;
        if size == 0 {
            return Err(FileFirmwareError::Size);
        }
        let image = FlashImage::open(path, pages).map_err(FileFirmwareError::Image)?;
        let boot_loader = BootLoader::new(path);
        let slot = FlashSlot::with_stage(image, boot_loader.clone());
        let slot = slot.map_err(|_| FileFirmwareError::Size)?.with_limit(size);
        let mut firmware = Self {
            slot: Box::new(slot),
            boot_loader,
        };
        Box::pin(firmware.boot())
            .await
            .map_err(FileFirmwareError::Boot)?;
        Ok(firmware)
    }

    /// What a boot loader does before the firmware starts.
    async fn boot(&mut self) -> io::Result<()> {
        let Some(Request::Install(size)) = self.boot_loader.request()? else {
            return Ok(());
        };
        let mut package = vec![0; size as usize];
        let done = match Box::pin(self.slot.read(0, &mut package)).await {
            Ok(()) => self.boot_loader.install(&package),
            Err(error) => Err(io::Error::other(error.to_string())),
        };
        self.boot_loader.note(match done {
            Ok(()) => Request::Installed,
            Err(error) => {
                log::error!("the firmware package cannot be installed: {error}");
                Request::Failed
            }
        })
    }
}

/// Pages of the flash for packages of `size` bytes and the slot's journal, which has two halves.
const fn pages(size: u32) -> u32 {
    let package = size.div_ceil(FlashImage::PAGE_SIZE as u32);
    package + 2 * (package / PAGES_IN_JOURNAL + 1)
}

impl Firmware for FileFirmware {
    async fn begin(&mut self, size: Option<u32>, resume: bool) -> Result<u32, FirmwareError> {
        // What was installed before says nothing about this package.
        self.boot_loader.forget()?;
        Box::pin(self.slot.begin(size, resume)).await
    }

    async fn write(&mut self, offset: u32, part: &[u8]) -> Result<(), FirmwareError> {
        Box::pin(self.slot.write(offset, part)).await
    }

    async fn finish(&mut self, size: u32) -> Result<(), FirmwareError> {
        Box::pin(self.slot.finish(size)).await
    }

    async fn read(&mut self, offset: u32, buffer: &mut [u8]) -> Result<(), FirmwareError> {
        Box::pin(self.slot.read(offset, buffer)).await
    }

    async fn discard(&mut self) -> Result<(), FirmwareError> {
        self.boot_loader.forget()?;
        Box::pin(self.slot.discard()).await
    }

    async fn apply(&mut self) -> Result<Applied, FirmwareError> {
        Box::pin(self.slot.apply()).await
    }

    async fn outcome(&mut self) -> Result<Installed, FirmwareError> {
        self.slot.outcome().await
    }
}

impl fmt::Display for FileFirmwareError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Image(error) => error.fmt(f),
            Self::Size => f.write_str("a firmware slot has room for 1 to 267000000 bytes"),
            Self::Boot(error) => write!(f, "the firmware to be installed is not known: {error}"),
        }
    }
}

impl core::error::Error for FileFirmwareError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_of_any_size_have_room_for_their_packages() {
        let page = FlashImage::PAGE_SIZE as u32;
        assert_eq!(pages(1), 3);
        assert_eq!(pages(300_000), 74 + 2);
        assert_eq!(pages(500 * page), 500 + 4);
        assert!(u16::try_from(pages(267_000_000)).is_ok());
    }
}
