//! Whether a package may be used.
//!
//! | verifier | feature | what it asks for |
//! | --- | --- | --- |
//! | [`Unverified`] | | nothing |
//! | `Sha256Trailer` | `sha2` | the package ends with its SHA-256: no damage |
//! | `EcdsaP256Trailer` | `p256` | the package ends with a signature by a known key: no damage, no forgery, and none for another product |
//!
//! On a microcontroller, SHA-256 takes 1.7 KB of flash instead of 8.3 KB when the program is built with
//! `RUSTFLAGS='--cfg sha2_backend="soft" --cfg sha2_backend_soft="compact"'`. It is then slower, and is so for everything in the program
//! that uses the crate `sha2`, so only the program can choose it.

#[cfg(feature = "p256")]
mod ecdsa_p256;
#[cfg(feature = "sha2")]
mod sha256;
#[cfg(any(feature = "sha2", feature = "p256"))]
mod trailer;

#[cfg(feature = "p256")]
pub use ecdsa_p256::{EcdsaP256Trailer, InvalidKey};
#[cfg(feature = "sha2")]
pub use sha256::Sha256Trailer;

/// Decides whether a package may be used: by its digest, its signature, its header.
///
/// The package is read back from where it lies and handed over from its start to its end, after the download and, where
/// the device has restarted since, once more before it is applied.
pub trait Verifier {
    /// A package of this many bytes begins; what came before is forgotten.
    fn begin(&mut self, size: u32);

    /// The next bytes.
    fn update(&mut self, part: &[u8]);

    /// The package is complete.
    ///
    /// # Errors
    /// It must not be used: result 5 after the download, result 8 before it is applied;
    /// [`VerifierError::Unsupported`] is result 6 after the download.
    fn finish(&mut self) -> Result<(), VerifierError>;
}

/// Why a package must not be used.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum VerifierError {
    /// It is damaged.
    Damaged,
    /// Its signature is missing or wrong.
    Untrusted,
    /// It is for something else.
    Unsupported,
}

/// Takes every package. For devices whose modem or boot loader verifies it, and for tests.
#[derive(Clone, Copy, Debug, Default)]
#[allow(clippy::exhaustive_structs, reason = "it has no content")]
pub struct Unverified;

impl Verifier for Unverified {
    fn begin(&mut self, _size: u32) {}

    fn update(&mut self, _part: &[u8]) {}

    fn finish(&mut self) -> Result<(), VerifierError> {
        Ok(())
    }
}
