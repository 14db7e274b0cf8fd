//! The operating system's random numbers.

use core::fmt;

use lwm2m_core::random::Random;

/// Random bytes of the operating system (`getrandom`), for what is seen on the network and for secrets alike: one never
/// reveals the other.
#[derive(Clone, Copy, Debug)]
pub struct OsRandom {
    _checked: (),
}

/// The operating system has no random numbers to give.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct NoRandom;

impl fmt::Display for NoRandom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the operating system has no random numbers to give")
    }
}

impl core::error::Error for NoRandom {}

impl OsRandom {
    /// The source, after it has given a first byte; may wait for the system to collect randomness right after boot.
    ///
    /// # Errors
    /// [`NoRandom`]: there is no working source.
    pub fn new() -> Result<Self, NoRandom> {
        getrandom::fill(&mut [0]).map_err(|_| NoRandom)?;
        Ok(Self { _checked: () })
    }
}

/// # Panics
/// When the source that has worked before fails: going on with predictable numbers would be worse.
fn fill(bytes: &mut [u8]) {
    assert!(getrandom::fill(bytes).is_ok(), "{NoRandom}");
}

impl Random for OsRandom {
    fn public(&mut self, bytes: &mut [u8]) {
        fill(bytes);
    }

    fn private(&mut self, bytes: &mut [u8]) {
        fill(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_filled_to_the_last_and_differ_each_time() {
        let mut random = OsRandom::new().unwrap();
        let mut seen = [0; 64];
        // 2^-64 that a byte stays 0 through all of them.
        for _ in 0..8 {
            let mut bytes = [0; 64];
            random.public(&mut bytes);
            seen = core::array::from_fn(|index| seen[index] | bytes[index]);
        }
        assert!(seen.iter().all(|byte| *byte != 0));
        let (mut first, mut second) = ([0; 32], [0; 32]);
        random.private(&mut first);
        random.private(&mut second);
        assert_ne!(first, second);
    }
}
