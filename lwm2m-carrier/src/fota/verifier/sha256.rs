//! Packages that end with their digest.

use core::fmt;

use sha2::{Digest, Sha256};

use super::trailer::Trailer;
use super::{Verifier, VerifierError};

/// Takes packages whose last 32 bytes are the SHA-256 (FIPS 180-4) of those before.
///
/// That tells damage, not forgery: whoever changes a package can change its digest.
#[derive(Clone)]
pub struct Sha256Trailer {
    digest: Sha256,
    trailer: Trailer<32>,
}

impl Sha256Trailer {
    /// One that has seen nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            digest: Sha256::new(),
            trailer: Trailer::new(0),
        }
    }
}

impl Default for Sha256Trailer {
    fn default() -> Self {
        Self::new()
    }
}

impl Verifier for Sha256Trailer {
    fn begin(&mut self, size: u32) {
        self.digest.reset();
        self.trailer = Trailer::new(size);
    }

    fn update(&mut self, part: &[u8]) {
        self.digest.update(self.trailer.split(part));
    }

    /// # Errors
    /// [`VerifierError::Damaged`]: another digest, or no room for one.
    fn finish(&mut self) -> Result<(), VerifierError> {
        let digest = self.digest.finalize_reset();
        match self.trailer.complete() {
            Some(expected) if *expected == *digest => Ok(()),
            _ => Err(VerifierError::Damaged),
        }
    }
}

impl fmt::Debug for Sha256Trailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sha256Trailer").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Digests of the examples that NIST publishes for FIPS 180: "abc", and two blocks.
    const ABC: [u8; 32] = [
        0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22,
        0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00,
        0x15, 0xad,
    ];
    const TWO_BLOCKS: [u8; 32] = [
        0x24, 0x8d, 0x6a, 0x61, 0xd2, 0x06, 0x38, 0xb8, 0xe5, 0xc0, 0x26, 0x93, 0x0c, 0x3e, 0x60,
        0x39, 0xa3, 0x3c, 0xe4, 0x59, 0x64, 0xff, 0x21, 0x67, 0xf6, 0xec, 0xed, 0xd4, 0x19, 0xdb,
        0x06, 0xc1,
    ];

    fn verify(
        verifier: &mut Sha256Trailer,
        message: &[u8],
        trailer: &[u8],
        part: usize,
    ) -> Result<(), VerifierError> {
        let mut package = heapless::Vec::<u8, 128>::new();
        package.extend_from_slice(message).unwrap();
        package.extend_from_slice(trailer).unwrap();
        verifier.begin(package.len() as u32);
        for part in package.chunks(part) {
            verifier.update(part);
        }
        verifier.finish()
    }

    #[test]
    fn the_published_digests_are_right_in_any_parts() {
        let mut verifier = Sha256Trailer::new();
        let two_blocks = b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
        for part in 1..=90 {
            assert_eq!(verify(&mut verifier, b"abc", &ABC, part), Ok(()));
            let verified = verify(&mut verifier, two_blocks, &TWO_BLOCKS, part);
            assert_eq!(verified, Ok(()));
        }
    }

    #[test]
    fn any_changed_bit_is_damage() {
        let mut verifier = Sha256Trailer::new();
        let damaged = Err(VerifierError::Damaged);
        assert_eq!(verify(&mut verifier, b"abd", &ABC, 7), damaged);
        for bit in 0..256 {
            let mut trailer = ABC;
            trailer[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(verify(&mut verifier, b"abc", &trailer, 7), damaged);
        }
    }

    #[test]
    fn a_package_without_room_for_a_digest_is_damaged() {
        let mut verifier = Sha256Trailer::new();
        let damaged = Err(VerifierError::Damaged);
        assert_eq!(verifier.finish(), damaged);
        assert_eq!(verify(&mut verifier, b"", &ABC[..31], 7), damaged);
        assert_eq!(verify(&mut verifier, b"", b"", 7), damaged);
        // What came before is forgotten.
        verifier.begin(35);
        verifier.update(b"ab");
        assert_eq!(verify(&mut verifier, b"abc", &ABC, 7), Ok(()));
    }
}
