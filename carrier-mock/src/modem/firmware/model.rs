//! What there is of firmware beside the library's slot.

use core::cell::RefCell;

use heapless::Vec;
use lwm2m_carrier::hal::{Applied, FirmwareError, Installed};
use lwm2m_core::time::Duration;

use crate::flash::AnyFlash;

/// Faults that can be set at a time.
pub const MAX_FAULTS: usize = 8;

/// The fault could not be set: there are [`MAX_FAULTS`] already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TooManyFaults;

/// A method of [`Firmware`](lwm2m_carrier::hal::Firmware).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "spelled out by tests")]
pub enum FirmwareCall {
    /// `begin`
    Begin,
    /// `write`
    Write,
    /// `finish`
    Finish,
    /// `read`
    Read,
    /// `discard`
    Discard,
    /// `apply`
    Apply,
    /// `restart_modem`
    RestartModem,
    /// `outcome`
    Outcome,
}

#[derive(Debug, Clone, Copy)]
struct Fault {
    call: FirmwareCall,
    /// Calls that still go well.
    after: u32,
    error: FirmwareError,
}

#[derive(Debug)]
pub(crate) struct FirmwareModel<'w> {
    pub(crate) flash: Option<&'w RefCell<dyn AnyFlash + 'w>>,
    /// For each page.
    pub(super) erase_time: Duration,
    pub(super) restart_time: Duration,
    /// What an activated package asks for.
    pub(super) asks_for: Applied,
    /// How its installation will end.
    pub(super) will_be: Installed,
    /// The modem's version afterwards.
    pub(super) version: Option<&'w str>,
    /// Length of the package that the next restart installs.
    pub(super) activated: Option<u32>,
    /// How the last one has ended.
    pub(super) outcome: Installed,
    faults: Vec<Fault, MAX_FAULTS>,
}

impl Default for FirmwareModel<'_> {
    fn default() -> Self {
        Self {
            flash: None,
            erase_time: Duration::from_millis(85),
            restart_time: Duration::from_secs(10),
            asks_for: Applied::RebootRequired,
            will_be: Installed::Yes,
            version: None,
            activated: None,
            outcome: Installed::NotYet,
            faults: Vec::new(),
        }
    }
}

impl<'w> FirmwareModel<'w> {
    /// The restart that installs what is activated; the modem's version, if it is another one now.
    pub(crate) fn restart(&mut self) -> Option<&'w str> {
        self.activated.take()?;
        self.outcome = self.will_be;
        self.version.filter(|_| self.outcome == Installed::Yes)
    }

    /// Another package begins: what was applied before is neither installed nor asked for any more.
    pub(super) const fn forget(&mut self) {
        self.activated = None;
        self.outcome = Installed::NotYet;
    }

    pub(crate) fn power_off(&self) {
        if let Some(flash) = self.flash
            && let Ok(mut flash) = flash.try_borrow_mut()
        {
            flash.power_off();
        }
    }

    pub(crate) fn power_on(&self) {
        if let Some(flash) = self.flash {
            flash.borrow_mut().power_on();
        }
    }

    pub(super) fn add_fault(
        &mut self,
        call: FirmwareCall,
        after: u32,
        error: FirmwareError,
    ) -> Result<(), TooManyFaults> {
        let fault = Fault { call, after, error };
        self.faults.push(fault).map_err(|_| TooManyFaults)
    }

    /// The fault that befalls this call, if there is one.
    pub(super) fn fault(&mut self, call: FirmwareCall) -> Result<(), FirmwareError> {
        let mut befalls = Ok(());
        self.faults.retain_mut(|fault| {
            if fault.call != call {
                return true;
            }
            let left = fault.after.checked_sub(1);
            if left.is_none() && befalls.is_ok() {
                befalls = Err(fault.error);
            }
            fault.after = left.unwrap_or_default();
            left.is_some()
        });
        befalls
    }
}
