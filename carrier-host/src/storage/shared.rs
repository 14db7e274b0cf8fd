//! One storage for several users.

use std::rc::Rc;

use lwm2m_carrier::hal::{RecordId, Storage, StorageError};
use tokio::sync::Mutex;

/// A storage that is shared on one thread, each user with record ids of its own. A copy is the same storage.
#[derive(Debug)]
pub struct SharedStorage<S>(Rc<Mutex<S>>);

impl<S> SharedStorage<S> {
    /// Shares `storage`.
    #[must_use]
    pub fn new(storage: S) -> Self {
        Self(Rc::new(Mutex::new(storage)))
    }
}

impl<S> Clone for SharedStorage<S> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<S: Storage> Storage for SharedStorage<S> {
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
