//! A firmware slot in NOR flash, for images of the application.
//!
//! [`FlashSlot`] implements [`Firmware`](crate::hal::Firmware) over any
//! [`NorFlash`](embedded_storage_async::nor_flash::NorFlash); what makes an image the running one is the port's
//! [`Activate`]. Erasing goes page by page just ahead of writing, so no call takes longer than one page's erase for each
//! page that it fills. Parts of the package may have any length.
//!
//! # Layout
//!
//! The package lies at the start of the flash, so that a boot loader finds it there. The last pages are the journal, two
//! halves of one page each (more for a slot of more than 500 or so), of which one is in use:
//!
//! | where in a half | bytes, each rounded up to the write size | what |
//! | --- | --- | --- |
//! | 0 | 16 | header: `LwF1`, generation, length of the package or all ones, CRC-32 of these |
//! | behind | 1 | all ones; a bit that is 0: given up |
//! | behind | 8 each | records: number, and CRC-32 of the kind, the generation and the number |
//!
//! All numbers are of 32 bits, little-endian. A record of kind 1 says that the package is written up to the number; it
//! follows each page. One of kind 2 says that it is complete, with so many bytes. What is not written is `0xFF`.
//!
//! A package begins with the old one given up, in place. Then the other half is erased, and gets a header with the next
//! generation; the half with the highest one is in use.
//!
//! # What a power loss can do
//!
//! | cut in | afterwards |
//! | --- | --- |
//! | giving up | one bit is enough: the old package is given up, or not one bit has changed and it is still the one begun last |
//! | an erase of a half, its header | the half in use is given up: nothing is there, [`begin`](crate::hal::Firmware::begin) answers 0 |
//! | an erase or a write of the package | the page has no record, and is erased before it is written again |
//! | a record | its check sum is wrong, and the page is written again; or it is right, and the page is written |
//!
//! Nothing is ever derived from how the package's pages look, so an erase that is torn in scattered places cannot pass
//! for an empty page or for data. Records of an older package cannot pass for new ones: their half is erased before its
//! header is written, and their check sum is over another generation.
//!
//! Up to one page and what is staged in RAM are lost. Each resumption takes up to two records' room; when that comes to
//! an end, the progress is carried over into the other half, record first, header last.
//!
//! # Which flash
//!
//! No unit is written twice between two erases, not even with the same bytes: flash with an error correcting code and
//! flash without [`MultiwriteNorFlash`](embedded_storage_async::nor_flash::MultiwriteNorFlash) take it. With a write
//! size of 1 or 4 a record is several units, any of which may be missing: the check sum covers all. With 8, 16 or more it
//! is one unit. Behind a cut, one record's room stays empty: a unit that was torn and reads as erased is not tried again.
//!
//! After a call that was dropped in the middle, what was written is found by reading back: units that hold what they
//! should are left, erased ones are written. A unit that holds something else is an error, because it cannot be
//! written again; the update then fails, and the next one starts from the beginning.
//!
//! # Boot loaders
//!
//! A boot loader that writes at the end of its slot, as MCUboot does, must not meet the journal there: let the flash be the
//! boot loader's slot with the journal's pages behind it, and keep packages off the boot loader's own bytes with
//! [`FlashSlot::with_limit`]. For embassy-boot the activation is here: `EmbassyBoot`, with the feature `embassy-boot`.

mod activate;
#[cfg(feature = "embassy-boot")]
mod embassy_boot;
mod errors;
mod flash_slot;
mod journal;
mod layout;
mod package;
mod planner;

pub use activate::Activate;
#[cfg(feature = "embassy-boot")]
pub use embassy_boot::EmbassyBoot;
pub use flash_slot::{DEFAULT_STAGE, FlashSlot, Unsuitable};
