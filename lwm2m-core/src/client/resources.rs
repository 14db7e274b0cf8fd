//! The memory of a client, owned by the caller.

use super::connection::Connection;
use crate::message::deduplication::Slot;

/// The memory of a [`Client`](super::Client). A `static` or a local variable; nothing else is allocated. It is all zeros while
/// it is empty, so a `static` that begins as [`new`](Self::new) takes no flash and is never moved over the stack.
///
/// * `SERVERS`: servers at the same time; a bootstrap server is one while it is at work. Without room for it, it takes the
///   place of a server that is not registered, which is not tried again until the bootstrap has succeeded: one more than
///   accounts leaves each its place
/// * `OBSERVATIONS`: observations of all servers, 256 at most
/// * `ATTRIBUTES`: paths with notification attributes, of all servers
/// * `DUPLICATES`: requests that are remembered so that a repeated one is not executed again
pub struct Resources<
    const SERVERS: usize,
    const OBSERVATIONS: usize,
    const ATTRIBUTES: usize,
    const DUPLICATES: usize,
> {
    pub(super) connections: [Connection; SERVERS],
    #[cfg(feature = "observe")]
    pub(super) observations: [super::reporting::Observation; OBSERVATIONS],
    #[cfg(feature = "attributes")]
    pub(super) attributes: [super::reporting::AttributeSet; ATTRIBUTES],
    pub(super) deduplication: [Slot; DUPLICATES],
}

impl<
    const SERVERS: usize,
    const OBSERVATIONS: usize,
    const ATTRIBUTES: usize,
    const DUPLICATES: usize,
> Resources<SERVERS, OBSERVATIONS, ATTRIBUTES, DUPLICATES>
{
    /// Empty memory.
    #[must_use]
    pub const fn new() -> Self {
        const { assert!(OBSERVATIONS <= 256, "observations are numbered by a byte") };
        Self {
            connections: [const { Connection::UNUSED }; SERVERS],
            #[cfg(feature = "observe")]
            observations: [super::reporting::Observation::UNUSED; OBSERVATIONS],
            #[cfg(feature = "attributes")]
            attributes: [super::reporting::AttributeSet::UNUSED; ATTRIBUTES],
            deduplication: [Slot::FREE; DUPLICATES],
        }
    }
}

impl<
    const SERVERS: usize,
    const OBSERVATIONS: usize,
    const ATTRIBUTES: usize,
    const DUPLICATES: usize,
> Default for Resources<SERVERS, OBSERVATIONS, ATTRIBUTES, DUPLICATES>
{
    fn default() -> Self {
        Self::new()
    }
}

impl<
    const SERVERS: usize,
    const OBSERVATIONS: usize,
    const ATTRIBUTES: usize,
    const DUPLICATES: usize,
> core::fmt::Debug for Resources<SERVERS, OBSERVATIONS, ATTRIBUTES, DUPLICATES>
{
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Resources").finish_non_exhaustive()
    }
}
