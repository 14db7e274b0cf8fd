//! One storage for several parts of the port.

use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::mutex::Mutex;
use lwm2m_carrier::hal::{RecordId, Storage, StorageError};

/// A storage that several hold, each with records of its own. While one has it, the others wait.
pub(crate) struct SharedStorage<'s, S>(pub(crate) &'s Mutex<NoopRawMutex, S>);

impl<S: Storage> Storage for SharedStorage<'_, S> {
    async fn load(
        &mut self,
        id: RecordId,
        buffer: &mut [u8],
    ) -> Result<Option<usize>, StorageError> {
        self.0.lock().await.load(id, buffer).await
    }

    async fn store(&mut self, id: RecordId, record: &[u8]) -> Result<(), StorageError> {
        self.0.lock().await.store(id, record).await
    }

    async fn delete(&mut self, id: RecordId) -> Result<(), StorageError> {
        self.0.lock().await.delete(id).await
    }
}
