//! Randomness, always handed in.

/// A source of random bytes.
///
/// Two kinds are kept apart so that a port can serve them from different generators: values that appear on the wire
/// must not reveal the state behind secrets.
pub trait Random {
    /// Fills `bytes` with unpredictable values that will be seen on the network: message ids, tokens, jitter.
    fn public(&mut self, bytes: &mut [u8]);

    /// Fills `bytes` with values fit for secrets.
    fn private(&mut self, bytes: &mut [u8]);
}

/// From nothing to all of `whole`, which is below 2^47, each 65,536th as likely as the others.
pub(crate) fn share(whole: u64, random: &mut dyn Random) -> u64 {
    let mut bytes = [0; 2];
    random.public(&mut bytes);
    // The upper end is reached with one more than the largest number, and the division is none.
    (whole * (u64::from(u16::from_le_bytes(bytes)) + 1)) >> 16
}
