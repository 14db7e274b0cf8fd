//! The firmware that is to be had.

use sha2::{Digest, Sha256};

/// The image for the modem.
pub(super) const MODEM_IMAGE: usize = 120_000;
/// The image of the application.
pub(super) const APPLICATION_IMAGE: usize = 20_000;

/// An image of so many bytes, which are not those of another `version`, with its digest behind it.
pub(super) fn package(version: u32, bytes: usize) -> Vec<u8> {
    let mut state = version;
    let mut image: Vec<u8> = core::iter::repeat_with(|| {
        // Any bytes will do (Numerical Recipes' generator).
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    })
    .take(bytes)
    .collect();
    let digest = Sha256::digest(&image);
    image.extend_from_slice(&digest);
    image
}
