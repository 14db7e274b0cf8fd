//! Delta updates of the modem.

use lwm2m_carrier::errno;
use lwm2m_carrier::hal::{
    Applied, Clock, Firmware, FirmwareError, FirmwareErrorKind, Installed, RecordId, Storage,
};
use lwm2m_core::time::{Duration, Instant};

use super::interface::{DIRTY, DeltaError, DeltaInterface};
use super::note::{ANNOUNCED, COMPLETE, FAILED, Note, SCHEDULED};

/// Largest part that is handed to the modem at once: its memory for it is shared with everything else.
const PART: usize = 2048;

/// The modem's delta updates as a place for firmware.
///
/// A package is written from where the modem says that it ended, so no progress is stored. The modem checks a
/// package's signature itself, and does not give it back: [`Firmware::read`] is not supported. Whether an update was
/// carried out is told by the UUID of the firmware that runs, which is stored before.
///
/// The modem library can be initialised once only after a start of the processor, so an update always restarts the
/// device.
#[derive(Debug)]
pub struct DeltaFirmware<D, S, C> {
    delta: D,
    storage: S,
    clock: C,
    record: RecordId,
    written: u32,
    area: u32,
    /// The package was applied in this life: the modem has not restarted since.
    applied: bool,
    erase: EraseSettings,
}

/// How the erasure of the area is awaited.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct EraseSettings {
    /// How often the modem is asked: every second by default.
    pub poll: Duration,
    /// How long it may take: 10 minutes by default. With the link up it takes longer.
    pub timeout: Duration,
}

impl Default for EraseSettings {
    fn default() -> Self {
        Self {
            poll: Duration::from_secs(1),
            timeout: Duration::from_secs(600),
        }
    }
}

const WRONG_OFFSET: FirmwareError = FirmwareError::new(FirmwareErrorKind::Io, errno::EINVAL);
const STORAGE: FirmwareError = FirmwareError::new(FirmwareErrorKind::Io, errno::EIO);
const FULL: FirmwareError = FirmwareError::new(FirmwareErrorKind::Full, errno::EFBIG);
const INCOMPLETE: FirmwareError = FirmwareError::new(FirmwareErrorKind::Integrity, errno::EINVAL);

impl<D: DeltaInterface, S: Storage, C: Clock> DeltaFirmware<D, S, C> {
    /// Updates through `delta`, with one record in `storage` (the ids up to 15 are the library's), and a clock to wait
    /// for erasures. The modem has started: what to do when it has not is told by [`ModemStarts`](super::ModemStarts), which
    /// notes a failed update in the same record.
    pub fn new(delta: D, storage: S, clock: C, record: RecordId) -> Self {
        Self {
            delta,
            storage,
            clock,
            record,
            written: 0,
            area: 0,
            applied: false,
            erase: EraseSettings::default(),
        }
    }

    /// The same with other times to wait for erasures.
    #[must_use]
    pub const fn with_erase(mut self, erase: EraseSettings) -> Self {
        self.erase = erase;
        self
    }

    /// The offset, once no erasure is under way.
    async fn settled_offset(&mut self) -> Result<u32, FirmwareError> {
        let deadline = self.clock.now() + self.erase.timeout;
        loop {
            match self.delta.offset() {
                Err(DeltaError::ERASE_PENDING) if self.clock.now() < deadline => {
                    self.pause(deadline).await;
                }
                other => return Ok(other?),
            }
        }
    }

    /// Waits before the modem is asked again. A clock may return early.
    async fn pause(&mut self, deadline: Instant) {
        let until = deadline.min(self.clock.now() + self.erase.poll);
        while self.clock.now() < until {
            self.clock.wait(until).await;
        }
    }

    /// Erases the area and waits until it is blank.
    async fn erase(&mut self) -> Result<(), FirmwareError> {
        self.delta.erase()?;
        let deadline = self.clock.now() + self.erase.timeout;
        // The modem may go on telling the old offset before it begins.
        while self.settled_offset().await? != 0 {
            if self.clock.now() >= deadline {
                return Err(FirmwareError::new(FirmwareErrorKind::Io, errno::ETIMEDOUT));
            }
            self.pause(deadline).await;
        }
        Ok(())
    }

