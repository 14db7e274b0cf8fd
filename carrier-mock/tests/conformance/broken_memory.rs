//! Key stores, storages and firmware slots that the kit must catch.

use carrier_mock::conformance::{firmware, key_store, storage};
use carrier_mock::modem::ModemKeys;
use carrier_mock::world::World;
use lwm2m_carrier::hal::{
    Applied, CredentialKind, Firmware, FirmwareError, Installed, KeyStore, KeyStoreError, RecordId,
    SecurityTag, Storage, StorageError, StorageErrorKind,
};

use crate::bench::{Slot, WorldKeys, block_on};

#[derive(Clone, Copy, Eq, PartialEq)]
enum KeyFault {
    /// Replacing a credential deletes it.
    LosesOnReplace,
    /// Says that any credential would fit.
    ChecksNothing,
    /// Says that it can be written at any time.
    DeniesOffline,
}

struct BrokenKeys<'a, 'w>(WorldKeys<'a, 'w>, KeyFault);
struct BrokenStore<'a, 'w>(ModemKeys<'a, 'w>, KeyFault);

impl KeyStore for BrokenStore<'_, '_> {
    async fn write(
        &mut self,
        tag: SecurityTag,
        kind: CredentialKind,
        credential: &[u8],
    ) -> Result<(), KeyStoreError> {
        if self.1 == KeyFault::LosesOnReplace && self.0.exists(tag, kind).await? {
            return self.0.delete(tag, kind).await;
        }
        self.0.write(tag, kind, credential).await
    }

    async fn delete(
        &mut self,
        tag: SecurityTag,
        kind: CredentialKind,
    ) -> Result<(), KeyStoreError> {
        self.0.delete(tag, kind).await
    }

    async fn exists(
        &mut self,
        tag: SecurityTag,
        kind: CredentialKind,
    ) -> Result<bool, KeyStoreError> {
        self.0.exists(tag, kind).await
    }

    fn requires_offline(&self) -> bool {
        self.1 != KeyFault::DeniesOffline && self.0.requires_offline()
    }

    fn check(
        &self,
        tag: SecurityTag,
        kind: CredentialKind,
        credential: &[u8],
    ) -> Result<(), KeyStoreError> {
        if self.1 == KeyFault::ChecksNothing {
            return Ok(());
        }
        self.0.check(tag, kind, credential)
    }
}

impl<'a, 'w> key_store::Bench for BrokenKeys<'a, 'w> {
    type Keys<'k>
        = BrokenStore<'a, 'w>
    where
        Self: 'k;

    async fn open(&mut self) -> BrokenStore<'a, 'w> {
        BrokenStore(self.0.open().await, self.1)
    }

    async fn set_link(&mut self, up: bool) {
        self.0.set_link(up).await;
    }
}

#[test]
fn broken_key_stores_are_caught() {
    for (fault, check) in [
        (KeyFault::LosesOnReplace, "key_store::replace"),
        (KeyFault::ChecksNothing, "key_store::check"),
        (KeyFault::DeniesOffline, "key_store::online"),
    ] {
        let world = World::new(1);
        let mut keys = BrokenKeys(WorldKeys(&world), fault);
        let breach = block_on(key_store::all(&mut keys)).unwrap_err();
        assert_eq!(breach.check, check);
    }
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum StorageFault {
    None,
    /// Writes a record in two halves over the old one.
    Tears,
    /// Returns as much as fits.
    CutsShort,
    /// Has one place for all records.
    OnePlace,
}

/// A storage in RAM; each half of a record is one operation.
struct Cells {
    cells: [Option<Vec<u8>>; 16],
    left: Option<u32>,
    fault: StorageFault,
}

struct Open<'s>(&'s mut Cells);

const IO: StorageError = StorageError::new(StorageErrorKind::Io, 5);

impl Open<'_> {
    fn operate(&mut self) -> Result<(), StorageError> {
        if let Some(left) = &mut self.0.left {
            *left = left.checked_sub(1).ok_or(IO)?;
        }
        Ok(())
    }

    fn index(&self, id: RecordId) -> usize {
        match self.0.fault {
            StorageFault::OnePlace => 0,
            _ => usize::from(id.0),
        }
    }
}

impl Storage for Open<'_> {
    async fn load(
        &mut self,
        id: RecordId,
        buffer: &mut [u8],
    ) -> Result<Option<usize>, StorageError> {
        let Some(record) = &self.0.cells[self.index(id)] else {
            return Ok(None);
        };
        let mut len = record.len();
        if len > buffer.len() {
            if self.0.fault != StorageFault::CutsShort {
                return Err(StorageError::new(StorageErrorKind::TooLong, 7));
            }
            len = buffer.len();
        }
        buffer[..len].copy_from_slice(&record[..len]);
        Ok(Some(len))
    }

    async fn store(&mut self, id: RecordId, record: &[u8]) -> Result<(), StorageError> {
        self.operate()?;
        let index = self.index(id);
        if self.0.fault == StorageFault::Tears {
            let old = self.0.cells[index].take().unwrap_or_default();
            let half = record.len() / 2;
            let rest = old.get(half..).unwrap_or_default();
            self.0.cells[index] = Some([&record[..half], rest].concat());
            self.operate()?;
        }
        self.0.cells[index] = Some(record.to_vec());
        Ok(())
    }

    async fn delete(&mut self, id: RecordId) -> Result<(), StorageError> {
        self.operate()?;
        let index = self.index(id);
        self.0.cells[index] = None;
        Ok(())
    }
}

