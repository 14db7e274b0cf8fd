//! What the kit asks of a test, over the simulated parts.

use core::future::Future;

use carrier_mock::conformance::{firmware, key_store, storage};
use carrier_mock::executor;
use carrier_mock::flash::Flash;
use carrier_mock::modem::ModemKeys;
use carrier_mock::world::World;
use lwm2m_carrier::hal::{Applied, CredentialKind, FirmwareError, Installed, Link, SecurityTag};
use lwm2m_carrier::slot::{Activate, FlashSlot};
use lwm2m_carrier::storage::FlashStorage;

pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    executor::block_on(future).expect("a future that nobody wakes")
}

/// The world's key store; the test can look behind it.
pub(crate) struct WorldKeys<'a, 'w>(pub(crate) &'a World<'w>);

impl<'a, 'w> key_store::Bench for WorldKeys<'a, 'w> {
    type Keys<'k>
        = ModemKeys<'a, 'w>
    where
        Self: 'k;

    async fn open(&mut self) -> ModemKeys<'a, 'w> {
        self.0.keys()
    }

    async fn set_link(&mut self, up: bool) {
        let mut link = self.0.link();
        if up {
            link.up().await.unwrap();
        } else {
            link.down().await.unwrap();
        }
    }

    fn holds(&self, tag: SecurityTag, kind: CredentialKind, credential: &[u8]) -> Option<bool> {
        Some(self.0.keys().holds(tag, kind, credential))
    }
}

/// Three pages of 2,048 bytes.
pub(crate) type RecordFlash = Flash<3, 512>;

/// The library's own storage on flash.
pub(crate) struct FlashRecords(pub(crate) RecordFlash);

impl Default for FlashRecords {
    fn default() -> Self {
        Self(Flash::new(1))
    }
}

impl storage::Bench for FlashRecords {
    type Storage<'s> = FlashStorage<&'s mut RecordFlash, 512>;

    fn clear(&mut self) {
        self.0 = Flash::new(1);
    }

    async fn open(&mut self) -> Self::Storage<'_> {
        self.0.power_on();
        FlashStorage::with_buffer(&mut self.0).unwrap()
    }

    fn cut(&mut self, operation: u32) -> bool {
        // The third of the operations ends before its caller hears of it.
        self.0.cut_at(
            self.0.operations() + operation,
            [0, 500, 1000][operation as usize % 3],
        );
        true
    }
}

/// A boot loader that waits for the restart.
#[derive(Default)]
pub(crate) struct Boot;

impl Activate for Boot {
    async fn activate(&mut self, _size: u32) -> Result<Applied, FirmwareError> {
        Ok(Applied::RebootRequired)
    }

    async fn outcome(&mut self) -> Result<Installed, FirmwareError> {
        Ok(Installed::NotYet)
    }
}

/// Eight pages of 256 bytes, of which the journal takes two.
pub(crate) type SlotFlash = Flash<8, 64>;

pub(crate) struct Slot(pub(crate) SlotFlash);

impl Default for Slot {
    fn default() -> Self {
        let mut flash = Flash::new(1);
        flash.set_write_limit(1);
        Self(flash)
    }
}

impl firmware::Bench for Slot {
    type Firmware<'f> = FlashSlot<&'f mut SlotFlash, Boot, 64>;

    fn clear(&mut self) {
        *self = Self::default();
    }

    async fn open(&mut self) -> Self::Firmware<'_> {
        self.0.power_on();
        FlashSlot::with_stage(&mut self.0, Boot).unwrap()
    }

    fn cut(&mut self, operation: u32) -> bool {
        self.0.cut_at(
            self.0.operations() + operation,
            [0, 500, 1000][operation as usize % 3],
        );
        true
    }

    fn limit(&self) -> u32 {
        6 * SlotFlash::PAGE_SIZE as u32
    }
}
