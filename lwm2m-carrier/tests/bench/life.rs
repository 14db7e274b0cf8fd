//! The whole life of a device to which nothing happens.

use carrier_mock::modem::KeyStoreMode;
use carrier_mock::world::Stop;
use lwm2m_core::time::Instant;

use super::stage::stage_of;
use super::{ENDPOINT, Manner, secs};

/// A quarter of a year.
pub(crate) const DAYS: u64 = 90;

/// Bootstraps, registers and lives for so many days; the number of Updates that the server has taken.
pub(crate) fn live(lifetime: i64, days: u64) -> u32 {
    stage_of(7, lifetime, |stage| {
        stage.world.set_horizon(Instant::ZERO + secs(days * 86_400));
        let stop = stage.boot(KeyStoreMode::OfflineOnly, Manner::Plain, |_| false);
        assert_eq!(stop, Ok(Stop::Horizon));
        let server = stage.server.borrow();
        assert!(server.registration(ENDPOINT).is_some());
        assert_eq!(
            (server.statistics().registers, server.statistics().expiries),
            (1, 0)
        );
        server.statistics().updates
    })
}

/// Bootstraps and registers; the number of times that the server has taken a registration.
pub(crate) fn bootstrap() -> u32 {
    stage_of(7, 86_400, |stage| {
        assert_eq!(
            stage.boot_until_registered(KeyStoreMode::OfflineOnly),
            Ok(Stop::Condition)
        );
        stage.server.borrow().statistics().registers
    })
}
