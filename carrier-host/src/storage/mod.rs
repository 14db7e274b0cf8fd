//! Small records in a NOR flash, each stored atomically.
//!
//! [`RecordStore`] implements [`lwm2m_carrier::hal::Storage`] over any
//! [`NorFlash`](embedded_storage_async::nor_flash::NorFlash), through sequential-storage's map. What does not look like
//! its own work is refused as damaged and left as it is: the records in it may be the only copy of a device's keys.

mod error;
mod header;
mod layout;
mod memory;
mod records;
mod shared;

pub use error::RecordError;
pub use memory::MemoryStore;
pub use records::RecordStore;
pub use shared::SharedStorage;
