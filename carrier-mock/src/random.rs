//! A seedable random source: the same seed gives the same run, byte for byte.

use lwm2m_core::random::Random;

/// PCG32 (PCG-XSH-RR 64/32), a small generator with 64 bits of state.
///
/// Source: M. E. O'Neill, "PCG: A Family of Simple Fast Space-Efficient Statistically Good
/// Algorithms for Random Number Generation", Harvey Mudd College, HMC-CS-2014-0905.
///
/// It is predictable by design and must never make a secret outside a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pcg32 {
    state: u64,
    increment: u64,
}

/// The multiplier of the 64-bit linear congruential step (the paper's default for PCG32).
const MULTIPLIER: u64 = 6_364_136_223_846_793_005;

/// The stream that [`Pcg32::new`] takes: the paper's default.
const DEFAULT_STREAM: u64 = 0x0a02_bdbf_7bb3_c0a7;

impl Pcg32 {
    /// A generator on the default stream.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self::with_stream(seed, DEFAULT_STREAM)
    }

    /// A generator on a stream of its own: equal seeds on different streams give unrelated numbers,
    /// so that two parts of a simulation can share one seed without moving in step.
    #[must_use]
    pub const fn with_stream(seed: u64, stream: u64) -> Self {
        let mut this = Self {
            state: 0,
            // The increment of the step must be odd for the full period.
            increment: (stream << 1) | 1,
        };
        this.step();
        this.state = this.state.wrapping_add(seed);
        this.step();
        this
    }

    const fn step(&mut self) {
        self.state = self
            .state
            .wrapping_mul(MULTIPLIER)
            .wrapping_add(self.increment);
    }

    /// The next 32 bits.
    pub const fn next_u32(&mut self) -> u32 {
        let old = self.state;
        self.step();
        let xor_shifted = (((old >> 18) ^ old) >> 27) as u32;
        let rotation = (old >> 59) as u32;
        xor_shifted.rotate_right(rotation)
    }

    /// A number from 0 to `bound - 1`, uniform; 0 when `bound` is 0.
    ///
    /// Numbers that would favour the low end are drawn again, as the paper's reference code does.
    pub const fn below(&mut self, bound: u32) -> u32 {
        if bound == 0 {
            return 0;
        }
        let threshold = bound.wrapping_neg() % bound;
        loop {
            let drawn = self.next_u32();
            if drawn >= threshold {
                return drawn % bound;
            }
        }
    }

    /// A number from `low` to `high`, both included, uniform; `low` when the range is empty.
    ///
    /// Ranges wider than 32 bits are cut to 32 bits.
    pub const fn between(&mut self, low: u64, high: u64) -> u64 {
        let width = high.saturating_sub(low).saturating_add(1);
        if width > u32::MAX as u64 {
            return low.saturating_add(self.next_u32() as u64);
        }
        low + self.below(width as u32) as u64
    }

    /// True in `per_mille` of 1,000 cases. Draws one number whatever the probability is, so that a
    /// changed probability does not shift the rest of the run.
    pub const fn chance(&mut self, per_mille: u16) -> bool {
        self.below(1000) < per_mille as u32
    }

    /// Fills `buf`, four bytes a draw, least significant byte first.
    pub fn fill(&mut self, buf: &mut [u8]) {
        for chunk in buf.chunks_mut(4) {
            let drawn = self.next_u32().to_le_bytes();
            for (byte, value) in chunk.iter_mut().zip(drawn) {
                *byte = value;
            }
        }
    }
}

impl Random for Pcg32 {
    fn public(&mut self, buf: &mut [u8]) {
        self.fill(buf);
    }

    fn private(&mut self, buf: &mut [u8]) {
        self.fill(buf);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_numbers_are_those_of_the_reference_implementation() {
        // pcg-c-basic's published demonstration: seed 42, sequence 54.
        let mut rng = Pcg32::with_stream(42, 54);
        let drawn: [u32; 6] = core::array::from_fn(|_| rng.next_u32());
        assert_eq!(
            drawn,
            [
                0xa15c_02b7,
                0x7b47_f409,
                0xba1d_3330,
                0x83d2_f293,
                0xbfa4_784b,
                0xcbed_606e
            ]
        );
    }

    #[test]
    fn bounds_hold_and_are_reached() {
        let mut rng = Pcg32::new(1);
        let mut seen = [0u32; 6];
        for _ in 0..6000 {
            seen[rng.below(6) as usize] += 1;
        }
        // Six standard deviations around 1,000 each.
        assert!(seen.iter().all(|&n| (826..=1174).contains(&n)), "{seen:?}");
        assert_eq!(rng.below(0), 0);
        assert_eq!(rng.below(1), 0);
        for _ in 0..100 {
            assert!((5..=7).contains(&rng.between(5, 7)));
        }
        assert_eq!(rng.between(9, 3), 9);
    }

    #[test]
    fn certain_and_impossible_chances() {
        let mut rng = Pcg32::new(7);
        assert!((0..1000).all(|_| rng.chance(1000)));
        assert!((0..1000).all(|_| !rng.chance(0)));
    }

    #[test]
    fn seeds_and_streams_differ_and_repeat() {
        let draw = |mut rng: Pcg32| {
            let mut buf = [0; 9];
            rng.fill(&mut buf);
            buf
        };
        assert_eq!(draw(Pcg32::new(3)), draw(Pcg32::new(3)));
        assert_ne!(draw(Pcg32::new(3)), draw(Pcg32::new(4)));
        assert_ne!(
            draw(Pcg32::with_stream(3, 1)),
            draw(Pcg32::with_stream(3, 2))
        );
    }
}
