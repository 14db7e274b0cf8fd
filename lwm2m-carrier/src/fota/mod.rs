//! Firmware updates: object 5's package, from a server's wish to the result that it reads.
//!
//! | what | file |
//! | --- | --- |
//! | what a download knows and says, whatever its protocol | `download` |
//! | where a package lies | `uri` |
//! | where it lies instead | `reference` |
//! | a download over CoAP | `coap` |
//! | a download over HTTP | `http` |
//! | whether a package may be used | `verifier` |

pub(crate) mod coap;
pub(crate) mod download;
#[cfg(feature = "http")]
pub(crate) mod http;
#[cfg(feature = "http")]
mod reference;
pub(crate) mod uri;
mod verifier;

pub use verifier::{Unverified, Verifier, VerifierError};
