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
