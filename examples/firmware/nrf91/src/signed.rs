//! Which images of the application are trusted.

use core::ffi::CStr;

use lwm2m_carrier::fota::{EcdsaP256Trailer, Verifier, VerifierError};

use crate::profile::FIRMWARE_KEY;

/// The product, which a signature is for: an image for the other chip would not start.
const PRODUCT: &CStr = if cfg!(feature = "nrf9151") {
    c"example-nrf9151"
} else {
    c"example-nrf9160"
};

/// Those that end with a signature for this product by the key of the build; without a key, none.
pub(crate) struct Signed(Option<EcdsaP256Trailer<'static>>);

impl Signed {
    pub(crate) fn new() -> Self {
        let verifier = FIRMWARE_KEY.and_then(|key| EcdsaP256Trailer::new(&key).ok());
        Self(verifier.map(|it| it.for_product(PRODUCT)))
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
