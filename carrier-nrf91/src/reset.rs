//! Restarting the device.

use core::fmt;

use lwm2m_carrier::hal::Reset;

/// Restarts by a function, on the chip `cortex_m::peripheral::SCB::sys_reset`.
///
/// The modem restarts with the processor. It should have been shut down by `AT+CFUN=0` before, which also saves its
/// settings; the function may do that.
pub struct ResetBy<F>(F);

impl<F: FnMut()> ResetBy<F> {
    /// Restarts by `function`.
    pub const fn new(function: F) -> Self {
        Self(function)
    }
}

impl<F> fmt::Debug for ResetBy<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResetBy").finish_non_exhaustive()
    }
}

impl<F: FnMut()> Reset for ResetBy<F> {
    fn reboot(&mut self) {
        (self.0)();
    }
}
