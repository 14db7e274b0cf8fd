//! Flash with other write units than the model's word.

use carrier_mock::flash::{EraseTear, Flash, FlashError};
use embedded_storage::nor_flash as blocking;
use embedded_storage_async::nor_flash::{ErrorType, NorFlash, ReadNorFlash};

use crate::bench::{download, package, read_back, slot};

type Part = Flash<48, 128>;

/// The model with units of `UNIT` bytes, a multiple of its word, each written once.
struct Units<'f, const UNIT: usize>(&'f mut Part);

impl<const UNIT: usize> ErrorType for Units<'_, UNIT> {
    type Error = FlashError;
}

impl<const UNIT: usize> ReadNorFlash for Units<'_, UNIT> {
    const READ_SIZE: usize = 4;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
        assert!(offset.is_multiple_of(4) && bytes.len().is_multiple_of(4));
        assert!(bytes.as_ptr().addr().is_multiple_of(4));
        blocking::ReadNorFlash::read(self.0, offset, bytes)
    }

    fn capacity(&self) -> usize {
        Part::SIZE
    }
}

impl<const UNIT: usize> NorFlash for Units<'_, UNIT> {
    const WRITE_SIZE: usize = UNIT;
    const ERASE_SIZE: usize = Part::PAGE_SIZE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        blocking::NorFlash::erase(self.0, from, to)
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        assert!((offset as usize).is_multiple_of(UNIT) && bytes.len().is_multiple_of(UNIT));
        assert!(bytes.as_ptr().addr().is_multiple_of(4));
        blocking::NorFlash::write(self.0, offset, bytes)
    }
}

/// The model with units of one byte: each in a word of its own, so that a cut may fall between any two.
struct Bytes<'f>(&'f mut Flash<48, 512>);

impl ErrorType for Bytes<'_> {
    type Error = FlashError;
}

impl ReadNorFlash for Bytes<'_> {
    const READ_SIZE: usize = 1;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
        let mut words = vec![0; bytes.len() * 4];
        blocking::ReadNorFlash::read(self.0, offset * 4, &mut words)?;
        for (to, from) in bytes.iter_mut().zip(words.iter().step_by(4)) {
            *to = *from;
        }
        Ok(())
    }

    fn capacity(&self) -> usize {
        Flash::<48, 512>::SIZE / 4
    }
}

impl NorFlash for Bytes<'_> {
    const WRITE_SIZE: usize = 1;
    const ERASE_SIZE: usize = 512;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        blocking::NorFlash::erase(self.0, from * 4, to * 4)
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        let words: Vec<u8> = bytes.iter().flat_map(|byte| [*byte; 4]).collect();
        blocking::NorFlash::write(self.0, offset * 4, &words)
    }
}

/// Cuts a download of 5,003 bytes in every operation, and resumes it.
macro_rules! cut_everywhere {
    ($flash:ty, $wrap:expr, $stage:literal) => {{
        let (old, new) = (package(1, 5_003), package(2, 5_003));
        let mut before: Box<$flash> = Box::new(<$flash>::new(3));
        before.set_write_limit(1);
        before.set_erase_tear(EraseTear::Scattered);
        download(
            &mut slot::<_, $stage>($wrap(&mut *before)),
            &old,
            99,
            false,
            &mut None,
        )
        .unwrap();
        let mut rehearsal = before.clone();
        let mut rehearsing = slot::<_, $stage>($wrap(&mut *rehearsal));
        download(&mut rehearsing, &new, 99, false, &mut None).unwrap();
        for operation in before.operations()..rehearsal.operations() {
            for per_mille in [0, 500, 1000] {
                let at = format!("{per_mille} of operation {operation}");
                let mut flash = before.clone();
                flash.cut_at(operation, per_mille);
                let mut taken = None;
                let mut cut = slot::<_, $stage>($wrap(&mut *flash));
                assert!(download(&mut cut, &new, 99, false, &mut taken).is_err());
                flash.power_on();
                let mut resumed = slot::<_, $stage>($wrap(&mut *flash));
                let begun = download(&mut resumed, &new, 99, true, &mut None).unwrap();
                assert!(
                    begun + 512 + $stage >= taken.unwrap_or(0),
                    "{at}: {begun} of {taken:?}"
                );
                assert!(read_back(&mut resumed, new.len()) == new, "{at}");
                assert_eq!(flash.statistics().refused_writes, 0, "{at}");
                assert_eq!(flash.statistics().raised_bits, 0, "{at}");
            }
        }
    }};
}

#[test]
fn units_of_one_byte_work() {
    cut_everywhere!(Flash<48, 512>, Bytes, 128);
}

#[test]
fn units_of_8_bytes_work() {
    cut_everywhere!(Part, Units::<8>, 128);
}

#[test]
fn units_of_16_bytes_work() {
    cut_everywhere!(Part, Units::<16>, 64);
}

#[test]
fn units_of_32_bytes_work() {
    cut_everywhere!(Part, Units::<32>, 32);
}
