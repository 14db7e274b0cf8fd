//! embassy-boot as what makes a package the running image.

use core::fmt;

use embassy_boot::{AlignedBuffer, FirmwareState, State};
use embedded_storage_async::nor_flash::{NorFlash, ReadNorFlash};

use super::activate::Activate;
use super::errors::{FLASH_FAILED, FULL};
use crate::aligned::Aligned;
use crate::errno;
use crate::hal::{Applied, FirmwareError, FirmwareErrorKind, Installed, RecordId, Storage};
use crate::record::continued;

/// Longest unit of the state's flash, in bytes: the longest that embassy-boot knows.
const UNIT: usize = 32;
/// Bytes that are read at once where an image is summed up.
const CHUNK: usize = 64;
/// What erased flash reads as: embassy-boot without its feature `flash-erase-zero`.
const ERASED: u8 = 0xFF;

const STORAGE: FirmwareError = FirmwareError::new(FirmwareErrorKind::Io, errno::EIO);
/// An image is on trial, and its predecessor lies where the package is to go.
const ON_TRIAL: FirmwareError = FirmwareError::new(FirmwareErrorKind::Io, errno::EBUSY);

/// [Activation](Activate) by [embassy-boot](https://docs.embassy.dev/embassy-boot), for a [`FlashSlot`](super::FlashSlot)
/// over its DFU partition.
///
/// The boot loader swaps the package with the running image at the next restart, and swaps back at the one after unless
/// the new image is confirmed; [`outcome`](Activate::outcome) confirms it, which the library asks for when it has started.
/// An application that wants to be sure of more keeps the library's runner back until it is.
///
/// # Whether it was applied
///
/// The boot loader's state alone does not tell. It is the same before an update and after one that was confirmed; where
/// the power fails while an image is confirmed, it may say afterwards that the image was rolled back, although it runs; and
/// where it fails at the end of a rollback, it says nothing. So one record is stored, of 9 bytes: how far the package was
/// handed over, its length and its CRC-32. What runs is told by the check sum of the active partition; the state and the
/// record then tell an image that was rolled back from one that was never tried:
///
/// | the package runs | state | handed over | |
/// | --- | --- | --- | --- |
/// | yes | any | | [`Installed::Yes`]; confirmed, where it was not yet |
/// | no | to be swapped | | [`Installed::NotYet`]: no restart since |
/// | no | swapped | | [`Installed::Failed`]: something else is on trial |
/// | no | rolled back | | [`Installed::Failed`] |
/// | no | none | begun | [`Installed::NotYet`] |
/// | no | none | done | [`Installed::Failed`] |
/// | not known | swapped | no record | [`Installed::Yes`]; confirmed: it runs, and asks |
/// | not known | any other | no record | [`Installed::NotYet`] |
///
/// While an image is on trial its predecessor lies in the DFU partition, so no package is taken: `EBUSY`. An image that came
/// by another way than this library is confirmed by [`confirm`](Self::confirm).
///
/// # The flash
///
/// embassy-boot's DFU partition is one page longer than the active one. The slot's journal belongs behind it, where the boot
/// loader does not write: the slot's flash is the DFU partition and two pages more, and
/// [`with_limit`](super::FlashSlot::with_limit) has the length of the active partition.
///
/// ```
/// use embedded_storage_async::nor_flash::NorFlash;
/// use lwm2m_carrier::hal::{Firmware, RecordId, Storage};
/// use lwm2m_carrier::slot::{EmbassyBoot, FlashSlot};
///
/// /// `dfu` is the DFU partition and two pages behind it; `package` is the same flash.
/// fn firmware<F: NorFlash>(
///     active: F,
///     dfu: F,
///     package: F,
///     state: F,
///     storage: impl Storage,
/// ) -> Option<impl Firmware> {
///     let longest = active.capacity() as u32;
///     let boot = EmbassyBoot::new(active, package, state, storage, RecordId(16));
///     Some(FlashSlot::new(dfu, boot).ok()?.with_limit(longest))
/// }
/// ```
pub struct EmbassyBoot<A, P, T, S> {
    active: A,
    package: P,
    state: T,
    storage: S,
    record: RecordId,
}

