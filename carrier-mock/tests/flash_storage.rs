//! Records in flash. What a power cut leaves of them is in `conformance`.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a failed test panics")]

use carrier_mock::flash::Flash;
use embedded_storage_async::nor_flash::NorFlash;
use lwm2m_carrier::driver::blocking::block_on;
use lwm2m_carrier::errno;
use lwm2m_carrier::hal::{RecordId, Storage, StorageError, StorageErrorKind};
use lwm2m_carrier::storage::{FlashStorage, Unsuitable};

const TOO_LONG: StorageError = StorageError::new(StorageErrorKind::TooLong, errno::EMSGSIZE);

fn storage() -> FlashStorage<Flash<2>, 512> {
    FlashStorage::with_buffer(Flash::new(1)).unwrap()
}

fn run<T>(future: impl Future<Output = T>) -> T {
    block_on(future, || panic!("flash never waits"))
}

#[test]
fn records_are_replaced_and_removed_by_id() {
    let mut storage = storage();
    let mut buffer = [0; 8];
    let (one, two) = (RecordId(1), RecordId(2));
    assert_eq!(run(storage.load(one, &mut buffer)), Ok(None));
    run(storage.store(one, b"first")).unwrap();
    run(storage.store(two, b"other")).unwrap();
    run(storage.store(one, b"second")).unwrap();
    assert_eq!(run(storage.load(one, &mut buffer)), Ok(Some(6)));
    assert_eq!(&buffer[..6], b"second");
    assert_eq!(run(storage.delete(one)), Ok(()));
    assert_eq!(run(storage.delete(one)), Ok(()));
    assert_eq!(run(storage.load(one, &mut buffer)), Ok(None));
    assert_eq!(run(storage.load(two, &mut buffer)), Ok(Some(5)));
}

#[test]
fn records_outlive_their_storage() {
    let mut storage = storage();
    run(storage.store(RecordId(1), b"kept")).unwrap();
    let mut storage = FlashStorage::<_, 512>::with_buffer(storage.into_flash()).unwrap();
    let mut buffer = [0; 4];
    assert_eq!(run(storage.load(RecordId(1), &mut buffer)), Ok(Some(4)));
    assert_eq!(&buffer, b"kept");
}

#[test]
fn what_does_not_fit_is_refused() {
    let mut storage = storage();
    // 511 bytes and the key are the most.
    assert_eq!(run(storage.store(RecordId(1), &[1; 512])), Err(TOO_LONG));
    run(storage.store(RecordId(1), &[1; 511])).unwrap();
    let loaded = run(storage.load(RecordId(1), &mut [0; 510]));
    assert_eq!(loaded, Err(TOO_LONG));
}

#[test]
fn many_rounds_reuse_the_pages() {
    let mut storage = storage();
    let mut buffer = [0; 300];
    for round in 0..=255 {
        run(storage.store(RecordId(3), &[round; 300])).unwrap();
    }
    assert_eq!(run(storage.load(RecordId(3), &mut buffer)), Ok(Some(300)));
    assert_eq!(buffer, [255; 300]);
}

/// Code of an earlier firmware, say: no records, and no reason never to keep any.
#[test]
fn flash_with_foreign_contents_is_taken_over() {
    for byte in [0x00, 0x5A] {
        let mut flash = Flash::<2>::new(1);
        for address in (0..8192).step_by(4) {
            run(flash.write(address, &[byte; 4])).unwrap();
        }
        let mut storage = FlashStorage::<_, 512>::with_buffer(flash).unwrap();
        let mut buffer = [0; 8];
        let (one, two) = (RecordId(1), RecordId(2));
        assert_eq!(run(storage.load(one, &mut buffer)), Ok(None), "{byte}");
        assert_eq!(run(storage.delete(one)), Ok(()));
        run(storage.store(one, b"first")).unwrap();
        run(storage.store(two, b"other")).unwrap();
        assert_eq!(run(storage.load(one, &mut buffer)), Ok(Some(5)));
        assert_eq!(&buffer[..5], b"first");
    }
}

#[test]
fn a_flash_of_one_page_is_not_taken() {
    let refused: Result<_, Unsuitable> = FlashStorage::new(Flash::<1>::new(1));
    assert!(refused.is_err());
}
