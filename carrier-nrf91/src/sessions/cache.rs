//! What the modem remembers of handshakes.

use core::cell::Cell;

/// Tells the [sessions](super::ModemSessions) that the [keys](crate::ModemKeys) have changed: a handshake that the modem
/// shortens by what it remembers would be one with the old key.
///
/// The sessions have the modem forget everything before their next handshake, and before their first one.
#[derive(Debug)]
pub struct SessionCache {
    stale: Cell<bool>,
}

impl SessionCache {
    /// Not to be relied on yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            stale: Cell::new(true),
        }
    }

    /// Has the modem forget all handshakes before the next one.
    pub fn purge(&self) {
        self.stale.set(true);
    }

    /// Whether that is to be done.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.stale.get()
    }

    pub(super) fn purged(&self) {
        self.stale.set(false);
    }
}

impl Default for SessionCache {
    fn default() -> Self {
        Self::new()
    }
}
