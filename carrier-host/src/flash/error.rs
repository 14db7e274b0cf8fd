//! What can be wrong with a flash image.

use core::fmt;
use std::io;
use std::path::PathBuf;

use embedded_storage_async::nor_flash::{NorFlashError, NorFlashErrorKind};

/// Why a flash image could not be opened. The file is as it was.
#[derive(Debug)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process has it open.
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// The file's length is not that of the flash, and it is not the blank beginning of one either.
    WrongSize {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        found: u64,
        /// The length of the flash in bytes.
        expected: u64,
    },
    /// It is a directory, a device or the like.
    NotAFile {
        /// What it is not.
        path: PathBuf,
    },
    /// The file may not be read and written, or not be created.
    PermissionDenied {
        /// The file.
        path: PathBuf,
    },
    /// The directory of the file does not exist.
    NoDirectory {
        /// The file.
        path: PathBuf,
    },
    /// The operating system failed.
    Io {
        /// The file.
        path: PathBuf,
        /// What it said.
        error: io::Error,
    },
}

impl OpenError {
    pub(super) fn new(path: PathBuf, error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::PermissionDenied { path }
            }
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::NoDirectory { path },
            io::ErrorKind::IsADirectory => Self::NotAFile { path },
            _ => Self::Io { path, error },
        }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InUse { path } => {
                write!(f, "{} is in use by another process", path.display())
            }
            Self::WrongSize {
                path,
                found,
                expected,
            } => write!(
                f,
                "{} is not a flash image: it has {found} bytes, not {expected}",
                path.display()
            ),
            Self::NotAFile { path } => write!(f, "{} is not a file", path.display()),
            Self::PermissionDenied { path } => {
                write!(f, "{} may not be read and written", path.display())
            }
            Self::NoDirectory { path } => {
                write!(f, "{} cannot be created: no such directory", path.display())
            }
            Self::Io { path, error } => write!(f, "{}: {error}", path.display()),
        }
    }
}

impl core::error::Error for OpenError {}

/// Why the flash refused an operation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum FlashError {
    /// Offset or length is not a multiple of the word (write) or page (erase) size. Nothing changed.
    NotAligned,
    /// The range reaches beyond the end. Nothing changed.
    OutOfBounds,
    /// The file could not be read or written, with the operating system's error number if it gave one.
    Io {
        /// The number.
        errno: Option<i32>,
    },
}

impl From<io::Error> for FlashError {
    fn from(error: io::Error) -> Self {
        Self::Io {
            errno: error.raw_os_error(),
        }
    }
}

impl From<NorFlashErrorKind> for FlashError {
    fn from(kind: NorFlashErrorKind) -> Self {
        match kind {
            NorFlashErrorKind::NotAligned => Self::NotAligned,
            NorFlashErrorKind::OutOfBounds => Self::OutOfBounds,
            _ => Self::Io { errno: None },
        }
    }
}

impl fmt::Display for FlashError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAligned => f.write_str("offset or length is not aligned"),
            Self::OutOfBounds => f.write_str("range reaches beyond the flash"),
            Self::Io { errno: Some(errno) } => {
                write!(f, "the flash image cannot be accessed (error {errno})")
            }
            Self::Io { errno: None } => f.write_str("the flash image cannot be accessed"),
        }
    }
}

impl core::error::Error for FlashError {}

impl NorFlashError for FlashError {
    fn kind(&self) -> NorFlashErrorKind {
        match self {
            Self::NotAligned => NorFlashErrorKind::NotAligned,
            Self::OutOfBounds => NorFlashErrorKind::OutOfBounds,
            Self::Io { .. } => NorFlashErrorKind::Other,
        }
    }
}
