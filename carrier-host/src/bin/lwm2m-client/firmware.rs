//! The device's place for firmware: a slot in a file, or none.

use core::cell::Cell;
use std::path::PathBuf;
use std::rc::Rc;

use carrier_host::console::{Options, Reply};
use carrier_host::firmware::{FileFirmware, installed};
use lwm2m_carrier::hal::{Applied, Firmware, FirmwareError, Installed, NoFirmware};

use crate::Complaint;
use crate::reporter::Reporter;

/// Bytes after which the progress of a package of unknown length is reported.
const STEP: u32 = 65_536;

/// Parts of a package of known length after which its progress is reported.
const STEPS: u32 = 10;

/// The slot, which reports what comes.
pub(crate) struct Slot {
    place: Place,
    progress: Progress,
    reporter: Reporter,
    /// What was reported last.
    reported: u32,
}

enum Place {
    File(FileFirmware),
    None(NoFirmware),
}

/// How far the package has come that is being written, or was written last. A copy is the same.
#[derive(Clone)]
pub(crate) struct Progress(Rc<Inner>);

struct Inner {
    /// Where an installed package lies, and bytes of the longest one; `None` without a slot.
    slot: Option<(PathBuf, u32)>,
    written: Cell<u32>,
    size: Cell<Option<u32>>,
    complete: Cell<bool>,
}

impl Progress {
    /// For the console.
    pub(crate) fn show(&self) -> Reply {
        let mut reply = Reply::members();
        let Some((installed, room)) = &self.0.slot else {
            reply.member("slot", false);
            return reply;
        };
        reply.member("slot", true);
        reply.member("room", *room);
        reply.member("written", self.0.written.get());
        reply.member("size", self.0.size.get());
        reply.member("complete", self.0.complete.get());
        let len = installed.metadata().map(|file| file.len());
        reply.member("installed", len.ok());
        reply
    }
}

impl Slot {
    /// The slot that the options name; a package that was applied before is installed in here.
    pub(crate) async fn open(options: &Options, reporter: Reporter) -> Result<Self, Complaint> {
        let place = match &options.firmware {
            Some(path) => {
                let slot = FileFirmware::open(path, options.firmware_size).await;
                Place::File(slot.map_err(|error| error.to_string())?)
            }
            None => Place::None(NoFirmware),
        };
        let slot = options.firmware.as_ref();
        let progress = Inner {
            slot: slot.map(|path| (installed(path), options.firmware_size)),
            written: Cell::new(0),
            size: Cell::new(None),
            complete: Cell::new(false),
        };
        Ok(Self {
            place,
            progress: Progress(Rc::new(progress)),
            reporter,
            reported: 0,
        })
    }

    pub(crate) fn progress(&self) -> Progress {
        self.progress.clone()
    }

    fn report(&mut self) {
        let (written, size) = (self.progress.0.written.get(), self.progress.0.size.get());
        self.reported = written;
        self.reporter.firmware(written, size);
    }
}

impl Firmware for Slot {
    async fn begin(&mut self, size: Option<u32>, resume: bool) -> Result<u32, FirmwareError> {
        let written = match &mut self.place {
            Place::File(slot) => slot.begin(size, resume).await?,
            Place::None(slot) => slot.begin(size, resume).await?,
        };
        let progress = &*self.progress.0;
        progress.size.set(size);
        progress.written.set(written);
        progress.complete.set(false);
        self.report();
        Ok(written)
    }

    async fn write(&mut self, offset: u32, part: &[u8]) -> Result<(), FirmwareError> {
        match &mut self.place {
            Place::File(slot) => slot.write(offset, part).await?,
            Place::None(slot) => slot.write(offset, part).await?,
        }
        let written = offset.saturating_add(u32::try_from(part.len()).unwrap_or(u32::MAX));
        let progress = &*self.progress.0;
        progress.written.set(written);
        let step = progress.size.get().map_or(STEP, |size| size / STEPS);
        if written.saturating_sub(self.reported) >= step {
            self.report();
        }
        Ok(())
    }

    async fn finish(&mut self, size: u32) -> Result<(), FirmwareError> {
        match &mut self.place {
            Place::File(slot) => slot.finish(size).await?,
            Place::None(slot) => slot.finish(size).await?,
        }
        self.progress.0.size.set(Some(size));
        self.progress.0.complete.set(true);
        self.report();
        Ok(())
    }

    async fn read(&mut self, offset: u32, buffer: &mut [u8]) -> Result<(), FirmwareError> {
        match &mut self.place {
            Place::File(slot) => slot.read(offset, buffer).await,
            Place::None(slot) => slot.read(offset, buffer).await,
        }
    }

    async fn discard(&mut self) -> Result<(), FirmwareError> {
        match &mut self.place {
            Place::File(slot) => slot.discard().await?,
            Place::None(slot) => slot.discard().await?,
        }
        self.progress.0.written.set(0);
        self.progress.0.complete.set(false);
        Ok(())
    }

    async fn apply(&mut self) -> Result<Applied, FirmwareError> {
        match &mut self.place {
            Place::File(slot) => slot.apply().await,
            Place::None(slot) => slot.apply().await,
        }
    }

    async fn outcome(&mut self) -> Result<Installed, FirmwareError> {
        match &mut self.place {
            Place::File(slot) => slot.outcome().await,
            Place::None(slot) => slot.outcome().await,
        }
    }
}
