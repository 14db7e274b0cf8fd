//! What calls are refused with.

use crate::errno;
use crate::hal::{FirmwareError, FirmwareErrorKind};

pub(super) const FLASH_FAILED: FirmwareError =
    FirmwareError::new(FirmwareErrorKind::Io, errno::EIO);
pub(super) const FULL: FirmwareError = FirmwareError::new(FirmwareErrorKind::Full, errno::ENOSPC);
/// Too many writes have failed since the package was begun or resumed.
pub(super) const NO_RECORD: FirmwareError =
    FirmwareError::new(FirmwareErrorKind::Io, errno::ENOSPC);
/// Calls in the wrong order.
pub(super) const MISUSED: FirmwareError = FirmwareError::new(FirmwareErrorKind::Io, errno::EINVAL);
pub(super) const INCOMPLETE: FirmwareError =
    FirmwareError::new(FirmwareErrorKind::Integrity, errno::EINVAL);
pub(super) const NOTHING: FirmwareError =
    FirmwareError::new(FirmwareErrorKind::Integrity, errno::ENOENT);
