//! Why something has to wait.

use lwm2m_core::time::Duration;

use crate::era::Era;

/// An attempt has failed and follows again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Deferred {
    /// What failed.
    pub reason: DeferredReason,
    /// In milliseconds; no wait is longer than 49 days.
    retry_after: u32,
}

impl Deferred {
    /// The next attempt begins after `retry_after`.
    #[must_use]
    pub fn new(reason: DeferredReason, retry_after: Duration) -> Self {
        let millis = u32::try_from(retry_after.as_millis());
        Self {
            reason,
            retry_after: millis.unwrap_or(u32::MAX),
        }
    }

    /// Time from now to the next attempt, as the profile's back-off list or the Server object says, jitter included;
    /// after 49 days it ends.
    #[must_use]
    pub const fn retry_after(&self) -> Duration {
        Duration::from_millis(self.retry_after as u64)
    }
}

/// What failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum DeferredReason {
    /// Nothing in particular.
    NoReason = 0,
    /// The packet data connection could not be activated: the SIM card is missing or locked, or the network refuses it.
    PdnActivate = 1,
    /// No way to the bootstrap server, or its name does not resolve.
    BootstrapNoRoute = 2,
    /// The secure session with the bootstrap server failed: wrong key, or refused.
    BootstrapConnect = 3,
    /// The bootstrap server did not answer, refused, or did not send what is needed.
    BootstrapSequence = 4,
    /// No way to the server, or its name does not resolve.
    ServerNoRoute = 5,
    /// The secure session with the server failed.
    ServerConnect = 6,
    /// The server did not accept the registration.
    ServerRegistration = 7,
    /// The server is being maintained, or wants to be left alone.
    ServiceUnavailable = 8,
    /// The SIM card has no telephone number yet, and the endpoint client name needs it. The modem is asked again after
    /// `retry_after`, and as soon as the link comes back meanwhile.
    SimMsisdn = 9,
}

impl DeferredReason {
    /// The number that hosts of `era` know the reason by; `None` where that era has no such reason.
    ///
    /// A reason keeps its number from the release that has brought it, but for one: `SERVICE_UNAVAILABLE` was 9 in 1.7,
    /// after it had been the error 9 in 1.6.
    #[must_use]
    pub const fn number(self, era: Era) -> Option<u32> {
        match (self, era) {
            (_, Era::V1_1) => None,
            (Self::ServiceUnavailable | Self::SimMsisdn, Era::V1_2 | Era::V1_4) => None,
            (Self::ServiceUnavailable, Era::V1_6) => Some(9),
            (Self::SimMsisdn, Era::V1_6) => None,
            _ => Some(self as u32),
        }
    }

    /// The name that sequence charts use.
    #[must_use]
    pub const fn chart_name(self) -> &'static str {
        match self {
            Self::NoReason => "LWM2M_CARRIER_DEFERRED_NO_REASON",
            Self::PdnActivate => "LWM2M_CARRIER_DEFERRED_PDN_ACTIVATE",
            Self::BootstrapNoRoute => "LWM2M_CARRIER_DEFERRED_BOOTSTRAP_NO_ROUTE",
            Self::BootstrapConnect => "LWM2M_CARRIER_DEFERRED_BOOTSTRAP_CONNECT",
            Self::BootstrapSequence => "LWM2M_CARRIER_DEFERRED_BOOTSTRAP_SEQUENCE",
            Self::ServerNoRoute => "LWM2M_CARRIER_DEFERRED_SERVER_NO_ROUTE",
            Self::ServerConnect => "LWM2M_CARRIER_DEFERRED_SERVER_CONNECT",
            Self::ServerRegistration => "LWM2M_CARRIER_DEFERRED_SERVER_REGISTRATION",
            Self::ServiceUnavailable => "LWM2M_CARRIER_DEFERRED_SERVICE_UNAVAILABLE",
            Self::SimMsisdn => "LWM2M_CARRIER_DEFERRED_SIM_MSISDN",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_headers() {
        assert_eq!(DeferredReason::NoReason.number(Era::V1_1), None);
        assert_eq!(DeferredReason::PdnActivate.number(Era::V1_2), Some(1));
        assert_eq!(DeferredReason::BootstrapSequence.number(Era::V2_7), Some(4));
        assert_eq!(DeferredReason::SimMsisdn.number(Era::V1_8), Some(9));
    }
}
