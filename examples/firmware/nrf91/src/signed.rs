//! Which images of the application are trusted.

use lwm2m_carrier::fota::{EcdsaP256Trailer, Verifier, VerifierError};

use crate::profile::FIRMWARE_KEY;

/// Those that end with a signature by the key of the build; without a key, none.
pub(crate) struct Signed(Option<EcdsaP256Trailer>);

impl Signed {
    pub(crate) fn new() -> Self {
        Self(FIRMWARE_KEY.and_then(|key| EcdsaP256Trailer::new(&key).ok()))
    }
}

impl Verifier for Signed {
    fn begin(&mut self, size: u32) {
        if let Some(signature) = &mut self.0 {
            signature.begin(size);
        }
    }

    fn update(&mut self, part: &[u8]) {
        if let Some(signature) = &mut self.0 {
            signature.update(part);
        }
    }

    fn finish(&mut self) -> Result<(), VerifierError> {
        let signature = self.0.as_mut().ok_or(VerifierError::Untrusted)?;
        signature.finish()
    }
}
