//! Plain sessions keep what the porting kit asks for, over real sockets, IPv4 and IPv6.

use carrier_mock::conformance::peer::HostPeer;
use carrier_mock::conformance::sessions as conformance;
use carrier_nrf91::{ModemSessions, SessionCache, SessionSettings};
use lwm2m_carrier::driver::blocking::block_on;
use lwm2m_carrier::hal::{OpenRequest, SessionId, Sessions};

use crate::host::{HostSockets, SleepingClock, peers, places};

#[test]
fn sessions_keep_what_the_porting_kit_asks_for() {
    for peer in peers() {
        check(&peer);
    }
}

fn check(peer: &HostPeer) {
    let host = peer.address().to_string();
    let places = places(peer, &host);
    let (sockets, cache) = (HostSockets::default(), SessionCache::new());
    let settings = SessionSettings::default();
    let mut clock = SleepingClock::new();
    {
        let mut port = ModemSessions::<_, _, 3>::new(&sockets, clock, &cache, &settings);
        let all = conformance::all(&mut port, &mut clock, &places);
        if let Err(breach) = block_on(all, || {}) {
            panic!("{host}: {breach}");
        }
        assert_eq!(sockets.count(), 0);
        let request = OpenRequest::new(&host, peer.udp());
        block_on(port.open(SessionId::new(2), &request), || {}).unwrap();
        assert_eq!(sockets.count(), 1);
    }
    assert_eq!(sockets.count(), 0, "closed with the sessions");
}
