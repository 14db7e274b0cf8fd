//! Records in NOR flash, by [sequential-storage](https://crates.io/crates/sequential-storage) (feature
//! `sequential-storage`).

use core::fmt;

use embedded_storage_async::nor_flash::NorFlash;
use sequential_storage::Error;
use sequential_storage::cache::{Cache, Uncached};
use sequential_storage::map::{MapConfig, MapStorage};

use crate::aligned::Aligned;
use crate::errno;
use crate::hal::{RecordId, Storage, StorageError, StorageErrorKind};

/// Bytes that [`FlashStorage`] gathers a record in, unless it is told otherwise: enough for what the library stores where
/// messages have a buffer of 1,280 bytes, with the record's key and rounded up to words of four bytes.
pub const DEFAULT_BUFFER: usize = 1284;

/// The flash has fewer than two pages or more bytes than 32 bits count, or its pages or words are of a size that
/// sequential-storage cannot use.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Unsuitable;

impl fmt::Display for Unsuitable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the flash cannot keep records")
    }
}

impl core::error::Error for Unsuitable {}

/// A [`Storage`] in a NOR flash, all of which belongs to it.
///
/// The pages are a log. A record is replaced by appending the new one and removed by appending an empty one, so that a
/// power loss at any point leaves the old one or the new one. When the log has gone round, the oldest page is erased and
/// what counts of it is appended again. So the flash wears evenly, and one page of room is always kept free: all records
/// together must fit into the pages but one. Two pages are the least; flash that comes with the chip has mostly pages of
/// 4 KiB, of which two last for years.
///
/// `BUFFER` is the length of the longest record, its key of one byte included, rounded up to a multiple of the flash's
/// write size; the compiler checks the multiple. One that stores short records, such as what an update of the modem has
/// come to, does with less than [`DEFAULT_BUFFER`].
///
/// A record that is damaged by something else than a power loss is none: what the library stores it checks itself, and
/// bootstraps again.
///
/// ```
/// use lwm2m_carrier::storage::{FlashStorage, Unsuitable};
/// # use embedded_storage_async::nor_flash::NorFlash;
///
/// # fn storage<F: NorFlash>(partition: F) -> Result<FlashStorage<F>, Unsuitable> {
/// let storage = FlashStorage::new(partition)?;
/// # Ok(storage)
/// # }
/// ```
pub struct FlashStorage<F: NorFlash, const BUFFER: usize = DEFAULT_BUFFER> {
    map: MapStorage<u8, F, Cache<Uncached, Uncached, Uncached, u8>>,
    buffer: Aligned<BUFFER>,
}

impl<F: NorFlash> FlashStorage<F> {
    /// Records in the whole of `flash`, with [`DEFAULT_BUFFER`].
    ///
    /// # Errors
    /// [`Unsuitable`], as it says.
    pub fn new(flash: F) -> Result<Self, Unsuitable> {
        Self::with_buffer(flash)
    }
}

impl<F: NorFlash, const BUFFER: usize> FlashStorage<F, BUFFER> {
    /// Records in the whole of `flash`, with a buffer of its own length.
    ///
    /// # Errors
    /// [`Unsuitable`], as it says.
    pub fn with_buffer(flash: F) -> Result<Self, Unsuitable> {
        const {
            assert!(
                BUFFER > 0 && BUFFER.is_multiple_of(F::WRITE_SIZE),
                "the buffer is whole write units"
            );
        }
        let end = u32::try_from(flash.capacity()).map_err(|_| Unsuitable)?;
        let config = MapConfig::try_new(0..end).map_err(|_| Unsuitable)?;
        Ok(Self {
            map: MapStorage::new(flash, config, Cache::new_uncached()),
            buffer: Aligned::ERASED,
        })
    }

    /// Gives the flash back.
    pub fn into_flash(self) -> F {
        self.map.destroy().0
    }

    /// The record, unless there is none.
    async fn fetch(&mut self, id: RecordId) -> Result<Option<&[u8]>, StorageError> {
        let fetched = self.map.fetch_item::<&[u8]>(self.buffer.from(0), &id.0);
        let record = fetched.await.map_err(storage_error)?;
        Ok(record.filter(|record| !record.is_empty()))
    }
}

impl<F: NorFlash, const BUFFER: usize> Storage for FlashStorage<F, BUFFER> {
    async fn load(
        &mut self,
        id: RecordId,
        buffer: &mut [u8],
    ) -> Result<Option<usize>, StorageError> {
        let Some(record) = self.fetch(id).await? else {
            return Ok(None);
        };
        let place = buffer.get_mut(..record.len()).ok_or(TOO_LONG)?;
        place.copy_from_slice(record);
        Ok(Some(record.len()))
    }

    async fn store(&mut self, id: RecordId, record: &[u8]) -> Result<(), StorageError> {
        let stored = self.map.store_item(self.buffer.from(0), &id.0, &record);
        stored.await.map_err(storage_error)
    }

    async fn delete(&mut self, id: RecordId) -> Result<(), StorageError> {
        if self.fetch(id).await?.is_none() {
            return Ok(());
        }
        // The map's own removal needs flash that takes a word twice.
        self.store(id, &[]).await
    }
}

impl<F: NorFlash, const BUFFER: usize> fmt::Debug for FlashStorage<F, BUFFER> {
    /// Shows no record: there are keys among them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FlashStorage").finish_non_exhaustive()
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
