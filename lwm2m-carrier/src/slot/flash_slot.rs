//! The slot.

use core::fmt;

use embedded_storage_async::nor_flash::NorFlash;

use super::activate::Activate;
use super::errors::{FLASH_FAILED, FULL, INCOMPLETE, MISUSED, NO_RECORD, NOTHING};
use super::journal::{Half, Journal, Kind};
use super::layout::{Layout, SPARE};
use super::package::Package;
use super::rest::write_rest;
use crate::aligned::Aligned;
use crate::hal::{Applied, Firmware, FirmwareError, Installed};

/// Bytes that are staged in RAM, unless [`FlashSlot::with_stage`] says otherwise.
pub const DEFAULT_STAGE: usize = 64;

/// The flash has too few pages: one for the package and two for the journal is the least; or more bytes than 32 bits
/// count.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Unsuitable;

impl fmt::Display for Unsuitable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the flash is too small for a firmware slot")
    }
}

impl core::error::Error for Unsuitable {}

/// A [`Firmware`] slot in a NOR flash; the [module](super) has its layout and what it promises.
///
/// All of `flash` belongs to the slot, and need not be erased before. `STAGE` is the number of bytes that are gathered
/// in RAM for one write, a multiple of the flash's write size that divides its page and is at least 16; the compiler
/// checks it.
///
/// A package is resumed only if it was announced with the same length, where both are known. A `begin` without `resume`
/// that was cut off before it has returned leaves the old package or none: note a new package as begun when `begin` has
/// returned, not before.
///
/// ```
/// use lwm2m_carrier::hal::{Applied, FirmwareError, Installed};
/// use lwm2m_carrier::slot::{Activate, FlashSlot};
/// # use embedded_storage_async::nor_flash::NorFlash;
///
/// /// Asks the boot loader to swap the slots.
/// struct BootLoader;
///
/// impl Activate for BootLoader {
///     async fn activate(&mut self, _size: u32) -> Result<Applied, FirmwareError> {
///         Ok(Applied::RebootRequired)
///     }
///
///     async fn outcome(&mut self) -> Result<Installed, FirmwareError> {
///         Ok(Installed::Yes)
///     }
/// }
///
/// # fn slot<F: NorFlash>(flash: F) -> Option<FlashSlot<F, BootLoader>> {
/// let slot = FlashSlot::new(flash, BootLoader)
///     .ok()?
///     .with_magic(&[0x3d, 0xb8, 0xf3, 0x96]); // MCUboot's images begin so
/// # Some(slot)
/// # }
/// ```
pub struct FlashSlot<F, A, const STAGE: usize = DEFAULT_STAGE> {
    flash: F,
    activate: A,
    layout: Layout,
    limit: u32,
    magic: &'static [u8],
    package: Option<Package>,
    stage: Aligned<STAGE>,
}

impl<F: NorFlash, A: Activate> FlashSlot<F, A> {
    /// A slot in the whole of `flash`, with [`DEFAULT_STAGE`].
    ///
    /// # Errors
    /// [`Unsuitable`], as it says.
    pub fn new(flash: F, activate: A) -> Result<Self, Unsuitable> {
        Self::with_stage(flash, activate)
    }
}

impl<F: NorFlash, A: Activate, const STAGE: usize> FlashSlot<F, A, STAGE> {
    /// Bytes of a page, the unit of erasing.
    const PAGE: u32 = F::ERASE_SIZE as u32;
    /// Bytes of the stage: as a constant, so that the compiler knows that it is not 0.
    const STAGE: u32 = STAGE as u32;

    /// A slot in the whole of `flash`, with a stage of its own length.
    ///
    /// # Errors
    /// [`Unsuitable`], as it says.
    pub fn with_stage(flash: F, activate: A) -> Result<Self, Unsuitable> {
        const {
            assert!(
                F::ERASE_SIZE > 0 && F::ERASE_SIZE <= u32::MAX as usize,
                "a page has a length of 32 bits"
            );
            assert!(
                STAGE >= 16 && F::ERASE_SIZE.is_multiple_of(STAGE),
                "the stage has 16 bytes at least, and divides the flash's page"
            );
            assert!(
                STAGE.is_multiple_of(F::WRITE_SIZE) && F::WRITE_SIZE.is_multiple_of(F::READ_SIZE),
                "the stage is whole write units, a write unit is whole read units"
            );
        }
        let layout =
            Layout::new(flash.capacity(), F::ERASE_SIZE, F::WRITE_SIZE).ok_or(Unsuitable)?;
        Ok(Self {
            flash,
            activate,
            layout,
            limit: layout.package,
            magic: &[],
            package: None,
            stage: Aligned::ERASED,
        })
    }

    /// Refuses packages that begin otherwise with [`FirmwareErrorKind::Unsupported`](crate::hal::FirmwareErrorKind::Unsupported): result 6. Nothing is erased for
    /// them.
    #[must_use]
    pub const fn with_magic(mut self, magic: &'static [u8]) -> Self {
        self.magic = magic;
        self
    }

