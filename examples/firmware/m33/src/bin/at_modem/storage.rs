//! Records in RAM: this board has no flash that can be written. What a product uses is in `docs/porting.md`.

use heapless::Vec;
use lwm2m_carrier::errno;
use lwm2m_carrier::hal::{RecordId, Storage, StorageError, StorageErrorKind};

/// Bytes of the longest record, and how many there are.
const LONGEST: usize = 1280;
const RECORDS: usize = 4;

/// Records by id, until the power fails.
#[derive(Debug)]
pub(crate) struct Memory(Vec<(RecordId, Vec<u8, LONGEST>), RECORDS>);

impl Memory {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }
}

impl Storage for Memory {
    async fn load(
        &mut self,
        id: RecordId,
        buffer: &mut [u8],
    ) -> Result<Option<usize>, StorageError> {
        let Some((_, record)) = self.0.iter().find(|(known, _)| *known == id) else {
            return Ok(None);
        };
        let too_long = StorageError::new(StorageErrorKind::TooLong, errno::EMSGSIZE);
        let to = buffer.get_mut(..record.len()).ok_or(too_long)?;
        to.copy_from_slice(record);
        Ok(Some(record.len()))
    }

    async fn store(&mut self, id: RecordId, record: &[u8]) -> Result<(), StorageError> {
        let full = StorageError::new(StorageErrorKind::Full, errno::ENOSPC);
        let record = Vec::from_slice(record).map_err(|_| full)?;
        if let Some((_, old)) = self.0.iter_mut().find(|(known, _)| *known == id) {
            *old = record;
            return Ok(());
        }
        self.0.push((id, record)).map_err(|_| full)
    }

    async fn delete(&mut self, id: RecordId) -> Result<(), StorageError> {
        self.0.retain(|(known, _)| *known != id);
        Ok(())
    }
}
