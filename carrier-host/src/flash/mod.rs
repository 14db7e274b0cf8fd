//! A NOR flash whose content is a file.
//!
//! [`FlashImage`] behaves as the flash of a microcontroller does: an erase sets a page to `0xFF`, and a write of whole
//! words only clears bits. What works on it works on a chip. Each operation is on disk before it returns.

mod error;
mod image;
mod nor;

pub use error::{FlashError, OpenError};
pub use image::FlashImage;
