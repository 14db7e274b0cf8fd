//! The library's records in flash, through sequential-storage.

use core::fmt;

use embedded_storage_async::nor_flash::NorFlash;
use lwm2m_carrier::errno;
use lwm2m_carrier::hal::{RecordId, Storage, StorageError, StorageErrorKind};
use sequential_storage::Error;
use sequential_storage::cache::{Cache, Uncached};
use sequential_storage::map::{MapConfig, MapConfigError, MapStorage};

/// Bytes of the longest record and its key, rounded up to the flash's word.
const LONGEST: usize = 1284;

/// Records on a NOR flash, which they take as a whole: each is replaced by appending the new one, so that a power loss
/// leaves the old one or the new one.
pub(crate) struct Records<F: NorFlash> {
    map: MapStorage<u8, F, Cache<Uncached, Uncached, Uncached, u8>>,
    buffer: [u8; LONGEST],
}

impl<F: NorFlash> Records<F> {
    /// Records on `flash`, of two pages or more.
    pub(crate) fn open(flash: F) -> Result<Self, MapConfigError> {
        let end = u32::try_from(flash.capacity()).unwrap_or(u32::MAX);
        let config = MapConfig::try_new(0..end)?;
        Ok(Self {
            map: MapStorage::new(flash, config, Cache::new_uncached()),
            buffer: [0; LONGEST],
        })
    }
}

impl<F: NorFlash> Storage for Records<F> {
    async fn load(
        &mut self,
        id: RecordId,
        buffer: &mut [u8],
    ) -> Result<Option<usize>, StorageError> {
        let fetched = self.map.fetch_item::<&[u8]>(&mut self.buffer, &id.0);
        let Some(record) = fetched.await.map_err(failure)?.filter(|it| !it.is_empty()) else {
            return Ok(None);
        };
        let place = buffer.get_mut(..record.len()).ok_or(TOO_LONG)?;
        place.copy_from_slice(record);
        Ok(Some(record.len()))
    }

    async fn store(&mut self, id: RecordId, record: &[u8]) -> Result<(), StorageError> {
        let stored = self.map.store_item(&mut self.buffer, &id.0, &record);
        stored.await.map_err(failure)
    }

    /// A record of no length is none: it is appended as every other.
    async fn delete(&mut self, id: RecordId) -> Result<(), StorageError> {
        let fetched = self.map.fetch_item::<&[u8]>(&mut self.buffer, &id.0);
        let record = fetched.await.map_err(failure)?;
        if record.is_none_or(<[u8]>::is_empty) {
            return Ok(());
        }
        self.store(id, &[]).await
    }
}

impl<F: NorFlash> fmt::Debug for Records<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Records").finish_non_exhaustive()
    }
}

const TOO_LONG: StorageError = StorageError::new(StorageErrorKind::TooLong, errno::EMSGSIZE);

fn failure<E>(error: Error<E>) -> StorageError {
    match error {
        Error::FullStorage => StorageError::new(StorageErrorKind::Full, errno::ENOSPC),
        Error::BufferTooSmall(_) | Error::ItemTooBig => TOO_LONG,
        _ => StorageError::new(StorageErrorKind::Io, errno::EIO),
    }
}
