//! Durable records in RAM; those in flash are `lwm2m_carrier::storage`.

use heapless::Vec;
use lwm2m_carrier::errno;
use lwm2m_carrier::hal::{RecordId, Storage, StorageError, StorageErrorKind};

/// `RECORDS` records of at most `SIZE` bytes, in RAM: for tests that do not ask about power losses.
#[derive(Debug, Default)]
pub struct RamStorage<const RECORDS: usize, const SIZE: usize> {
    records: Vec<(RecordId, Vec<u8, SIZE>), RECORDS>,
}

impl<const RECORDS: usize, const SIZE: usize> RamStorage<RECORDS, SIZE> {
    /// No records.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            records: Vec::new(),
        }
    }
}

impl<const RECORDS: usize, const SIZE: usize> Storage for RamStorage<RECORDS, SIZE> {
    async fn load(
        &mut self,
        id: RecordId,
        buffer: &mut [u8],
    ) -> Result<Option<usize>, StorageError> {
        let Some((_, record)) = self.records.iter().find(|(other, _)| *other == id) else {
            return Ok(None);
        };
        let to = buffer.get_mut(..record.len());
        to.ok_or(TOO_LONG)?.copy_from_slice(record);
        Ok(Some(record.len()))
    }

    async fn store(&mut self, id: RecordId, record: &[u8]) -> Result<(), StorageError> {
        let bytes = Vec::from_slice(record).map_err(|_| TOO_LONG)?;
        let mut known = self.records.iter_mut();
        if let Some((_, old)) = known.find(|(other, _)| *other == id) {
            *old = bytes;
            return Ok(());
        }
        let full = StorageError::new(StorageErrorKind::Full, errno::ENOSPC);
        self.records.push((id, bytes)).map_err(|_| full)
    }

    async fn delete(&mut self, id: RecordId) -> Result<(), StorageError> {
        self.records.retain(|(other, _)| *other != id);
        Ok(())
    }
}

const TOO_LONG: StorageError = StorageError::new(StorageErrorKind::TooLong, errno::EMSGSIZE);

#[cfg(test)]
mod tests {
    use super::*;
    use lwm2m_carrier::driver::blocking::block_on;

    #[test]
    fn records_are_kept_by_id() {
        let run = async {
            let mut storage: RamStorage<1, 4> = RamStorage::new();
            let mut buffer = [0; 4];
            storage.store(RecordId(1), b"abcd").await?;
            storage.store(RecordId(1), b"xy").await?;
            assert_eq!(storage.load(RecordId(1), &mut buffer).await?, Some(2));
            assert_eq!(&buffer[..2], b"xy");
            let full = storage.store(RecordId(2), b"z").await;
            assert_eq!(full.map_err(|e| e.kind), Err(StorageErrorKind::Full));
            let long = storage.store(RecordId(1), b"abcde").await;
            assert_eq!(long.map_err(|e| e.kind), Err(StorageErrorKind::TooLong));
            storage.delete(RecordId(1)).await?;
            storage.load(RecordId(1), &mut buffer).await
        };
        assert_eq!(block_on(run, || ()), Ok(None));
    }
}
