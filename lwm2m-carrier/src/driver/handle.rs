//! The application's half.

use core::fmt;

use lwm2m_core::{
    Statistics,
    model::{self, Objects, Path, Ticket},
    objects::SetError,
    time::Instant,
};

use super::shared::{Shared, State};
use crate::{
    carrier::{Carrier, RequestError},
    hal::CaTags,
};

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

/// Why [`Handle::set`] has changed nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[allow(
    clippy::exhaustive_enums,
    reason = "the objects are in use, or they refuse"
)]
pub enum SetFailure {
    /// The objects are in use, see [`Busy`].
    Busy,
    /// The object does not take the value.
    Refused(SetError),
}

impl fmt::Display for SetFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy => Busy.fmt(f),
            Self::Refused(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for SetFailure {}

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

    /// Asks the carrier for something that it may refuse, and makes the runner look around.
    fn request(
        &self,
        work: impl FnOnce(&mut Carrier<'r>) -> Result<(), RequestError>,
    ) -> Result<(), RequestError> {
        self.with(|state| work(&mut state.carrier))
            .map_err(|Busy| RequestError::Busy)??;
        self.shared.signal();
        Ok(())
    }

    /// Reads or changes the objects. [`changed`](Self::changed) tells the observers what has changed.
    ///
    /// # Errors
    /// [`Busy`], as with all methods here that ask for nothing.
    pub fn with_objects<T>(&self, work: impl FnOnce(&mut O) -> T) -> Result<T, Busy> {
        self.with(|state| work(state.objects))
    }

    /// Tells that the value at `path`, or below it, has changed: servers that observe it are notified as their
    /// attributes ask for.
    ///
    /// # Errors
    /// [`Busy`]
    pub fn changed(&self, path: Path) -> Result<(), Busy> {
        self.ask(|carrier| carrier.changed(path))
    }

    /// Changes the objects and tells that the value at `path`, or below it, has changed, in one call. What `work` refuses,
    /// such as a value out of range, is told to nobody.
    ///
    /// ```
    /// use lwm2m_carrier::driver::{Handle, SetFailure};
    /// use lwm2m_core::{model::Path, objects::Device};
    /// # use lwm2m_core::{model::{Object, Objects}, objects::tables};
    /// # struct Things { device: Device<'static> }
    /// # impl Objects for Things {
    /// #     fn object(&self, _: u16) -> Option<&dyn Object> { None }
    /// #     fn object_mut(&mut self, _: u16) -> Option<&mut dyn Object> { None }
    /// #     fn next_object(&self, _: Option<u16>) -> Option<u16> { None }
    /// # }
    ///
    /// fn measured(handle: Handle<'_, '_, Things>, percent: u8) -> Result<(), SetFailure> {
    ///     handle.set(Path::resource(3, 0, tables::device::BATTERY_LEVEL), |objects| {
    ///         objects.device.set_battery_level(Some(percent))
    ///     })
    /// }
    /// ```
    ///
    /// # Errors
    /// [`SetFailure`]
    pub fn set(
        &self,
        path: Path,
        work: impl FnOnce(&mut O) -> Result<(), SetError>,
    ) -> Result<(), SetFailure> {
        self.with(|state| {
            work(state.objects)?;
            state.carrier.changed(path);
            Ok(())
        })
        .map_err(|Busy| SetFailure::Busy)?
        .map_err(SetFailure::Refused)?;
        self.shared.signal();
        Ok(())
    }

    /// Sends an Update to every server, with the list of objects when instances have come or gone.
    ///
    /// # Errors
    /// [`Busy`]
    pub fn update(&self, objects_changed: bool) -> Result<(), Busy> {
        self.ask(|carrier| carrier.update(objects_changed))
    }

    /// Registers after [`deregister`](Self::deregister), once that has ended; where the device is registered it sends an
    /// Update.
    ///
    /// # Errors
    /// [`RequestError::LinkDown`] after [`link_down`](Self::link_down); [`RequestError::Already`];
    /// [`RequestError::Busy`], as with all requests.
    pub fn register(&self) -> Result<(), RequestError> {
        self.request(Carrier::register)
    }

    /// De-registers from every server; the link stays up.
    ///
    /// # Errors
    /// [`RequestError::LinkDown`], [`RequestError::Already`], [`RequestError::Busy`]
    pub fn deregister(&self) -> Result<(), RequestError> {
        self.request(Carrier::deregister)
    }

    /// The application is about to go offline: the device de-registers where the profile
    /// [says so](crate::Profile::deregisters_on_link_down), closes its sessions, takes the link down and leaves it down
    /// until [`link_up`](Self::link_up). [`offline`](Self::offline) waits for the end.
    ///
    /// # Errors
    /// [`RequestError::Already`], [`RequestError::Busy`]
    pub fn link_down(&self) -> Result<(), RequestError> {
        self.request(Carrier::link_down)
    }

    /// The application goes online again: the link is brought up, and the device registers.
    ///
    /// # Errors
    /// [`RequestError::Already`] when the link was not taken down by [`link_down`](Self::link_down);
    /// [`RequestError::Busy`]
    pub fn link_up(&self) -> Result<(), RequestError> {
        self.request(Carrier::link_up)
    }

    /// Waits until the device is offline after [`link_down`](Self::link_down).
    pub async fn offline(&self) {
        self.shared.watch(|state| state.carrier.is_offline()).await;
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
    /// [`RequestError::Already`], [`RequestError::Busy`]
    pub fn reboot(&self) -> Result<(), RequestError> {
        self.request(Carrier::reboot)
    }

    /// Forgets everything that servers have configured, and begins anew.
    ///
    /// # Errors
    /// [`RequestError::LinkDown`], [`RequestError::Already`], [`RequestError::Busy`]
    pub fn factory_reset(&self) -> Result<(), RequestError> {
        self.request(Carrier::factory_reset)
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

    /// Where a firmware update stands; `None` where the device takes none.
    ///
    /// # Errors
    /// [`Busy`]
    #[cfg(feature = "fota")]
    pub fn firmware_status(&self) -> Result<Option<crate::fota::FirmwareStatus>, Busy> {
        self.with(|state| state.carrier.firmware_status())
    }

    /// Sets what object 5 says of the package that runs: name and version, up to 64 bytes each.
    ///
    /// # Errors
    /// [`Busy`]; inside [`SetError::TooLong`].
    #[cfg(feature = "fota")]
    pub fn set_package(
        &self,
        name: Option<&str>,
        version: Option<&str>,
    ) -> Result<Result<(), SetError>, Busy> {
        let set = self.with(|state| state.carrier.set_package(name, version))?;
        self.shared.signal();
        Ok(set)
    }

    /// The counters of the client, with what firmware updates have sent and received.
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
