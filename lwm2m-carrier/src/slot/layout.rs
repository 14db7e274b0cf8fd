//! Where things lie in the flash.

use core::num::NonZeroU32;

/// Bytes of a half's header, before rounding.
const HEADER: usize = 16;
/// Bytes of a record, before rounding.
const RECORD: usize = 8;
/// Records beside one for each page: for torn ones, and for those that are skipped.
pub(super) const SPARE: u32 = 8;

/// Offsets and lengths in bytes. Nothing that lies in the flash has one that overflows: the end of the flash has none either.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Layout {
    /// Length of a page, the unit of erasing.
    pub(super) page: NonZeroU32,
    /// Length of a write unit.
    pub(super) unit: NonZeroU32,
    /// Length of the place for the package; the journal's first half follows.
    pub(super) package: u32,
    /// Length of a half.
    pub(super) half: u32,
    /// Where the mark of a package that was given up lies in its half.
    pub(super) given_up: u32,
    /// Where records begin in their half.
    pub(super) log: u32,
    /// Length of a record.
    pub(super) record: u32,
    /// Records of a half.
    pub(super) records: u32,
}

impl Layout {
    /// The layout for a flash of this geometry; `None` if it is too small, or cannot be addressed.
    pub(super) fn new(capacity: usize, page: usize, unit: usize) -> Option<Self> {
        let page_size = u32::try_from(page).ok()?;
        let pages = u32::try_from(capacity).ok()?.checked_div(page_size)?;
        let given_up = u32::try_from(HEADER.checked_next_multiple_of(unit)?).ok()?;
        let record = u32::try_from(RECORD.checked_next_multiple_of(unit)?).ok()?;
        let unit = NonZeroU32::new(u32::try_from(unit).ok()?)?;
        let log = given_up.checked_add(unit.get())?;
        let mut half_pages = 1;
        loop {
            let package_pages = pages.checked_sub(half_pages * 2).filter(|n| *n > 0)?;
            // No overflow: both are parts of the capacity.
            let half = half_pages * page_size;
            let records = half.saturating_sub(log).checked_div(record)?;
            if records >= package_pages.saturating_add(SPARE) {
                return Some(Self {
                    page: NonZeroU32::new(page_size)?,
                    unit,
                    package: package_pages * page_size,
                    half,
                    given_up,
                    log,
                    record,
                    records,
                });
            }
            half_pages += 1;
        }
    }

    /// Where the half of this index begins, 0 or 1.
    pub(super) const fn base(&self, half: usize) -> u32 {
        self.package + half as u32 * self.half
    }

    /// Where the mark of a half lies that its package was given up.
    pub(super) const fn mark_at(&self, half: usize) -> u32 {
        self.base(half) + self.given_up
    }

    /// Where a record of a half begins, of those that it has.
    pub(super) const fn record_at(&self, half: usize, index: u32) -> u32 {
        self.base(half) + self.log + index * self.record
    }

    /// Bytes before `at`, in the package, that fill whole pages.
    pub(super) const fn whole_pages(&self, at: u32) -> u32 {
        at - at % self.page.get()
    }

    /// Where the page ends in which `at` lies.
    pub(super) const fn page_end(&self, at: u32) -> u32 {
        self.whole_pages(at) + self.page.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By the table in the module's documentation: 4,096 bytes less 16 for the header and one unit, 8 each.
    #[test]
    fn a_half_is_a_page_in_most_slots() {
        let layout = Layout::new(64 * 4096, 4096, 4).unwrap();
        assert_eq!((layout.package, layout.half), (62 * 4096, 4096));
        assert_eq!((layout.given_up, layout.log, layout.record), (16, 20, 8));
        assert_eq!(layout.records, (4096 - 20) / 8);
        assert_eq!((layout.base(0), layout.base(1)), (62 * 4096, 63 * 4096));
        assert_eq!(layout.record_at(1, 2), 63 * 4096 + 36);
    }

    #[test]
    fn long_units_take_more_room() {
        let layout = Layout::new(64 * 8192, 8192, 32).unwrap();
        assert_eq!((layout.given_up, layout.log, layout.record), (32, 64, 32));
    }

    #[test]
    fn a_large_slot_has_a_longer_journal() {
        // 8 MiB in pages of 4 KiB: four pages have room for 2,045 records of 8 bytes, too few for 2,040 pages and 8 spare
        // ones.
        let layout = Layout::new(8 << 20, 4096, 1).unwrap();
        assert_eq!(layout.half, 5 * 4096);
        assert_eq!(layout.package, (2048 - 10) * 4096);
    }

    #[test]
    fn a_flash_that_is_too_small_is_not_taken() {
        assert_eq!(Layout::new(2 * 4096, 4096, 4), None);
        assert!(Layout::new(3 * 4096, 4096, 4).is_some());
        assert_eq!(Layout::new(2 * 64 + 63, 64, 4), None);
        assert_eq!(Layout::new(4096, 0, 4), None);
    }
}
