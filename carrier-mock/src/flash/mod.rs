//! A NOR flash whose power can be cut inside any write or erase.
//!
//! Programming only turns 1 into 0; only an erase of a whole page turns bits back to 1. A word may
//! be programmed twice between two erases, as on the nRF91's and nRF52's internal flash. A cut leaves
//! the word being programmed, or the page being erased, torn: which bits made it is drawn from the
//! seed. What is torn reads the same until it is erased; a real part may even waver.

mod any;
mod error;
mod power;
mod traits;

#[cfg(test)]
mod tests;

pub use any::AnyFlash;
pub use error::FlashError;
pub use power::EraseTear;

use self::power::Cut;
use crate::random::Pcg32;

/// Bytes of a word, the unit of programming.
pub const WORD_SIZE: usize = 4;

/// How often a word may be programmed between two erases, unless
/// [`Flash::set_write_limit`] says otherwise.
pub const DEFAULT_WRITE_LIMIT: u8 = 2;

/// What the flash has done since it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct FlashStatistics {
    /// Words programmed, the torn ones included.
    pub words_programmed: u32,
    /// Pages erased, the torn ones included.
    pub pages_erased: u32,
    /// Power cuts that took place.
    pub power_cuts: u32,
    /// Writes refused with [`FlashError::TooManyWrites`].
    pub refused_writes: u32,
    /// Words whose write asked for a 1 where the flash held a 0. Like a real part the model keeps the
    /// 0 and answers success.
    pub raised_bits: u32,
}

/// One word of flash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Word {
    bytes: [u8; WORD_SIZE],
    /// Times programmed since the last erase.
    writes: u8,
}

impl Word {
    const ERASED: Self = Self {
        bytes: [0xFF; WORD_SIZE],
        writes: 0,
    };
}

/// A NOR flash of `PAGES` pages, each of `PAGE_WORDS` words of four bytes (4,096 bytes by default).
///
/// It implements the NOR flash traits of `embedded-storage` and `embedded-storage-async`.
///
/// Operations are counted from 0: each write call is one, and each page of an erase call is one. A
/// test that cuts the power everywhere runs once to learn [`operations`](Self::operations) and then
/// once more for each of them with [`cut_at`](Self::cut_at).
///
/// ```
/// use carrier_mock::flash::{Flash, FlashError};
/// use embedded_storage::nor_flash::{NorFlash, ReadNorFlash};
///
/// let mut flash: Flash<2> = Flash::new(1);
/// flash.cut_at(0, 500); // half way through the first write
/// assert_eq!(flash.write(0, &[0; 8]), Err(FlashError::PowerLost));
/// assert_eq!(flash.write(0, &[0; 8]), Err(FlashError::PoweredOff));
///
/// flash.power_on();
/// let mut word = [0xFF; 4];
/// flash.read(0, &mut word).unwrap();
/// assert_eq!(word, [0; 4]); // the first word is programmed, the second is torn
/// ```
#[derive(Debug, Clone)]
pub struct Flash<const PAGES: usize, const PAGE_WORDS: usize = 1024> {
    pages: [[Word; PAGE_WORDS]; PAGES],
    powered: bool,
    cut: Option<Cut>,
    operations: u32,
    write_limit: u8,
    erase_tear: EraseTear,
    random: Pcg32,
    statistics: FlashStatistics,
}

impl<const PAGES: usize, const PAGE_WORDS: usize> Flash<PAGES, PAGE_WORDS> {
    /// Bytes of a page, the unit of erasing.
    pub const PAGE_SIZE: usize = PAGE_WORDS * WORD_SIZE;

    /// Bytes of the whole flash.
    pub const SIZE: usize = PAGES * Self::PAGE_SIZE;

