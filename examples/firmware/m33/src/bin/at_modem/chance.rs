//! Numbers that differ from start to start, and nothing more: a product has a generator in hardware.

use lwm2m_core::random::Random;

/// A congruential generator; enough for message ids and the spread of retransmissions in a demonstration without secrets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u32) -> Self {
        Self(u64::from(seed))
    }
}

impl Random for Chance {
    fn public(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            // Knuth, MMIX.
            let next = self.0.wrapping_mul(6_364_136_223_846_793_005);
            self.0 = next.wrapping_add(1_442_695_040_888_963_407);
            *byte = self.0.to_be_bytes()[0];
        }
    }

    fn private(&mut self, bytes: &mut [u8]) {
        self.public(bytes);
    }
}
