//! A porting kit: checks that hold an implementation of the [hal traits](lwm2m_carrier::hal) to what they ask for.
//!
//! Each module has the checks of one trait, generic over the implementation. A port calls them from tests of its own, all
//! of a trait at once with `all` or one by one; nothing here panics, so that the kit also runs in a firmware's self-test:
//!
//! ```
//! use carrier_mock::conformance::random;
//! use carrier_mock::random::Pcg32;
//!
//! let mut port = Pcg32::new(7);
//! if let Err(breach) = random::all(&mut port) {
//!     panic!("{breach}");
//! }
//! ```
//!
//! What the kit cannot do by itself, such as a restart or a loss of the network, the port offers through a small trait:
//! [`storage::Bench`], [`key_store::Bench`], [`firmware::Bench`], [`link::Network`]. The peer for [sessions](sessions::all)
//! is in [`peer`]: in a [`World`](crate::world::World), or on the sockets of the computer that runs the tests.
//!
//! `docs/porting.md` shows the whole kit in use.

mod breach;
pub mod clock;
pub mod firmware;
pub mod key_store;
pub mod link;
pub mod modem_info;
pub mod peer;
pub mod random;
pub mod sessions;
pub mod storage;
mod time;

pub use breach::{Breach, Found};
