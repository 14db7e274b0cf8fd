//! The firmware slot in a file, through restarts.

#![allow(clippy::unwrap_used, reason = "a failed test panics")]

use std::fs;
use std::path::PathBuf;

use carrier_host::firmware::{FileFirmware, FileFirmwareError, installed};
use lwm2m_carrier::hal::{Applied, Firmware, FirmwareErrorKind, Installed};

/// Room for a package.
const SIZE: u32 = 40_000;

/// A directory of its own for each test, gone at its end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn slot(&self) -> PathBuf {
        self.0.join("slot")
    }

    /// The device starts.
    async fn start(&self) -> FileFirmware {
        FileFirmware::open(&self.slot(), SIZE).await.unwrap()
    }

    fn installed(&self) -> Option<Vec<u8>> {
        fs::read(installed(&self.slot())).ok()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn package(len: usize, seed: u8) -> Vec<u8> {
    (0..len).map(|at| (at / 251 + at) as u8 ^ seed).collect()
}

async fn load(firmware: &mut FileFirmware, package: &[u8]) {
    let size = package.len() as u32;
    assert_eq!(firmware.begin(Some(size), false).await, Ok(0));
    let mut offset = 0;
    for part in package.chunks(1000) {
        firmware.write(offset, part).await.unwrap();
        offset += part.len() as u32;
    }
    firmware.finish(size).await.unwrap();
    let mut back = vec![0; package.len()];
    firmware.read(0, &mut back).await.unwrap();
    assert!(back == package);
}

#[tokio::test]
async fn a_package_takes_effect_with_the_restart() {
    let scratch = Scratch::new("firmware-applied");
    let (first, second) = (package(20_000, 0), package(SIZE as usize, 0x55));

    let mut firmware = scratch.start().await;
    load(&mut firmware, &first).await;
    assert_eq!(firmware.outcome().await, Ok(Installed::NotYet));
    // Repeatable: power may have failed before it was noted.
    for _ in 0..2 {
        assert_eq!(firmware.apply().await, Ok(Applied::RebootRequired));
    }
    assert_eq!(firmware.outcome().await, Ok(Installed::NotYet));
    assert_eq!(scratch.installed(), None);
    drop(firmware);

    for _ in 0..2 {
        let mut firmware = scratch.start().await;
        assert_eq!(firmware.outcome().await, Ok(Installed::Yes));
        assert!(scratch.installed().unwrap() == first);
        drop(firmware);
    }

    // What has become of the first says nothing about the next.
    let mut firmware = scratch.start().await;
    load(&mut firmware, &second).await;
    assert_eq!(firmware.outcome().await, Ok(Installed::NotYet));
    drop(firmware);
    let mut firmware = scratch.start().await;
    assert_eq!(firmware.outcome().await, Ok(Installed::NotYet));
    assert!(scratch.installed().unwrap() == first);
    assert_eq!(firmware.apply().await, Ok(Applied::RebootRequired));
    drop(firmware);
    let mut firmware = scratch.start().await;
    assert_eq!(firmware.outcome().await, Ok(Installed::Yes));
    assert!(scratch.installed().unwrap() == second);
}

#[tokio::test]
async fn a_package_is_resumed_after_the_end_of_the_process() {
    let scratch = Scratch::new("firmware-resumed");
    let package = package(20_000, 7);
    let mut firmware = scratch.start().await;
    assert_eq!(firmware.begin(Some(20_000), false).await, Ok(0));
    firmware
        .write(0, package.get(..10_000).unwrap())
        .await
        .unwrap();
    drop(firmware);

    let mut firmware = scratch.start().await;
    // Two whole pages.
    assert_eq!(firmware.begin(Some(20_000), true).await, Ok(8192));
    firmware
        .write(8192, package.get(8192..).unwrap())
        .await
        .unwrap();
    firmware.finish(20_000).await.unwrap();
    assert_eq!(firmware.apply().await, Ok(Applied::RebootRequired));
    drop(firmware);
    let mut firmware = scratch.start().await;
    assert_eq!(firmware.outcome().await, Ok(Installed::Yes));
    assert!(scratch.installed().unwrap() == package);
}

#[tokio::test]
async fn an_installation_that_fails_is_told() {
    let scratch = Scratch::new("firmware-failed");
    let mut firmware = scratch.start().await;
    load(&mut firmware, &package(5_000, 0)).await;
    firmware.apply().await.unwrap();
    drop(firmware);
    // A directory, which no file can replace.
    fs::create_dir(installed(&scratch.slot())).unwrap();
    for _ in 0..2 {
        let mut firmware = scratch.start().await;
        assert_eq!(firmware.outcome().await, Ok(Installed::Failed));
        drop(firmware);
    }
    let mut firmware = scratch.start().await;
    firmware.discard().await.unwrap();
    assert_eq!(firmware.outcome().await, Ok(Installed::NotYet));
}

#[tokio::test]
async fn what_does_not_fit_is_refused() {
    let scratch = Scratch::new("firmware-full");
    let mut firmware = scratch.start().await;
    let refused = firmware.begin(Some(SIZE + 1), false).await.unwrap_err();
    assert_eq!(refused.kind, FirmwareErrorKind::Full);
    // Of unknown length: refused where it no longer fits.
    assert_eq!(firmware.begin(None, false).await, Ok(0));
    let refused = firmware.write(0, &vec![0; SIZE as usize + 1]).await;
    assert_eq!(refused.unwrap_err().kind, FirmwareErrorKind::Full);
    // Nothing was completed.
    assert_eq!(
        firmware.apply().await.unwrap_err().kind,
        FirmwareErrorKind::Integrity
    );
    drop(firmware);

    let refused = FileFirmware::open(&scratch.slot(), SIZE + 4096).await;
    assert!(matches!(refused, Err(FileFirmwareError::Image(_))));
    for size in [0, 268_000_000, u32::MAX] {
        let refused = FileFirmware::open(&scratch.0.join("other"), size).await;
        assert!(matches!(refused, Err(FileFirmwareError::Size)), "{size}");
    }
    let large = FileFirmware::open(&scratch.0.join("large"), 3_000_000).await;
    assert_eq!(large.unwrap().begin(Some(3_000_000), false).await, Ok(0));
}
