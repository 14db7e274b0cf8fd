//! Objects of the OMA registry that the library itself implements.
//!
//! The application owns them and lends them to the engine with each call. Each has the version that LwM2M 1.1 lists for
//! it, so none needs a `ver=` when registering: Security 1.1, Server 1.1, Device 1.1, Connectivity Monitoring 1.2,
//! Firmware Update 1.0.

mod connectivity_monitoring;
mod device;
mod error;
mod firmware_update;
mod instances;
mod security;
mod server;
mod staging;
pub mod tables;

pub use connectivity_monitoring::{Cell, ConnectivityMonitoring};
pub use device::{Device, PowerSource};
pub use error::SetError;
pub use firmware_update::{
    DeliveryMethod, FirmwareRequest, FirmwareState, FirmwareUpdate, UpdateResult,
};
pub use instances::Instances;
pub use security::{Security, SecurityInstance, SecurityMode};
pub use server::{Server, ServerInstance};
