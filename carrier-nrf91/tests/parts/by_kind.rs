//! Packages of two kinds in a device with two places.

use core::cell::{Cell, RefCell};
use std::rc::Rc;

use carrier_mock::flash::{Flash, FlashError};
use carrier_nrf91::firmware::{DeltaFirmware, FirmwareByKind, MemoryMap};
use embedded_storage::nor_flash as blocking;
use embedded_storage_async::nor_flash::{ErrorType, NorFlash, ReadNorFlash};
use lwm2m_carrier::hal::{
    Applied, Firmware, FirmwareError, FirmwareErrorKind, Installed, RecordId,
};
use lwm2m_carrier::slot::{Activate, FlashSlot};

use crate::double::{VirtualClock, is_pending, run};
use crate::firmware::{Modem, Record};

/// 0x7544656d behind four bytes, as tools of the vendor look for it.
const DELTA: [u8; 12] = [0x01, 0xcb, 0, 0, 0x6d, 0x65, 0x44, 0x75, 1, 2, 3, 4];
/// A vector table: the stack ends at 0x2004_0000, the first instruction is at 0x0000_8200, in Thumb code.
const IMAGE: [u8; 12] = [0, 0, 4, 0x20, 0x01, 0x82, 0, 0, 9, 9, 9, 9];

pub(crate) const MAP: MemoryMap = MemoryMap {
    ram: 0x2000_8000..0x2004_0000,
    flash: 0x8000..0x7_0000,
};

#[derive(Clone)]
pub(crate) struct Chip(pub(crate) Rc<RefCell<Flash<4>>>);

impl ErrorType for Chip {
    type Error = FlashError;
}

impl ReadNorFlash for Chip {
    const READ_SIZE: usize = 1;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
        blocking::ReadNorFlash::read(&mut *self.0.borrow_mut(), offset, bytes)
    }

    fn capacity(&self) -> usize {
        Flash::<4>::SIZE
    }
}

impl NorFlash for Chip {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = 4096;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        blocking::NorFlash::erase(&mut *self.0.borrow_mut(), from, to)
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        blocking::NorFlash::write(&mut *self.0.borrow_mut(), offset, bytes)
    }
}

/// Says what it was asked: what to activate, and how often how it went.
#[derive(Clone, Default)]
struct Loader(Rc<RefCell<Vec<u32>>>, Rc<Cell<u32>>);

impl Activate for Loader {
    async fn activate(&mut self, size: u32) -> Result<Applied, FirmwareError> {
        self.0.borrow_mut().push(size);
        Ok(Applied::RebootRequired)
    }

    async fn withdraw(&mut self) -> Result<(), FirmwareError> {
        self.0.borrow_mut().clear();
        Ok(())
    }

    async fn outcome(&mut self) -> Result<Installed, FirmwareError> {
        self.1.set(self.1.get() + 1);
        Ok(Installed::Yes)
    }
}

struct Device {
    modem: Modem,
    chip: Chip,
    loader: Loader,
    delta_record: Record,
    record: Record,
}

type Port =
    FirmwareByKind<DeltaFirmware<Modem, Record, VirtualClock>, FlashSlot<Chip, Loader>, Record>;

impl Device {
    fn new() -> Self {
        Self {
            modem: Modem::default(),
            chip: Chip(Rc::new(RefCell::new(Flash::new(1)))),
            loader: Loader::default(),
            delta_record: Record::default(),
            record: Record::default(),
        }
    }

    /// As after a restart.
    fn boot(&self) -> Port {
        self.modem.lose_power();
        let modem = DeltaFirmware::new(
            self.modem.clone(),
            self.delta_record.clone(),
            VirtualClock::default(),
            RecordId(16),
        );
        let slot = FlashSlot::new(self.chip.clone(), self.loader.clone()).unwrap();
        FirmwareByKind::new(modem, slot, MAP, self.record.clone(), RecordId(17))
    }

    /// Hands a package over in parts of `len` bytes, without its end.
    fn receive(&self, package: &[u8], len: usize) -> Result<Port, FirmwareError> {
        let mut port = self.boot();
        assert_eq!(run(port.begin(Some(package.len() as u32), false)), Ok(0));
        for (index, part) in package.chunks(len).enumerate() {
            run(port.write((index * len) as u32, part))?;
        }
        Ok(port)
    }
}

fn kind(error: FirmwareError) -> FirmwareErrorKind {
    error.kind
}

#[test]
fn each_kind_goes_to_its_place_however_its_parts_are_cut() {
    for len in 1..=12 {
        let device = Device::new();
        let mut port = device.receive(&DELTA, len).unwrap();
        run(port.finish(12)).unwrap();
        assert_eq!(device.modem.image(), DELTA);
        assert_eq!(
            run(port.read(0, &mut [0; 4])).map_err(kind),
            Err(FirmwareErrorKind::Unsupported)
        );
        assert_eq!(run(port.apply()), Ok(Applied::RebootRequired));
        assert!(device.loader.0.borrow().is_empty());

        let mut port = device.receive(&IMAGE, len).unwrap();
        run(port.finish(12)).unwrap();
        let mut found = [0; 12];
        run(port.read(0, &mut found)).unwrap();
        assert_eq!(found, IMAGE);
        assert_eq!(run(port.apply()), Ok(Applied::RebootRequired));
        assert_eq!(*device.loader.0.borrow(), [12]);
        // After the restart, too.
        assert_eq!(run(device.boot().outcome()), Ok(Installed::Yes));
    }
}

