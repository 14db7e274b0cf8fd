//! The endpoint client name, where the modem is asked for it.
//!
//! The modem is asked once the link is up for the first time, before the device bootstraps or registers: a new SIM card
//! may learn its telephone number from the network.

use lwm2m_core::time::Instant;

use super::{Carrier, Completion, Context, Stage};
use crate::{
    deferred::DeferredReason,
    endpoint::EndpointError,
    error::{Cause, ConfigurationError, ErrorKind},
};

/// Most bytes of an endpoint client name.
const LONGEST: usize = 255;

/// What is known of the name.
#[derive(Debug)]
pub(super) struct Naming<'r> {
    /// Where the name goes; `None` once it is there, or when the application has brought it.
    place: Option<&'r mut [u8]>,
    /// How often the modem was asked in vain.
    failures: u8,
}

impl Naming<'_> {
    pub(super) const KNOWN: Self = Self {
        place: None,
        failures: 0,
    };

    /// Whether the modem is to be asked.
    pub(super) const fn is_due(&self) -> bool {
        self.place.is_some()
    }
}

impl<'r> Carrier<'r> {
    /// The same with an endpoint client name that is made of what the modem says, as the profile's
    /// [`endpoint`](crate::Profile::endpoint) asks for; that of the configuration, which may be empty, is not used.
    /// `place` keeps it: 64 bytes are enough.
    ///
    /// As long as the modem cannot tell, the device neither bootstraps nor registers: `DEFERRED` with `SIM_MSISDN` where
    /// the SIM card has no telephone number yet; `ERROR` with `BOOTSTRAP` and `EFAULT`, and `DEFERRED`, where the modem
    /// does not tell its IMEI or tells nonsense. It is asked again after the profile's bootstrap back-off, and as soon as
    /// the link comes back meanwhile.
    #[must_use]
    pub const fn with_endpoint_from_modem(mut self, place: &'r mut [u8]) -> Self {
        self.naming.place = Some(place);
        self
    }

    /// Whether a name that the application has brought is one.
    pub(super) fn check_endpoint(&self) -> Result<(), ConfigurationError> {
        if self.client.config().endpoint.len() > LONGEST {
            return Err(ConfigurationError::TooLong);
        }
        Ok(())
    }

    /// The modem has been asked; the name lies at the start of `buffer`.
    pub(super) fn identified(
        &mut self,
        completion: Completion,
        buffer: &[u8],
        cx: &mut Context<'_>,
    ) {
        let made = match completion {
            Completion::Identified(made) => made,
            _ => Err(EndpointError::Malformed),
        };
        if let Err(error) = made.and_then(|len| self.take_name(buffer.get(..len))) {
            self.not_identified(error, cx);
        }
    }

    fn take_name(&mut self, name: Option<&[u8]>) -> Result<(), EndpointError> {
        let name = name
            .filter(|name| core::str::from_utf8(name).is_ok())
            .ok_or(EndpointError::Malformed)?;
        let place = &mut self.naming.place;
        let fits = |place: &&mut [u8]| place.len() >= name.len();
        if !place.as_ref().is_some_and(fits) {
            return Err(EndpointError::Room);
        }
        if let Some((place, _)) = place
            .take()
            .and_then(|place| place.split_at_mut_checked(name.len()))
        {
            place.copy_from_slice(name);
            self.client
                .set_endpoint(core::str::from_utf8(place).unwrap_or_default());
        }
        Ok(())
    }

    fn not_identified(&mut self, error: EndpointError, cx: &mut Context<'_>) {
        let cause = Cause::Endpoint(error);
        let reason = match error {
            EndpointError::Msisdn => DeferredReason::SimMsisdn,
            EndpointError::Room => {
                self.push_error(ErrorKind::Configuration, cause);
                DeferredReason::NoReason
            }
            EndpointError::Imei | EndpointError::Malformed => {
                self.push_error(ErrorKind::Bootstrap, cause);
                DeferredReason::NoReason
            }
        };
        let back_off = &self.profile.bootstrap_back_off;
        self.retry_at = self.put_off(back_off, self.naming.failures, reason, cx);
        self.naming.failures = self.naming.failures.saturating_add(1);
        self.stage = Stage::HoldOff;
    }

    /// The link has come back: a modem that could not tell is asked at once.
    pub(super) const fn ask_modem_again(&mut self, now: Instant) {
        if self.naming.is_due() && self.naming.failures > 0 {
            self.retry_at = now;
        }
    }
}
