//! The record store: atomic wherever the power fails, and harmless where the flash holds something else.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed test panics"
)]

use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};

use carrier_host::storage::{RecordError, RecordStore};
use carrier_mock::flash::{Flash, FlashError};
use carrier_mock::random::Pcg32;
use embedded_storage::nor_flash::{NorFlash, ReadNorFlash};
use lwm2m_carrier::hal::{RecordId, Storage, StorageErrorKind};

/// Five pages of 512 bytes: a header and a log of four.
type Device = Flash<5, 128>;
const SIZE: usize = Device::SIZE;
const PAGE: u32 = Device::PAGE_SIZE as u32;

type Store<'f> = RecordStore<&'f mut Device>;

const ACCOUNT: RecordId = RecordId(1);
const BACK_OFF: RecordId = RecordId(2);

/// The flash model never waits, so one poll finishes any future over it.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the flash model never waits"),
    }
}

fn open(flash: &mut Device) -> Store<'_> {
    now(RecordStore::open(flash)).unwrap()
}

fn load(store: &mut Store<'_>, id: RecordId) -> Option<Vec<u8>> {
    let mut buffer = [0; 400];
    let len = now(store.load(id, &mut buffer)).unwrap()?;
    Some(buffer[..len].to_vec())
}

/// The account and the back-off.
fn records(store: &mut Store<'_>) -> (Option<Vec<u8>>, Option<Vec<u8>>) {
    (load(store, ACCOUNT), load(store, BACK_OFF))
}

fn content(flash: &mut Device) -> Vec<u8> {
    let mut bytes = vec![0; SIZE];
    flash.read(0, &mut bytes).unwrap();
    bytes
}

/// A flash with these bytes, as a power-on finds it.
fn flash_with(bytes: &[u8]) -> Device {
    let mut flash = Device::new(0);
    flash.write(0, bytes).unwrap();
    flash
}

#[test]
fn records_are_stored_replaced_and_deleted() {
    let mut flash = Device::new(0);
    let mut store = open(&mut flash);
    assert_eq!(load(&mut store, ACCOUNT), None);
    now(store.store(ACCOUNT, b"first")).unwrap();
    now(store.store(BACK_OFF, b"")).unwrap();
    now(store.store(ACCOUNT, b"second")).unwrap();
    assert_eq!(load(&mut store, ACCOUNT).unwrap(), b"second");
    assert_eq!(load(&mut store, BACK_OFF).unwrap(), b"");

    now(store.delete(ACCOUNT)).unwrap();
    now(store.delete(ACCOUNT)).unwrap();
    now(store.delete(RecordId(15))).unwrap();
    assert_eq!(load(&mut store, ACCOUNT), None);

    let mut store = open(store.into_flash());
    assert_eq!(load(&mut store, ACCOUNT), None);
    assert_eq!(load(&mut store, BACK_OFF).unwrap(), b"");
}

#[test]
fn the_hal_sees_the_same_records() {
    let mut flash = Device::new(0);
    let mut store = open(&mut flash);
    let storage: &mut Store<'_> = &mut store;
    now(Storage::store(storage, ACCOUNT, b"account")).unwrap();
    let mut buffer = [0; 7];
    assert_eq!(
        now(Storage::load(storage, ACCOUNT, &mut buffer)),
        Ok(Some(7))
    );
    assert_eq!(&buffer, b"account");
    let short = now(Storage::load(storage, ACCOUNT, &mut buffer[..6])).unwrap_err();
    assert_eq!(short.kind, StorageErrorKind::TooLong);
    now(Storage::delete(storage, ACCOUNT)).unwrap();
    assert_eq!(now(Storage::load(storage, ACCOUNT, &mut buffer)), Ok(None));
}

#[test]
fn limits_are_typed_errors_and_keep_the_old_record() {
    let mut flash = Device::new(0);
    let mut store = open(&mut flash);
    now(store.store(ACCOUNT, b"old")).unwrap();
    assert_eq!(
        now(store.load(ACCOUNT, &mut [0; 2])),
        Err(RecordError::BufferTooSmall { needed: 3 })
    );
    assert_eq!(
        now(store.store(ACCOUNT, &[0; 400])),
        Err(RecordError::TooLong)
    );
    let mut stored = 0;
    let full = (3..).find_map(|id| match now(store.store(RecordId(id), &[id; 350])) {
        Ok(()) => {
            stored += 1;
            None
        }
        Err(error) => Some(error),
    });
    assert_eq!(full, Some(RecordError::Full));
    // A log of four pages takes two pages of records at least.
    assert!(stored >= 2, "{stored}");
    assert_eq!(load(&mut store, ACCOUNT).unwrap(), b"old");
    for id in 3..3 + stored {
        assert_eq!(load(&mut store, RecordId(id)).unwrap(), [id; 350]);
    }
}

/// What is written in a life: enough to go round the log several times.
const STEPS: usize = 75;

/// Lives it; the step that failed, if one did.
fn life(store: &mut Store<'_>) -> Result<(), (usize, RecordError<FlashError>)> {
    for step in 0..STEPS {
        now(apply(store, step)).map_err(|error| (step, error))?;
    }
    Ok(())
}

/// Step by step: the account is replaced each time, the back-off deleted every third time.
async fn apply(store: &mut Store<'_>, step: usize) -> Result<(), RecordError<FlashError>> {
    match step % 3 {
        0 => store.delete(BACK_OFF).await,
        1 => store.store(BACK_OFF, &[step as u8; 9]).await,
        _ => store.store(ACCOUNT, &[step as u8; 101]).await,
    }
}

