//! Observe numbers over many notifications and through restarts.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed test panics"
)]

mod bench;

use core::cell::Cell;

use carrier_mock::recorder::{Entry, Recorder};
use carrier_mock::server::{RecordKind, Request};
use carrier_mock::world::Stop;
use lwm2m_carrier::hal::RecordId;
use lwm2m_core::model::Path;
use lwm2m_core::time::Instant;

use bench::{Manner, OFFLINE, boot_with, secs, secure_profile, stage};

const OBSERVE: &[Request<'static>] = &[Request::observe("/3/0/0")];
/// More than twice as many as are reserved at a time (1,024).
const NOTIFICATIONS: u32 = 2_500;

/// Counts how often the counters are stored.
#[derive(Debug, Default)]
struct Stores(Cell<u32>);

impl Recorder for Stores {
    fn record(&self, _at: Instant, entry: Entry) {
        if matches!(entry, Entry::Stored { id, .. } if id == RecordId(1)) {
            self.0.set(self.0.get() + 1);
            // A device that does nothing else never comes to the end of the test.
            assert!(self.0.get() < 20);
        }
    }
}

/// RFC 7641, section 3.4: a number is fresher when it is larger; the numbers of a client that restarts go on (section
/// 4.4). They are reserved in the storage, of which there is little: a store for each few hundred of them.
#[test]
fn numbers_grow_over_thousands_and_through_restarts() {
    stage(|stage| {
        stage
            .world
            .set_recorder(Box::leak(Box::<Stores>::default()));
        stage.server.borrow_mut().set_script(OBSERVE);
        let last = Cell::new(0);
        for _ in 0..2 {
            let count = Cell::new(0);
            let enough = || {
                while let Some(record) = stage.server.borrow_mut().take_record() {
                    let Some(number) = record.observe() else {
                        continue;
                    };
                    assert!(number > last.get(), "{number} after {}", last.get());
                    last.set(number);
                    count.set(count.get() + u32::from(record.kind() == RecordKind::Notified));
                }
                count.get() >= NOTIFICATIONS
            };
            let stop = boot_with(
                stage.world,
                OFFLINE[1],
                secure_profile(),
                Manner::Plain,
                enough,
                async |handle| loop {
                    stage.world.sleep(secs(20)).await;
                    handle.changed(Path::resource(3, 0, 0)).unwrap();
                },
            );
            assert_eq!(stop, Ok(Stop::Condition));
            stage.reboot();
        }
    });
}
