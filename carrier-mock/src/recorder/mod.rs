//! What happens in a [`World`](crate::world::World), with the time of each thing.

mod entry;

pub use entry::{Actor, Call, Direction, Entry, MAX_PATH, MessageHead};
use lwm2m_core::time::Instant;

/// Takes what happens.
pub trait Recorder: core::fmt::Debug {
    /// Takes one entry; `at` is the world's time.
    fn record(&self, at: Instant, entry: Entry);
}
