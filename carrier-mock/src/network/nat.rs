//! The NAT between the device and its servers.

use heapless::Vec;
use lwm2m_core::time::{Duration, Instant};

/// Bindings that a NAT with a timeout remembers; the one that has been idle for the longest makes room.
pub const MAX_BINDINGS: usize = 8;

/// How far a NAT moves the device's ports when it rebinds. A late answer to the old port then names
/// a port that no session of the device uses.
const STEP: u16 = 64;

/// One port of the device as its servers see it.
#[derive(Debug, Clone, Copy)]
struct Binding {
    port: u16,
    outside: u16,
    /// When the device sent from it last. What comes in does not refresh it (RFC 4787, section 4.3, leaves that open).
    used: Instant,
}

/// What the NAT knows. Without a timeout every port moves by the same offset, and nothing is remembered.
#[derive(Debug)]
pub(super) struct Nat {
    offset: u16,
    /// Rebindings on demand.
    pub(super) rebound: u32,
    timeout: Duration,
    bindings: Vec<Binding, MAX_BINDINGS>,
}

impl Nat {
    pub(super) const fn new() -> Self {
        Self {
            offset: 0,
            rebound: 0,
            timeout: Duration::MAX,
            bindings: Vec::new(),
        }
    }

    pub(super) fn set_timeout(&mut self, timeout: Duration) {
        self.timeout = timeout;
        self.bindings.clear();
    }

    pub(super) fn rebind(&mut self) {
        self.offset = self.offset.wrapping_add(STEP);
        self.rebound = self.rebound.wrapping_add(1);
        self.bindings.clear();
    }

    /// The port that servers see when the device sends from `port`.
    pub(super) fn outside(&mut self, now: Instant, port: u16) -> u16 {
        if self.timeout == Duration::MAX {
            return port.wrapping_add(self.offset);
        }
        let timeout = self.timeout;
        let known = self.bindings.iter_mut().find(|b| b.port == port);
        if let Some(binding) = known {
            if now.since(binding.used) >= timeout {
                self.offset = self.offset.wrapping_add(STEP);
                binding.outside = port.wrapping_add(self.offset);
            }
            binding.used = now;
            return binding.outside;
        }
        if self.bindings.is_full() {
            let idle = self.bindings.iter().enumerate().min_by_key(|(_, b)| b.used);
            if let Some((index, _)) = idle {
                self.bindings.swap_remove(index);
            }
        }
        let outside = port.wrapping_add(self.offset);
        let _ = self.bindings.push(Binding {
            port,
            outside,
            used: now,
        });
        outside
    }

    /// The device's port that `outside` is bound to; `None`: to none any more, and what comes for it is dropped.
    pub(super) fn inside(&self, now: Instant, outside: u16) -> Option<u16> {
        if self.timeout == Duration::MAX {
            return Some(outside.wrapping_sub(self.offset));
        }
        let bound = self.bindings.iter().find(|b| b.outside == outside)?;
        (now.since(bound.used) < self.timeout).then_some(bound.port)
    }
}
