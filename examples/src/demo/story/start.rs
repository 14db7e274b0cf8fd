//! The first boot, which ends where it began.

use carrier_mock::world::Run;
use lwm2m_carrier::Cause;
use lwm2m_carrier::hal::{KeyStoreError, KeyStoreErrorKind};

use super::{Stage, Told};
use crate::demo::device;

/// The modem's number for a key store without room.
const NO_ROOM: i32 = 12;

impl Stage<'_, '_, '_> {
    /// The modem does not take the application's certificate, so the application does not let the library start.
    pub(super) fn first_boot(&self) -> Told {
        self.chapter(
            "The first boot: the modem has no room for the application's certificate",
            "Chart 5: the application answers CERTS_INIT with an error, init() returns it, and nothing is connected.",
        );
        self.say("device", "boots");
        let error = KeyStoreError::new(KeyStoreErrorKind::Full, NO_ROOM);
        self.world.keys().fail_write(0, error);
        let life = device::live(self.world, &self.is_busy, async |_| {
            core::future::pending::<()>().await;
        });
        match life {
            Run::Finished(Err(error)) if error.cause == Cause::Application(NO_ROOM) => {}
            other => return Err(format!("The library should not have started: {other:?}.")),
        }
        self.say("device", "the application makes room and restarts it");
        Ok(())
    }
}
