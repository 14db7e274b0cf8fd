//! What a low battery asks of the link.

use lwm2m_core::time::Duration;

use super::LONGEST;

/// The voltage below which the modem warns and switches itself off (`AT%XPOFWARN`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[allow(
    clippy::exhaustive_enums,
    reason = "the modem knows these four voltages"
)]
pub enum PowerOffWarning {
    /// Below 3.0 V.
    At3000,
    /// Below 3.1 V.
    At3100,
    /// Below 3.2 V.
    At3200,
    /// Below 3.3 V.
    At3300,
}

impl PowerOffWarning {
    pub(super) const fn command(self) -> &'static str {
        match self {
            Self::At3000 => "AT%XPOFWARN=1,30",
            Self::At3100 => "AT%XPOFWARN=1,31",
            Self::At3200 => "AT%XPOFWARN=1,32",
            Self::At3300 => "AT%XPOFWARN=1,33",
        }
    }

    /// In mV.
    pub(super) const fn voltage(self) -> u16 {
        match self {
            Self::At3000 => 3000,
            Self::At3100 => 3100,
            Self::At3200 => 3200,
            Self::At3300 => 3300,
        }
    }
}

/// How long a modem with a low battery is left off, after as many waits.
pub(super) fn wait(first: Duration, done: u8) -> Duration {
    first.saturating_mul(1 << done.min(31)).min(LONGEST)
}
