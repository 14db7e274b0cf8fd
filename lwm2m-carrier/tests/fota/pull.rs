//! Packages that the device fetches.

use carrier_mock::recorder::{Direction, Entry};

use crate::stage::{SIZE, Seen, Stage, byte, download, stage};

/// The three ways to a package, all of which serve the same.
const WAYS: [&str; 3] = [
    "http://files.example/fw",
    "https://files.example/fw",
    "coap://blocks.example/fw",
];

#[test]
fn a_package_is_fetched_and_runs_after_a_restart() {
    for uri in WAYS {
        stage(7, |stage| {
            let seen = stage.update_from(uri);
            let story = stage.recording.story();
            assert_eq!(seen.outcome(), Some(1), "{uri} {seen:?} {story:?}");
            assert_eq!(seen.states, [0, 1, 2, 3, 0], "{uri}");
            assert!(stage.world.firmware().holds((0..SIZE).map(byte)));
            assert_eq!(
                stage.recording.story(),
                [
                    "BSDLIB_INIT",
                    "CERTS_INIT",
                    "CONNECTING",
                    "CONNECTED",
                    "LTE_READY",
                    "REGISTERED",
                    "FOTA_START",
                    "REBOOT",
                    "BSDLIB_INIT",
                    "CERTS_INIT",
                    "CONNECTING",
                    "CONNECTED",
                    "LTE_READY",
                    "REGISTERED",
                    "FOTA_SUCCESS",
                ],
            );
        });
    }
}

/// One life in which a package is fetched to its end.
fn fetch(stage: &Stage<'_, '_>, uri: &'static str) {
    stage.server.borrow_mut().set_script(stage.watching.get());
    let mut seen = Seen::default();
    let mut asked = false;
    stage.boot(|| {
        stage.watch(&mut seen);
        if seen.result.is_some() && !asked {
            stage.ask(download(uri));
            asked = true;
        }
        seen.state == Some(2)
    });
    assert_eq!(seen.state, Some(2));
}

/// The record is stored while the answer waits in the same buffer, which must come through: a server that hears nothing
/// sends the Write again.
#[test]
fn the_write_of_a_uri_is_answered_at_once() {
    stage(7, |stage| {
        fetch(stage, WAYS[2]);
        let is_write = |entry: &Entry| {
            matches!(entry, Entry::Message { direction: Direction::ToDevice, head, .. }
                if head.path == "/5/0/1")
        };
        assert_eq!(stage.recording.count(is_write), 1);
    });
}

/// As the network has counted it, in which nothing is lost; the sessions are plain.
#[test]
fn the_traffic_of_a_download_is_counted() {
    stage(7, |stage| {
        fetch(stage, "coap://blocks.example/fw");
        let network = stage.world.network().borrow();
        let (up, down) = (network.uplink(), network.downlink());
        let counted = stage.statistics.get();
        assert!(down.bytes_delivered > SIZE.into());
        assert_eq!(counted.sent, up.sent);
        assert_eq!(u64::from(counted.bytes_sent), up.bytes_sent);
        assert_eq!(counted.received, down.delivered);
        assert_eq!(u64::from(counted.bytes_received), down.bytes_delivered);
        // It all happens in one go.
        assert_eq!(counted.wake_ups, 1);
    });
}

/// Of a stream the network counts segments with their headers, the server the bytes of the package.
#[test]
fn the_traffic_of_a_stream_is_counted() {
    stage(7, |stage| {
        fetch(stage, "http://files.example/fw");
        let network = stage.world.network().borrow();
        let server = stage.http.borrow().statistics();
        let counted = stage.statistics.get();
        assert_eq!(server.body_bytes, SIZE.into());
        let sent = u64::from(server.requests) * "GET /fw HTTP/1.1".len() as u64;
        let received = server.body_bytes + u64::from(server.requests) * "HTTP/1.1 206".len() as u64;
        assert!((sent..network.uplink().bytes_sent).contains(&counted.bytes_sent.into()));
        let delivered = network.downlink().bytes_delivered;
        assert!((received..delivered).contains(&counted.bytes_received.into()));
    });
}
