//! Packages that the device fetches.

use crate::stage::{SIZE, byte, stage};

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
