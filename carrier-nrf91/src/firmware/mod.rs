//! Updates of the modem's firmware, and of the application's beside it.

mod by_kind;
mod delta;
mod interface;
mod note;
mod start;

pub use by_kind::{FirmwareByKind, MemoryMap};
pub use delta::{DeltaFirmware, EraseSettings};
pub use interface::{DIRTY, DeltaError, DeltaInterface, UUID};
pub use start::{LONGEST_WAIT, ModemStarts, StartFailure};
