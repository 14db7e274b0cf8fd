//! Records over NOR flash, through sequential-storage.

use core::fmt;

use embedded_storage_async::nor_flash::NorFlash;
use lwm2m_carrier::errno;
use lwm2m_carrier::hal::{RecordId, Storage, StorageError, StorageErrorKind};
use sequential_storage::Error;
use sequential_storage::cache::{Cache, Uncached};
use sequential_storage::map::{MapConfig, MapConfigError, MapStorage};

/// Records on any NOR flash, which it takes as a whole.
///
/// `BUFFER` is the size of the longest record, its key of one byte included, rounded up to the flash's word. A record is
/// replaced by appending the new one, so a power loss leaves the old or the new one; it is removed by appending an
/// empty one, for the same reason.
pub struct NorStorage<F: NorFlash, const BUFFER: usize> {
    map: MapStorage<u8, F, Cache<Uncached, Uncached, Uncached, u8>>,
    buffer: [u8; BUFFER],
}

impl<F: NorFlash, const BUFFER: usize> NorStorage<F, BUFFER> {
    /// Records on `flash`.
    ///
    /// # Errors
    /// The flash has fewer than two pages, or its pages or words are of a size that sequential-storage cannot use.
    pub fn new(flash: F) -> Result<Self, MapConfigError> {
        let end = u32::try_from(flash.capacity()).unwrap_or(u32::MAX);
        let config = MapConfig::try_new(0..end)?;
        Ok(Self {
            map: MapStorage::new(flash, config, Cache::new_uncached()),
            buffer: [0; BUFFER],
        })
    }
}

impl<F: NorFlash, const BUFFER: usize> Storage for NorStorage<F, BUFFER> {
    async fn load(
        &mut self,
        id: RecordId,
        buffer: &mut [u8],
    ) -> Result<Option<usize>, StorageError> {
        let fetched = self.map.fetch_item::<&[u8]>(&mut self.buffer, &id.0);
        let Some(record) = fetched.await.map_err(storage_error)? else {
            return Ok(None);
        };
        if record.is_empty() {
            return Ok(None);
        }
        let to = buffer.get_mut(..record.len());
        to.ok_or(TOO_LONG)?.copy_from_slice(record);
        Ok(Some(record.len()))
    }

    async fn store(&mut self, id: RecordId, record: &[u8]) -> Result<(), StorageError> {
        let stored = self.map.store_item(&mut self.buffer, &id.0, &record);
        stored.await.map_err(storage_error)
    }

    async fn delete(&mut self, id: RecordId) -> Result<(), StorageError> {
        let fetched = self.map.fetch_item::<&[u8]>(&mut self.buffer, &id.0);
        let record = fetched.await.map_err(storage_error)?;
        if record.is_none_or(<[u8]>::is_empty) {
            return Ok(());
        }
        self.store(id, &[]).await
    }
}

impl<F: NorFlash, const BUFFER: usize> fmt::Debug for NorStorage<F, BUFFER> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NorStorage").finish_non_exhaustive()
    }
}

const TOO_LONG: StorageError = StorageError::new(StorageErrorKind::TooLong, errno::EMSGSIZE);

fn storage_error<E>(error: Error<E>) -> StorageError {
    match error {
        Error::FullStorage => StorageError::new(StorageErrorKind::Full, errno::ENOSPC),
        Error::BufferTooSmall(_) | Error::ItemTooBig | Error::SerializationError(_) => TOO_LONG,
        _ => StorageError::new(StorageErrorKind::Io, errno::EIO),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flash::Flash;
    use lwm2m_carrier::driver::blocking::block_on;

    fn storage() -> NorStorage<Flash<2>, 512> {
        NorStorage::new(Flash::new(1)).unwrap()
    }

    fn run<T>(future: impl Future<Output = T>) -> T {
        block_on(future, || panic!("flash never waits"))
    }

    #[test]
    fn records_are_replaced_and_removed_by_id() {
        let mut storage = storage();
        let mut buffer = [0; 8];
        let (one, two) = (RecordId(1), RecordId(2));
        assert_eq!(run(storage.load(one, &mut buffer)), Ok(None));
        run(storage.store(one, b"first")).unwrap();
        run(storage.store(two, b"other")).unwrap();
        run(storage.store(one, b"second")).unwrap();
        assert_eq!(run(storage.load(one, &mut buffer)), Ok(Some(6)));
        assert_eq!(&buffer[..6], b"second");
        assert_eq!(run(storage.delete(one)), Ok(()));
        assert_eq!(run(storage.delete(one)), Ok(()));
        assert_eq!(run(storage.load(one, &mut buffer)), Ok(None));
        assert_eq!(run(storage.load(two, &mut buffer)), Ok(Some(5)));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let mut storage = storage();
        let too_long = Err(TOO_LONG);
        assert_eq!(run(storage.store(RecordId(1), &[1; 512])), too_long);
        run(storage.store(RecordId(1), &[1; 100])).unwrap();
        let loaded = run(storage.load(RecordId(1), &mut [0; 99]));
        assert_eq!(loaded, Err(TOO_LONG));
    }

    #[test]
    fn many_rounds_reuse_the_pages() {
        let mut storage = storage();
        let mut buffer = [0; 300];
        for round in 0..=255 {
            run(storage.store(RecordId(3), &[round; 300])).unwrap();
        }
        assert_eq!(run(storage.load(RecordId(3), &mut buffer)), Ok(Some(300)));
        assert_eq!(buffer, [255; 300]);
    }
}