/// The account and the back-off after `steps` steps.
fn expected(steps: usize) -> (Option<Vec<u8>>, Option<Vec<u8>>) {
    let account = (0..steps).rev().find(|step| step % 3 == 2);
    let back_off = (0..steps).rev().find(|step| step % 3 != 2);
    (
        account.map(|step| vec![step as u8; 101]),
        back_off
            .filter(|step| step % 3 == 1)
            .map(|step| vec![step as u8; 9]),
    )
}

#[test]
fn a_power_cut_anywhere_leaves_the_old_or_the_new_record() {
    let mut rehearsal = Device::new(0);
    life(&mut open(&mut rehearsal)).unwrap();
    assert!(rehearsal.statistics().pages_erased > 4);

    for operation in 0..rehearsal.operations() {
        for per_mille in [0, 500, 1000] {
            let mut flash = Device::new(u64::from(operation));
            flash.cut_at(operation, per_mille);
            let lived = match now(RecordStore::open(&mut flash)) {
                Ok(mut store) => life(&mut store),
                Err(error) => Err((0, error)),
            };
            let (done, error) = lived.unwrap_err();
            assert_eq!(error, RecordError::Flash(FlashError::PowerLost));

            flash.power_on();
            let mut store = open(&mut flash);
            let found = records(&mut store);
            assert!(
                found == expected(done) || found == expected(done + 1),
                "operation {operation}, {per_mille} per mille: {found:?} after step {done}"
            );
            if per_mille == 500 {
                // And life goes on.
                life(&mut store).unwrap();
                assert_eq!(records(&mut store), expected(STEPS));
            }
        }
    }
}

#[test]
fn a_second_cut_while_the_first_is_made_up_for_loses_nothing() {
    let mut rehearsal = Device::new(0);
    life(&mut open(&mut rehearsal)).unwrap();
    for operation in 1..rehearsal.operations() {
        for second in 0..6 {
            let mut flash = Device::new(u64::from(operation));
            flash.cut_at(operation, 500);
            let (done, _) = life(&mut open(&mut flash)).unwrap_err();
            flash.power_on();
            flash.cut_at(flash.operations() + second, 500);
            let cut = now(apply(&mut open(&mut flash), done)).is_err();
            flash.power_on();
            let found = records(&mut open(&mut flash));
            assert!(
                found == expected(done + 1) || (cut && found == expected(done)),
                "operation {operation}, then {second}: {found:?} after step {done}"
            );
        }
    }
}

#[test]
fn a_flash_that_holds_something_else_is_refused_and_left_alone() {
    let mut random = Pcg32::new(7);
    let noise: Vec<u8> = (0..SIZE).map(|_| random.next_u32() as u8).collect();
    let mut last_byte = vec![0xFF; SIZE];
    last_byte[SIZE - 1] = 0xFE;
    for bytes in [noise, vec![0; SIZE], last_byte] {
        let mut flash = flash_with(&bytes);
        let refused = now(RecordStore::open(&mut flash)).unwrap_err();
        assert_eq!(refused, RecordError::Damaged);
        assert_eq!(content(&mut flash), bytes);
    }
}

#[test]
fn damage_is_an_error_and_nothing_is_erased() {
    let mut flash = Device::new(0);
    life(&mut open(&mut flash)).unwrap();
    let image = content(&mut flash);
    let header = |image: &mut Vec<u8>| image[3] ^= 1;
    // Every page marked as full: there is no room for a log to go on.
    let marks = |image: &mut Vec<u8>| {
        for page in (PAGE as usize..SIZE).step_by(PAGE as usize) {
            image[page..page + 4].fill(0);
            image[page + PAGE as usize - 4..page + PAGE as usize].fill(0);
        }
    };
    for damage in [&header as &dyn Fn(&mut Vec<u8>), &marks] {
        let mut damaged = image.clone();
        damage(&mut damaged);
        let mut flash = flash_with(&damaged);
        let refused = now(RecordStore::open(&mut flash)).unwrap_err();
        assert_eq!(refused, RecordError::Damaged);
        assert_eq!(content(&mut flash), damaged);
    }
}

#[test]
fn a_store_of_another_size_is_refused() {
    let mut flash = Device::new(0);
    now(open(&mut flash).store(ACCOUNT, b"account")).unwrap();
    let mut image = content(&mut flash);
    image.extend([0xFF; 512]);
    let mut larger = Flash::<6, 128>::new(0);
    larger.write(0, &image).unwrap();
    let refused = now(RecordStore::open(larger)).unwrap_err();
    assert_eq!(refused, RecordError::Damaged);

    let refused = now(RecordStore::open(Flash::<2, 128>::new(0))).unwrap_err();
    assert_eq!(refused, RecordError::Unsuitable);
}

#[test]
fn flipped_bits_never_panic_and_never_make_up_a_record() {
    let mut flash = Device::new(0);
    life(&mut open(&mut flash)).unwrap();
    let image = content(&mut flash);
    let written: Vec<_> = (0..=STEPS).map(expected).collect();
    for seed in 0..400 {
        let mut random = Pcg32::new(seed);
        let mut damaged = image.clone();
        for _ in 0..1 + seed % 8 {
            let bit = random.below(SIZE as u32 * 8) as usize;
            damaged[bit / 8] ^= 1 << (bit % 8);
        }
        let mut flash = flash_with(&damaged);
        let Ok(mut store) = now(RecordStore::open(&mut flash)) else {
            continue;
        };
        let mut buffer = [0; 400];
        if let Ok(Some(len)) = now(store.load(ACCOUNT, &mut buffer)) {
            let found = Some(buffer[..len].to_vec());
            assert!(
                written.iter().any(|(account, _)| *account == found),
                "seed {seed}"
            );
        }
        let _ = now(store.store(BACK_OFF, b"new"));
        let _ = now(store.delete(ACCOUNT));
    }
}
