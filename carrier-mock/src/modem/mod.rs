//! A scripted modem: the traits of [`lwm2m_carrier::hal`] over a [`World`](crate::world::World).
//!
//! Each part is a small handle, a copy of a reference: one goes to the driver, others stay with the test, which scripts
//! through them what befalls the device.

mod device;
mod firmware;
mod flow;
mod keys;
mod link;
mod sessions;
mod storage;
mod stream;
mod stream_step;
mod streams;

pub use device::{DeviceClock, DeviceRandom, DeviceReset, Identity, ModemInfo};
pub use firmware::{DeviceFirmware, FirmwareCall, MAX_FAULTS, ModemFirmware, TooManyFaults};
pub use flow::SEGMENT;
pub use keys::{
    DEFAULT_PSK_LIMIT, KeyCut, KeyStoreMode, MAX_CREDENTIAL_SIZE, MAX_CREDENTIALS, ModemKeys,
};
pub use link::{MAX_GAPS, ModemLink, SEARCH_TIME, TooManyGaps};
pub use sessions::{MAX_SESSIONS, ModemSessions};
pub use storage::{DeviceStorage, MAX_RECORD};
pub use stream::{STREAM_GIVE_UP, STREAM_SEND_BUFFER, STREAM_WINDOW};
pub use streams::MAX_STREAMS;

pub(crate) use device::date;
pub(crate) use firmware::FirmwareModel;
pub(crate) use keys::KeyTable;
pub(crate) use link::LinkModel;
pub(crate) use sessions::SessionTable;
pub(crate) use streams::StreamTable;
