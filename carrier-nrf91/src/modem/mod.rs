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

use crate::firmware::ModemStart;

/// How the modem has started, by what `nrf_modem::init` has returned: whether a pending update was carried out.
///
/// # Errors
/// The initialisation has failed for another reason.
pub fn modem_start(init: Result<(), nrf_modem::Error>) -> Result<ModemStart, nrf_modem::Error> {
    // `nrf_modem_init`: the numbers of nrf_errno.h, negative.
    match init {
        Ok(()) => Ok(ModemStart::Normal),
        Err(nrf_modem::Error::NrfError(-11)) => Ok(ModemStart::VoltageLow),
        Err(nrf_modem::Error::NrfError(-5)) => Ok(ModemStart::UpdateFailed),
        Err(error) => Err(error),
    }
}
