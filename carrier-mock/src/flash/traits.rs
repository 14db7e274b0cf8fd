//! The `embedded-storage` traits, blocking and async: the same operations through both.

use embedded_storage::nor_flash as blocking;
use embedded_storage_async::nor_flash as asynch;

use super::{Flash, FlashError, WORD_SIZE};

impl<const PAGES: usize, const PAGE_WORDS: usize> blocking::ErrorType for Flash<PAGES, PAGE_WORDS> {
    type Error = FlashError;
}

impl<const PAGES: usize, const PAGE_WORDS: usize> blocking::ReadNorFlash
    for Flash<PAGES, PAGE_WORDS>
{
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
        self.read_bytes(offset, bytes)
    }

    fn capacity(&self) -> usize {
        Self::SIZE
    }
}

impl<const PAGES: usize, const PAGE_WORDS: usize> blocking::NorFlash for Flash<PAGES, PAGE_WORDS> {
    const WRITE_SIZE: usize = WORD_SIZE;
    const ERASE_SIZE: usize = Self::PAGE_SIZE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        self.erase_pages(from, to)
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        self.program(offset, bytes)
    }
}

impl<const PAGES: usize, const PAGE_WORDS: usize> blocking::MultiwriteNorFlash
    for Flash<PAGES, PAGE_WORDS>
{
}

impl<const PAGES: usize, const PAGE_WORDS: usize> asynch::ReadNorFlash
    for Flash<PAGES, PAGE_WORDS>
{
    const READ_SIZE: usize = 1;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
        self.read_bytes(offset, bytes)
    }

    fn capacity(&self) -> usize {
        Self::SIZE
    }
}

impl<const PAGES: usize, const PAGE_WORDS: usize> asynch::NorFlash for Flash<PAGES, PAGE_WORDS> {
    const WRITE_SIZE: usize = WORD_SIZE;
    const ERASE_SIZE: usize = Self::PAGE_SIZE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        self.erase_pages(from, to)
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        self.program(offset, bytes)
    }
}

impl<const PAGES: usize, const PAGE_WORDS: usize> asynch::MultiwriteNorFlash
    for Flash<PAGES, PAGE_WORDS>
{
}
