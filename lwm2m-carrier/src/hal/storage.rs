//! Small durable records.

use core::fmt;

/// Names a record. The library uses the ids 1 to 15.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[allow(clippy::exhaustive_structs, reason = "a plain number")]
pub struct RecordId(pub u8);

/// Keeps small records by id through power losses: a key-value store on flash, files, a modem's non-volatile memory.
///
/// The library frames its records itself (version, length, check sum), so a port need not detect damage.
#[allow(
    async_fn_in_trait,
    reason = "the drivers run on one thread; no Send is promised"
)]
pub trait Storage {
    /// Copies a record to the start of `buffer`; its length, or `None` when there is none.
    ///
    /// # Errors
    /// [`TooLong`](StorageErrorKind::TooLong) for a record that `buffer` has no room for, which stays. Each is taken as no
    /// record, and the application is told: the device bootstraps again.
    async fn load(
        &mut self,
        id: RecordId,
        buffer: &mut [u8],
    ) -> Result<Option<usize>, StorageError>;

    /// Stores a record in place of the one with this id. After a power loss at any point the record is the old one or
    /// the new one, whole.
    ///
    /// # Errors
    /// At the end of a bootstrap: Bootstrap-Finish is answered with 4.06, everything rolled back and tried again after
    /// the profile's bootstrap back-off. Elsewhere the application is told and the device works on from RAM.
    async fn store(&mut self, id: RecordId, record: &[u8]) -> Result<(), StorageError>;

    /// Removes a record. One that does not exist is a success.
    ///
    /// # Errors
    /// The application is told; a record that stays behind is recognised as outdated.
    async fn delete(&mut self, id: RecordId) -> Result<(), StorageError>;
}

/// Why the storage refuses.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum StorageErrorKind {
    /// No room for the record.
    Full,
    /// The record is longer than the buffer.
    TooLong,
    /// The memory fails, or its content is damaged.
    Io,
}

/// A failure of the storage.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct StorageError {
    /// What failed.
    pub kind: StorageErrorKind,
    /// The port's number for it, passed on to the application.
    pub errno: i32,
}

impl StorageError {
    /// An error of this kind.
    #[must_use]
    pub const fn new(kind: StorageErrorKind, errno: i32) -> Self {
        Self { kind, errno }
    }
}

impl fmt::Display for StorageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            StorageErrorKind::Full => "storage full",
            StorageErrorKind::TooLong => "record longer than the buffer",
            StorageErrorKind::Io => "storage failure",
        })
    }
}

impl core::error::Error for StorageError {}
