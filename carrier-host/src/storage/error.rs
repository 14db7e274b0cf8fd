//! Why records could not be kept.

use core::fmt;

use embedded_storage_async::nor_flash::NorFlashError;
use lwm2m_carrier::errno;
use lwm2m_carrier::hal::{StorageError, StorageErrorKind};

/// Why records could not be read or kept; `E` is the flash's own error.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum RecordError<E> {
    /// The flash failed.
    Flash(E),
    /// The flash has fewer than three pages, or words or pages of a size that is not supported.
    Unsuitable,
    /// The flash holds something else, or records that were damaged by something else than a power loss. It was left
    /// as it is.
    Damaged,
    /// There is no room left for the record.
    Full,
    /// The record is too long for a page.
    TooLong,
    /// The caller's buffer is too short for the record.
    BufferTooSmall {
        /// Bytes of the record.
        needed: usize,
    },
}

impl<E> From<sequential_storage::Error<E>> for RecordError<E> {
    fn from(error: sequential_storage::Error<E>) -> Self {
        use sequential_storage::Error;
        match error {
            Error::Storage { value } => Self::Flash(value),
            Error::FullStorage => Self::Full,
            Error::ItemTooBig | Error::BufferTooSmall(_) | Error::BufferTooBig => Self::TooLong,
            _ => Self::Damaged,
        }
    }
}

impl<E: fmt::Display> fmt::Display for RecordError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flash(error) => error.fmt(f),
            Self::Unsuitable => f.write_str("the flash is too small to keep records"),
            Self::Damaged => {
                f.write_str("the flash is damaged or holds something else; it was left as it is")
            }
            Self::Full => f.write_str("there is no room left for the record"),
            Self::TooLong => f.write_str("the record is too long"),
            Self::BufferTooSmall { needed } => {
                write!(
                    f,
                    "the buffer is too short for the record of {needed} bytes"
                )
            }
        }
    }
}

impl<E: fmt::Debug + fmt::Display> core::error::Error for RecordError<E> {}

impl<E: NorFlashError> From<RecordError<E>> for StorageError {
    fn from(error: RecordError<E>) -> Self {
        match error {
            RecordError::Full => Self::new(StorageErrorKind::Full, errno::ENOSPC),
            RecordError::TooLong | RecordError::BufferTooSmall { .. } => {
                Self::new(StorageErrorKind::TooLong, errno::E2BIG)
            }
            RecordError::Flash(_) | RecordError::Unsuitable | RecordError::Damaged => {
                Self::new(StorageErrorKind::Io, errno::EIO)
            }
        }
    }
}
