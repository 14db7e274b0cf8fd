//! The application's half.

use core::fmt;

use lwm2m_core::{
    Statistics,
    model::{self, Objects, Path, Ticket},
    time::Instant,
};

use super::shared::{Shared, State};
use crate::{carrier::Carrier, hal::CaTags};

/// The application's half of a driver: cheap to copy, usable from any task on the same thread.
pub struct Handle<'s, 'r, O> {
    shared: &'s Shared<'r, O>,
}

/// The objects are in use: the call came from inside [`Handle::with_objects`], or from an object that the library is
/// calling.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[allow(clippy::exhaustive_structs, reason = "it has nothing more to say")]
pub struct Busy;

impl fmt::Display for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the objects are in use")
    }
}

impl core::error::Error for Busy {}

impl<'s, 'r, O: Objects> Handle<'s, 'r, O> {
    pub(super) const fn new(shared: &'s Shared<'r, O>) -> Self {
        Self { shared }
    }

    fn with<T>(&self, work: impl FnOnce(&mut State<'r, O>) -> T) -> Result<T, Busy> {
        let mut state = self.shared.state.try_borrow_mut().map_err(|_| Busy)?;
        Ok(work(&mut state))
    }

    /// Does something to the carrier and makes the runner look around.
    fn ask(&self, work: impl FnOnce(&mut Carrier<'r>)) -> Result<(), Busy> {
        self.with(|state| work(&mut state.carrier))?;
        self.shared.signal();
        Ok(())
    }

    /// Reads or changes the objects. [`changed`](Self::changed) tells the observers what has changed.
    ///
    /// # Errors
    /// [`Busy`], as with all methods here.
    pub fn with_objects<T>(&self, work: impl FnOnce(&mut O) -> T) -> Result<T, Busy> {
        self.with(|state| work(&mut state.objects))
    }

    /// Tells that the value at `path`, or below it, has changed: servers that observe it are notified as their
    /// attributes ask for.
    ///
    /// # Errors
    /// [`Busy`]
    pub fn changed(&self, path: Path) -> Result<(), Busy> {
        self.ask(|carrier| carrier.changed(path))
    }

    /// Sends an Update to every server, with the list of objects when instances have come or gone.
    ///
    /// # Errors
    /// [`Busy`]
    pub fn update(&self, objects_changed: bool) -> Result<(), Busy> {
        self.ask(|carrier| carrier.update(objects_changed))
    }

    /// Registers again after [`deregister`](Self::deregister) or [`stop`](Self::stop); where the device is registered
    /// it sends an Update.
    ///
    /// # Errors
    /// [`Busy`]
    pub fn register(&self) -> Result<(), Busy> {
        self.ask(Carrier::register)
    }

    /// De-registers from every server; the link stays up.
    ///
    /// # Errors
    /// [`Busy`]
    pub fn deregister(&self) -> Result<(), Busy> {
        self.ask(Carrier::deregister)
    }

    /// De-registers from every server and takes the link down.
    ///
    /// # Errors
    /// [`Busy`]
    pub fn stop(&self) -> Result<(), Busy> {
        self.ask(Carrier::stop)
    }

    /// Waits until the device has [stopped](Self::stop).
    pub async fn stopped(&self) {
        self.shared.watch(|state| state.carrier.is_stopped()).await;
    }

    /// Waits until the device is registered with the server of this short id.
    pub async fn registered(&self, server: u16) {
        self.shared
            .watch(|state| state.carrier.is_registered(server))
            .await;
    }

    /// Restarts the device, unless the event handler refuses.
    ///
    /// # Errors
    /// [`Busy`]
    pub fn reboot(&self) -> Result<(), Busy> {
        self.ask(Carrier::reboot)
    }

    /// Forgets everything that servers have configured, and begins anew.
    ///
    /// # Errors
    /// [`Busy`]
    pub fn factory_reset(&self) -> Result<(), Busy> {
        self.ask(Carrier::factory_reset)
    }

    /// The CA certificates are in the key store under these tags, or writing them has failed with this error number:
    /// the answer to [`Event::CertsInit`](crate::Event::CertsInit) after
    /// [`Response::Later`](crate::Response::Later).
    ///
    /// # Errors
    /// [`Busy`]
    pub fn certs_ready(&self, result: Result<CaTags, i32>) -> Result<(), Busy> {
        self.ask(|carrier| carrier.certs_ready(result))
    }

    /// Answers an operation that an object had answered with [`Outcome::Later`](model::Outcome::Later).
    ///
    /// # Errors
    /// [`Busy`]
    pub fn answer(&self, ticket: Ticket, result: Result<(), model::Error>) -> Result<(), Busy> {
        self.ask(|carrier| carrier.answer(ticket, result))
    }

    /// Whether the device is registered with the server of this short id.
    ///
    /// # Errors
    /// [`Busy`]
    pub fn is_registered(&self, server: u16) -> Result<bool, Busy> {
        self.with(|state| state.carrier.is_registered(server))
    }

    /// The counters of the client.
    ///
    /// # Errors
    /// [`Busy`]
    pub fn statistics(&self) -> Result<Statistics, Busy> {
        self.with(|state| *state.carrier.statistics())
    }

    /// How often the device has started, this time included.
    ///
    /// # Errors
    /// [`Busy`]
    pub fn boots(&self) -> Result<u32, Busy> {
        self.with(|state| state.carrier.boots())
    }

    /// The time that the runner waits for: before it nothing is to be done unless something comes in. A port without
    /// an executor may sleep until then.
    #[must_use]
    pub const fn deadline(&self) -> Instant {
        self.shared.deadline.get()
    }
}

impl<O> Clone for Handle<'_, '_, O> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<O> Copy for Handle<'_, '_, O> {}

impl<O> fmt::Debug for Handle<'_, '_, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").finish_non_exhaustive()
    }
}
