//! Random numbers.

use core::fmt;

use lwm2m_carrier::hal::Random;

/// Random numbers of a function that fills a slice.
///
/// The chip's generator belongs to the secure world: an image that runs there has it as `CcRng` of embassy-nrf; one that runs
/// behind TF-M asks that, by `psa_generate_random`. The function must not fail: one that may should restart the device.
pub struct RandomBy<F>(F);

impl<F: FnMut(&mut [u8])> RandomBy<F> {
    /// By `function`, which fills the slice with bytes fit for secrets.
    pub const fn new(function: F) -> Self {
        Self(function)
    }
}

impl<F> fmt::Debug for RandomBy<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RandomBy").finish_non_exhaustive()
    }
}

impl<F: FnMut(&mut [u8])> Random for RandomBy<F> {
    fn public(&mut self, bytes: &mut [u8]) {
        (self.0)(bytes);
    }

    fn private(&mut self, bytes: &mut [u8]) {
        (self.0)(bytes);
    }
}
