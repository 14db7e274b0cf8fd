//! The device's records, of which one may be refused.

use core::cell::Cell;

use lwm2m_carrier::hal::{RecordId, Storage, StorageError, StorageErrorKind};

/// The record of the account.
pub(crate) const ACCOUNT: RecordId = RecordId(2);

/// What storing the refused record answers.
pub(crate) const REFUSED: StorageError = StorageError::new(StorageErrorKind::Io, 5);

/// The records.
pub(crate) struct Records<'a, S> {
    pub(crate) storage: S,
    /// The one that is not stored.
    pub(crate) refused: &'a Cell<Option<RecordId>>,
}

impl<S: Storage> Storage for Records<'_, S> {
    async fn load(
        &mut self,
        id: RecordId,
        buffer: &mut [u8],
    ) -> Result<Option<usize>, StorageError> {
        self.storage.load(id, buffer).await
    }

    async fn store(&mut self, id: RecordId, record: &[u8]) -> Result<(), StorageError> {
        if self.refused.get() == Some(id) {
            return Err(REFUSED);
        }
        self.storage.store(id, record).await
    }

    async fn delete(&mut self, id: RecordId) -> Result<(), StorageError> {
        self.storage.delete(id).await
    }
}
