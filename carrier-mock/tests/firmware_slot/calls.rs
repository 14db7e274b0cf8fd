//! The slot's calls, without power cuts.

use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};

use carrier_mock::flash::{Flash, FlashError};
use embedded_storage::nor_flash as blocking;
use embedded_storage_async::nor_flash::{ErrorType, NorFlash, ReadNorFlash};
use lwm2m_carrier::hal::{Applied, Firmware, FirmwareError, FirmwareErrorKind, Installed};

use crate::bench::{Slot, download, now, package, read_back, slot};

type Part = Flash<8, 64>;
const PAGE: u32 = Part::PAGE_SIZE as u32;
/// Six pages for the package, two for the journal.
const LIMIT: u32 = 6 * PAGE;

fn error<T: core::fmt::Debug>(result: Result<T, FirmwareError>) -> (FirmwareErrorKind, i32) {
    let error = result.unwrap_err();
    (error.kind, error.errno)
}

const ENOSPC: i32 = 28;
const FULL: (FirmwareErrorKind, i32) = (FirmwareErrorKind::Full, ENOSPC);

fn flash() -> Part {
    let mut flash = Part::new(1);
    flash.set_write_limit(1);
    flash
}

#[test]
fn a_package_that_is_too_long_is_refused_as_soon_as_it_is_known() {
    let mut flash = flash();
    let mut slot = slot::<_, 64>(&mut flash);
    assert_eq!(slot.limit(), LIMIT);
    assert_eq!(error(now(slot.begin(Some(LIMIT + 1), false))), FULL);
    assert_eq!(now(slot.begin(None, false)), Ok(0));
    let bytes = package(0, LIMIT);
    now(slot.write(0, &bytes[..1000])).unwrap();
    assert_eq!(
        error(now(slot.write(1000, &[0; LIMIT as usize - 999]))),
        FULL
    );
    assert_eq!(error(now(slot.write(u32::MAX, &[0]))), FULL);
    // Nothing of it was taken, and a package as long as the slot fits.
    now(slot.write(1000, &bytes[1000..])).unwrap();
    now(slot.finish(LIMIT)).unwrap();
    assert!(read_back(&mut slot, LIMIT as usize) == bytes);
}

#[test]
fn what_is_refused_at_once_changes_nothing() {
    let mut flash = flash();
    let old = package(1, 700);
    download(&mut slot::<_, 64>(&mut flash), &old, 64, false, &mut None).unwrap();
    let operations = flash.operations();
    let mut refusing = slot::<_, 64>(&mut flash).with_limit(500);
    assert_eq!(error(now(refusing.begin(Some(501), false))), FULL);
    // The one that lies there is too long now, too.
    assert!(now(refusing.apply()).is_err());
    assert_eq!(flash.operations(), operations);
    let mut slot = slot::<_, 64>(&mut flash);
    assert_eq!(now(slot.apply()), Ok(Applied::RebootRequired));
    assert_eq!(slot.into_parts().1.activated, [700]);
}

#[test]
fn pages_behind_the_limit_are_not_touched() {
    let mut flash = flash();
    blocking::NorFlash::write(&mut flash, 2 * PAGE, &[0x55; 4]).unwrap();
    let mut slot = slot::<_, 64>(&mut flash).with_limit(2 * PAGE);
    let bytes = package(0, 2 * PAGE);
    download(&mut slot, &bytes, 100, false, &mut None).unwrap();
    let mut mark = [0; 4];
    blocking::ReadNorFlash::read(&mut flash, 2 * PAGE, &mut mark).unwrap();
    assert_eq!(mark, [0x55; 4]);
}

