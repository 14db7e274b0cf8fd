//! A device whose flash, boot loader and slot are real, and whose images are patterns.

use core::cell::{Cell, RefCell};
use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};

use carrier_mock::flash::{Flash, FlashError};
use embassy_boot::{BootLoader, BootLoaderConfig, State};
use embedded_storage::nor_flash as blocking;
use embedded_storage_async::nor_flash as asynch;
use lwm2m_carrier::hal::{
    Applied, Firmware, FirmwareError, Installed, RecordId, Storage, StorageError, StorageErrorKind,
};
use lwm2m_carrier::slot::{EmbassyBoot, FlashSlot};

const PAGE: u32 = 4096;
/// Active, DFU with one page more, the slot's journal, state.
const ACTIVE: (u32, u32) = (0, 3 * PAGE);
const DFU: (u32, u32) = (3 * PAGE, 4 * PAGE);
const SLOT: (u32, u32) = (3 * PAGE, 6 * PAGE);
const STATE: (u32, u32) = (9 * PAGE, PAGE);

type Chip = Flash<10>;

/// A partition, by its start and its length.
#[derive(Clone, Copy)]
pub(crate) struct Part<'d>(&'d RefCell<Chip>, (u32, u32));

impl blocking::ErrorType for Part<'_> {
    type Error = FlashError;
}

impl blocking::ReadNorFlash for Part<'_> {
    const READ_SIZE: usize = 1;

    fn read(&mut self, at: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
        blocking::ReadNorFlash::read(&mut *self.0.borrow_mut(), self.1.0 + at, bytes)
    }

    fn capacity(&self) -> usize {
        self.1.1 as usize
    }
}

impl blocking::NorFlash for Part<'_> {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = PAGE as usize;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        assert!(to <= self.1.1, "outside of its partition");
        let start = self.1.0;
        blocking::NorFlash::erase(&mut *self.0.borrow_mut(), start + from, start + to)
    }

    fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), FlashError> {
        assert!(
            at as usize + bytes.len() <= self.1.1 as usize,
            "outside of its partition"
        );
        blocking::NorFlash::write(&mut *self.0.borrow_mut(), self.1.0 + at, bytes)
    }
}

impl asynch::ReadNorFlash for Part<'_> {
    const READ_SIZE: usize = 1;

    async fn read(&mut self, at: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
        blocking::ReadNorFlash::read(self, at, bytes)
    }

    fn capacity(&self) -> usize {
        self.1.1 as usize
    }
}

impl asynch::NorFlash for Part<'_> {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = PAGE as usize;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        blocking::NorFlash::erase(self, from, to)
    }

    async fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), FlashError> {
        blocking::NorFlash::write(self, at, bytes)
    }
}

/// A storage that is whole at any time, and does nothing without power.
#[derive(Clone, Copy)]
pub(crate) struct Record<'d>(&'d Device);

impl Record<'_> {
    fn change(self, record: Option<&[u8]>) -> Result<(), StorageError> {
        if !self.0.flash.borrow().is_powered() {
            return Err(StorageError::new(StorageErrorKind::Io, 5));
        }
        *self.0.record.borrow_mut() = record.map(<[u8]>::to_vec);
        Ok(())
    }
}

impl Storage for Record<'_> {
    async fn load(
        &mut self,
        _: RecordId,
        buffer: &mut [u8],
    ) -> Result<Option<usize>, StorageError> {
        Ok(self.0.record.borrow().as_ref().map(|record| {
            buffer[..record.len()].copy_from_slice(record);
            record.len()
        }))
    }

    async fn store(&mut self, _: RecordId, record: &[u8]) -> Result<(), StorageError> {
        self.change(Some(record))
    }

    async fn delete(&mut self, _: RecordId) -> Result<(), StorageError> {
        self.change(None)
    }
}

pub(crate) type Boot<'d> = EmbassyBoot<Part<'d>, Part<'d>, Part<'d>, Record<'d>>;

