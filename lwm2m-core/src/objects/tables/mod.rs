//! Resource ids and definitions, generated from the OMA registry by `cargo xtask objects xtask/oma/*.xml`.

pub mod binaryappdatacontainer;
pub mod connectivity_monitoring;
pub mod device;
pub mod event_log;
pub mod firmware_update;
#[cfg(feature = "float")]
pub mod location;
pub mod security;
pub mod server;
#[cfg(feature = "float")]
pub mod temperature;
