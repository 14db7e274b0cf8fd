//! What can go wrong in the flash model.

use core::fmt;

use embedded_storage::nor_flash::{NorFlashError, NorFlashErrorKind};

/// Why the flash refused an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FlashError {
    /// Offset or length is not a multiple of the word (write) or page (erase) size. Nothing changed.
    NotAligned,
    /// The range reaches beyond the end. Nothing changed.
    OutOfBounds,
    /// A word of the range has been programmed as often as the flash allows since its last erase.
    /// Nothing changed.
    TooManyWrites {
        /// Byte offset of the first such word.
        offset: u32,
    },
    /// The power failed during this operation: what it touched is torn.
    PowerLost,
    /// The power is off since an earlier operation. Nothing changed.
    PoweredOff,
}

impl fmt::Display for FlashError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAligned => f.write_str("offset or length is not aligned"),
            Self::OutOfBounds => f.write_str("range reaches beyond the flash"),
            Self::TooManyWrites { offset } => {
                write!(f, "word at {offset:#x} was programmed too often")
            }
            Self::PowerLost => f.write_str("power failed during the operation"),
            Self::PoweredOff => f.write_str("power is off"),
        }
    }
}

impl core::error::Error for FlashError {}

impl NorFlashError for FlashError {
    fn kind(&self) -> NorFlashErrorKind {
        match self {
            Self::NotAligned => NorFlashErrorKind::NotAligned,
            Self::OutOfBounds => NorFlashErrorKind::OutOfBounds,
            _ => NorFlashErrorKind::Other,
        }
    }
}
