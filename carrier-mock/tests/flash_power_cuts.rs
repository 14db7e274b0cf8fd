//! A key-value store on the flash model keeps the old or the new value, wherever the power fails.

#![allow(clippy::panic, reason = "a failed test panics")]

use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};

use carrier_mock::flash::{Flash, FlashError};
use sequential_storage::cache::Cache;
use sequential_storage::map::{MapConfig, MapStorage};

type Device = Flash<3, 64>;
type Error = sequential_storage::Error<FlashError>;

const RANGE: MapConfig<&mut Device> = MapConfig::new(0..Device::SIZE as u32);
/// Rounds of writing: enough to go round the three pages several times.
const ROUNDS: u8 = 24;
const KEYS: u8 = 2;

/// The model never waits, so one poll finishes any future over it.
fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    match future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the flash model never waits"),
    }
}

fn value(key: u8, round: u8) -> [u8; 20] {
    [key ^ round.wrapping_mul(7); 20]
}

fn store(flash: &mut Device, key: u8, round: u8) -> Result<(), Error> {
    let mut map = MapStorage::<u8, _, _>::new(flash, RANGE, Cache::new_uncached());
    let mut buffer = [0; 64];
    now(map.store_item(&mut buffer, &key, &value(key, round)))
}

fn fetch(flash: &mut Device, key: u8) -> Result<Option<[u8; 20]>, Error> {
    let mut map = MapStorage::<u8, _, _>::new(flash, RANGE, Cache::new_uncached());
    let mut buffer = [0; 64];
    now(map.fetch_item(&mut buffer, &key))
}

/// Writes every key in every round; answers what was being stored when the power failed.
fn run(flash: &mut Device) -> Result<(), (u8, u8)> {
    for round in 0..ROUNDS {
        for key in 0..KEYS {
            match store(flash, key, round) {
                Ok(()) => {}
                Err(sequential_storage::Error::Storage {
                    value: FlashError::PowerLost,
                }) => return Err((key, round)),
                Err(other) => panic!("key {key}, round {round}: {other}"),
            }
        }
    }
    Ok(())
}

#[test]
fn old_or_new_value_survives_a_cut_in_every_operation() {
    let mut rehearsal = Device::new(0);
    run(&mut rehearsal).unwrap();
    let operations = rehearsal.operations();
    assert!(rehearsal.statistics().pages_erased > 3);

    for operation in 0..operations {
        for per_mille in [0, 500, 1000] {
            let mut flash = Device::new(u64::from(operation));
            flash.cut_at(operation, per_mille);
            let (key, round) = run(&mut flash).unwrap_err();
            flash.power_on();
            for other in 0..KEYS {
                let found = fetch(&mut flash, other).unwrap();
                let stored = |round: u8| Some(value(other, round));
                let before = round.checked_sub(1).and_then(stored);
                let expected = match other.cmp(&key) {
                    core::cmp::Ordering::Less => found == stored(round),
                    core::cmp::Ordering::Equal => found == before || found == stored(round),
                    core::cmp::Ordering::Greater => found == before,
                };
                assert!(
                    expected,
                    "cut at {per_mille} of operation {operation} (key {key}, round {round}): \
                     key {other} reads {found:?}"
                );
            }
            // The store goes on working.
            store(&mut flash, key, round).unwrap();
            assert_eq!(fetch(&mut flash, key).unwrap(), Some(value(key, round)));
        }
    }
}
