//! What the library tells the application.

use crate::{deferred::Deferred, era::Era, error::Error, hal::DetachReason};

/// Something that the application is told, in the order in which it happens.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Event {
    /// The library is initialised; the modem can be used.
    Initialized,
    /// The application must write its CA certificates to the key store, the link being down, and answer with their
    /// tags: [`Response::CaTags`](crate::Response::CaTags). Only where the profile asks for it.
    CertsInit,
    /// The link is about to be brought up.
    Connecting,
    /// The link is up.
    Connected,
    /// The link is about to be taken down; the application must leave it alone until [`Connected`](Self::Connected).
    Disconnecting,
    /// The link is down, because it was taken down or because it was lost.
    Disconnected {
        /// Why.
        reason: DetachReason,
    },
    /// The bootstrap is complete, its credentials are in the key store. Not told again: where the power fails between
    /// that and the event, the next start tells only [`LteReady`](Self::LteReady) and
    /// [`Registered`](Self::Registered), which say as much.
    Bootstrapped,
    /// The link is up and the device bootstrapped.
    LteReady,
    /// The device has registered with a server: for the first time since the start, or again after its registration
    /// had ended.
    Registered {
        /// Short server id.
        server: u16,
    },
    /// A registration has ended on request.
    Deregistered {
        /// Short server id.
        server: u16,
        /// Whether the server has confirmed it; `false` also where the device was not registered.
        confirmed: bool,
    },
    /// An attempt has failed; the next one follows by itself.
    Deferred(Deferred),
    /// A firmware update has begun.
    FotaStart,
    /// A firmware update has been applied. Told once; a second time where the power fails before that is noted.
    FotaSuccess,
    /// The device is about to restart. [`Response::Refuse`](crate::Response::Refuse) leaves that to the application,
    /// at its earliest convenience.
    Reboot,
    /// Something has failed that the application may want to know. Nothing need be done unless the error says so.
    Error(Error),
}

impl Event {
    /// The name that sequence charts use.
    #[must_use]
    pub const fn chart_name(&self) -> &'static str {
        match self {
            Self::Initialized => "LWM2M_CARRIER_EVENT_BSDLIB_INIT",
            Self::CertsInit => "LWM2M_CARRIER_EVENT_CERTS_INIT",
            Self::Connecting => "LWM2M_CARRIER_EVENT_CONNECTING",
            Self::Connected => "LWM2M_CARRIER_EVENT_CONNECTED",
            Self::Disconnecting => "LWM2M_CARRIER_EVENT_DISCONNECTING",
            Self::Disconnected { .. } => "LWM2M_CARRIER_EVENT_DISCONNECTED",
            Self::Bootstrapped => "LWM2M_CARRIER_EVENT_BOOTSTRAPPED",
            Self::LteReady => "LWM2M_CARRIER_EVENT_LTE_READY",
            Self::Registered { .. } => "LWM2M_CARRIER_EVENT_REGISTERED",
            Self::Deregistered { .. } => "LWM2M_CARRIER_EVENT_DEREGISTERED",
            Self::Deferred(_) => "LWM2M_CARRIER_EVENT_DEFERRED",
            Self::FotaStart => "LWM2M_CARRIER_EVENT_FOTA_START",
            Self::FotaSuccess => "LWM2M_CARRIER_EVENT_FOTA_SUCCESS",
            Self::Reboot => "LWM2M_CARRIER_EVENT_REBOOT",
            Self::Error(_) => "LWM2M_CARRIER_EVENT_ERROR",
        }
    }

    /// The number that hosts of `era` know the event by; `None` where that era has no such event.
    ///
    /// `BSDLIB_INIT`, `MODEM_INIT` (before 2.0) and `INIT` are names of one event, as are `READY` and `REGISTERED`.
    /// No era has all events.
    #[must_use]
    pub fn number(&self, era: Era) -> Option<u32> {
        // One column per era: 1.1, 1.2, 1.4, 1.6, 1.8, 2.0, 2.4, 2.7.
        era.pick(match self {
            Self::Initialized => [1, 1, 1, 1, 1, 1, 0, 0],
            Self::CertsInit => [0, 0, 0, 30, 30, 0, 0, 0],
            Self::Connecting => [0, 2, 2, 2, 2, 0, 0, 0],
            Self::Connected => [0, 3, 3, 3, 3, 0, 0, 0],
            Self::Disconnecting => [0, 4, 4, 4, 4, 0, 0, 0],
            Self::Disconnected { .. } => [0, 5, 5, 5, 5, 0, 0, 0],
            Self::Bootstrapped => [4, 6, 6, 6, 6, 6, 4, 4],
            Self::LteReady => [0, 0, 11, 11, 11, 0, 0, 0],
            Self::Registered { .. } => [5, 7, 7, 7, 7, 7, 5, 5],
            Self::Deregistered { .. } => [0, 0, 0, 0, 0, 0, 0, 6],
            Self::Deferred(_) => [0, 8, 8, 8, 8, 8, 6, 7],
            Self::FotaStart => [6, 9, 9, 9, 9, 9, 7, 8],
            Self::FotaSuccess => [0, 0, 0, 0, 0, 0, 8, 9],
            Self::Reboot => [10, 10, 10, 10, 10, 10, 9, 10],
            Self::Error(_) => [0, 20, 20, 20, 20, 20, 20, 20],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Spot checks of every column against the published headers.
    #[test]
    fn numbers_follow_the_era() {
        let registered = Event::Registered { server: 1 };
        for (event, era, number) in [
            (Event::Initialized, Era::V1_1, Some(1)),
            (Event::Connected, Era::V1_1, None),
            (Event::Bootstrapped, Era::V1_1, Some(4)),
            (registered, Era::V1_1, Some(5)),
            (Event::FotaStart, Era::V1_1, Some(6)),
            (
                Event::Disconnected {
                    reason: DetachReason::Requested,
                },
                Era::V1_2,
                Some(5),
            ),
            (Event::LteReady, Era::V1_2, None),
            (Event::LteReady, Era::V1_4, Some(11)),
            (Event::CertsInit, Era::V1_4, None),
            (Event::CertsInit, Era::V1_6, Some(30)),
            (registered, Era::V1_8, Some(7)),
            (Event::Connecting, Era::V2_0, None),
            (Event::Initialized, Era::V2_0, Some(1)),
            (Event::Initialized, Era::V2_4, None),
            (Event::FotaSuccess, Era::V2_4, Some(8)),
            (Event::Reboot, Era::V2_4, Some(9)),
            (
                Event::Deregistered {
                    server: 1,
                    confirmed: true,
                },
                Era::V2_7,
                Some(6),
            ),
            (Event::Reboot, Era::V2_7, Some(10)),
        ] {
            assert_eq!(event.number(era), number, "{event:?} {era:?}");
        }
    }
}
