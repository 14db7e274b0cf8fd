//! What outlives the process: records in a flash image, or nothing.

use std::path::Path;

use carrier_host::flash::FlashImage;
use carrier_host::storage::{MemoryStore, RecordStore, SharedStorage};
use lwm2m_carrier::hal::{RecordId, Storage, StorageError};

use crate::Complaint;

/// Pages of the flash image, of 4 KiB each.
const PAGES: u16 = 16;

/// The storage of all users.
pub(crate) type State = SharedStorage<Store>;

/// Where the records lie.
pub(crate) enum Store {
    File(RecordStore<FlashImage>),
    Memory(MemoryStore),
}

impl Store {
    async fn open(path: Option<&Path>) -> Result<Self, Complaint> {
        let Some(path) = path else {
            return Ok(Self::Memory(MemoryStore::new()));
        };
        let image = FlashImage::open(path, PAGES).map_err(|error| error.to_string())?;
        let records = RecordStore::open(image).await;
        records
            .map(Self::File)
            .map_err(|error| format!("{}: {error}", path.display()))
    }
}

/// Opens the storage that all users share.
pub(crate) async fn open(path: Option<&Path>) -> Result<State, Complaint> {
    Ok(SharedStorage::new(Store::open(path).await?))
}

impl Storage for Store {
    async fn load(
        &mut self,
        id: RecordId,
        buffer: &mut [u8],
    ) -> Result<Option<usize>, StorageError> {
        match self {
            Self::File(store) => Storage::load(store, id, buffer).await,
            Self::Memory(store) => store.load(id, buffer).await,
        }
    }

    async fn store(&mut self, id: RecordId, record: &[u8]) -> Result<(), StorageError> {
        match self {
            Self::File(store) => Storage::store(store, id, record).await,
            Self::Memory(store) => store.store(id, record).await,
        }
    }

    async fn delete(&mut self, id: RecordId) -> Result<(), StorageError> {
        match self {
            Self::File(store) => Storage::delete(store, id).await,
            Self::Memory(store) => store.delete(id).await,
        }
    }
}
