//! When the power fails, and what a cut leaves behind.

use super::Word;
use crate::random::Pcg32;

/// What an interrupted erase leaves of its page.
///
/// `embedded-storage` says that the page is then undefined. How a real part fails differs; the
/// two models bound what storage code may have to survive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum EraseTear {
    /// The page is cleared from its start: words before the cut are erased, the word at the cut is
    /// indeterminate, words behind it are as before. Log-structured stores commonly rely on it.
    #[default]
    InOrder,
    /// The whole page is cleared at once: each word is erased, indeterminate or as before, by
    /// chance; the further the erase had come, the more of them are erased.
    Scattered,
}

/// The moment of a power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// Inside the operation of this number, when `per_mille` of its words are done.
    Operation { number: u32, per_mille: u16 },
    /// After this many further words; the next one is torn.
    Words { left: u32 },
}

/// Where inside one operation the power fails: this many of its words are done. A count equal to
/// the operation's length means that it completed, and the power failed before the caller heard.
pub(super) fn words_done(cut: &mut Option<Cut>, number: u32, words: usize) -> Option<usize> {
    match cut {
        None => None,
        Some(Cut::Operation {
            number: at,
            per_mille,
        }) => (*at == number).then(|| words * usize::from((*per_mille).min(1000)) / 1000),
        Some(Cut::Words { left }) => {
            let needed = u32::try_from(words).unwrap_or(u32::MAX);
            match left.checked_sub(needed) {
                Some(rest) => {
                    *left = rest;
                    None
                }
                None => Some(usize::try_from(*left).unwrap_or(usize::MAX)),
            }
        }
    }
}

/// Tears a word that was being programmed: of the bits that should fall to 0 some have, some not.
pub(super) fn tear_program(word: &mut Word, data: [u8; 4], random: &mut Pcg32) {
    let keep = random.next_u32().to_le_bytes();
    for ((byte, value), keep) in word.bytes.iter_mut().zip(data).zip(keep) {
        *byte &= value | keep;
    }
}

/// Tears a word that was being erased: of the bits that should rise to 1 some have, some not.
fn tear_erase(word: &mut Word, random: &mut Pcg32) {
    let raised = random.next_u32().to_le_bytes();
    for (byte, raised) in word.bytes.iter_mut().zip(raised) {
        *byte |= raised;
    }
}

/// Tears a page whose erase had come to `done` of its words.
pub(super) fn tear_page(page: &mut [Word], done: usize, tear: EraseTear, random: &mut Pcg32) {
    let length = u32::try_from(page.len()).unwrap_or(u32::MAX);
    let share = u32::try_from(done).unwrap_or(u32::MAX);
    for (index, word) in page.iter_mut().enumerate() {
        match tear {
            EraseTear::InOrder if index < done => *word = Word::ERASED,
            EraseTear::InOrder if index == done => tear_erase(word, random),
            EraseTear::InOrder => {}
            EraseTear::Scattered => {
                // A third of the words that are not yet erased is caught in between.
                if random.below(length) < share {
                    *word = Word::ERASED;
                } else if random.below(3) == 0 {
                    tear_erase(word, random);
                }
            }
        }
    }
}