pub(crate) struct Device {
    pub(crate) flash: RefCell<Chip>,
    pub(crate) record: RefCell<Option<Vec<u8>>>,
    /// How often the boot loader has put version 2 in place.
    pub(crate) swaps: Cell<u32>,
}

/// An image of 2 pages and some bytes, by its version.
pub(crate) fn image(version: u8) -> Vec<u8> {
    (0..2 * PAGE + 333)
        .map(|index| (index.wrapping_mul(2_654_435_761) >> 24) as u8 ^ version)
        .collect()
}

/// The flash never waits.
pub(crate) fn now<T>(future: impl Future<Output = T>) -> T {
    let future = pin!(future);
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the flash never waits"),
    }
}

impl Device {
    /// Runs version 1.
    pub(crate) fn new() -> Self {
        let device = Self {
            flash: RefCell::new(Flash::new(7)),
            record: RefCell::new(None),
            swaps: Cell::new(0),
        };
        let mut image = image(1);
        image.resize(3 * PAGE as usize, 0xFF);
        blocking::NorFlash::write(&mut device.part(ACTIVE), 0, &image).unwrap();
        device
    }

    const fn part(&self, part: (u32, u32)) -> Part<'_> {
        Part(&self.flash, part)
    }

    /// A restart: the boot loader, again and again while the power fails in it.
    pub(crate) fn restart(&self) -> State {
        loop {
            self.flash.borrow_mut().power_on();
            let mut loader = BootLoader::new(BootLoaderConfig {
                active: self.part(ACTIVE),
                dfu: self.part(DFU),
                state: self.part(STATE),
            });
            let ran = self.runs(2);
            let prepared = loader.prepare_boot(&mut [0; PAGE as usize]);
            let failed = !self.flash.borrow().is_powered();
            self.flash.borrow_mut().power_on();
            self.swaps
                .set(self.swaps.get() + u32::from(!ran && self.runs(2)));
            if let Ok(state) = prepared {
                return state;
            }
            assert!(failed, "only the power fails");
        }
    }

    /// Whether the active partition holds this version.
    pub(crate) fn runs(&self, version: u8) -> bool {
        let expected = image(version);
        let mut found = vec![0; expected.len()];
        blocking::ReadNorFlash::read(&mut self.part(ACTIVE), 0, &mut found).unwrap();
        found == expected
    }

    pub(crate) fn boot(&self) -> Boot<'_> {
        EmbassyBoot::new(
            self.part(ACTIVE),
            self.part(SLOT),
            self.part(STATE),
            Record(self),
            RecordId(17),
        )
    }

    /// As the library's driver has it after a restart.
    pub(crate) fn slot(&self) -> FlashSlot<Part<'_>, Boot<'_>> {
        let slot = FlashSlot::new(self.part(SLOT), self.boot()).unwrap();
        slot.with_limit(ACTIVE.1)
    }

    /// Takes a package in.
    pub(crate) fn receive(&self, version: u8) -> Result<(), FirmwareError> {
        let mut slot = self.slot();
        let image = image(version);
        let size = image.len() as u32;
        now(slot.begin(Some(size), false))?;
        now(slot.write(0, &image))?;
        now(slot.finish(size))
    }

    fn apply(&self) {
        if now(self.slot().apply()) != Ok(Applied::RebootRequired) {
            assert!(!self.flash.borrow().is_powered(), "only the power fails");
        }
    }

    /// What the library does with version 2 once it has stored that it is to be applied, until it has a result: applies it,
    /// and asks after each restart how it went. An image that `crashes` never comes to ask.
    pub(crate) fn update(&self, crashes: bool) -> Installed {
        self.apply();
        self.swaps.set(0);
        for _ in 0..6 {
            self.restart();
            if crashes && self.runs(2) {
                continue;
            }
            match now(self.slot().outcome()) {
                Ok(Installed::NotYet) => self.apply(),
                Ok(installed) => return installed,
                Err(_) => assert!(!self.flash.borrow().is_powered(), "only the power fails"),
            }
        }
        panic!("no result");
    }
}
