//! The store.

use core::fmt;
use core::ops::Range;

use embedded_storage_async::nor_flash::NorFlash;
use lwm2m_carrier::hal::{RecordId, Storage, StorageError};
use sequential_storage::cache::Cache;
use sequential_storage::map::{MapConfig, MapStorage};
use zeroize::Zeroize;

use super::error::RecordError;
use super::{header, layout};

/// Bytes that a record needs in the flash's page beside its own: two page marks, the item's header, the key, and the
/// flag that tells a record from a deleted one, each rounded up to the longest word.
const OVERHEAD: usize = 5 * 32;

/// Small records by id in a NOR flash: the first page has a header, all others a log.
///
/// A record is the old one or the new one, whole, wherever the power fails. Keep it at
/// most half full: what is replaced stays in the log until its page is the oldest.
pub struct RecordStore<F> {
    flash: F,
    /// The pages of the log.
    log: Range<u32>,
    buffer: Box<[u8]>,
}

impl<F: NorFlash> RecordStore<F> {
    /// Takes over `flash`, which must be blank or have been used by a store before. Three pages at least.
    ///
    /// # Errors
    /// [`RecordError::Damaged`] when the flash holds something else, or damage that a power loss cannot explain; it is
    /// left as it is. [`RecordError::Unsuitable`] and [`RecordError::Flash`] as they say.
    pub async fn open(mut flash: F) -> Result<Self, RecordError<F::Error>> {
        let log = F::ERASE_SIZE as u32..flash.capacity() as u32;
        if MapConfig::<F>::try_new(log.clone()).is_err() || F::ERASE_SIZE <= OVERHEAD {
            return Err(RecordError::Unsuitable);
        }
        header::claim(&mut flash).await?;
        let mut pages = Vec::new();
        for address in log.clone().step_by(F::ERASE_SIZE) {
            pages.push(layout::page_state(&mut flash, address).await?);
        }
        if !layout::plausible(&pages) {
            return Err(RecordError::Damaged);
        }
        Ok(Self {
            flash,
            log,
            buffer: vec![0; F::ERASE_SIZE].into_boxed_slice(),
        })
    }

    /// Copies the record `id` to the start of `buffer`; its length, or `None` when there is none.
    ///
    /// # Errors
    /// [`RecordError::BufferTooSmall`] tells the length that is needed; [`RecordError::Damaged`] and
    /// [`RecordError::Flash`] as they say.
    pub async fn load(
        &mut self,
        id: RecordId,
        buffer: &mut [u8],
    ) -> Result<Option<usize>, RecordError<F::Error>> {
        let loaded = self.fetch(id).await.and_then(|record| {
            let Some(record) = record else {
                return Ok(None);
            };
            let needed = record.len();
            buffer
                .get_mut(..needed)
                .ok_or(RecordError::BufferTooSmall { needed })?
                .copy_from_slice(record);
            Ok(Some(needed))
        });
        self.buffer.zeroize();
        loaded
    }

    /// Stores `record` in place of the one with this id.
    ///
    /// # Errors
    /// [`RecordError::TooLong`] for a record that does not fit a page, [`RecordError::Full`] when there is no room; the
    /// old record is kept in both cases.
    pub async fn store(
        &mut self,
        id: RecordId,
        record: &[u8],
    ) -> Result<(), RecordError<F::Error>> {
        if record.len() > F::ERASE_SIZE - OVERHEAD {
            return Err(RecordError::TooLong);
        }
        self.put(id, Some(record)).await
    }

    /// Removes the record `id`, if there is one.
    ///
    /// # Errors
    /// As [`store`](Self::store): a deletion is kept as a record of its own.
    pub async fn delete(&mut self, id: RecordId) -> Result<(), RecordError<F::Error>> {
        let is_there = self.fetch(id).await.map(|record| record.is_some());
        self.buffer.zeroize();
        if is_there? {
            self.put(id, None).await?;
        }
        Ok(())
    }

    /// Gives the flash back.
    pub fn into_flash(self) -> F {
        self.flash
    }

    /// The record lies in the buffer, which is to be wiped.
    async fn fetch(&mut self, id: RecordId) -> Result<Option<&[u8]>, RecordError<F::Error>> {
        let config = MapConfig::try_new(self.log.clone()).map_err(|_| RecordError::Unsuitable)?;
        let mut map = MapStorage::<u16, _, _>::new(&mut self.flash, config, Cache::new_uncached());
        let key = u16::from(id.0);
        let fetch = map.fetch_item::<Option<&[u8]>>(&mut self.buffer, &key);
        let found = Box::pin(fetch).await?;
        Ok(found.flatten())
    }

    async fn put(
        &mut self,
        id: RecordId,
        record: Option<&[u8]>,
    ) -> Result<(), RecordError<F::Error>> {
        let config = MapConfig::try_new(self.log.clone()).map_err(|_| RecordError::Unsuitable)?;
        let mut map = MapStorage::<u16, _, _>::new(&mut self.flash, config, Cache::new_uncached());
        let key = u16::from(id.0);
        let stored = Box::pin(map.store_item(&mut self.buffer, &key, &record)).await;
        self.buffer.zeroize();
        Ok(stored?)
    }
}

impl<F: NorFlash> Storage for RecordStore<F> {
    async fn load(
        &mut self,
        id: RecordId,
        buffer: &mut [u8],
    ) -> Result<Option<usize>, StorageError> {
        Ok(Self::load(self, id, buffer).await?)
    }

    async fn store(&mut self, id: RecordId, record: &[u8]) -> Result<(), StorageError> {
        Ok(Self::store(self, id, record).await?)
    }

    async fn delete(&mut self, id: RecordId) -> Result<(), StorageError> {
        Ok(Self::delete(self, id).await?)
    }
}

impl<F> fmt::Debug for RecordStore<F> {
    /// Shows no record: there are keys among them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordStore")
            .field("log", &self.log)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flash::FlashImage;

    #[tokio::test]
    async fn no_record_stays_in_memory() {
        let name = format!("lwm2m-records-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let image = FlashImage::open(&path, 4).unwrap();
        std::fs::remove_file(&path).unwrap();
        let mut store = RecordStore::open(image).await.unwrap();
        let is_wiped = |store: &RecordStore<_>| {
            let key = |bytes: &[u8]| bytes == b"secret";
            !store.buffer.windows(6).any(key)
        };
        let mut record = [0; 32];
        for _ in 0..2 {
            store.store(RecordId(1), b"a secret key").await.unwrap();
            assert!(is_wiped(&store), "stored");
            let loaded = store.load(RecordId(1), &mut record).await.unwrap();
            assert_eq!(loaded, Some(12));
            assert!(is_wiped(&store), "loaded");
        }
        assert!(store.load(RecordId(1), &mut [0; 3]).await.is_err());
        assert!(is_wiped(&store), "found no room");
        store.delete(RecordId(1)).await.unwrap();
        assert!(is_wiped(&store), "deleted");
    }
}
