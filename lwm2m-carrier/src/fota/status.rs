//! How far an update is, for the application.

use lwm2m_core::objects::{FirmwareState, UpdateResult};

/// Where a firmware update stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct FirmwareStatus {
    /// What /5/0/3 says.
    pub state: FirmwareState,
    /// What /5/0/5 says.
    pub result: UpdateResult,
    /// Bytes of the package that have come.
    pub taken: u32,
    /// Bytes of the whole package, once they are known. Of a pushed package they never are.
    pub size: Option<u32>,
}
