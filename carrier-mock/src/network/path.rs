//! The quality of one direction of the network.

use lwm2m_core::time::Duration;

use crate::random::Pcg32;

/// How one direction treats datagrams.
///
/// Datagrams keep their order unless [`reordering`](Self::reordering) holds one back. Probabilities
/// are in per mille; more than 1,000 counts as always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Path {
    loss: u16,
    duplication: u16,
    reordering: u16,
    held_back: Duration,
    delay_min: Duration,
    delay_max: Duration,
    /// Bytes in a second; 0: no limit.
    bandwidth: u32,
}

impl Path {
    /// A path that delivers everything at once, once and in order.
    #[must_use]
    pub const fn perfect() -> Self {
        Self {
            loss: 0,
            duplication: 0,
            reordering: 0,
            held_back: Duration::ZERO,
            delay_min: Duration::ZERO,
            delay_max: Duration::ZERO,
            bandwidth: 0,
        }
    }

    /// Sets the one-way delay: uniform from `min` to `max`, in whole milliseconds.
    #[must_use]
    pub const fn delay(mut self, min: Duration, max: Duration) -> Self {
        self.delay_min = min;
        self.delay_max = max;
        self
    }

    /// Lets this many bytes through in a second, one datagram behind the other; 0: no limit.
    #[must_use]
    pub const fn bandwidth(mut self, bytes_per_second: u32) -> Self {
        self.bandwidth = bytes_per_second;
        self
    }

    /// How long `len` bytes take to leave, in whole milliseconds, rounded up.
    pub(super) const fn time_for(&self, len: usize) -> Duration {
        if self.bandwidth == 0 {
            return Duration::ZERO;
        }
        let millis = (len as u64).saturating_mul(1000);
        Duration::from_millis(millis.div_ceil(self.bandwidth as u64))
    }

    pub(super) const fn shortest_delay(&self) -> Duration {
        self.delay_min
    }

    /// Loses a datagram with this probability.
    #[must_use]
    pub const fn loss(mut self, per_mille: u16) -> Self {
        self.loss = per_mille;
        self
    }

    /// Delivers a datagram twice with this probability, each copy with a delay of its own.
    #[must_use]
    pub const fn duplication(mut self, per_mille: u16) -> Self {
        self.duplication = per_mille;
        self
    }

    /// With this probability holds a datagram back by up to `by`, so that later ones overtake it.
    #[must_use]
    pub const fn reordering(mut self, per_mille: u16, by: Duration) -> Self {
        self.reordering = per_mille;
        self.held_back = by;
        self
    }

    /// Draws what happens to one datagram. The number of draws does not depend on the answer, so
    /// that one more lost datagram leaves the rest of the run as it was.
    pub(super) fn draw(&self, random: &mut Pcg32) -> Draw {
        let mut copy = || Copy {
            delay: Duration::from_millis(
                random.between(self.delay_min.as_millis(), self.delay_max.as_millis()),
            ),
            held_back: {
                let by = random.between(1, self.held_back.as_millis());
                random
                    .chance(self.reordering)
                    .then_some(Duration::from_millis(by))
            },
        };
        let copies = [copy(), copy()];
        Draw {
            lost: random.chance(self.loss),
            duplicated: random.chance(self.duplication),
            copies,
        }
    }
}

/// What happens to one datagram.
pub(super) struct Draw {
    pub(super) lost: bool,
    pub(super) duplicated: bool,
    pub(super) copies: [Copy; 2],
}

/// When one copy of a datagram arrives.
pub(super) struct Copy {
    pub(super) delay: Duration,
    pub(super) held_back: Option<Duration>,
}
