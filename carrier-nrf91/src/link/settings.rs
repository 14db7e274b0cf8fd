//! How the link is brought up and watched.

use lwm2m_core::time::Duration;

use super::{Edrx, PowerOffWarning, PowerSaving};

/// How the link is brought up and watched.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct LinkSettings {
    /// How long an attach may take: 5 minutes by default. The modem goes on searching afterwards.
    pub attach_timeout: Duration,
    /// How often the registration is asked for while attaching, should a notification have been lost: every 15 seconds by
    /// default.
    pub poll: Duration,
    /// How often it is asked for while the link is up: every hour by default. The question needs no radio, but wakes a
    /// processor and the modem out of their sleep; and a link that is lost shows when something is sent, too.
    pub poll_up: Duration,
    /// How often it is asked for after the link was lost: every 5 minutes by default. A search for a network, which goes on
    /// meanwhile, costs far more.
    pub poll_lost: Duration,
    /// Power saving mode to ask for; by default none, which leaves what the modem has stored.
    pub power_saving: Option<PowerSaving>,
    /// Extended discontinuous reception to ask for; likewise.
    pub edrx: Option<Edrx>,
    /// Warning of a low battery, enabled each time the modem is switched on, because it warns once. By default none, which leaves
    /// it to the application: an nRF91x1 starts with one at 3000 mV, and has none any more after it has warned. A modem that
    /// does not know it (nRF9160 before revision B1) fails to attach with [`LinkErrorKind::Modem`].
    ///
    /// [`LinkErrorKind::Modem`]: lwm2m_carrier::hal::LinkErrorKind::Modem
    pub power_off_warning: Option<PowerOffWarning>,
}

impl LinkSettings {
    /// The defaults.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            attach_timeout: Duration::from_secs(300),
            poll: Duration::from_secs(15),
            poll_up: Duration::from_secs(3600),
            poll_lost: Duration::from_secs(300),
            power_saving: None,
            edrx: None,
            power_off_warning: None,
        }
    }
}

impl Default for LinkSettings {
    fn default() -> Self {
        Self::new()
    }
}
