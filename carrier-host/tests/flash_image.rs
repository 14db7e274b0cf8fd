//! The flash image: NOR semantics, and what becomes of files that are not one.

#![allow(clippy::unwrap_used, reason = "a failed test panics")]

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use carrier_host::flash::{FlashError, FlashImage, OpenError};
use embedded_storage::nor_flash::{NorFlash, ReadNorFlash};

const PAGE: u32 = FlashImage::PAGE_SIZE as u32;

/// A file of its own for each test, in the directory that cargo keeps for it; gone at the end of the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_file(&path);
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn read<const N: usize>(flash: &mut FlashImage, offset: u32) -> [u8; N] {
    let mut bytes = [0; N];
    flash.read(offset, &mut bytes).unwrap();
    bytes
}

#[test]
fn a_missing_file_becomes_a_blank_flash_of_its_owner() {
    let path = Scratch::new("blank.flash");
    let mut flash = FlashImage::open(&path.0, 4).unwrap();
    assert_eq!(flash.capacity(), 16_384);
    assert_eq!(read::<16_384>(&mut flash, 0), [0xFF; 16_384]);
    let metadata = fs::metadata(&path.0).unwrap();
    assert_eq!(metadata.len(), 16_384);
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
}

#[test]
fn writes_clear_bits_and_only_an_erase_sets_them() {
    let path = Scratch::new("semantics.flash");
    let mut flash = FlashImage::open(&path.0, 2).unwrap();
    flash.write(8, &[0xF0, 0x0F, 0xAA, 0x00]).unwrap();
    flash.write(8, &[0x3C, 0xFF, 0xAA, 0xFF]).unwrap();
    assert_eq!(
        read(&mut flash, 6),
        [0xFF, 0xFF, 0x30, 0x0F, 0xAA, 0x00, 0xFF, 0xFF]
    );
    flash.write(PAGE, &[0; 4]).unwrap();
    flash.erase(0, PAGE).unwrap();
    assert_eq!(read(&mut flash, 8), [0xFF; 4]);
    assert_eq!(read(&mut flash, PAGE), [0; 4]);
}

#[test]
fn the_content_outlives_the_process() {
    let path = Scratch::new("durable.flash");
    let mut flash = FlashImage::open(&path.0, 2).unwrap();
    flash.write(PAGE + 4, b"kept").unwrap();
    drop(flash);
    let mut flash = FlashImage::open(&path.0, 2).unwrap();
    assert_eq!(&read(&mut flash, PAGE + 4), b"kept");
}

#[test]
fn unaligned_and_far_operations_change_nothing() {
    let path = Scratch::new("bounds.flash");
    let mut flash = FlashImage::open(&path.0, 2).unwrap();
    assert_eq!(flash.write(2, &[0; 4]), Err(FlashError::NotAligned));
    assert_eq!(flash.write(0, &[0; 3]), Err(FlashError::NotAligned));
    assert_eq!(flash.write(2 * PAGE, &[0; 4]), Err(FlashError::OutOfBounds));
    assert_eq!(flash.erase(4, PAGE), Err(FlashError::NotAligned));
    assert_eq!(flash.erase(0, 3 * PAGE), Err(FlashError::OutOfBounds));
    assert_eq!(flash.erase(PAGE, 0), Err(FlashError::OutOfBounds));
    assert_eq!(
        flash.read(2 * PAGE - 1, &mut [0; 2]),
        Err(FlashError::OutOfBounds)
    );
    assert_eq!(read::<8192>(&mut flash, 0), [0xFF; 8192]);
}

#[test]
fn a_second_user_is_refused() {
    let path = Scratch::new("locked.flash");
    let first = FlashImage::open(&path.0, 2).unwrap();
    let second = FlashImage::open(&path.0, 2).unwrap_err();
    assert!(matches!(second, OpenError::InUse { .. }));
    assert!(second.to_string().ends_with("is in use by another process"));
    drop(first);
    FlashImage::open(&path.0, 2).unwrap();
}

#[test]
fn a_file_of_another_size_is_left_alone() {
    let path = Scratch::new("size.flash");
    for content in [
        b"some notes".to_vec(),
        vec![0xFF; 8193],
        vec![0; 4096],
        [&[0xFF; 4095][..], &[0xFE]].concat(),
    ] {
        fs::write(&path.0, &content).unwrap();
        let error = FlashImage::open(&path.0, 2).unwrap_err();
        assert!(matches!(
            error,
            OpenError::WrongSize { found, expected: 8192, .. } if found == content.len() as u64
        ));
        assert_eq!(fs::read(&path.0).unwrap(), content);
    }
}

#[test]
fn an_image_that_was_cut_off_while_it_was_made_is_completed() {
    let path = Scratch::new("short.flash");
    for len in [0, 1, 8191] {
        fs::write(&path.0, vec![0xFF; len]).unwrap();
        drop(FlashImage::open(&path.0, 2).unwrap());
        assert_eq!(fs::read(&path.0).unwrap(), [0xFF; 8192]);
    }
}

#[test]
fn what_is_no_file_or_has_no_directory_is_refused() {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let error = FlashImage::open(&directory, 2).unwrap_err();
    assert!(matches!(error, OpenError::NotAFile { .. }));
    let error = FlashImage::open("/dev/null".as_ref(), 2).unwrap_err();
    assert!(matches!(error, OpenError::NotAFile { .. }));
    let error = FlashImage::open(&directory.join("none/x.flash"), 2).unwrap_err();
    assert!(matches!(error, OpenError::NoDirectory { .. }));
}

#[test]
fn a_file_without_permission_is_refused() {
    let path = Scratch::new("forbidden.flash");
    fs::write(&path.0, [0xFF; 8192]).unwrap();
    fs::set_permissions(&path.0, fs::Permissions::from_mode(0o400)).unwrap();
    if File::options().write(true).open(&path.0).is_ok() {
        // Nothing is forbidden to root.
        return;
    }
    let error = FlashImage::open(&path.0, 2).unwrap_err();
    assert!(matches!(error, OpenError::PermissionDenied { .. }));
}
