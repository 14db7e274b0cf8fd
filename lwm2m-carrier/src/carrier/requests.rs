//! What the application asks of the device. A request is taken when the stage allows it; what cannot be meant at the
//! time is refused at once and changes nothing.

use core::fmt;

use super::{Carrier, Stage};

/// What the application wants and has not got yet.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Requests {
    pub(super) register: bool,
    pub(super) deregister: bool,
    pub(super) link_down: bool,
    pub(super) reboot: bool,
    pub(super) factory_reset: bool,
}

/// Why a request is not taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum RequestError {
    /// The call came while the library was using its state: from inside
    /// [`Handle::with_objects`](crate::driver::Handle::with_objects), or from an object.
    Busy,
    /// It was asked for already, or is so already.
    Already,
    /// The link is down, or on its way down, on request: [`link_up`](Carrier::link_up) comes first.
    LinkDown,
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Busy => "the objects are in use",
            Self::Already => "asked for already",
            Self::LinkDown => "the link was taken down on request",
        })
    }
}

impl core::error::Error for RequestError {}

impl Carrier<'_> {
    /// Takes the link down and leaves it down until [`link_up`](Self::link_up): the device de-registers where the
    /// profile [says so](crate::Profile::deregisters_on_link_down), sessions are closed, then the link is taken down
    /// between `DISCONNECTING` and `DISCONNECTED`. [`is_offline`](Self::is_offline) tells the end.
    ///
    /// # Errors
    /// [`RequestError::Already`]
    pub fn link_down(&mut self) -> Result<(), RequestError> {
        if !self.goes_offline() {
            self.requests.link_down = true;
        } else if !core::mem::take(&mut self.requests.register) {
            return Err(RequestError::Already);
        }
        Ok(())
    }

    /// Brings the link up again after [`link_down`](Self::link_down), which ends first if it is under way, and
    /// registers.
    ///
    /// # Errors
    /// [`RequestError::Already`] when the link was not taken down on request.
    pub fn link_up(&mut self) -> Result<(), RequestError> {
        if !self.goes_offline() {
            return Err(RequestError::Already);
        }
        ask(&mut self.requests.register)
    }

    /// Whether the device is offline because the application has asked for it.
    #[must_use]
    pub fn is_offline(&self) -> bool {
        matches!(self.stage, Stage::Stopped) && self.pending.is_none() && self.events.is_empty()
    }

    /// Registers after [`deregister`](Self::deregister), once that has ended; sends an Update where the device is
    /// registered.
    ///
    /// # Errors
    /// [`RequestError::LinkDown`], [`RequestError::Already`]
    pub fn register(&mut self) -> Result<(), RequestError> {
        self.needs_link()?;
        ask(&mut self.requests.register)
    }

    /// De-registers from every server; the link stays up.
    ///
    /// # Errors
    /// [`RequestError::LinkDown`], [`RequestError::Already`]
    pub fn deregister(&mut self) -> Result<(), RequestError> {
        self.needs_link()?;
        ask(&mut self.requests.deregister)
    }

    /// Restarts the device, unless the application refuses [`Event::Reboot`](crate::Event::Reboot).
    ///
    /// # Errors
    /// [`RequestError::Already`]
    pub fn reboot(&mut self) -> Result<(), RequestError> {
        if self.rebooting || matches!(self.stage, Stage::Halted) {
            return Err(RequestError::Already);
        }
        ask(&mut self.requests.reboot)
    }

    /// Forgets all that bootstrap servers and servers have configured, and begins anew.
    ///
    /// # Errors
    /// [`RequestError::LinkDown`], [`RequestError::Already`]
    pub fn factory_reset(&mut self) -> Result<(), RequestError> {
        self.needs_link()?;
        ask(&mut self.requests.factory_reset)
    }

    /// Whether the application has asked for the link to be down.
    const fn goes_offline(&self) -> bool {
        self.requests.link_down || self.stopping || matches!(self.stage, Stage::Stopped)
    }

    const fn needs_link(&self) -> Result<(), RequestError> {
        if self.goes_offline() {
            Err(RequestError::LinkDown)
        } else {
            Ok(())
        }
    }
}

fn ask(request: &mut bool) -> Result<(), RequestError> {
    if core::mem::replace(request, true) {
        Err(RequestError::Already)
    } else {
        Ok(())
    }
}
