//! The loop that connects the state machine to a port; no policy lives here.

pub mod blocking;
pub(crate) mod race;
