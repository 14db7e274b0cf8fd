//! The file behind the flash.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use super::error::{FlashError, OpenError};

/// A flash image in a file, open and locked.
#[derive(Debug)]
pub struct FlashImage {
    file: File,
    size: u32,
}

impl FlashImage {
    /// Bytes of a page, the unit of erasing.
    pub const PAGE_SIZE: usize = 4096;

    /// Bytes of a word, the unit of writing.
    pub const WORD_SIZE: usize = 4;

    /// Opens the image of a flash with `pages` pages, or makes a blank one where there is no file; only its owner may
    /// read that, because credentials may lie in it.
    ///
    /// The file stays locked (advisory, as `flock`) until the image is dropped.
    ///
    /// # Errors
    /// [`OpenError`]; a file that is not an image of this size is left alone. A file that was cut off while it was
    /// being made, blank and too short, is completed.
    pub fn open(path: &Path, pages: u16) -> Result<Self, OpenError> {
        let failed = |error| OpenError::new(path.to_owned(), error);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)
            .map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if !metadata.is_file() {
            return Err(OpenError::NotAFile {
                path: path.to_owned(),
            });
        }
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => OpenError::InUse {
                path: path.to_owned(),
            },
            TryLockError::Error(error) => failed(error),
        })?;
        let size = u32::from(pages) * Self::PAGE_SIZE as u32;
        let image = Self { file, size };
        // Asked again: another process may have made the file until the lock was taken.
        let found = image.file.metadata().map_err(failed)?.len();
        let expected = u64::from(size);
        if found > expected || (found < expected && !image.blank(found).map_err(failed)?) {
            return Err(OpenError::WrongSize {
                path: path.to_owned(),
                found,
                expected,
            });
        }
        image.complete(found).map_err(failed)?;
        Ok(image)
    }

    /// Whether the first `len` bytes are erased.
    fn blank(&self, len: u64) -> io::Result<bool> {
        let mut bytes = vec![0; usize::try_from(len).unwrap_or(usize::MAX)];
        self.file.read_exact_at(&mut bytes, 0)?;
        Ok(bytes.iter().all(|byte| *byte == 0xFF))
    }

    /// Makes the file as long as the flash.
    fn complete(&self, found: u64) -> io::Result<()> {
        let missing = u64::from(self.size).saturating_sub(found);
        if missing > 0 {
            let erased = vec![0xFF; usize::try_from(missing).unwrap_or(usize::MAX)];
            self.file.write_all_at(&erased, found)?;
            self.file.sync_all()?;
        }
        Ok(())
    }

    /// Bytes of the flash.
    #[must_use]
    pub const fn size(&self) -> u32 {
        self.size
    }

    pub(super) fn read_bytes(&self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
        Ok(self.file.read_exact_at(bytes, u64::from(offset))?)
    }

    /// Clears the bits that are 0 in `bytes`; a bit that is 0 already stays 0, as on a real part.
    pub(super) fn program(&self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        let mut words = vec![0; bytes.len()];
        self.read_bytes(offset, &mut words)?;
        for (word, byte) in words.iter_mut().zip(bytes) {
            *word &= byte;
        }
        self.file.write_all_at(&words, u64::from(offset))?;
        Ok(self.file.sync_data()?)
    }

    pub(super) fn erase_bytes(&self, from: u32, to: u32) -> Result<(), FlashError> {
        let erased = vec![0xFF; to.saturating_sub(from) as usize];
        self.file.write_all_at(&erased, u64::from(from))?;
        Ok(self.file.sync_data()?)
    }
}
