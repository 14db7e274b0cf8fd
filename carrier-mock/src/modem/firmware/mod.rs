//! The device's firmware slot: the library's own [`FlashSlot`](lwm2m_carrier::slot::FlashSlot) over a second simulated
//! flash, and a boot loader that does as it is told.

mod boot_loader;
mod model;
mod nor;
mod script;
mod slot;

pub use model::{FirmwareCall, MAX_FAULTS, TooManyFaults};
pub use script::ModemFirmware;
pub use slot::DeviceFirmware;

pub(crate) use model::FirmwareModel;
