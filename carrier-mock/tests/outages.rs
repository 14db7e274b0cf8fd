//! Outages of days, and a NAT that forgets: the device is served again afterwards.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed test panics"
)]

mod life;

use core::cell::RefCell;

use carrier_mock::server::{ManagementServer, RecordKind, Request};
use carrier_mock::world::World;
use lwm2m_core::time::{Duration, Instant};

use life::{ENDPOINT, SERVER, hours, live};

/// The last wait of the profile's back-off lists is a day, spread by a tenth, and the attempts before it are spread over
/// two hours; so within 28 hours the device is back.
#[test]
fn a_device_comes_back_after_days_without_its_server() {
    for whole_network in [false, true] {
        let server = RefCell::new(ManagementServer::new(1, &[]));
        let world = World::new(11);
        let (from, until) = (Instant::ZERO + hours(5), Instant::ZERO + hours(5 + 72));
        {
            let mut network = world.network().borrow_mut();
            let server = SERVER.parse().unwrap();
            let added = if whole_network {
                network.add_outage(from, until)
            } else {
                network.add_server_outage(server, from, until)
            };
            added.unwrap();
        }
        let statistics = live(&world, &server, hours(5 + 72 + 28), async || {
            world.sleep_until(until).await;
            assert!(server.borrow().registration(ENDPOINT).is_none());
        });
        assert_eq!((statistics.registers, statistics.expiries), (2, 1));
        assert!(server.borrow().registration(ENDPOINT).is_some());
        assert!(world.network().borrow().uplink().lost_in_outage > 10);
    }
}

#[test]
fn the_way_to_another_server_is_not_cut() {
    let server = RefCell::new(ManagementServer::new(1, &[]));
    let world = World::new(11);
    let other = "192.0.2.99:5683".parse().unwrap();
    let cut = (Instant::ZERO, Instant::FAR_FUTURE);
    let added = world
        .network()
        .borrow_mut()
        .add_server_outage(other, cut.0, cut.1);
    added.unwrap();
    let statistics = live(&world, &server, hours(3), async || ());
    assert_eq!((statistics.registers, statistics.expiries), (1, 0));
}

/// A server that asks while the binding is there is answered; later its requests are dropped by the NAT until the device
/// speaks again, and the device keeps its registration, whatever its port.
#[test]
fn a_nat_that_forgets_hides_the_device_until_it_speaks() {
    for (asked_after, answered) in [(20, true), (100, false)] {
        let script = [Request::read("/3/0/0").after(Duration::from_secs(asked_after))];
        let server = RefCell::new(ManagementServer::new(1, &script));
        let world = World::new(11);
        world.set_nat_timeout(Duration::from_secs(60));
        let statistics = live(&world, &server, Duration::from_secs(1200), async || ());
        assert_eq!((statistics.registers, statistics.expiries), (1, 0));
        let mut server = server.borrow_mut();
        let kinds: Vec<_> = core::iter::from_fn(|| server.take_record())
            .map(|record| record.kind())
            .collect();
        assert_eq!(kinds.contains(&RecordKind::Answered), answered);
        let unbound = world.network().borrow().downlink().unbound;
        assert_eq!(unbound > 0, !answered, "{unbound}");
    }
}

#[test]
fn a_nat_that_is_rebound_costs_no_registration() {
    let server = RefCell::new(ManagementServer::new(1, &[]));
    let world = World::new(11);
    let statistics = live(&world, &server, hours(6), async || {
        for _ in 0..5 {
            world.sleep(hours(1)).await;
            world.rebind_nat();
        }
    });
    assert_eq!((statistics.registers, statistics.expiries), (1, 0));
}
