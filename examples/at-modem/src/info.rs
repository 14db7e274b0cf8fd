//! What modem and SIM card say about themselves.

use core::fmt;

use embedded_io_async::{Read, Write};
use lwm2m_carrier::hal::{Clock, ModemInfo, NotAvailable};

use crate::Modem;
use crate::at::{Command, Fields, Kind};

/// The [`ModemInfo`] of a modem.
pub struct AtInfo<'m, U, C> {
    modem: &'m Modem<U, C>,
}

impl<'m, U, C> AtInfo<'m, U, C> {
    pub(crate) const fn new(modem: &'m Modem<U, C>) -> Self {
        Self { modem }
    }
}

impl<U: Read + Write, C: Clock + Clone> AtInfo<'_, U, C> {
    /// Asks, and takes the fact out of the answer.
    async fn fact<T>(
        &self,
        kind: Kind,
        take: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, NotAvailable> {
        let asked = self.modem.run(&Command::Plain(kind)).await;
        asked.map_err(|_| NotAvailable)?;
        let fact = self.modem.with(|state, _| state.fact().and_then(take));
        fact.flatten().ok_or(NotAvailable)
    }

    /// The same, of so many digits, to the start of `buffer`.
    async fn digits<'b>(
        &self,
        kind: Kind,
        buffer: &'b mut [u8],
        len: core::ops::RangeInclusive<usize>,
        take: impl for<'l> FnOnce(&'l str) -> Option<&'l str>,
    ) -> Result<&'b str, NotAvailable> {
        let whole = |text: &str| {
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            digits && len.contains(&text.len())
        };
        self.fact(kind, |fact| {
            copy(take(fact).filter(|text| whole(text))?, buffer)
        })
        .await
    }
}

/// `text` at the start of `buffer`, if it fits.
fn copy<'b>(text: &str, buffer: &'b mut [u8]) -> Option<&'b str> {
    let to = buffer.get_mut(..text.len())?;
    to.copy_from_slice(text.as_bytes());
    core::str::from_utf8(to).ok()
}

impl<U: Read + Write, C: Clock + Clone> ModemInfo for AtInfo<'_, U, C> {
    async fn imei<'b>(&mut self, buffer: &'b mut [u8]) -> Result<&'b str, NotAvailable> {
        self.digits(Kind::Imei, buffer, 15..=15, |line| Some(line))
            .await
    }

    async fn iccid<'b>(&mut self, buffer: &'b mut [u8]) -> Result<&'b str, NotAvailable> {
        // Some cards pad to an even number of digits.
        self.digits(Kind::Iccid, buffer, 18..=22, |line| {
            Some(line.trim_end_matches('F'))
        })
        .await
    }

    async fn msisdn<'b>(&mut self, buffer: &'b mut [u8]) -> Result<&'b str, NotAvailable> {
        // `+CNUM: [<alpha>],<number>,<type>` (3GPP TS 27.007, section 7.1).
        self.digits(Kind::Msisdn, buffer, 1..=15, |line| {
            let mut fields = Fields::new(line);
            fields.raw()?;
            Some(fields.text()?.trim_start_matches('+'))
        })
        .await
    }

    async fn firmware_version<'b>(
        &mut self,
        buffer: &'b mut [u8],
    ) -> Result<&'b str, NotAvailable> {
        self.fact(Kind::Version, |line| {
            // `+CGMR: ` is there with some, and not with others.
            copy(line.strip_prefix("+CGMR: ").unwrap_or(line), buffer)
        })
        .await
    }

    async fn rsrp(&mut self) -> Result<i16, NotAvailable> {
        // `+QCSQ: <sysmode>,<rssi>,<rsrp>,<sinr>,<rsrq>`, for LTE-M and NB-IoT.
        self.fact(Kind::Signal, |line| {
            let mut fields = Fields::new(line);
            matches!(fields.text()?, "eMTC" | "CAT-M1" | "NBIoT" | "CAT-NB1").then_some(())?;
            fields.raw()?;
            fields.number().filter(|power| (-140..=-44).contains(power))
        })
        .await
    }

    async fn cell_id(&mut self) -> Result<u32, NotAvailable> {
        let cell = self.modem.with(|state, _| state.network.cell());
        cell.flatten().ok_or(NotAvailable)
    }
}

impl<U, C> fmt::Debug for AtInfo<'_, U, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AtInfo").finish_non_exhaustive()
    }
}
