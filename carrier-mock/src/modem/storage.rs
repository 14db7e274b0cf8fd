//! The device's records, on its flash.

use core::cell::RefMut;
use core::fmt;

use embedded_storage::nor_flash as blocking;
use embedded_storage_async::nor_flash::{ErrorType, MultiwriteNorFlash, NorFlash, ReadNorFlash};
use lwm2m_carrier::errno;
use lwm2m_carrier::hal::{RecordId, Storage, StorageError, StorageErrorKind};
use lwm2m_carrier::storage::FlashStorage;

use crate::flash::{Flash, FlashError};
use crate::recorder::Entry;
use crate::world::{FLASH_PAGES, World};

type Part = Flash<FLASH_PAGES>;

/// Bytes of the longest record that the device can store.
pub const MAX_RECORD: usize = 2047;

/// The device's flash: where its power is cut, whoever writes never goes on.
#[derive(Debug, Clone, Copy)]
struct DeviceFlash<'a, 'w> {
    world: &'a World<'w>,
}

impl DeviceFlash<'_, '_> {
    fn flash(&self) -> RefMut<'_, Part> {
        self.world.flash.borrow_mut()
    }
}

impl ErrorType for DeviceFlash<'_, '_> {
    type Error = FlashError;
}

impl ReadNorFlash for DeviceFlash<'_, '_> {
    const READ_SIZE: usize = <Part as ReadNorFlash>::READ_SIZE;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
        let result = blocking::ReadNorFlash::read(&mut *self.flash(), offset, bytes);
        self.world.alive(result).await
    }

    fn capacity(&self) -> usize {
        Part::SIZE
    }
}

impl NorFlash for DeviceFlash<'_, '_> {
    const WRITE_SIZE: usize = <Part as NorFlash>::WRITE_SIZE;
    const ERASE_SIZE: usize = <Part as NorFlash>::ERASE_SIZE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        let result = blocking::NorFlash::erase(&mut *self.flash(), from, to);
        self.world.alive(result).await
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        let result = blocking::NorFlash::write(&mut *self.flash(), offset, bytes);
        self.world.alive(result).await
    }
}

impl MultiwriteNorFlash for DeviceFlash<'_, '_> {}

/// The device's records: sequential-storage on the world's [flash](World::flash). They survive reboots, and a power cut
/// in any write or erase as far as sequential-storage does.
pub struct DeviceStorage<'a, 'w> {
    world: &'a World<'w>,
    records: Option<FlashStorage<DeviceFlash<'a, 'w>, { MAX_RECORD + 1 }>>,
}

impl<'a, 'w> DeviceStorage<'a, 'w> {
    pub(crate) fn new(world: &'a World<'w>) -> Self {
        Self {
            world,
            records: FlashStorage::with_buffer(DeviceFlash { world }).ok(),
        }
    }
}

const BROKEN: StorageError = StorageError::new(StorageErrorKind::Io, errno::EIO);

impl Storage for DeviceStorage<'_, '_> {
    async fn load(
        &mut self,
        id: RecordId,
        buffer: &mut [u8],
    ) -> Result<Option<usize>, StorageError> {
        let records = self.records.as_mut().ok_or(BROKEN)?;
        records.load(id, buffer).await
    }

    async fn store(&mut self, id: RecordId, record: &[u8]) -> Result<(), StorageError> {
        self.world.powered().await;
        let records = self.records.as_mut().ok_or(BROKEN)?;
        let result = records.store(id, record).await;
        self.world.record(Entry::Stored {
            id,
            len: record.len(),
            result,
        });
        result
    }

    async fn delete(&mut self, id: RecordId) -> Result<(), StorageError> {
        self.world.powered().await;
        let records = self.records.as_mut().ok_or(BROKEN)?;
        let result = records.delete(id).await;
        self.world.record(Entry::Erased { id, result });
        result
    }
}

impl fmt::Debug for DeviceStorage<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceStorage").finish_non_exhaustive()
    }
}
