//! Updates of the modem's firmware, and of the application's beside it.

mod by_kind;
mod delta;

pub use by_kind::{FirmwareByKind, MemoryMap};
pub use delta::{
    DIRTY, DeltaError, DeltaFirmware, DeltaInterface, EraseSettings, ModemStart, UUID,
};
