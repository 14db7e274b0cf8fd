//! Two kinds of package, each to its place.

use core::fmt;
use core::ops::Range;

use lwm2m_carrier::errno;
use lwm2m_carrier::hal::{
    Applied, Firmware, FirmwareError, FirmwareErrorKind, Installed, RecordId, Storage,
};

/// Bytes that tell the kind.
const HEAD: usize = 8;
/// What a delta update of the modem has in its bytes 4 to 7.
const DELTA: [u8; 4] = *b"meDu";

const MISUSED: FirmwareError = FirmwareError::new(FirmwareErrorKind::Io, errno::EINVAL);
const NOTHING: FirmwareError = FirmwareError::new(FirmwareErrorKind::Integrity, errno::ENOENT);
const STORAGE: FirmwareError = FirmwareError::new(FirmwareErrorKind::Io, errno::EIO);

/// Where an image of the application runs.
#[derive(Clone, Debug, Eq, PartialEq)]
#[allow(clippy::exhaustive_structs, reason = "what a vector table speaks of")]
pub struct MemoryMap {
    /// The application's RAM. Its stack begins there, or at the end.
    pub ram: Range<u32>,
    /// The partition that it is linked for.
    pub flash: Range<u32>,
}

impl MemoryMap {
    /// Whether an image that begins so is one for here: with a vector table of an Arm Cortex-M.
    const fn fits(&self, stack: u32, reset: u32) -> bool {
        let in_ram = stack > self.ram.start && stack <= self.ram.end;
        // Thumb code has the lowest bit set.
        let in_flash = reset > self.flash.start && reset < self.flash.end;
        in_ram && stack.is_multiple_of(4) && in_flash && reset % 2 == 1
    }
}

/// A place for delta updates of the modem and one for images of the application, told apart by the first eight bytes of a
/// package.
///
/// | bytes 0 to 3 | bytes 4 to 7 | |
/// | --- | --- | --- |
/// | any | `meDu` | the modem's |
/// | in the RAM, aligned | odd, in the flash | the application's: initial stack pointer and reset vector |
///
/// Anything else is refused with [`FirmwareErrorKind::Unsupported`], result 6, before anything is erased for it. One record of one
/// byte says which place was begun last, so an update goes on there after a power loss.
///
/// The modem verifies its packages itself, and does not give them back; those of the application are read back, and need a
/// [`Verifier`](lwm2m_carrier::fota::Verifier).
pub struct FirmwareByKind<M, A, S> {
    modem: M,
    application: A,
    storage: S,
    record: RecordId,
    map: MemoryMap,
    stage: Stage,
}

/// How far the kind of the package is known.
#[derive(Clone, Copy, Debug)]
enum Stage {
    /// As the record says.
    Recorded,
    /// A package has begun, and its first bytes come.
    Head {
        size: Option<u32>,
        bytes: [u8; HEAD],
        taken: usize,
    },
    Known(Kind),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Modem = 1,
    Application = 2,
}

impl<M: Firmware, A: Firmware, S: Storage> FirmwareByKind<M, A, S> {
    /// Packages of the modem to `modem`, images of the application that fit `map` to `application`. `storage` keeps one
    /// record, `record`; the ids up to 15 are the library's.
    pub const fn new(
        modem: M,
        application: A,
        map: MemoryMap,
        storage: S,
        record: RecordId,
    ) -> Self {
        Self {
            modem,
            application,
            storage,
            record,
            map,
            stage: Stage::Recorded,
        }
    }

    fn kind_of(&self, head: [u8; HEAD]) -> Option<Kind> {
        let [a, b, c, d, delta @ ..] = head;
        if delta == DELTA {
            return Some(Kind::Modem);
        }
        let (stack, reset) = (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes(delta));
        self.map.fits(stack, reset).then_some(Kind::Application)
    }

    /// The place of the package that was begun last.
    async fn kind(&mut self) -> Result<Option<Kind>, FirmwareError> {
        match self.stage {
            Stage::Known(kind) => return Ok(Some(kind)),
            Stage::Head { .. } => return Ok(None),
            Stage::Recorded => {}
        }
        let mut byte = [0];
        let loaded = self.storage.load(self.record, &mut byte).await;
        let kind = match (loaded.map_err(|_| STORAGE)?, byte) {
            (Some(1), [1]) => Kind::Modem,
            (Some(1), [2]) => Kind::Application,
            _ => return Ok(None),
        };
        self.stage = Stage::Known(kind);
        Ok(Some(kind))
    }

    /// What a head may have begun has no record, and is given up by the next one there. A kind that is known stays: the
    /// storage may fail by now.
    const fn give_up_head(&mut self) {
        if matches!(self.stage, Stage::Head { .. }) {
            self.stage = Stage::Recorded;
        }
    }

    async fn begin_at(
        &mut self,
        kind: Kind,
        size: Option<u32>,
        resume: bool,
    ) -> Result<u32, FirmwareError> {
        match kind {
            Kind::Modem => self.modem.begin(size, resume).await,
            Kind::Application => self.application.begin(size, resume).await,
        }
    }

