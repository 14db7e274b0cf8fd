//! What happens in a [`World`](crate::world::World), with the time of each thing.

mod entry;
pub mod mscgen;
pub mod projection;
mod ring;
#[cfg(feature = "std")]
mod tape;

pub use entry::{
    Actor, Call, Direction, Entry, FirmwareOperation, MAX_PATH, MessageHead, Recorded, SecurityKind,
};
use lwm2m_core::time::Instant;
pub use ring::Ring;
#[cfg(feature = "std")]
pub use tape::Tape;

/// Takes what happens.
pub trait Recorder: core::fmt::Debug {
    /// Takes one entry; `at` is the world's time.
    fn record(&self, at: Instant, entry: Entry);
}