#[test]
fn a_page_is_erased_just_before_it_is_written() {
    let mut flash = flash();
    let mut writing = slot::<_, 64>(&mut flash);
    now(writing.begin(Some(LIMIT), false)).unwrap();
    let (flash, boot) = writing.into_parts();
    // One half of the journal.
    assert_eq!(flash.statistics().pages_erased, 1);
    let mut slot = Slot::<_, 64>::with_stage(flash, boot).unwrap();
    assert_eq!(now(slot.begin(Some(LIMIT), true)), Ok(0));
    now(slot.write(0, &[1; 64])).unwrap();
    now(slot.write(64, &[1; 192])).unwrap();
    let (flash, boot) = slot.into_parts();
    assert_eq!(flash.statistics().pages_erased, 2);
    let mut slot = Slot::<_, 64>::with_stage(flash, boot).unwrap();
    assert_eq!(now(slot.begin(Some(LIMIT), true)), Ok(PAGE));
}

#[test]
fn a_package_can_be_given_up() {
    let mut flash = flash();
    let bytes = package(1, 1000);
    let mut slot = slot::<_, 64>(&mut flash);
    assert_eq!(now(slot.discard()), Ok(()));
    download(&mut slot, &bytes, 100, false, &mut None).unwrap();
    assert_eq!(now(slot.begin(None, true)), Ok(1000));
    assert_eq!(now(slot.discard()), Ok(()));
    assert!(now(slot.apply()).is_err());
    assert_eq!(now(slot.begin(None, true)), Ok(0));
    // In the middle of it, too.
    now(slot.write(0, &bytes[..600])).unwrap();
    assert_eq!(now(slot.discard()), Ok(()));
    assert_eq!(now(slot.discard()), Ok(()));
    assert!(now(slot.write(600, &bytes[600..])).is_err());
    assert_eq!(now(slot.begin(None, true)), Ok(0));
}

#[test]
fn another_length_is_another_package() {
    let mut flash = flash();
    let bytes = package(1, 1000);
    let mut slot = slot::<_, 64>(&mut flash);
    now(slot.begin(Some(1000), false)).unwrap();
    now(slot.write(0, &bytes[..600])).unwrap();
    assert_eq!(now(slot.begin(Some(1000), true)), Ok(512));
    assert_eq!(now(slot.begin(None, true)), Ok(512));
    assert_eq!(now(slot.begin(Some(999), true)), Ok(0));
    assert_eq!(now(slot.begin(Some(999), true)), Ok(0));
    // Without resumption the same length is another package, too.
    now(slot.write(0, &bytes[..600])).unwrap();
    assert_eq!(now(slot.begin(Some(999), false)), Ok(0));
    assert_eq!(now(slot.begin(Some(999), true)), Ok(0));
}

#[test]
fn repeated_calls_do_no_harm() {
    let mut flash = flash();
    let bytes = package(1, 1000);
    let mut slot = slot::<_, 64>(&mut flash);
    now(slot.begin(Some(1000), false)).unwrap();
    for part in [0..100, 0..100, 40..300, 300..1000, 300..1000, 0..1000] {
        now(slot.write(part.start as u32, &bytes[part])).unwrap();
    }
    // Not yet, and not from there.
    assert!(now(slot.apply()).is_err());
    assert!(now(slot.write(1001, &[0])).is_err());
    assert_eq!(error(now(slot.finish(999))).0, FirmwareErrorKind::Integrity);
    assert_eq!(
        error(now(slot.finish(1001))).0,
        FirmwareErrorKind::Integrity
    );
    for _ in 0..2 {
        now(slot.finish(1000)).unwrap();
        assert_eq!(now(slot.apply()), Ok(Applied::RebootRequired));
    }
    now(slot.write(900, &bytes[900..])).unwrap();
    assert!(now(slot.write(1000, &[0])).is_err());
    assert!(now(slot.read(999, &mut [0; 2])).is_err());
    assert!(now(slot.read(u32::MAX, &mut [0; 2])).is_err());
    assert!(read_back(&mut slot, 1000) == bytes);
    assert_eq!(slot.into_parts().1.activated, [1000, 1000]);
    assert_eq!(flash.statistics().refused_writes, 0);
}

