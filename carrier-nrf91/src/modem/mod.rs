//! The calls into the modem's library: the traits of this crate over [nrf-modem](nrf_modem) and the C library below it.
//!
//! Only in firmware, with the feature of the chip. All `unsafe` of the crate is in here.
//!
//! nrf-modem has sockets of its own, which are not used: each of them switches the modem on when it is made and off, with
//! `AT+CFUN=0`, when it is the last one to be dropped, and sets `AT+CEREG=1` when it connects. That is the business of
//! [`Link`](lwm2m_carrier::hal::Link) alone. They also panic where a close fails or an error number is not known.

mod at;
mod delta;
mod sockets;
mod wakers;

pub use at::{ModemAt, ModemNotifications, NotificationStream};
pub use delta::ModemDelta;
pub use nrf_modem;
pub use sockets::ModemSockets;

use crate::firmware::StartFailure;

/// Why `nrf_modem::init` has failed.
///
/// The modem's notifications, its system mode and all else are not set up then, and nrf-modem takes no second
/// initialisation: the device has to restart. [`ModemStarts`](crate::firmware::ModemStarts) tells when.
#[must_use]
pub fn start_failure(error: &nrf_modem::Error) -> StartFailure {
    match error {
        nrf_modem::Error::NrfError(number) => {
            StartFailure::from_returned(i32::try_from(*number).unwrap_or(i32::MIN))
        }
        _ => StartFailure::Other,
    }
}