    async fn write_at(
        &mut self,
        kind: Kind,
        offset: u32,
        part: &[u8],
    ) -> Result<(), FirmwareError> {
        match kind {
            Kind::Modem => self.modem.write(offset, part).await,
            Kind::Application => self.application.write(offset, part).await,
        }
    }

    /// Takes what a part has of the first bytes; the place of the package, once all of them have come. What
    /// came before this part lies there then.
    async fn head(&mut self, offset: u32, part: &[u8]) -> Result<Option<Kind>, FirmwareError> {
        let (size, head) = match &mut self.stage {
            Stage::Known(kind) => return Ok(Some(*kind)),
            Stage::Recorded => return Err(MISUSED),
            Stage::Head { size, bytes, taken } => {
                // A call that was dropped is repeated.
                let at = offset as usize;
                if at > *taken {
                    return Err(MISUSED);
                }
                let room = bytes.get_mut(at..).unwrap_or_default();
                for (to, from) in room.iter_mut().zip(part) {
                    *to = *from;
                }
                let end = at.saturating_add(part.len()).min(HEAD);
                *taken = (*taken).max(end);
                if *taken < HEAD {
                    return Ok(None);
                }
                (*size, *bytes)
            }
        };
        let kind = self.kind_of(head).ok_or(FirmwareError::UNSUPPORTED)?;
        self.begin_at(kind, size, false).await?;
        if offset > 0 || part.len() < HEAD {
            // They came in pieces, of which this part is the last.
            self.write_at(kind, 0, &head).await?;
        }
        // Last: until then the package begins anew after a power loss.
        let stored = self.storage.store(self.record, &[kind as u8]).await;
        stored.map_err(|_| STORAGE)?;
        self.stage = Stage::Known(kind);
        Ok(Some(kind))
    }
}

impl<M: Firmware, A: Firmware, S: Storage> Firmware for FirmwareByKind<M, A, S> {
    async fn begin(&mut self, size: Option<u32>, resume: bool) -> Result<u32, FirmwareError> {
        if !resume {
            self.discard().await?;
        } else {
            self.give_up_head();
            if let Some(kind) = self.kind().await? {
                let offset = self.begin_at(kind, size, true).await?;
                if offset > 0 {
                    return Ok(offset);
                }
            }
        }
        self.stage = Stage::Head {
            size,
            bytes: [0; HEAD],
            taken: 0,
        };
        Ok(0)
    }

    async fn write(&mut self, offset: u32, part: &[u8]) -> Result<(), FirmwareError> {
        match self.head(offset, part).await? {
            Some(kind) => self.write_at(kind, offset, part).await,
            None => Ok(()),
        }
    }

    async fn finish(&mut self, size: u32) -> Result<(), FirmwareError> {
        match self.kind().await? {
            Some(Kind::Modem) => self.modem.finish(size).await,
            Some(Kind::Application) => self.application.finish(size).await,
            // Shorter than its head.
            None => Err(FirmwareError::UNSUPPORTED),
        }
    }

    async fn read(&mut self, offset: u32, buffer: &mut [u8]) -> Result<(), FirmwareError> {
        match self.kind().await? {
            Some(Kind::Modem) => self.modem.read(offset, buffer).await,
            Some(Kind::Application) => self.application.read(offset, buffer).await,
            None => Err(MISUSED),
        }
    }

    async fn discard(&mut self) -> Result<(), FirmwareError> {
        self.give_up_head();
        match self.kind().await? {
            Some(Kind::Modem) => self.modem.discard().await?,
            Some(Kind::Application) => self.application.discard().await?,
            None => return Ok(()),
        }
        self.storage
            .delete(self.record)
            .await
            .map_err(|_| STORAGE)?;
        self.stage = Stage::Recorded;
        Ok(())
    }

    async fn apply(&mut self) -> Result<Applied, FirmwareError> {
        match self.kind().await? {
            Some(Kind::Modem) => self.modem.apply().await,
            Some(Kind::Application) => self.application.apply().await,
            None => Err(NOTHING),
        }
    }

    async fn restart_modem(&mut self) -> Result<(), FirmwareError> {
        match self.kind().await? {
            Some(Kind::Modem) => self.modem.restart_modem().await,
            Some(Kind::Application) => self.application.restart_modem().await,
            None => Err(NOTHING),
        }
    }

    async fn outcome(&mut self) -> Result<Installed, FirmwareError> {
        match self.kind().await? {
            Some(Kind::Modem) => self.modem.outcome().await,
            Some(Kind::Application) => self.application.outcome().await,
            // An image of the application may wait for its confirmation nevertheless.
            None => self.application.outcome().await.map(|_| Installed::NotYet),
        }
    }
}

impl<M: fmt::Debug, A: fmt::Debug, S> fmt::Debug for FirmwareByKind<M, A, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FirmwareByKind")
            .field("modem", &self.modem)
            .field("application", &self.application)
            .field("map", &self.map)
            .finish_non_exhaustive()
    }
}