#[test]
fn calls_without_a_package_are_refused() {
    let mut flash = flash();
    let mut slot = slot::<_, 64>(&mut flash);
    assert!(now(slot.write(0, &[0])).is_err());
    assert!(now(slot.finish(0)).is_err());
    assert!(now(slot.read(0, &mut [0])).is_err());
    assert!(now(slot.apply()).is_err());
    assert_eq!(now(slot.outcome()), Ok(Installed::NotYet));
    assert_eq!(now(slot.restart_modem()), Err(FirmwareError::UNSUPPORTED));
    now(slot.begin(None, false)).unwrap();
    assert!(now(slot.finish(0)).is_err());
    // Too few pages for a slot.
    assert!(Slot::<_, 64>::with_stage(Flash::<2, 64>::new(1), Default::default()).is_err());
}

#[test]
fn packages_of_another_kind_are_refused_before_anything_is_erased() {
    // MCUboot's image magic, in its byte order.
    const MAGIC: &[u8] = &[0x3d, 0xb8, 0xf3, 0x96];
    let mut flash = flash();
    let mut slot = slot::<_, 64>(&mut flash).with_magic(MAGIC);
    now(slot.begin(Some(300), false)).unwrap();
    let refused = Err(FirmwareError::UNSUPPORTED);
    assert_eq!(now(slot.write(0, &[0x3d, 0xb8, 0xf3, 0x97])), refused);
    now(slot.write(0, &MAGIC[..1])).unwrap();
    assert_eq!(now(slot.write(1, &[0xb8, 0xf4])), refused);
    assert_eq!(now(slot.finish(1)), refused);
    now(slot.write(1, &MAGIC[1..])).unwrap();
    now(slot.write(4, &[7; 296])).unwrap();
    now(slot.finish(300)).unwrap();
    assert_eq!(now(slot.apply()), Ok(Applied::RebootRequired));
}

/// The model, but each operation waits once before it is done and once after.
struct Slow<'f>(&'f mut Part);

async fn pause() {
    let mut waited = false;
    core::future::poll_fn(|_| {
        if core::mem::replace(&mut waited, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

impl ErrorType for Slow<'_> {
    type Error = FlashError;
}

impl ReadNorFlash for Slow<'_> {
    const READ_SIZE: usize = 1;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
        blocking::ReadNorFlash::read(self.0, offset, bytes)
    }

    fn capacity(&self) -> usize {
        Part::SIZE
    }
}

impl NorFlash for Slow<'_> {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = Part::PAGE_SIZE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        pause().await;
        blocking::NorFlash::erase(self.0, from, to)?;
        pause().await;
        Ok(())
    }

    /// Word by word, as a driver that waits for each.
    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        for (word, at) in bytes.chunks(4).zip((offset..).step_by(4)) {
            pause().await;
            blocking::NorFlash::write(self.0, at, word)?;
        }
        pause().await;
        Ok(())
    }
}

/// Polls at most `polls` times; then the future is dropped.
fn poll<T>(polls: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    (0..polls).find_map(|_| match future.as_mut().poll(&mut context) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    })
}

/// Repeats a call that is dropped after 1, 2, … polls until it is done.
macro_rules! dropped {
    ($first:expr, $call:expr) => {
        (0..).find_map(|round| poll($first + round, $call)).unwrap()
    };
}

#[test]
fn a_call_that_was_dropped_is_repeated() {
    for first in 1..40 {
        let mut flash = flash();
        let bytes = package(1, 1001);
        let mut slot = slot::<_, 64>(Slow(&mut flash));
        assert_eq!(dropped!(first, slot.begin(Some(1001), false)), Ok(0));
        for (part, at) in bytes.chunks(150).zip((0..).step_by(150)) {
            assert_eq!(dropped!(first, slot.write(at, part)), Ok(()), "{first}");
        }
        assert_eq!(dropped!(first, slot.finish(1001)), Ok(()), "{first}");
        drop(slot);
        let mut slot = self::slot::<_, 64>(&mut flash);
        assert_eq!(now(slot.begin(Some(1001), true)), Ok(1001));
        assert!(read_back(&mut slot, 1001) == bytes, "{first}");
        assert_eq!(flash.statistics().refused_writes, 0, "{first}");
        assert_eq!(flash.statistics().raised_bits, 0, "{first}");
    }
}
