//! Packages, a port without a boot loader, and a download without a network.

use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};

use embedded_storage_async::nor_flash::NorFlash;
use lwm2m_carrier::hal::{Applied, Firmware, FirmwareError, Installed};
use lwm2m_carrier::slot::{Activate, FlashSlot};

/// Bytes of the packages: ten pages of 4,096 bytes less a little, no multiple of anything.
pub(crate) const SIZE: u32 = 40_001;

/// A package that tells its bytes apart; another `version` has other bytes.
pub(crate) fn package(version: u8, size: u32) -> Vec<u8> {
    let byte = |index: u32| (index.wrapping_mul(2_654_435_761) >> 24) as u8 ^ version;
    (0..size).map(byte).collect()
}

/// Says that the device must restart, and counts.
#[derive(Debug, Default)]
pub(crate) struct Boot {
    pub(crate) activated: Vec<u32>,
}

impl Activate for Boot {
    async fn activate(&mut self, size: u32) -> Result<Applied, FirmwareError> {
        self.activated.push(size);
        Ok(Applied::RebootRequired)
    }

    async fn outcome(&mut self) -> Result<Installed, FirmwareError> {
        Ok(Installed::NotYet)
    }
}

pub(crate) type Slot<F, const STAGE: usize> = FlashSlot<F, Boot, STAGE>;

pub(crate) fn slot<F: NorFlash, const STAGE: usize>(flash: F) -> Slot<F, STAGE> {
    FlashSlot::with_stage(flash, Boot::default()).unwrap()
}

/// The flash model never waits, so one poll finishes any future over it.
pub(crate) fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    match future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the flash model never waits"),
    }
}

/// Writes a package in parts, as a download does, from where `begin` says; answers that offset. `taken` is how far
/// it came, in bytes that a write has answered for; `None` if `begin` has not returned.
pub(crate) fn download<F: NorFlash, const STAGE: usize>(
    slot: &mut Slot<F, STAGE>,
    package: &[u8],
    part: usize,
    resume: bool,
    taken: &mut Option<usize>,
) -> Result<usize, FirmwareError> {
    let size = u32::try_from(package.len()).unwrap();
    let begun = now(slot.begin(Some(size), resume))? as usize;
    let mut at = begun;
    *taken = Some(at);
    for part in package[begun..].chunks(part) {
        now(slot.write(at as u32, part))?;
        at += part.len();
        *taken = Some(at);
    }
    now(slot.finish(size))?;
    Ok(begun)
}

/// The package as the slot reads it back, in pieces of an odd length.
pub(crate) fn read_back<F: NorFlash, const STAGE: usize>(
    slot: &mut Slot<F, STAGE>,
    size: usize,
) -> Vec<u8> {
    let mut bytes = vec![0; size];
    let mut at = 0;
    for piece in bytes.chunks_mut(333) {
        now(slot.read(at, piece)).unwrap();
        at += piece.len() as u32;
    }
    bytes
}
