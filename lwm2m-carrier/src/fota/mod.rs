//! Firmware updates: object 5, from a server's wish to the result that it reads.
//!
//! | what | file |
//! | --- | --- |
//! | what is under way, what is stored of it, which of both lanes goes on | `machine` |
//! | a package that a server pushes | `push` |
//! | a package that is fetched from where a server says: sessions, retries, redirects | `pull` |
//! | what a download knows and says, whatever its protocol; the protocols | `download`, `coap`, `http` |
//! | where a package lies, and where it lies instead | `uri`, `reference` |
//! | from the last byte to the result: verify, apply, restart | `install` |
//! | what the driver does with the slot, beside the loop of messages | `job` |
//! | whether a package may be used | `verifier` |
//!
//! The machine has two lanes. What it wants of the network, the storage and the application comes out of `step`, one
//! thing at a time, like everything else of the carrier. What it wants of the firmware slot, whose erases may take
//! seconds, comes out as a [`Job`], which the driver carries out while messages come and go. One buffer serves both:
//! bytes gather in it, and a job borrows it, during which nothing more is taken in.
//!
//! What is stored, and when, so that power may fail anywhere:
//!
//! | stored | before | after a power loss |
//! | --- | --- | --- |
//! | the URI | its Write is answered | the download begins again |
//! | size and validator | the first write to the slot, or during it | it goes on at the offset that the slot names |
//! | result 4 | the first write of a pushed package | /5/0/5 tells the server that its push was interrupted |
//! | "complete" | state Downloaded is told | the server can execute Update |
//! | "updating" | the package is applied | the slot is asked how it has ended |
//! | the result | the next Register | the server reads it |

#[cfg(feature = "fota")]
mod coap;
#[cfg(feature = "fota")]
pub(crate) mod download;
#[cfg(feature = "http")]
mod http;
#[cfg(feature = "fota")]
mod install;
mod job;
#[cfg(feature = "fota")]
mod machine;
#[cfg(feature = "fota")]
mod pull;
#[cfg(feature = "fota")]
mod push;
#[cfg(feature = "http")]
mod reference;
#[cfg(feature = "fota")]
mod status;
#[cfg(feature = "fota")]
mod transfer;
#[cfg(feature = "fota")]
pub(crate) mod uri;
mod verifier;

pub use job::{Done, Job, Operation};
#[cfg(feature = "fota")]
pub use machine::Fota;
#[cfg(feature = "fota")]
pub(crate) use machine::{Overlay, Surroundings, Want, resource};
#[cfg(feature = "fota")]
pub use status::FirmwareStatus;
#[cfg(feature = "sha2")]
pub use verifier::Sha256Trailer;
#[cfg(feature = "p256")]
pub use verifier::{EcdsaP256Trailer, InvalidKey};
pub use verifier::{Unverified, Verifier, VerifierError};