impl storage::Bench for Cells {
    type Storage<'s> = Open<'s>;

    fn clear(&mut self) {
        self.cells = Default::default();
        self.left = None;
    }

    async fn open(&mut self) -> Open<'_> {
        if self.left == Some(0) {
            self.left = None;
        }
        Open(self)
    }

    fn cut(&mut self, operation: u32) -> bool {
        // One more, so that no zero is left before the power has failed.
        self.left = Some(operation + 1);
        true
    }
}

fn judge_storage(fault: StorageFault) -> Result<(), carrier_mock::conformance::Breach> {
    let mut cells = Cells {
        cells: Default::default(),
        left: None,
        fault,
    };
    block_on(storage::all(&mut cells))
}

#[test]
fn broken_storages_are_caught() {
    judge_storage(StorageFault::None).unwrap();
    let torn = judge_storage(StorageFault::Tears).unwrap_err();
    assert_eq!(torn.check, "storage::cuts");
    assert!(torn.cut.is_some(), "{torn}");
    let short = judge_storage(StorageFault::CutsShort).unwrap_err();
    assert_eq!(short.check, "storage::short_buffers");
    let mixed = judge_storage(StorageFault::OnePlace).unwrap_err();
    assert_eq!(mixed.check, "storage::ids");
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum SlotFault {
    None,
    /// Takes an image of another board.
    AnyImage,
    /// Once it has refused an image it refuses all.
    StaysRefused,
    /// Takes any size for the right one.
    AnySize,
    /// Goes on where the last write was, also when it was never made durable.
    ResumesTooFar,
    /// Says that a package runs before it was tried.
    RunsAtOnce,
    /// Keeps what was discarded.
    KeepsDiscarded,
}

/// A slot that looks at the first byte of an image.
struct BrokenSlot(Slot, SlotFault, u32, bool);
struct Broken<'f>(
    <Slot as firmware::Bench>::Firmware<'f>,
    SlotFault,
    &'f mut u32,
    &'f mut bool,
);

/// The first byte of an image for another board; the kit's packages have their number there.
const OTHER_BOARD: u8 = 0xB0;

impl Firmware for Broken<'_> {
    async fn begin(&mut self, size: Option<u32>, resume: bool) -> Result<u32, FirmwareError> {
        let begun = self.0.begin(size, resume).await?;
        if resume && self.1 == SlotFault::ResumesTooFar {
            return Ok((*self.2).max(begun));
        }
        *self.2 = 0;
        Ok(begun)
    }

    async fn write(&mut self, offset: u32, part: &[u8]) -> Result<(), FirmwareError> {
        let wrong = offset == 0 && part.first() == Some(&OTHER_BOARD);
        *self.3 |= wrong && self.1 == SlotFault::StaysRefused;
        if *self.3 || wrong && self.1 != SlotFault::AnyImage {
            return Err(FirmwareError::UNSUPPORTED);
        }
        self.0.write(offset, part).await?;
        *self.2 = offset + part.len() as u32;
        Ok(())
    }

    async fn finish(&mut self, size: u32) -> Result<(), FirmwareError> {
        let size = match self.1 {
            SlotFault::AnySize => *self.2,
            _ => size,
        };
        self.0.finish(size).await
    }

    async fn read(&mut self, offset: u32, buffer: &mut [u8]) -> Result<(), FirmwareError> {
        self.0.read(offset, buffer).await
    }

    async fn discard(&mut self) -> Result<(), FirmwareError> {
        if self.1 == SlotFault::KeepsDiscarded {
            return Ok(());
        }
        self.0.discard().await
    }

    async fn apply(&mut self) -> Result<Applied, FirmwareError> {
        self.0.apply().await
    }

    async fn outcome(&mut self) -> Result<Installed, FirmwareError> {
        if self.1 == SlotFault::RunsAtOnce {
            return Ok(Installed::Yes);
        }
        self.0.outcome().await
    }
}

impl firmware::Bench for BrokenSlot {
    type Firmware<'f> = Broken<'f>;

    fn clear(&mut self) {
        self.0.clear();
    }

    async fn open(&mut self) -> Broken<'_> {
        let Self(slot, fault, written, refused) = self;
        Broken(slot.open().await, *fault, written, refused)
    }

    fn cut(&mut self, operation: u32) -> bool {
        self.0.cut(operation)
    }

    fn limit(&self) -> u32 {
        self.0.limit()
    }

    fn wrong_image() -> Option<fn(u32) -> u8> {
        Some(|offset| OTHER_BOARD ^ offset as u8)
    }
}

fn judge_slot(fault: SlotFault) -> Result<(), carrier_mock::conformance::Breach> {
    let mut slot = BrokenSlot(Slot::default(), fault, 0, false);
    block_on(firmware::all(&mut slot))
}

#[test]
fn broken_firmware_slots_are_caught() {
    judge_slot(SlotFault::None).unwrap();
    for (fault, check) in [
        (SlotFault::AnySize, "firmware::wrong_size"),
        (SlotFault::AnyImage, "firmware::wrong_image"),
        (SlotFault::StaysRefused, "firmware::wrong_image"),
        (SlotFault::ResumesTooFar, "firmware::resume"),
        (SlotFault::RunsAtOnce, "firmware::outcome"),
        (SlotFault::KeepsDiscarded, "firmware::discard"),
    ] {
        let breach = judge_slot(fault).unwrap_err();
        assert_eq!(breach.check, check);
    }
}
