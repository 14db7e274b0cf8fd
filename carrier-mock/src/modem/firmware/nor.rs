//! The second flash, as the slot sees it.

use core::cell::RefCell;

use embedded_storage_async::nor_flash::{ErrorType, NorFlash, ReadNorFlash};

use crate::flash::{AnyFlash, Flash, FlashError, WORD_SIZE};
use crate::world::World;

/// The flash of a world's device: an erase takes the world's time, and where the power is cut, whoever writes never goes
/// on.
#[derive(Debug)]
pub(super) struct SlotFlash<'a, 'w> {
    world: &'a World<'w>,
    flash: &'w RefCell<dyn AnyFlash + 'w>,
}

impl<'a, 'w> SlotFlash<'a, 'w> {
    pub(super) const fn new(world: &'a World<'w>, flash: &'w RefCell<dyn AnyFlash + 'w>) -> Self {
        Self { world, flash }
    }
}

impl ErrorType for SlotFlash<'_, '_> {
    type Error = FlashError;
}

impl ReadNorFlash for SlotFlash<'_, '_> {
    const READ_SIZE: usize = 1;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
        let result = self.flash.borrow().read(offset, bytes);
        self.world.alive(result).await
    }

    fn capacity(&self) -> usize {
        self.flash.borrow().size()
    }
}

impl NorFlash for SlotFlash<'_, '_> {
    const WRITE_SIZE: usize = WORD_SIZE;
    const ERASE_SIZE: usize = Flash::<1>::PAGE_SIZE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        let mut page = from;
        while page < to {
            let end = page.saturating_add(Self::ERASE_SIZE as u32).min(to);
            let time = self.world.firmware.borrow().erase_time;
            self.world.sleep(time).await;
            let result = self.flash.borrow_mut().erase(page, end);
            self.world.alive(result).await?;
            page = end;
        }
        Ok(())
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        let result = self.flash.borrow_mut().write(offset, bytes);
        self.world.alive(result).await
    }
}
