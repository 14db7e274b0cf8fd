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

use carrier_mock::network::Path;
use carrier_mock::recorder::{Entry, Recorder};
use carrier_mock::server::{RecordKind, Request};
use carrier_mock::world::Stop;
use lwm2m_carrier::hal::RecordId;
use lwm2m_core::model::Path as ObjectPath;
use lwm2m_core::time::Instant;

use bench::stage::stage_of;
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
                    handle.changed(ObjectPath::resource(3, 0, 0)).unwrap();
                },
            );
            assert_eq!(stop, Ok(Stop::Condition));
            stage.reboot();
        }
    });
}

/// Once a day a notification has to be acknowledged (RFC 7641, section 4.5). When nothing gets through just then, the
/// device gives up the observation: it registers anew, and the server observes again.
#[test]
fn an_outage_in_the_confirmable_notification_of_a_day_costs_no_observation() {
    // No Update falls into the three days.
    stage_of(7, 30 * 86_400, |stage| {
        stage.server.borrow_mut().set_script(OBSERVE);
        let [mut days, mut observed] = [[0; 3], [0; 3]];
        let count = || {
            let day = (stage.world.uptime().as_secs() / 86_400) as usize;
            while let Some(record) = stage.server.borrow_mut().take_record() {
                match record.kind() {
                    RecordKind::Notified => days[day] += 1,
                    RecordKind::Answered => observed[day] += 1,
                    _ => {}
                }
            }
            stage.world.uptime() >= secs(3 * 86_400 - 1)
        };
        let stop = boot_with(
            stage.world,
            OFFLINE[1],
            secure_profile(),
            Manner::Plain,
            count,
            async |handle| loop {
                stage.world.sleep(secs(600)).await;
                // In the ten minutes after the first change that is a day old nothing gets through: longer than it takes to
                // give a confirmable message up (RFC 7252, section 4.8.2: 93 s).
                let step = stage.world.uptime().as_secs() / 600;
                let path = Path::perfect().loss(if step == 145 { 1_000 } else { 0 });
                stage.world.network().borrow_mut().set_paths(path);
                handle.changed(ObjectPath::resource(3, 0, 0)).unwrap();
            },
        );
        assert_eq!(stop, Ok(Stop::Condition));
        assert_eq!(observed, [1, 1, 0]);
        // Each change of the day that follows is told.
        assert_eq!(days[2], 86_400 / 600);
    });
}
