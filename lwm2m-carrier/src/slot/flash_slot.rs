//! The slot.

use core::fmt;

use embedded_storage_async::nor_flash::NorFlash;

use super::activate::Activate;
use super::errors::{FLASH_FAILED, FULL, INCOMPLETE, MISUSED, NOTHING};
use super::layout::Layout;
use super::planner::{Access, Goal, Planner, Task};
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
    magic: &'static [u8],
    planner: Planner,
    stage: Aligned<STAGE>,
    /// What is read from the flash, or written to it.
    scratch: Aligned<STAGE>,
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
            magic: &[],
            planner: Planner::new(layout),
            stage: Aligned::ERASED,
            scratch: Aligned::ERASED,
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
        self.planner.limit = limit.min(self.planner.layout.package);
        self
    }

    /// Bytes of the longest package.
    pub const fn limit(&self) -> u32 {
        self.planner.limit
    }

    /// Gives flash and activation back.
    pub fn into_parts(self) -> (F, A) {
        (self.flash, self.activate)
    }

    /// Does what leads to a goal.
    async fn reach(&mut self, goal: Goal) -> Result<(), FirmwareError> {
        let mut task = Task::new(goal);
        let mut is_read = true;
        loop {
            let (stage, scratch) = (self.stage.from(0), self.scratch.from(0));
            let Some(access) = self.planner.next(&mut task, stage, scratch, is_read)? else {
                return Ok(());
            };
            let done = match access {
                Access::Read { at, len } => {
                    let bytes = scratch.get_mut(..len as usize).unwrap_or_default();
                    is_read = self.flash.read(at, bytes).await.is_ok();
                    Ok(())
                }
                Access::Write { at, len } => {
                    let bytes = self.scratch.first(len as usize);
                    self.flash.write(at, bytes).await
                }
                Access::Erase { from, to } => self.flash.erase(from, to).await,
            };
            done.map_err(|_| FLASH_FAILED)?;
        }
    }

    /// The package, if it is complete: as it is known, or as the journal says.
    async fn complete(&mut self) -> Option<u32> {
        if self.planner.package.is_none() {
            self.reach(Goal::Look).await.ok()?;
        }
        self.planner.package.as_ref()?.complete
    }
}

impl<F: NorFlash, A: Activate, const STAGE: usize> Firmware for FlashSlot<F, A, STAGE> {
    async fn begin(&mut self, size: Option<u32>, resume: bool) -> Result<u32, FirmwareError> {
        if size.is_some_and(|size| size > self.planner.limit) {
            return Err(FULL);
        }
        self.planner.package = None;
        self.activate.withdraw().await?;
        self.reach(Goal::Begin { size, resume }).await?;
        let package = self.planner.package.as_ref();
        package.map(|package| package.taken).ok_or(MISUSED)
    }

    async fn write(&mut self, offset: u32, part: &[u8]) -> Result<(), FirmwareError> {
        // What was taken is left out: the call before was dropped, or repeated.
        let known = self.planner.known(offset, part, self.magic, STAGE)?;
        let mut rest = part.get(known..).unwrap_or_default();
        loop {
            let package = self.planner.package.as_mut().ok_or(MISUSED)?;
            let staged = package.staged();
            let count = self.stage.put(staged, rest);
            package.taken = package.taken.saturating_add(count as u32);
            rest = rest.get(count..).unwrap_or_default();
            if staged.saturating_add(count) < STAGE {
                return Ok(());
            }
            self.reach(Goal::Flush).await?;
        }
    }

    async fn finish(&mut self, size: u32) -> Result<(), FirmwareError> {
        let package = self.planner.package.as_ref().ok_or(MISUSED)?;
        if package.complete == Some(size) {
            return Ok(());
        }
        if size == 0 || package.complete.is_some() || package.taken != size {
            return Err(INCOMPLETE);
        }
        if (size as usize) < self.magic.len() {
            return Err(FirmwareError::UNSUPPORTED);
        }
        self.reach(Goal::Finish(size)).await
    }

    async fn read(&mut self, offset: u32, buffer: &mut [u8]) -> Result<(), FirmwareError> {
        let complete = self.complete().await;
        let written = complete.or_else(|| Some(self.planner.package.as_ref()?.flushed));
        let end = u32::try_from(buffer.len()).ok();
        let end = end.and_then(|len| offset.checked_add(len));
        if end > written || end.is_none() {
            return Err(MISUSED);
        }
        let mut at = offset;
        let mut rest = buffer;
        while !rest.is_empty() {
            let skipped = at % Self::STAGE;
            let read = self.flash.read(at - skipped, self.scratch.from(0)).await;
            read.map_err(|_| FLASH_FAILED)?;
            let from = self.scratch.from(skipped as usize);
            let pairs = rest.iter_mut().zip(from);
            let count = pairs.map(|(to, from)| *to = *from).count();
            rest = rest.get_mut(count..).unwrap_or_default();
            at = at.saturating_add(count as u32);
        }
        Ok(())
    }

    async fn discard(&mut self) -> Result<(), FirmwareError> {
        self.planner.package = None;
        self.activate.withdraw().await?;
        self.reach(Goal::Discard).await
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
            .field("planner", &self.planner)
            .finish_non_exhaustive()
    }
}