    /// Refuses packages of more than `limit` bytes. Pages that begin behind the limit are not touched, except those of the
    /// journal, at the end of the flash.
    #[must_use]
    pub fn with_limit(mut self, limit: u32) -> Self {
        self.limit = limit.min(self.layout.package);
        self
    }

    /// Bytes of the longest package.
    pub const fn limit(&self) -> u32 {
        self.limit
    }

    /// Gives flash and activation back.
    pub fn into_parts(self) -> (F, A) {
        (self.flash, self.activate)
    }

    fn journal(&mut self) -> Journal<'_, F, STAGE> {
        Journal::new(&mut self.flash, self.layout)
    }

    /// Whether the package that lies in the flash is the one to be resumed.
    fn is_resumable(&self, half: &Half, size: Option<u32>) -> bool {
        let fits = |written| written <= size.unwrap_or(self.limit).min(self.limit);
        let same = |a: Option<u32>, b: Option<u32>| a.is_none() || b.is_none() || a == b;
        !half.given_up
            && fits(half.written)
            && half.complete.is_none_or(fits)
            && same(half.announced, size)
            && same(half.complete, size)
    }

    /// Whether there are too few records left in the half of a package to go on with it there.
    const fn is_nearly_full(&self, half: &Half, package: &Package) -> bool {
        let pages_left = self
            .layout
            .package
            .saturating_sub(package.taken)
            .div_ceil(Self::PAGE);
        let needed = pages_left.saturating_add(SPARE / 2);
        half.complete.is_none() && self.layout.records.saturating_sub(half.next) < needed
    }

    /// Gives up what is there.
    async fn give_up(&mut self, halves: (Option<Half>, Option<Half>)) -> Result<(), F::Error> {
        // The earlier one first: while the one in use is intact, it alone counts.
        let (in_use, earlier) = halves;
        for half in [earlier, in_use].into_iter().flatten() {
            self.journal().give_up(&half).await?;
        }
        Ok(())
    }

    /// The package, if it is complete: as it is known, or as the journal says.
    async fn complete(&mut self) -> Option<u32> {
        if self.package.is_none() {
            let in_use = self.journal().halves().await.0?;
            if in_use.given_up || in_use.complete? > self.limit {
                return None;
            }
            self.package = Some(Package::from(in_use));
        }
        self.package.as_ref()?.complete
    }

    /// Whether these bytes of the package are as they must be.
    fn is_supported(&self, offset: u32, part: &[u8]) -> bool {
        let magic = self.magic.get(offset as usize..).unwrap_or_default();
        magic.iter().zip(part).all(|(magic, byte)| magic == byte)
    }

    /// Writes what is staged, after an erase where a page begins, and before a record where it ends.
    async fn flush(&mut self) -> Result<(), FirmwareError> {
        self.record_pages().await?;
        let package = self.package.as_mut().ok_or(MISUSED)?;
        let staged = package.staged();
        if staged == 0 {
            return Ok(());
        }
        let at = package.flushed;
        if at >= package.erased {
            let page = at - at % Self::PAGE;
            let end = page.saturating_add(Self::PAGE);
            let erased = self.flash.erase(page, end).await;
            erased.map_err(|_| FLASH_FAILED)?;
            package.erased = end;
        }
        self.stage.from(staged).fill(0xFF);
        let whole = staged.next_multiple_of(F::WRITE_SIZE);
        let bytes = self.stage.first(whole);
        if package.tried {
            write_rest::<F, STAGE>(&mut self.flash, at, bytes).await?;
        } else {
            package.tried = true;
            let written = self.flash.write(at, bytes).await;
            written.map_err(|_| FLASH_FAILED)?;
        }
        package.tried = false;
        package.flushed = package.taken;
        self.record_pages().await
    }

    /// Records the pages that are complete. Without room for that they are not resumable: the next resumption makes room.
    async fn record_pages(&mut self) -> Result<(), FirmwareError> {
        let package = self.package.as_ref().ok_or(MISUSED)?;
        let written = package.flushed - package.flushed % Self::PAGE;
        if written > package.recorded && package.next < self.layout.records {
            self.record(Kind::Written, written).await?;
            if let Some(package) = self.package.as_mut() {
                package.recorded = written;
            }
        }
        Ok(())
    }

    async fn record(&mut self, kind: Kind, value: u32) -> Result<(), FirmwareError> {
        let package = self.package.as_mut().ok_or(MISUSED)?;
        let number = package.next;
        if number >= self.layout.records {
            return Err(NO_RECORD);
        }
        // Before the write: a record whose write was dropped or has failed is not tried a second time.
        package.next = number.saturating_add(1);
        let (half, generation) = (package.half, package.generation);
        let mut journal = Journal::<F, STAGE>::new(&mut self.flash, self.layout);
        let written = journal.write_record(half, number, generation, kind, value);
        written.await.map_err(|_| FLASH_FAILED)
    }
}

