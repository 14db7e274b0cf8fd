//! The smallest port keeps what the traits ask for.

#![allow(
    clippy::unwrap_used,
    clippy::large_futures,
    reason = "a failed test panics"
)]

use carrier_examples::minimal_port::{SleepingClock, UdpSessions};
use carrier_mock::conformance::peer::HostPeer;
use carrier_mock::conformance::sessions::Places;
use carrier_mock::conformance::{clock, sessions};
use lwm2m_carrier::driver::blocking::block_on;

#[test]
fn the_sessions_keep_the_trait() {
    let peer = HostPeer::new().unwrap();
    let places = Places::new("127.0.0.1", peer.udp());
    let (mut port, mut clock) = (UdpSessions::default(), SleepingClock::default());
    block_on(sessions::all(&mut port, &mut clock, &places), || ()).unwrap();
}

#[test]
fn the_clock_keeps_the_trait() {
    block_on(clock::all(&mut SleepingClock::default()), || ()).unwrap();
}
