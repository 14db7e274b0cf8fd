//! The porting kit.

use at_modem_host::Options;
use carrier_mock::conformance::peer::HostPeer;
use carrier_mock::conformance::sessions::Places;
use carrier_mock::conformance::{clock, link, modem_info, sessions};
use lwm2m_carrier::driver::blocking::block_on;
use lwm2m_carrier::hal::{Link, ModemInfo};

use crate::bench::{SleepingClock, modem, talkative};

#[test]
fn the_clock_keeps_the_trait() {
    let (modem, _far) = modem(Options::default(), 1);
    block_on(clock::all(&mut modem.clock()), || ()).unwrap();
}

#[test]
fn the_link_keeps_the_trait() {
    for (options, seed) in [(Options::default(), 2), (talkative(), 3)] {
        let (modem, _far) = modem(options, seed);
        let mut clock = SleepingClock::new();
        block_on(link::all(&mut modem.link(), &mut clock), || ()).unwrap();
    }
}

#[test]
fn the_link_tells_an_outage_once() {
    for (options, seed) in [(Options::default(), 4), (talkative(), 5)] {
        let (modem, far) = modem(options, seed);
        let network = |there| far.borrow_mut().set_coverage(there);
        let mut clock = SleepingClock::new();
        block_on(link::outage(&mut modem.link(), &mut clock, network), || ()).unwrap();
    }
}

#[test]
fn the_sessions_keep_the_trait() {
    let peer = HostPeer::new().unwrap();
    for (options, seed) in [(Options::default(), 6), (talkative(), 7)] {
        let (modem, _far) = modem(options, seed);
        block_on(modem.link().up(), || ()).unwrap();
        let places = Places::new("127.0.0.1", peer.udp());
        let mut clock = SleepingClock::new();
        block_on(
            sessions::all(&mut modem.sessions(), &mut clock, &places),
            || (),
        )
        .unwrap();
    }
}

#[test]
fn the_facts_keep_the_trait() {
    for (options, seed) in [(Options::default(), 8), (talkative(), 9)] {
        let (modem, _far) = modem(options, seed);
        let mut info = modem.info();
        block_on(modem_info::all(&mut info), || ()).unwrap();
        // They are known, too.
        block_on(modem.link().up(), || ()).unwrap();
        let mut buffer = [0; 32];
        assert_eq!(
            block_on(info.imei(&mut buffer), || ()),
            Ok("490154203237518")
        );
        assert_eq!(
            block_on(info.iccid(&mut buffer), || ()),
            Ok("89882390000123456789")
        );
        assert_eq!(block_on(info.msisdn(&mut buffer), || ()), Ok("14155550123"));
        let version = block_on(info.firmware_version(&mut buffer), || ());
        assert_eq!(version, Ok("BG95M3LAR02A04"));
        assert_eq!(block_on(info.rsrp(), || ()), Ok(-98));
        assert_eq!(block_on(info.cell_id(), || ()), Ok(0x01A2_D003));
    }
}
