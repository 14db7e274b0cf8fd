//! What repeats itself while time stands still fails a test instead of hanging it.

use core::cell::RefCell;
use core::net::SocketAddr;

use carrier_mock::executor;
use carrier_mock::network::Path;
use carrier_mock::server::{ServerNode, Transmit, Verdict};
use carrier_mock::world::{Guard, World};
use lwm2m_carrier::hal::Clock;
use lwm2m_core::time::{Duration, Instant};

const fn at(seconds: u64) -> Instant {
    Instant::from_millis(seconds * 1_000)
}

/// A machine that waits for what has passed already, and never for anything else.
#[test]
#[should_panic(expected = "100000 steps at 7.000 s, and time stands still")]
fn a_device_that_goes_round_and_round() {
    let world = World::new(1);
    let mut clock = world.device().clock;
    executor::block_on(async {
        clock.wait(at(7)).await;
        loop {
            clock.wait(at(6)).await;
        }
    });
}

/// A server that has always one thing more to say.
#[derive(Debug)]
struct Chatterbox(SocketAddr);

impl ServerNode for Chatterbox {
    fn handle(&mut self, _: Instant, _: SocketAddr, _: &[u8]) {}

    fn poll(&mut self, _: Instant, _: &mut [u8]) -> Option<Transmit> {
        Some(Transmit::new(self.0, 1))
    }

    fn next_timeout(&self, _: Instant) -> Option<Instant> {
        None
    }

    fn verify(&self, _: &[u8], _: &[u8]) -> Verdict {
        Verdict::Accepted
    }

    fn is_present(&self) -> bool {
        true
    }
}

#[test]
#[should_panic(expected = "100000 steps at 1.500 s, and time stands still")]
fn a_server_without_an_end() {
    let server = RefCell::new(Chatterbox(SocketAddr::from(([10, 0, 0, 1], 5683))));
    let world = World::new(1);
    world.network().borrow_mut().set_paths(Path::perfect());
    let address = SocketAddr::from(([192, 0, 2, 1], 5683));
    let added = world.add_server("192.0.2.1", address, Guard::Plain, &server);
    assert_eq!(added, Ok(()));
    executor::block_on(world.sleep(Duration::from_millis(1_500)));
}

/// Much may happen in an instant, and it counts for that instant alone.
#[test]
fn much_work_is_no_standstill() {
    let world = World::new(1);
    let mut clock = world.device().clock;
    let end = executor::block_on(async {
        for second in 1..=3 {
            for _ in 0..60_000 {
                let _ = clock.now();
            }
            clock.wait(at(second)).await;
        }
        clock.now()
    });
    assert_eq!(end, Some(at(3)));
}
