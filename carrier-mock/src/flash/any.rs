//! A flash whose number of pages is not in its type.

use core::fmt;

use super::{Flash, FlashError};

/// A [`Flash`] with pages of 4,096 bytes, however many.
pub trait AnyFlash: fmt::Debug {
    /// Bytes of all pages.
    fn size(&self) -> usize;

    /// Reads, as `ReadNorFlash` does.
    ///
    /// # Errors
    /// As there.
    fn read(&self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashError>;

    /// Programs whole words, as `NorFlash` does.
    ///
    /// # Errors
    /// As there.
    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError>;

    /// Erases whole pages, as `NorFlash` does.
    ///
    /// # Errors
    /// As there.
    fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashError>;

    /// Cuts the power now, between two operations.
    fn power_off(&mut self);

    /// Brings the power back.
    fn power_on(&mut self);
}

impl<const PAGES: usize> AnyFlash for Flash<PAGES> {
    fn size(&self) -> usize {
        Self::SIZE
    }

    fn read(&self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
        self.read_bytes(offset, bytes)
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        self.program(offset, bytes)
    }

    fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        self.erase_pages(from, to)
    }

    fn power_off(&mut self) {
        Self::power_off(self);
    }

    fn power_on(&mut self) {
        Self::power_on(self);
    }
}