    /// An erased flash with its power on. `seed` decides how torn words look.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self {
            pages: [[Word::ERASED; PAGE_WORDS]; PAGES],
            powered: true,
            cut: None,
            operations: 0,
            write_limit: DEFAULT_WRITE_LIMIT,
            erase_tear: EraseTear::InOrder,
            random: Pcg32::new(seed),
            statistics: FlashStatistics {
                words_programmed: 0,
                pages_erased: 0,
                power_cuts: 0,
                refused_writes: 0,
                raised_bits: 0,
            },
        }
    }

    /// Sets how often a word may be programmed between two erases (at least once).
    pub fn set_write_limit(&mut self, limit: u8) {
        self.write_limit = limit.max(1);
    }

    /// Sets what an interrupted erase leaves behind.
    pub const fn set_erase_tear(&mut self, tear: EraseTear) {
        self.erase_tear = tear;
    }

    /// Writes and page erases begun since the flash was made, refused ones not counted.
    #[must_use]
    pub const fn operations(&self) -> u32 {
        self.operations
    }

    /// What the flash has done since it was made.
    #[must_use]
    pub const fn statistics(&self) -> FlashStatistics {
        self.statistics
    }

    /// Cuts the power inside operation `number` (counted from 0 since the flash was made), when
    /// `per_mille` of its words are done; the next word is torn. With 1,000 the operation completes,
    /// and the caller is told all the same that the power failed.
    ///
    /// Replaces a cut that was set before.
    pub const fn cut_at(&mut self, number: u32, per_mille: u16) {
        self.cut = Some(Cut::Operation { number, per_mille });
    }

    /// Cuts the power after `words` further words are programmed or erased; the next one is torn.
    ///
    /// Replaces a cut that was set before.
    pub const fn cut_after(&mut self, words: u32) {
        self.cut = Some(Cut::Words { left: words });
    }

    /// Cuts the power now, between two operations.
    pub fn power_off(&mut self) {
        if self.powered {
            self.powered = false;
            self.cut = None;
            self.statistics.power_cuts += 1;
        }
    }

    /// Brings the power back. Contents are as the cut left them.
    pub const fn power_on(&mut self) {
        self.powered = true;
    }

    /// Whether the power is on.
    #[must_use]
    pub const fn is_powered(&self) -> bool {
        self.powered
    }

    fn read_bytes(&self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
        let offset = self.check(offset, bytes.len(), 1)?;
        let words = self.pages.as_flattened().iter().skip(offset / WORD_SIZE);
        let stored = words.flat_map(|word| word.bytes).skip(offset % WORD_SIZE);
        for (byte, value) in bytes.iter_mut().zip(stored) {
            *byte = value;
        }
        Ok(())
    }

    fn program(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        let start = self.check(offset, bytes.len(), WORD_SIZE)? / WORD_SIZE;
        let count = bytes.len() / WORD_SIZE;
        let words = self
            .pages
            .as_flattened_mut()
            .get_mut(start..start + count)
            .ok_or(FlashError::OutOfBounds)?;
        if let Some(worn) = words.iter().position(|w| w.writes >= self.write_limit) {
            self.statistics.refused_writes += 1;
            let offset = (start + worn) * WORD_SIZE;
            return Err(FlashError::TooManyWrites {
                offset: u32::try_from(offset).unwrap_or(u32::MAX),
            });
        }
        let done = power::words_done(&mut self.cut, self.operations, count);
        self.operations += 1;
        let (data, _) = bytes.as_chunks::<WORD_SIZE>();
        for (index, (word, data)) in words.iter_mut().zip(data).enumerate() {
            if done.is_some_and(|done| index > done) {
                break;
            }
            self.statistics.words_programmed += 1;
            word.writes += 1;
            if done == Some(index) {
                power::tear_program(word, *data, &mut self.random);
                break;
            }
            let mut raised = false;
            for (byte, value) in word.bytes.iter_mut().zip(data) {
                raised |= value & !*byte != 0;
                *byte &= value;
            }
            self.statistics.raised_bits += u32::from(raised);
        }
        self.finish(done)
    }

    fn erase_pages(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        let length = to.checked_sub(from).ok_or(FlashError::OutOfBounds)?;
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let first = self.check(from, length, Self::PAGE_SIZE)? / Self::PAGE_SIZE;
        let pages = self.pages.iter_mut().skip(first);
        for page in pages.take(length / Self::PAGE_SIZE) {
            let done = power::words_done(&mut self.cut, self.operations, PAGE_WORDS);
            self.operations += 1;
            self.statistics.pages_erased += 1;
            match done {
                Some(done) if done < PAGE_WORDS => {
                    power::tear_page(page, done, self.erase_tear, &mut self.random);
                }
                _ => page.fill(Word::ERASED),
            }
            if done.is_some() {
                return self.finish(done);
            }
        }
        Ok(())
    }

    /// Ends an operation: the power is off now if it was cut inside.
    fn finish(&mut self, cut: Option<usize>) -> Result<(), FlashError> {
        if cut.is_some() {
            self.power_off();
            return Err(FlashError::PowerLost);
        }
        Ok(())
    }

    /// Checks a range; answers its start as an index.
    fn check(&self, offset: u32, length: usize, unit: usize) -> Result<usize, FlashError> {
        if !self.powered {
            return Err(FlashError::PoweredOff);
        }
        let start = usize::try_from(offset).map_err(|_| FlashError::OutOfBounds)?;
        let end = start.checked_add(length).ok_or(FlashError::OutOfBounds)?;
        if end > Self::SIZE {
            return Err(FlashError::OutOfBounds);
        }
        if !start.is_multiple_of(unit) || !length.is_multiple_of(unit) {
            return Err(FlashError::NotAligned);
        }
        Ok(start)
    }
}
