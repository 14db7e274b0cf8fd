//! How long the device was of no use to its server, and what it has cost.
//!
//! There is **service** while the management server holds a registration of the device whose lifetime has not ended, and
//! a request that it would send now would come to an open session of the device, were nothing lost on the way: the
//! device has power, its link is up, the NAT and the security context at the server lead there. Of a device in queue mode,
//! which sleeps and is asked when it is heard, only power and link are asked beside the registration. An outage that was
//! [injected](super::weather::Outage) does not end it by itself; but the time without service that lies in one is not
//! counted.

use lwm2m_core::time::{Duration, Instant};

/// Silence after which the next datagram wakes the modem: the inactivity timer of a cellular network, as often set.
const INACTIVITY: Duration = Duration::from_secs(10);

/// Why there can be no service.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Excuse {
    /// There could be some.
    None,
    /// The device has no power. It goes on with what it has to catch up with when it has some again.
    Power,
    /// An outage: every attempt is in vain.
    Outage,
}

/// What holds from now on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now {
    pub(super) at: Instant,
    /// There is service.
    pub(super) served: bool,
    /// What is in its way.
    pub(super) excuse: Excuse,
    /// Datagrams that have left the device and come to it.
    pub(super) datagrams: u64,
}

/// The meter.
#[derive(Debug)]
pub(super) struct Meter {
    last: Now,
    /// Time without service and without excuse, since the service ended.
    beyond: Duration,
    /// The same since the last outage ended.
    clear: Duration,
    /// The longest of both.
    worst_beyond: Duration,
    worst_clear: Duration,
    /// When the longest ended.
    worst_at: Instant,
    /// All time with service, and all without it and without excuse.
    served: Duration,
    unserved: Duration,
    active_at: Instant,
    wake_ups: u32,
}

impl Meter {
    pub(super) const fn new() -> Self {
        Self {
            last: Now {
                at: Instant::ZERO,
                served: false,
                excuse: Excuse::None,
                datagrams: 0,
            },
            beyond: Duration::ZERO,
            clear: Duration::ZERO,
            worst_beyond: Duration::ZERO,
            worst_clear: Duration::ZERO,
            worst_at: Instant::ZERO,
            served: Duration::ZERO,
            unserved: Duration::ZERO,
            active_at: Instant::ZERO,
            wake_ups: 0,
        }
    }

    /// Takes what holds now; until now held what was taken last.
    pub(super) fn take(&mut self, now: Now) {
        let span = now.at.since(self.last.at);
        match (self.last.served, self.last.excuse) {
            (true, _) => self.served = self.served + span,
            (false, Excuse::Power | Excuse::Outage) => {}
            (false, Excuse::None) => {
                self.unserved = self.unserved + span;
                self.beyond = self.beyond + span;
                self.clear = self.clear + span;
            }
        }
        if self.clear > self.worst_clear {
            self.worst_clear = self.clear;
            self.worst_at = now.at;
        }
        self.worst_beyond = self.worst_beyond.max(self.beyond);
        if now.served {
            self.beyond = Duration::ZERO;
        }
        if now.served || now.excuse == Excuse::Outage {
            self.clear = Duration::ZERO;
        }
        if now.datagrams != self.last.datagrams {
            if now.at.since(self.active_at) >= INACTIVITY {
                self.wake_ups += 1;
            }
            self.active_at = now.at;
        }
        self.last = now;
    }

    /// Something that was injected has spoiled an attempt: an outage of one moment.
    pub(super) const fn spoiled(&mut self) {
        self.clear = Duration::ZERO;
    }

    /// Whether there is service.
    pub(super) const fn is_served(&self) -> bool {
        self.last.served
    }

    /// The longest time without service behind one outage, or behind none: until the next outage, the time without power left
    /// out.
    pub(super) const fn worst_clear(&self) -> Duration {
        self.worst_clear
    }

    /// When that ended.
    pub(super) const fn worst_at(&self) -> Instant {
        self.worst_at
    }

    /// The longest time without service, less the outages that lie in it.
    pub(super) const fn worst_beyond(&self) -> Duration {
        self.worst_beyond
    }

    /// Time with service, and time without it that no outage explains.
    pub(super) const fn totals(&self) -> (Duration, Duration) {
        (self.served, self.unserved)
    }

    pub(super) const fn wake_ups(&self) -> u32 {
        self.wake_ups
    }
}
