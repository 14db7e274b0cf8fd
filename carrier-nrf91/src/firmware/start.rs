//! How the modem starts.

/// How the modem has started, as its library's initialisation tells.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum ModemStart {
    /// Without an error: an update that was pending was carried out, or none was.
    #[default]
    Normal,
    /// `-NRF_EAGAIN`: an update is pending, and the voltage is too low for it. The modem must be started again.
    VoltageLow,
    /// `-NRF_EIO`: an update has failed.
    UpdateFailed,
}
