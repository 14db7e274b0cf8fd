//! What makes a package the running one.

use lwm2m_carrier::errno;
use lwm2m_carrier::hal::{Applied, FirmwareError, FirmwareErrorKind, Installed, LinkState};
use lwm2m_carrier::slot::Activate;

use crate::world::World;

/// Boot loader and modem, which do as the test says.
#[derive(Debug)]
pub(super) struct BootLoader<'a, 'w> {
    world: &'a World<'w>,
}

impl<'a, 'w> BootLoader<'a, 'w> {
    pub(super) const fn new(world: &'a World<'w>) -> Self {
        Self { world }
    }
}

impl Activate for BootLoader<'_, '_> {
    async fn activate(&mut self, size: u32) -> Result<Applied, FirmwareError> {
        let mut model = self.world.firmware.borrow_mut();
        model.activated = Some(size);
        model.outcome = Installed::NotYet;
        Ok(model.asks_for)
    }

    async fn restart_modem(&mut self) -> Result<(), FirmwareError> {
        if self.world.link.borrow().state() == LinkState::Up {
            return Err(FirmwareError::new(FirmwareErrorKind::Io, errno::EBUSY));
        }
        let time = self.world.firmware.borrow().restart_time;
        self.world.sleep(time).await;
        self.world.install_firmware();
        Ok(())
    }

    async fn outcome(&mut self) -> Result<Installed, FirmwareError> {
        Ok(self.world.firmware.borrow().outcome)
    }
}
