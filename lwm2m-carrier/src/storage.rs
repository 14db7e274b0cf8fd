//! Records in NOR flash, by [sequential-storage](https://crates.io/crates/sequential-storage) (feature
//! `sequential-storage`).

use core::fmt;

use embedded_storage_async::nor_flash::NorFlash;
use sequential_storage::Error;
use sequential_storage::cache::{Cache, Uncached};
use sequential_storage::map::{MapConfig, MapStorage};
use zeroize::Zeroize;

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
/// bootstraps again. So are contents of another kind: the flash need not be erased first, the first record that is stored
/// does that.
///
/// There are keys in the records while a bootstrap goes on. They are wiped from RAM, but in flash a record that was replaced
/// or removed is there until its page is erased: protect it from being read, as the firmware's image.
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
    map: Map<F>,
    buffer: Aligned<BUFFER>,
}

type Map<F> = MapStorage<u8, F, Cache<Uncached, Uncached, Uncached, u8>>;

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

    async fn append(&mut self, id: RecordId, record: &[u8]) -> Result<(), Error<F::Error>> {
        let place = Wiped(self.buffer.from(0));
        self.map.store_item(&mut *place.0, &id.0, &record).await
    }
}

/// A place that is wiped behind its use, also where the operation that uses it is dropped.
struct Wiped<'b>(&'b mut [u8]);

impl Drop for Wiped<'_> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// The record, unless there is none. It lies in `place`.
async fn fetch<'b, F: NorFlash>(
    map: &mut Map<F>,
    place: &'b mut [u8],
    id: RecordId,
) -> Result<Option<&'b [u8]>, StorageError> {
    match map.fetch_item::<&[u8]>(place, &id.0).await {
        Ok(record) => Ok(record.filter(|record| !record.is_empty())),
        // Past repair: nothing of it is records.
        Err(Error::Corrupted { .. }) => Ok(None),
        Err(error) => Err(storage_error(error)),
    }
}

impl<F: NorFlash, const BUFFER: usize> Storage for FlashStorage<F, BUFFER> {
    async fn load(
        &mut self,
        id: RecordId,
        buffer: &mut [u8],
    ) -> Result<Option<usize>, StorageError> {
        let place = Wiped(self.buffer.from(0));
        let Some(record) = fetch(&mut self.map, &mut *place.0, id).await? else {
            return Ok(None);
        };
        let to = buffer.get_mut(..record.len()).ok_or(TOO_LONG)?;
        to.copy_from_slice(record);
        Ok(Some(record.len()))
    }

    async fn store(&mut self, id: RecordId, record: &[u8]) -> Result<(), StorageError> {
        let mut is_erased = false;
        // One await of it: the future is large.
        loop {
            match self.append(id, record).await {
                Err(Error::Corrupted { .. }) if !is_erased => {
                    self.map.erase_all().await.map_err(storage_error)?;
                    is_erased = true;
                }
                stored => return stored.map_err(storage_error),
            }
        }
    }

    async fn delete(&mut self, id: RecordId) -> Result<(), StorageError> {
        let place = Wiped(self.buffer.from(0));
        let is_there = fetch(&mut self.map, &mut *place.0, id).await?.is_some();
        drop(place);
        if is_there {
            // The map's own removal needs flash that takes a word twice.
            let removed = self.append(id, &[]).await;
            removed.map_err(storage_error)?;
        }
        Ok(())
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

#[cfg(test)]
mod tests {
    use core::{
        future::pending,
        pin::pin,
        task::{Context, Poll, Waker},
    };

    use carrier_mock::flash::{Flash, FlashError};
    use embedded_storage_async::nor_flash::{ErrorType, ReadNorFlash};

    use super::*;

    /// A flash whose next write never ends.
    struct Stuck(Flash<2>);

    impl ErrorType for Stuck {
        type Error = FlashError;
    }

    impl ReadNorFlash for Stuck {
        const READ_SIZE: usize = 4;

        async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
            ReadNorFlash::read(&mut self.0, offset, bytes).await
        }

        fn capacity(&self) -> usize {
            ReadNorFlash::capacity(&self.0)
        }
    }

    impl NorFlash for Stuck {
        const WRITE_SIZE: usize = 4;
        const ERASE_SIZE: usize = 4096;

        async fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
            NorFlash::erase(&mut self.0, from, to).await
        }

        async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
            if bytes.len() >= 16 {
                pending::<()>().await;
            }
            NorFlash::write(&mut self.0, offset, bytes).await
        }
    }

    /// The runner of a device may be dropped at any time.
    #[test]
    fn a_store_that_is_dropped_leaves_no_key_behind() {
        let mut storage = FlashStorage::<_, 64>::with_buffer(Stuck(Flash::new(1))).unwrap();
        {
            let mut store = pin!(storage.store(RecordId(3), &[0x5a; 32]));
            let mut context = Context::from_waker(Waker::noop());
            assert_eq!(store.as_mut().poll(&mut context), Poll::Pending);
        }
        assert!(!storage.buffer.from(0).contains(&0x5a));
    }
}