impl<F: NorFlash, A: Activate, const STAGE: usize> Firmware for FlashSlot<F, A, STAGE> {
    async fn begin(&mut self, size: Option<u32>, resume: bool) -> Result<u32, FirmwareError> {
        if size.is_some_and(|size| size > self.limit) {
            return Err(FULL);
        }
        self.package = None;
        self.activate.withdraw().await?;
        let halves = self.journal().halves().await;
        let resumed = halves
            .0
            .filter(|half| resume && self.is_resumable(half, size));
        let (announced, carried) = match resumed {
            Some(half) => {
                let package = Package::from(half);
                if !self.is_nearly_full(&half, &package) {
                    self.package = Some(package);
                    return Ok(package.taken);
                }
                (half.announced.or(size), Some(half.written))
            }
            None => {
                self.give_up(halves).await.map_err(|_| FLASH_FAILED)?;
                (size, None)
            }
        };
        // In the other half.
        let (index, generation) = match halves.0 {
            Some(half) => (half.index ^ 1, half.generation.wrapping_add(1)),
            None => (0, 1),
        };
        let mut journal = self.journal();
        let occupied = journal.occupy(index, generation, announced, carried);
        occupied.await.map_err(|_| FLASH_FAILED)?;
        let (next, written) = carried.map_or((0, 0), |written| (1, written));
        self.package = Some(Package::new(index, generation, next, written));
        Ok(written)
    }

    async fn write(&mut self, offset: u32, part: &[u8]) -> Result<(), FirmwareError> {
        let package = self.package.as_ref().ok_or(MISUSED)?;
        let end = u32::try_from(part.len()).ok();
        let end = end.and_then(|len| offset.checked_add(len)).ok_or(FULL)?;
        if end > self.limit {
            return Err(FULL);
        }
        // What `finish` has flushed cannot be continued: the last unit is padded.
        let closed =
            package.complete.is_some() || !(package.flushed as usize).is_multiple_of(STAGE);
        if offset > package.taken || (end > package.taken && closed) {
            return Err(MISUSED);
        }
        if !self.is_supported(offset, part) {
            return Err(FirmwareError::UNSUPPORTED);
        }
        // What was taken is left out: the call before was dropped, or repeated.
        let known = package.taken.saturating_sub(offset) as usize;
        let mut rest = part.get(known..).unwrap_or_default();
        loop {
            let package = self.package.as_mut().ok_or(MISUSED)?;
            let staged = package.staged();
            let count = self.stage.put(staged, rest);
            package.taken = package.taken.saturating_add(count as u32);
            rest = rest.get(count..).unwrap_or_default();
            if staged.saturating_add(count) < STAGE {
                return Ok(());
            }
            self.flush().await?;
        }
    }

    async fn finish(&mut self, size: u32) -> Result<(), FirmwareError> {
        let package = self.package.as_ref().ok_or(MISUSED)?;
        if package.complete == Some(size) {
            return Ok(());
        }
        if size == 0 || package.complete.is_some() || package.taken != size {
            return Err(INCOMPLETE);
        }
        if (size as usize) < self.magic.len() {
            return Err(FirmwareError::UNSUPPORTED);
        }
        self.flush().await?;
        self.record(Kind::Complete, size).await?;
        if let Some(package) = self.package.as_mut() {
            package.complete = Some(size);
        }
        Ok(())
    }

    async fn read(&mut self, offset: u32, buffer: &mut [u8]) -> Result<(), FirmwareError> {
        let complete = self.complete().await;
        let written = complete.or_else(|| Some(self.package.as_ref()?.flushed));
        let end = u32::try_from(buffer.len()).ok();
        let end = end.and_then(|len| offset.checked_add(len));
        if end > written || end.is_none() {
            return Err(MISUSED);
        }
        let mut at = offset;
        let mut rest = buffer;
        let mut page = Aligned::<STAGE>::ERASED;
        while !rest.is_empty() {
            let skipped = at % Self::STAGE;
            let read = self.flash.read(at - skipped, page.from(0)).await;
            read.map_err(|_| FLASH_FAILED)?;
            let from = page.from(skipped as usize);
            let pairs = rest.iter_mut().zip(from);
            let count = pairs.map(|(to, from)| *to = *from).count();
            rest = rest.get_mut(count..).unwrap_or_default();
            at = at.saturating_add(count as u32);
        }
        Ok(())
    }

    async fn discard(&mut self) -> Result<(), FirmwareError> {
        self.package = None;
        self.activate.withdraw().await?;
        let halves = self.journal().halves().await;
        self.give_up(halves).await.map_err(|_| FLASH_FAILED)
    }

    async fn apply(&mut self) -> Result<Applied, FirmwareError> {
        let size = self.complete().await.ok_or(NOTHING)?;
        self.activate.activate(size).await
    }

    async fn restart_modem(&mut self) -> Result<(), FirmwareError> {
        self.activate.restart_modem().await
    }

    async fn outcome(&mut self) -> Result<Installed, FirmwareError> {
        self.activate.outcome().await
    }
}

impl<F, A, const STAGE: usize> fmt::Debug for FlashSlot<F, A, STAGE> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FlashSlot")
            .field("limit", &self.limit)
            .field("package", &self.package)
            .finish_non_exhaustive()
    }
}
