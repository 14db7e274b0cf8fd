//! What the application answers.

use crate::{
    event::Event,
    hal::{CaTags, KeyStore},
};

/// What the application answers to an event.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Response {
    /// Go on. To [`Event::CertsInit`]: there are no CA certificates.
    #[default]
    Done,
    /// To [`Event::Reboot`]: the application will restart the device itself. To other events the same as `Done`.
    Refuse,
    /// To [`Event::CertsInit`]: the CA certificates lie under these tags. To other events the same as `Done`.
    CaTags(CaTags),
    /// To [`Event::CertsInit`]: the answer comes later, through `Handle::certs_ready`. To other events the same as
    /// `Done`.
    Later,
    /// To [`Event::CertsInit`]: initialisation ends with this error number and without a connection. To other events
    /// the same as `Done`.
    Fail(i32),
}

/// Takes the events.
#[allow(
    async_fn_in_trait,
    reason = "the drivers run on one thread; no Send is promised"
)]
pub trait EventHandler {
    /// Takes `event`. The library waits for the answer, so a handler that has long work to do passes it on; it may
    /// await. `keys` is lent so that credentials can be written while the link is down.
    ///
    /// When the driver's future is dropped in here, the event is handed out again on the next run.
    async fn handle<K: KeyStore>(&mut self, event: &Event, keys: &mut K) -> Response;
}

/// Ignores all events; a restart is allowed.
#[derive(Clone, Copy, Debug, Default)]
#[allow(clippy::exhaustive_structs, reason = "it has no content")]
pub struct IgnoreEvents;

impl EventHandler for IgnoreEvents {
    async fn handle<K: KeyStore>(&mut self, _event: &Event, _keys: &mut K) -> Response {
        Response::Done
    }
}
