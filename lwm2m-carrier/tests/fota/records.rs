//! The device's records, of which that of firmware updates fails.

use core::cell::Cell;

use lwm2m_carrier::hal::{RecordId, Storage, StorageError, StorageErrorKind};

/// The record of firmware updates.
pub(crate) const FIRMWARE: RecordId = RecordId(4);

/// Which operation on the record of firmware updates fails.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Failing {
    Nothing,
    Load,
    Store,
}

/// The records.
pub(crate) struct Records<'a, S> {
    pub(crate) storage: S,
    pub(crate) failing: &'a Cell<Failing>,
}

impl<S> Records<'_, S> {
    fn check(&self, id: RecordId, operation: Failing) -> Result<(), StorageError> {
        if id == FIRMWARE && self.failing.get() == operation {
            return Err(StorageError::new(StorageErrorKind::Io, 5));
        }
        Ok(())
    }
}

impl<S: Storage> Storage for Records<'_, S> {
    async fn load(
        &mut self,
        id: RecordId,
        buffer: &mut [u8],
    ) -> Result<Option<usize>, StorageError> {
        self.check(id, Failing::Load)?;
        self.storage.load(id, buffer).await
    }

    async fn store(&mut self, id: RecordId, record: &[u8]) -> Result<(), StorageError> {
        self.check(id, Failing::Store)?;
        self.storage.store(id, record).await
    }

    async fn delete(&mut self, id: RecordId) -> Result<(), StorageError> {
        self.storage.delete(id).await
    }
}
