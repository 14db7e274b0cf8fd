//! Plain sessions keep what the porting kit asks for, over real sockets.

use carrier_mock::conformance::peer::HostPeer;
use carrier_mock::conformance::sessions::{self as conformance, Places};
use carrier_nrf91::{ModemSessions, SessionCache, SessionSettings};
use lwm2m_carrier::driver::blocking::block_on;
use lwm2m_carrier::hal::{OpenRequest, SessionId, Sessions};

use crate::host::{HostSockets, SleepingClock};

#[test]
fn sessions_keep_what_the_porting_kit_asks_for() {
    let peer = HostPeer::new().unwrap();
    let places = Places::new("127.0.0.1", peer.udp())
        .with_streams(peer.tcp())
        .with_refused("127.0.0.1", peer.refused());
    let (sockets, cache) = (HostSockets::default(), SessionCache::new());
    let settings = SessionSettings::default();
    let mut clock = SleepingClock::new();
    {
        let mut port = ModemSessions::<_, _, 3>::new(&sockets, clock, &cache, settings);
        let all = conformance::all(&mut port, &mut clock, &places);
        if let Err(breach) = block_on(all, || {}) {
            panic!("{breach}");
        }
        assert_eq!(sockets.count(), 0);
        let request = OpenRequest::new("127.0.0.1", peer.udp());
        block_on(port.open(SessionId::new(2), &request), || {}).unwrap();
        assert_eq!(sockets.count(), 1);
    }
    assert_eq!(sockets.count(), 0, "closed with the sessions");
}