/// Arm DDI 0553: the initial stack pointer and the reset vector are the first words of the vector table, and bit 0 of a
/// vector is set.
#[test]
fn what_is_neither_is_refused_and_nothing_is_erased() {
    for head in [
        *b"meDumeDo",
        [0xff; 8],
        [0; 8],
        // The stack in flash; unaligned; below the RAM and above.
        [0, 0, 4, 0x10, 0x01, 0x82, 0, 0],
        [1, 0, 4, 0x20, 0x01, 0x82, 0, 0],
        [0, 0x80, 0, 0x20, 0x01, 0x82, 0, 0],
        [4, 0, 4, 0x20, 0x01, 0x82, 0, 0],
        // The start even; in the boot loader; behind the partition.
        [0, 0, 4, 0x20, 0x00, 0x82, 0, 0],
        [0, 0, 4, 0x20, 0x01, 0x02, 0, 0],
        [0, 0, 4, 0x20, 0x01, 0x00, 7, 0],
    ] {
        let device = Device::new();
        let received = device.receive(&head, 8);
        assert_eq!(
            received.map_err(kind).err(),
            Some(FirmwareErrorKind::Unsupported),
            "{head:x?}"
        );
        assert_eq!(device.modem.erased(), 0);
        assert_eq!(device.chip.0.borrow().operations(), 0);
    }
    let mut short = Device::new().receive(&IMAGE[..7], 7).unwrap();
    assert_eq!(
        run(short.finish(7)).map_err(kind),
        Err(FirmwareErrorKind::Unsupported)
    );
}

#[test]
fn package_goes_on_at_its_place_after_a_power_loss() {
    let device = Device::new();
    let mut image = vec![7; 6000];
    image[..12].copy_from_slice(&IMAGE);
    drop(device.receive(&image, 100).unwrap());
    let mut port = device.boot();
    assert_eq!(run(port.begin(Some(6000), true)), Ok(4096));
    run(port.write(4096, &image[4096..])).unwrap();
    run(port.finish(6000)).unwrap();
    let mut found = vec![0; 6000];
    run(port.read(0, &mut found)).unwrap();
    assert!(found == image);

    let mut delta = vec![8; 6000];
    delta[..12].copy_from_slice(&DELTA);
    drop(device.receive(&delta[..5000], 100).unwrap());
    let mut port = device.boot();
    assert_eq!(run(port.begin(None, true)), Ok(5000));
    run(port.write(5000, &delta[5000..])).unwrap();
    run(port.finish(6000)).unwrap();
    assert!(device.modem.image() == delta);
}

/// What lies in either place belongs to an older package.
#[test]
fn package_whose_kind_was_not_known_yet_begins_anew() {
    let device = Device::new();
    let mut image = vec![7; 5000];
    image[..12].copy_from_slice(&IMAGE);
    drop(device.receive(&image, 1000).unwrap());
    drop(
        device
            .receive(&DELTA, 7)
            .map(|_| device.receive(&DELTA[..7], 7)),
    );
    let mut port = device.boot();
    assert_eq!(run(port.begin(Some(5000), true)), Ok(0));
    run(port.write(0, &image)).unwrap();
    run(port.finish(5000)).unwrap();
    assert_eq!(device.modem.erased(), 1, "it was given up");
}

/// Nothing of it is there, so it may as well be of the other kind.
#[test]
fn package_of_which_nothing_is_safe_is_told_anew() {
    let device = Device::new();
    drop(device.receive(&IMAGE, 12).unwrap());
    let mut port = device.boot();
    assert_eq!(run(port.begin(None, true)), Ok(0));
    run(port.write(0, &DELTA)).unwrap();
    run(port.finish(12)).unwrap();
    assert_eq!(device.modem.image(), DELTA);
}

#[test]
fn discarded_package_is_gone_for_good() {
    let device = Device::new();
    let mut port = device.receive(&IMAGE, 12).unwrap();
    run(port.finish(12)).unwrap();
    run(port.discard()).unwrap();
    for mut port in [port, device.boot()] {
        assert!(run(port.apply()).is_err());
        assert_eq!(run(port.outcome()), Ok(Installed::NotYet));
        run(port.discard()).unwrap();
        assert_eq!(run(port.begin(Some(12), true)), Ok(0));
    }
}

/// Its result was told: it must not be swapped in by the next restart.
#[test]
fn package_is_withdrawn_by_a_discard_though_the_records_cannot_be_read() {
    let device = Device::new();
    let mut port = device.receive(&IMAGE, 12).unwrap();
    run(port.finish(12)).unwrap();
    run(port.apply()).unwrap();
    assert_eq!(*device.loader.0.borrow(), [12]);
    device.record.set_unreadable(true);
    run(port.discard()).unwrap();
    assert_eq!(*device.loader.0.borrow(), []);
    device.record.set_unreadable(false);
    assert!(run(device.boot().apply()).is_err());
}

/// It confirms what a boot loader has on trial; of the package nothing is known.
#[test]
fn application_is_asked_for_the_outcome_without_a_record() {
    let device = Device::new();
    assert_eq!(run(device.boot().outcome()), Ok(Installed::NotYet));
    assert_eq!(device.loader.1.get(), 1);
}

/// The driver carries a job out again that the application has dropped.
#[test]
fn part_is_taken_again_after_the_call_was_dropped() {
    let device = Device::new();
    let mut port = device.receive(&IMAGE[..6], 6).unwrap();
    run(port.write(0, &IMAGE[..6])).unwrap();
    assert!(!is_pending(port.write(6, &IMAGE[6..])));
    run(port.write(6, &IMAGE[6..])).unwrap();
    assert_eq!(
        run(port.write(13, &[1])).map_err(kind),
        Err(FirmwareErrorKind::Io)
    );
    run(port.finish(12)).unwrap();
    let mut found = [0; 12];
    run(port.read(0, &mut found)).unwrap();
    assert_eq!(found, IMAGE);
}
