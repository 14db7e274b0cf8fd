//! Whether the pages look as a log with a power loss in it can look.
//!
//! sequential-storage repairs what it cannot read by erasing pages. That is right after a power loss, and would lose
//! everything after other damage, so the states of the pages are looked at before it may.

use embedded_storage_async::nor_flash::NorFlash;

use super::error::RecordError;

/// Longest word that sequential-storage supports.
const LONGEST_WORD: usize = 32;

/// What the first and the last word of a page say; each counts as marked from four cleared bits on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum PageState {
    /// Neither is marked: nothing was stored in the page.
    Open,
    /// The first is marked: records are being added to the page.
    PartialOpen,
    /// Both are marked: the page is full.
    Closed,
    /// The last is marked alone: erasing the page was interrupted.
    Torn,
}

/// The state of the page at `address`.
pub(super) async fn page_state<F: NorFlash>(
    flash: &mut F,
    address: u32,
) -> Result<PageState, RecordError<F::Error>> {
    let start = marked(flash, address).await?;
    let end = marked(flash, address + (F::ERASE_SIZE - F::READ_SIZE) as u32).await?;
    Ok(match (start, end) {
        (false, false) => PageState::Open,
        (true, false) => PageState::PartialOpen,
        (true, true) => PageState::Closed,
        (false, true) => PageState::Torn,
    })
}

async fn marked<F: NorFlash>(flash: &mut F, address: u32) -> Result<bool, RecordError<F::Error>> {
    let mut word = [0xFF; LONGEST_WORD];
    let bytes = word
        .get_mut(..F::READ_SIZE)
        .ok_or(RecordError::Unsuitable)?;
    flash
        .read(address, bytes)
        .await
        .map_err(RecordError::Flash)?;
    Ok(word.iter().map(|byte| byte.count_zeros()).sum::<u32>() >= 4)
}

/// Whether a log can look so, going round the pages in order.
///
/// Full pages are followed by one that is being filled, and that by at least one open page. Only when the log has come
/// round to the oldest page, whose records are then moved and which is then erased, may the page behind the one being
/// filled be in any state.
pub(super) fn plausible(pages: &[PageState]) -> bool {
    let next = |index: usize| pages.get((index + 1) % pages.len()).copied();
    let mut filling = 0;
    let mut runs_of_open = 0;
    for (index, page) in pages.iter().enumerate() {
        let previous = pages.get((index + pages.len() - 1) % pages.len());
        let behind_filling = previous == Some(&PageState::PartialOpen);
        match page {
            PageState::PartialOpen if !behind_filling => filling += 1,
            PageState::Torn if !behind_filling => return false,
            PageState::Open if next(index) != Some(PageState::Open) => runs_of_open += 1,
            _ => {}
        }
    }
    // All open, with no end to the run, is a new flash.
    filling <= 1 && runs_of_open <= 1 && (filling == 1 || pages.contains(&PageState::Open))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page a letter: open, filling, closed, torn.
    fn pages(text: &str) -> Vec<PageState> {
        text.chars()
            .map(|letter| match letter {
                'o' => PageState::Open,
                'f' => PageState::PartialOpen,
                'c' => PageState::Closed,
                _ => PageState::Torn,
            })
            .collect()
    }

    #[test]
    fn logs_and_interrupted_logs_are_plausible() {
        for text in [
            "oooo", // new
            "fooo", "cfoo", "ccfo", // the first round
            "ofcc", "cofc", // later rounds: the open page is the one behind
            "cooo", "ccoo", // closed, the next one not yet begun
            "cocc", // the same in a later round, the oldest page not yet emptied
            "cfcc", "fccc", "cccf", // the oldest page is being emptied
            "cftc", "tccf", // its erase was interrupted
            "cffc", "of", "fc", "ft", "oo",
        ] {
            assert!(plausible(&pages(text)), "{text}");
        }
    }

    #[test]
    fn other_damage_is_not() {
        for text in [
            "cccc", "cc", // nothing open
            "fofo", "cfcf", // two logs
            "tooo", "ctfo", "cfct", // torn where nothing is erased
            "ocof", "cofo", // open where a record must have been
        ] {
            assert!(!plausible(&pages(text)), "{text}");
        }
    }
}