/// How far a package was handed over to the boot loader.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Progress {
    /// The boot loader may or may not have been told.
    Begun = 1,
    /// It has been told.
    Done = 2,
}

/// What is stored of a package that is handed over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Note {
    progress: Progress,
    size: u32,
    crc: u32,
}

const NOTE: usize = 9;

impl Note {
    fn to_bytes(self) -> [u8; NOTE] {
        let [a, b, c, d] = self.size.to_le_bytes();
        let [e, f, g, h] = self.crc.to_le_bytes();
        [self.progress as u8, a, b, c, d, e, f, g, h]
    }

    const fn from_bytes(bytes: [u8; NOTE]) -> Option<Self> {
        let [progress, a, b, c, d, e, f, g, h] = bytes;
        let progress = match progress {
            1 => Progress::Begun,
            2 => Progress::Done,
            _ => return None,
        };
        Some(Self {
            progress,
            size: u32::from_le_bytes([a, b, c, d]),
            crc: u32::from_le_bytes([e, f, g, h]),
        })
    }
}

/// Where embassy-boot stands, as far as its state tells.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Standing {
    /// It will start what is in the active partition.
    Quiet,
    /// It has swapped back.
    RolledBack,
    /// It will swap at the next restart.
    Pending,
    /// It has swapped, and will swap back at the next restart.
    OnTrial,
    /// As before what was asked last, which the flash has failed in: to be asked again.
    HalfTold,
}

impl<A: ReadNorFlash, P: ReadNorFlash, T: NorFlash, S: Storage> EmbassyBoot<A, P, T, S> {
    /// The boot loader's partitions: `active`, the image that runs; `package`, where the slot has the package, at its start;
    /// `state`. `storage` keeps one record, `record`; the ids up to 15 are the library's.
    pub const fn new(active: A, package: P, state: T, storage: S, record: RecordId) -> Self {
        const {
            assert!(
                T::WRITE_SIZE <= UNIT && T::READ_SIZE <= T::WRITE_SIZE,
                "a unit of the state's flash has 32 bytes at most"
            );
            assert!(
                CHUNK.is_multiple_of(A::READ_SIZE) && CHUNK.is_multiple_of(P::READ_SIZE),
                "a read of the images is whole units"
            );
        }
        Self {
            active,
            package,
            state,
            storage,
            record,
        }
    }

    /// Confirms the image that runs, should it be on trial.
    ///
    /// # Errors
    /// The flash fails. The image may be rolled back by the next restart.
    pub async fn confirm(&mut self) -> Result<(), FirmwareError> {
        let standing = self.standing().await?;
        if matches!(standing, Standing::OnTrial | Standing::HalfTold) {
            self.mark(Mark::Booted).await?;
        }
        Ok(())
    }

    async fn mark(&mut self, mark: Mark) -> Result<(), FirmwareError> {
        let mut unit = AlignedBuffer([0; UNIT]);
        let unit = unit.0.get_mut(..T::WRITE_SIZE).unwrap_or_default();
        let mut state = FirmwareState::new(&mut self.state, unit);
        let marked = match mark {
            Mark::Updated => state.mark_updated().await,
            Mark::Booted => state.mark_booted().await,
        };
        marked.map_err(|_| FLASH_FAILED)
    }

    /// The state's layout, in units: what is asked for; whether the progress counts, which it does while erased; one for each
    /// page that was copied, which is none or all while the application runs.
    async fn standing(&mut self) -> Result<Standing, FirmwareError> {
        let mut unit = AlignedBuffer([0; UNIT]);
        let unit = unit.0.get_mut(..T::WRITE_SIZE).unwrap_or_default();
        let mut state = FirmwareState::new(&mut self.state, &mut *unit);
        match state.get_state().await.map_err(|_| FLASH_FAILED)? {
            State::Boot | State::DfuDetach => return Ok(Standing::Quiet),
            State::Revert => return Ok(Standing::RolledBack),
            State::Swap => {}
        }
        let at = T::WRITE_SIZE as u32;
        let read = self.state.read(at, unit).await;
        read.map_err(|_| FLASH_FAILED)?;
        if unit.iter().any(|byte| *byte != ERASED) {
            return Ok(Standing::HalfTold);
        }
        let read = self.state.read(at.saturating_mul(2), unit).await;
        read.map_err(|_| FLASH_FAILED)?;
        Ok(if unit.contains(&ERASED) {
            Standing::Pending
        } else {
            Standing::OnTrial
        })
    }

