//! The slot for two kinds of package keeps what the porting kit asks for, with packages of either kind.

use core::cell::RefCell;
use std::rc::Rc;

use carrier_mock::conformance::{Breach, firmware};
use carrier_mock::flash::Flash;
use carrier_nrf91::firmware::{DeltaFirmware, FirmwareByKind};
use lwm2m_carrier::hal::{Applied, FirmwareError, Installed, RecordId};
use lwm2m_carrier::slot::{Activate, FlashSlot};

use crate::by_kind::{Chip, MAP};
use crate::conformance::{DELTA, package};
use crate::double::{VirtualClock, run};
use crate::firmware::{Modem, Power, Record};

/// A boot loader before the restart.
struct Loader;

impl Activate for Loader {
    async fn activate(&mut self, _size: u32) -> Result<Applied, FirmwareError> {
        Ok(Applied::RebootRequired)
    }

    async fn outcome(&mut self) -> Result<Installed, FirmwareError> {
        Ok(Installed::NotYet)
    }
}

/// Whose power is cut: that of the flash with images, or that of modem and records.
#[derive(Clone, Copy)]
enum Supply {
    Flash,
    Rest,
}

/// The device; the packages of the checks are the modem's or the application's.
struct Device<const MODEM: bool> {
    modem: Modem,
    chip: Chip,
    delta_record: Record,
    record: Record,
    power: Power,
    supply: Supply,
}

/// Two pages of 4,096 bytes; the journal has the other two.
const LIMIT: u32 = 8192;

impl<const MODEM: bool> Device<MODEM> {
    fn new(supply: Supply) -> Self {
        let power = Power::default();
        Self {
            modem: Modem::particular(LIMIT, false, power.clone()),
            chip: Chip(Rc::new(RefCell::new(Flash::new(1)))),
            delta_record: Record::powered(power.clone()),
            record: Record::powered(power.clone()),
            power,
            supply,
        }
    }
}

impl<const MODEM: bool> firmware::Bench for Device<MODEM> {
    type Firmware<'f> =
        FirmwareByKind<DeltaFirmware<Modem, Record, VirtualClock>, FlashSlot<Chip, Loader>, Record>;

    fn clear(&mut self) {
        *self = Self::new(self.supply);
    }

    async fn open(&mut self) -> Self::Firmware<'_> {
        self.modem.lose_power();
        self.chip.0.borrow_mut().power_on();
        let clock = VirtualClock::default();
        let (modem, record) = (self.modem.clone(), self.delta_record.clone());
        let modem = DeltaFirmware::new(modem, record, clock, RecordId(16));
        let slot = FlashSlot::new(self.chip.clone(), Loader).unwrap();
        FirmwareByKind::new(modem, slot, MAP, self.record.clone(), RecordId(17))
    }

    fn cut(&mut self, operation: u32) -> bool {
        match self.supply {
            Supply::Flash => {
                let mut flash = self.chip.0.borrow_mut();
                let at = flash.operations() + operation;
                flash.cut_at(at, [0, 500, 1000][operation as usize % 3]);
            }
            Supply::Rest => self.power.cut(operation),
        }
        true
    }

    fn limit(&self) -> u32 {
        LIMIT
    }

    fn least(&self) -> u32 {
        8
    }

    fn byte(version: u8, offset: u32) -> u8 {
        let [a, b, c, d] = *DELTA;
        let head = if MODEM {
            [version, 0xCB, 0, 0, a, b, c, d]
        } else {
            // A vector table: the end of the stack, and a start in Thumb code.
            [0, 0, 4, 0x20, version << 1 | 1, 0x82, 0, 0]
        };
        package(head, version, offset)
    }

    fn wrong_image() -> Option<fn(u32) -> u8> {
        Some(|offset| package([0xFF; 8], 0, offset))
    }
}

/// All but [`firmware::too_long`] for a package that is announced so: without its kind its place is not known yet.
async fn check<const MODEM: bool>(supply: Supply) -> Result<(), Breach> {
    let device = &mut Device::<MODEM>::new(supply);
    firmware::whole(device).await?;
    firmware::wrong_size(device).await?;
    firmware::resume(device).await?;
    firmware::anew(device).await?;
    firmware::discard(device).await?;
    firmware::outcome(device).await?;
    firmware::wrong_image(device).await?;
    firmware::cuts(device).await
}

#[test]
fn updates_of_the_modem_beside_images() {
    run(check::<true>(Supply::Rest)).unwrap();
}

#[test]
fn images_beside_updates_of_the_modem() {
    run(check::<false>(Supply::Flash)).unwrap();
    run(check::<false>(Supply::Rest)).unwrap();
}
