//! How far a package has come.

use super::journal::Half;

/// The package that is being written, or is complete. Offsets in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Package {
    /// The half of the journal that is in use.
    pub(super) half: usize,
    pub(super) generation: u32,
    /// The next record of the journal.
    pub(super) next: u32,
    /// Everything before has a record.
    pub(super) recorded: u32,
    /// Everything before is in flash.
    pub(super) flushed: u32,
    /// Everything before was taken; what is not in flash is staged.
    pub(super) taken: u32,
    /// The pages before were erased for this package.
    pub(super) erased: u32,
    /// A write of what is staged was begun: it may be in flash, or a part of it.
    pub(super) tried: bool,
    pub(super) complete: Option<u32>,
}

impl Package {
    pub(super) const fn new(half: usize, generation: u32, next: u32, written: u32) -> Self {
        Self {
            half,
            generation,
            next,
            recorded: written,
            flushed: written,
            taken: written,
            erased: written,
            tried: false,
            complete: None,
        }
    }

    pub(super) const fn staged(&self) -> usize {
        self.taken.saturating_sub(self.flushed) as usize
    }
}

impl From<&Half> for Package {
    fn from(half: &Half) -> Self {
        let written = half.complete.unwrap_or(half.written);
        let mut package = Self::new(half.index, half.generation, half.next, written);
        package.complete = half.complete;
        package
    }
}