    async fn note(&mut self, progress: Progress, size: u32, crc: u32) -> Result<(), FirmwareError> {
        let note = Note {
            progress,
            size,
            crc,
        };
        let stored = self.storage.store(self.record, &note.to_bytes()).await;
        stored.map_err(|_| STORAGE)
    }

    async fn noted(&mut self) -> Result<Option<Note>, FirmwareError> {
        let mut bytes = [0; NOTE];
        let loaded = self.storage.load(self.record, &mut bytes).await;
        let whole = loaded.map_err(|_| STORAGE)? == Some(NOTE);
        Ok(Note::from_bytes(bytes).filter(|_| whole))
    }
}

/// What embassy-boot is told.
#[derive(Clone, Copy, Debug)]
enum Mark {
    /// To swap.
    Updated,
    /// To start what runs now.
    Booted,
}

/// The CRC-32 of the first bytes of a flash.
async fn sum<F: ReadNorFlash>(flash: &mut F, size: u32) -> Result<u32, FirmwareError> {
    let mut chunk = Aligned::<CHUNK>::ERASED;
    let mut crc = u32::MAX;
    let mut at = 0;
    while at < size {
        let read = flash.read(at, chunk.from(0)).await;
        read.map_err(|_| FLASH_FAILED)?;
        let left = size.saturating_sub(at) as usize;
        crc = continued(crc, chunk.first(left.min(CHUNK)));
        at = at.saturating_add(CHUNK as u32);
    }
    Ok(!crc)
}

impl<A: ReadNorFlash, P: ReadNorFlash, T: NorFlash, S: Storage> Activate
    for EmbassyBoot<A, P, T, S>
{
    async fn activate(&mut self, size: u32) -> Result<Applied, FirmwareError> {
        if size as usize > self.active.capacity() {
            return Err(FULL);
        }
        match self.standing().await? {
            // The slot holds the image before, not the package.
            Standing::OnTrial => return Err(ON_TRIAL),
            // Of an earlier package; from here on it is of this one.
            Standing::RolledBack | Standing::HalfTold => self.mark(Mark::Booted).await?,
            Standing::Quiet | Standing::Pending => {}
        }
        let crc = sum(&mut self.package, size).await?;
        self.note(Progress::Begun, size, crc).await?;
        self.mark(Mark::Updated).await?;
        self.note(Progress::Done, size, crc).await?;
        Ok(Applied::RebootRequired)
    }

    async fn withdraw(&mut self) -> Result<(), FirmwareError> {
        match self.standing().await? {
            Standing::OnTrial => return Err(ON_TRIAL),
            Standing::Pending | Standing::HalfTold => self.mark(Mark::Booted).await?,
            Standing::Quiet | Standing::RolledBack => {}
        }
        self.storage.delete(self.record).await.map_err(|_| STORAGE)
    }

    async fn outcome(&mut self) -> Result<Installed, FirmwareError> {
        let Some(note) = self.noted().await? else {
            if self.standing().await? == Standing::OnTrial {
                self.confirm().await?;
                return Ok(Installed::Yes);
            }
            // The power failed before the package was handed over.
            return Ok(Installed::NotYet);
        };
        let fits = note.size as usize <= self.active.capacity();
        if fits && sum(&mut self.active, note.size).await? == note.crc {
            self.confirm().await?;
            return Ok(Installed::Yes);
        }
        Ok(match (self.standing().await?, note.progress) {
            (Standing::Pending | Standing::HalfTold, _) | (Standing::Quiet, Progress::Begun) => {
                Installed::NotYet
            }
            _ => Installed::Failed,
        })
    }
}

impl<A, P, T, S> fmt::Debug for EmbassyBoot<A, P, T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbassyBoot")
            .field("record", &self.record)
            .finish_non_exhaustive()
    }
}
