//! The loop that connects [`Carrier`](crate::Carrier) to a port; no policy lives here.
//!
//! It comes in two halves over one [`Shared`] value: the [`Runner`] owns the port and runs the loop, the [`Handle`] is
//! for the application. Both live on one thread.
//!
//! * Under an executor (embassy, tokio's current-thread runtime), `runner.run()` is awaited in a task of its own, or
//!   joined with the application's own future.
//! * Without one, [`blocking::block_on`] runs the same futures.
//!
//! ```no_run
//! # use core::cell::RefCell;
//! use lwm2m_carrier::{Carrier, Credentials, IgnoreEvents, Profile};
//! use lwm2m_carrier::driver::{Shared, blocking::block_on};
//! use lwm2m_carrier::hal::{self, Hal};
//! use lwm2m_core::client::Resources;
//! use lwm2m_core::model::Objects;
//!
//! const PROFILE: Profile<'_> = Profile::GENERIC
//!     .with_bootstrap_server("coaps://bootstrap.example.com")
//!     .with_credentials(Credentials::Psk { identity: b"device-17", key: &[7; 16] });
//!
//! fn device<L: hal::Link, K: hal::KeyStore, S: hal::Sessions, T: hal::Storage, C: hal::Clock, N: hal::Random, R: hal::Reset>(
//!     mut hal: Hal<L, K, S, T, C, N, R>,
//!     mut objects: impl Objects,
//! ) -> Result<(), lwm2m_carrier::Error> {
//!     let mut resources: Resources<2, 4, 4, 4> = Resources::new();
//!     let config = PROFILE.config("urn:imei:490154203237518");
//!     let carrier = Carrier::new(&mut resources, &PROFILE, config, &mut hal.random);
//!     let shared = Shared::new(carrier, &mut objects);
//!     let mut buffer = [0; 1280];
//!     let mut runner = shared.runner(hal, IgnoreEvents, &mut buffer);
//!     let handle = shared.handle();
//!     block_on(runner.init(), || ())?;
//!     block_on(runner.run(), || {
//!         // The application's own work, and a little sleep.
//!         let _ = handle.deadline();
//!     });
//! }
//! ```

pub mod blocking;
mod handle;
pub(crate) mod race;
mod run;
mod shared;

pub use handle::{Busy, Handle, SetFailure};
pub use run::Runner;
pub use shared::Shared;
