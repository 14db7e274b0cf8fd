//! Bootstrap and registration while nearly a third of all datagrams is lost, both ways.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a failed test panics, and the figures are part of the result"
)]

mod bench;

use carrier_mock::modem::KeyStoreMode;
use carrier_mock::network::Path;
use carrier_mock::world::Stop;
use lwm2m_core::time::Duration;

use bench::secs;
use bench::stage::stage_of;

/// From power-on to the first REGISTERED.
fn time_to_register(seed: u64) -> Duration {
    stage_of(seed, 86_400, |stage| {
        let delay = Duration::from_millis(50);
        let lossy = Path::perfect().delay(delay, delay).loss(300);
        stage.world.network().borrow_mut().set_paths(lossy);
        let stop = stage.boot_until_registered(KeyStoreMode::OfflineOnly);
        assert_eq!(
            stop,
            Ok(Stop::Condition),
            "seed {seed}: {:#?}",
            stage.recording.entries()
        );
        stage.world.uptime()
    })
}

#[test]
fn a_thousand_devices_register_although_30_percent_is_lost() {
    let mut times: Vec<Duration> = (0..1_000).map(time_to_register).collect();
    times.sort_unstable();
    let (median, worst) = (times[times.len() / 2], times[times.len() - 1]);
    println!(
        "30 % loss, 1,000 seeds: median {} s, worst {} s of virtual time",
        median.as_secs(),
        worst.as_secs()
    );
    assert!(worst < secs(4 * 3_600), "{worst:?}");
}
