//! What the application asks of the device while a package is on its way.

use carrier_mock::server::firmware::HttpFault;
use carrier_mock::world::Stop;
use lwm2m_carrier::driver::Handle;
use lwm2m_carrier::fota::Unverified;
use lwm2m_core::objects::FirmwareState;

use crate::stage::{Objects, SIZE, Stage, download, secs, stage};

type App<'s, 'r, 'o> = Handle<'s, 'r, Objects<'o>>;

/// Waits until the package has come so far, or is at least asked for.
async fn under_way(stage: &Stage<'_, '_>, handle: App<'_, '_, '_>, bytes: u32) {
    handle.registered(1).await;
    loop {
        let status = handle.firmware_status().unwrap().unwrap();
        if status.state == FirmwareState::Downloading && status.taken >= bytes {
            return;
        }
        stage
            .world
            .sleep(lwm2m_core::time::Duration::from_millis(10))
            .await;
    }
}

fn run(stage: &Stage<'_, '_>, task: impl AsyncFnOnce(App<'_, '_, '_>)) {
    let stop = stage.boot_with(&mut Unverified, || false, task);
    assert_eq!(stop, Stop::Condition);
}

/// The device goes offline in the middle, and goes on where it stopped when it is online again.
#[test]
fn a_download_does_not_keep_the_device_online() {
    for uri in ["coap://blocks.example/fw", "http://files.example/fw"] {
        stage(31, |stage| {
            run(stage, async |handle| {
                handle.registered(1).await;
                stage.ask(download(uri));
                under_way(stage, handle, 50_000).await;
                handle.link_down().unwrap();
                handle.offline().await;
                let taken = handle.firmware_status().unwrap().unwrap().taken;
                assert!((50_000..SIZE).contains(&taken), "{uri}: {taken}");
                stage.world.sleep(secs(600)).await;
                assert_eq!(
                    handle.firmware_status().unwrap().unwrap().taken,
                    taken,
                    "{uri}"
                );
                handle.link_up().unwrap();
                handle.registered(1).await;
                stage.world.sleep(secs(600)).await;
                let status = handle.firmware_status().unwrap().unwrap();
                assert_eq!(status.state, FirmwareState::Downloaded, "{uri}");
            });
        });
    }
}

/// Nor does one that waits for its next attempt.
#[test]
fn a_download_that_waits_does_not_keep_the_device_online() {
    stage(32, |stage| {
        assert!(stage.http.borrow_mut().add_fault(HttpFault::Answers {
            status: 503,
            retry_after: Some(80_000),
            times: u32::MAX,
        }));
        run(stage, async |handle| {
            handle.registered(1).await;
            stage.ask(download("http://files.example/fw"));
            under_way(stage, handle, 0).await;
            stage.world.sleep(secs(60)).await;
            handle.link_down().unwrap();
            let before = stage.world.now();
            handle.offline().await;
            let took = stage.world.now().since(before);
            assert!(took < secs(120), "{took:?}");
        });
    });
}

/// A factory reset gives the package up, and the session goes before the link.
#[test]
fn a_factory_reset_ends_a_download() {
    for uri in ["coap://blocks.example/fw", "http://files.example/fw"] {
        stage(33, |stage| {
            run(stage, async |handle| {
                handle.registered(1).await;
                stage.ask(download(uri));
                under_way(stage, handle, 50_000).await;
                handle.factory_reset().unwrap();
                handle.link_down().unwrap();
                handle.offline().await;
                let status = handle.firmware_status().unwrap().unwrap();
                assert_eq!(status.state, FirmwareState::Idle, "{uri}");
            });
        });
    }
}

/// The network goes and comes in the middle.
#[test]
fn a_download_goes_on_behind_a_gap_in_the_coverage() {
    for uri in ["coap://blocks.example/fw", "http://files.example/fw"] {
        stage(34, |stage| {
            run(stage, async |handle| {
                handle.registered(1).await;
                stage.ask(download(uri));
                under_way(stage, handle, 50_000).await;
                let now = stage.world.now();
                let link = stage.world.device().link;
                link.add_gap(now, now + secs(60)).unwrap();
                stage.world.sleep(secs(600)).await;
                let status = handle.firmware_status().unwrap().unwrap();
                assert_eq!(status.state, FirmwareState::Downloaded, "{uri}");
            });
        });
    }
}

/// What was under way is done again: an attach, a handshake, a write to the flash, a restart.
#[test]
fn the_driver_may_be_dropped_at_any_time() {
    for uri in [
        "coap://blocks.example/fw",
        "http://files.example/fw",
        "https://files.example/fw",
    ] {
        for seed in 1..=20 {
            stage(seed, |stage| {
                stage.dropped_after.set(seed);
                let seen = stage.update_from(uri);
                assert_eq!(
                    seen.outcome(),
                    Some(1),
                    "{uri} {seed} {:?}",
                    stage.recording.story()
                );
            });
        }
    }
}
