//! Objects of the OMA registry that the library itself implements.
//!
//! The application owns them and lends them to the engine with each call. Each has the version that LwM2M 1.1 lists for
//! it, so none needs a `ver=` when registering: Security 1.1, Server 1.1, Device 1.1, Connectivity Monitoring 1.2,
//! Firmware Update 1.0, Location 1.0, Binary App Data Container 1.0. Event Log, which LwM2M 1.1 does not list, is 2.1.

mod app_data;
mod connectivity_monitoring;
mod device;
mod error;
mod event_log;
#[cfg(feature = "separate")]
mod firmware_update;
mod instances;
#[cfg(feature = "float")]
mod location;
mod security;
mod server;
mod staging;
pub mod tables;

pub use app_data::{AppData, AppDataContainer};
pub use connectivity_monitoring::{Cell, ConnectivityMonitoring};
pub use device::{Device, PowerSource};
pub use error::SetError;
pub use event_log::EventLog;
#[cfg(feature = "separate")]
pub use firmware_update::{
    DeliveryMethod, FirmwareRequest, FirmwareState, FirmwareUpdate, UpdateResult,
};
pub use instances::Instances;
#[cfg(feature = "float")]
pub use location::{Location, Position, Velocity};
pub use security::{Security, SecurityInstance, SecurityMode};
pub use server::{Server, ServerInstance};
