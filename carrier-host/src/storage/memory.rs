//! Records that last as long as the process.

use std::collections::BTreeMap;

use lwm2m_carrier::errno;
use lwm2m_carrier::hal::{RecordId, Storage, StorageError, StorageErrorKind};
use zeroize::Zeroizing;

/// Records in memory, for a device that begins anew with each start.
#[derive(Default)]
pub struct MemoryStore(BTreeMap<RecordId, Zeroizing<Vec<u8>>>);

impl MemoryStore {
    /// No records.
    #[must_use]
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }
}

impl Storage for MemoryStore {
    async fn load(
        &mut self,
        id: RecordId,
        buffer: &mut [u8],
    ) -> Result<Option<usize>, StorageError> {
        let Some(record) = self.0.get(&id) else {
            return Ok(None);
        };
        buffer
            .get_mut(..record.len())
            .ok_or(StorageError::new(StorageErrorKind::TooLong, errno::E2BIG))?
            .copy_from_slice(record);
        Ok(Some(record.len()))
    }

    async fn store(&mut self, id: RecordId, record: &[u8]) -> Result<(), StorageError> {
        self.0.insert(id, Zeroizing::new(record.to_vec()));
        Ok(())
    }

    async fn delete(&mut self, id: RecordId) -> Result<(), StorageError> {
        self.0.remove(&id);
        Ok(())
    }
}

impl core::fmt::Debug for MemoryStore {
    /// Shows no record: there are keys among them.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
