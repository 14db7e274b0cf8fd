//! Firmware updates: object 5's package, from a server's wish to the result that it reads.
//!
//! | what | file |
//! | --- | --- |
//! | what a download knows and says, whatever its protocol | `download` |
//! | whether a package may be used | `verifier` |

pub(crate) mod download;
mod verifier;

#[cfg(feature = "sha2")]
pub use verifier::Sha256Trailer;
#[cfg(feature = "p256")]
pub use verifier::{EcdsaP256Trailer, InvalidKey};
pub use verifier::{Unverified, Verifier, VerifierError};
