//! The `embedded-storage` traits, blocking and async: the same operations through both. The async ones do not wait
//! either; a page takes the disk a moment.

use embedded_storage::nor_flash as blocking;
use embedded_storage_async::nor_flash as asynch;

use super::error::FlashError;
use super::image::FlashImage;

impl blocking::ErrorType for FlashImage {
    type Error = FlashError;
}

impl blocking::ReadNorFlash for FlashImage {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
        blocking::check_read(self, offset, bytes.len())?;
        self.read_bytes(offset, bytes)
    }

    fn capacity(&self) -> usize {
        self.size() as usize
    }
}

impl blocking::NorFlash for FlashImage {
    const WRITE_SIZE: usize = Self::WORD_SIZE;
    const ERASE_SIZE: usize = Self::PAGE_SIZE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        blocking::check_erase(self, from, to)?;
        self.erase_bytes(from, to)
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        blocking::check_write(self, offset, bytes.len())?;
        self.program(offset, bytes)
    }
}

impl blocking::MultiwriteNorFlash for FlashImage {}

impl asynch::ReadNorFlash for FlashImage {
    const READ_SIZE: usize = 1;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
        blocking::ReadNorFlash::read(self, offset, bytes)
    }

    fn capacity(&self) -> usize {
        self.size() as usize
    }
}

impl asynch::NorFlash for FlashImage {
    const WRITE_SIZE: usize = Self::WORD_SIZE;
    const ERASE_SIZE: usize = Self::PAGE_SIZE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        blocking::NorFlash::erase(self, from, to)
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        blocking::NorFlash::write(self, offset, bytes)
    }
}

impl asynch::MultiwriteNorFlash for FlashImage {}