    fn write_init(&mut self) -> Result<(), FirmwareError> {
        match self.delta.write_init() {
            Ok(()) | Err(DeltaError::ALREADY) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn note(&mut self, record: &[u8]) -> Result<(), FirmwareError> {
        let stored = self.storage.store(self.record, record).await;
        stored.map_err(|_| STORAGE)
    }

    async fn forget(&mut self) -> Result<(), FirmwareError> {
        self.storage.delete(self.record).await.map_err(|_| STORAGE)
    }

    async fn noted(&mut self) -> Result<Option<Note>, FirmwareError> {
        let loaded = Note::load(&mut self.storage, self.record).await;
        loaded.map_err(|_| STORAGE)
    }
}

impl<D: DeltaInterface, S: Storage, C: Clock> Firmware for DeltaFirmware<D, S, C> {
    async fn begin(&mut self, size: Option<u32>, resume: bool) -> Result<u32, FirmwareError> {
        // While an erasure is under way, every call is refused.
        let offset = self.settled_offset().await?;
        let area = self.delta.area()?;
        if size.is_some_and(|size| size > area) {
            return Err(FULL);
        }
        (self.area, self.applied) = (area, false);
        self.forget().await?;
        let keep = resume && offset != DIRTY && size.is_none_or(|size| offset <= size);
        if offset != 0 && !keep {
            // It fails where nothing is being received, which is as good.
            let _ = self.delta.write_done();
            self.erase().await?;
        }
        self.write_init()?;
        self.written = if keep { offset } else { 0 };
        Ok(self.written)
    }

    async fn write(&mut self, offset: u32, part: &[u8]) -> Result<(), FirmwareError> {
        // The driver repeats a call that the application has dropped: what was taken is not taken again.
        let taken = self.written.checked_sub(offset).ok_or(WRONG_OFFSET)?;
        let rest = usize::try_from(taken)
            .ok()
            .and_then(|taken| part.get(taken..));
        for part in rest.ok_or(WRONG_OFFSET)?.chunks(PART) {
            let len = u32::try_from(part.len()).unwrap_or(u32::MAX);
            let written = self.written.saturating_add(len);
            if written > self.area {
                return Err(FULL);
            }
            self.delta.write(part)?;
            self.written = written;
        }
        Ok(())
    }

    async fn finish(&mut self, size: u32) -> Result<(), FirmwareError> {
        if self.written != size {
            return Err(INCOMPLETE);
        }
        // It fails where an earlier call, which was dropped, has done it already.
        if let Err(error) = self.delta.write_done()
            && self.delta.offset() != Ok(size)
        {
            return Err(error.into());
        }
        let complete = Note::record(COMPLETE, &self.delta.uuid()?);
        self.note(&complete).await
    }

    async fn discard(&mut self) -> Result<(), FirmwareError> {
        self.forget().await?;
        let _ = self.delta.write_done();
        self.written = 0;
        match self.delta.offset() {
            Ok(0) | Err(DeltaError::ERASE_PENDING) => Ok(()),
            _ => Ok(self.delta.erase()?),
        }
    }

    async fn apply(&mut self) -> Result<Applied, FirmwareError> {
        if self.noted().await?.is_none() {
            return Err(INCOMPLETE);
        }
        let mut record = Note::record(ANNOUNCED, &self.delta.uuid()?);
        self.note(&record).await?;
        self.delta.update()?;
        let [progress, ..] = &mut record;
        *progress = SCHEDULED;
        self.note(&record).await?;
        self.applied = true;
        Ok(Applied::RebootRequired)
    }

    async fn outcome(&mut self) -> Result<Installed, FirmwareError> {
        // Without a record the power failed before the package was applied.
        let Some(Note { progress, before }) = self.noted().await? else {
            return Ok(Installed::NotYet);
        };
        Ok(match (self.delta.uuid(), progress) {
            (Ok(uuid), _) if uuid != before => Installed::Yes,
            (_, FAILED) => Installed::Failed,
            // The modem has not started, so it is still to try.
            (Err(DeltaError::PERM), _) => Installed::NotYet,
            (Err(error), _) => return Err(error.into()),
            (Ok(_), SCHEDULED) if !self.applied => Installed::Failed,
            (Ok(_), _) => Installed::NotYet,
        })
    }
}
