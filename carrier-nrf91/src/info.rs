//! Facts about modem, SIM card and radio.

use core::net::IpAddr;

use lwm2m_carrier::hal::{ModemInfo, NotAvailable};

use crate::at::{AccessTechnology, At, Fields, Monitor, Response, Signal, ask};
use crate::net::address;

/// Room for the longest response of these commands, `%XMONITOR` with the operator's names.
const RESPONSE: usize = 256;

/// Asks the modem.
#[derive(Debug)]
pub struct ModemFacts<A> {
    at: A,
}

/// Addresses of the default bearer.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Address {
    /// The first address.
    pub first: Option<IpAddr>,
    /// The second one of a dual stack.
    pub second: Option<IpAddr>,
}

impl<A: At> ModemFacts<A> {
    /// Asks through `at`.
    pub const fn new(at: A) -> Self {
        Self { at }
    }

    async fn ask<'b>(
        &mut self,
        command: &str,
        response: &'b mut [u8],
    ) -> Result<Response<'b>, NotAvailable> {
        ask(&mut self.at, command.into(), response)
            .await
            .map_err(|_| NotAvailable)
    }

    /// IP addresses of the default bearer.
    ///
    /// # Errors
    /// [`NotAvailable`] when there is none.
    pub async fn address(&mut self) -> Result<Address, NotAvailable> {
        let mut response = [0; RESPONSE];
        let response = self.ask("AT+CGPADDR=0", &mut response).await?;
        let mut fields = context_0(&response, "+CGPADDR").ok_or(NotAvailable)?;
        let mut next = || fields.bytes().and_then(address::parse);
        let address = Address {
            first: next(),
            second: next(),
        };
        address.first.map(|_| address).ok_or(NotAvailable)
    }

    /// Strength and quality of the signal.
    ///
    /// # Errors
    /// [`NotAvailable`]
    pub async fn signal(&mut self) -> Result<Signal, NotAvailable> {
        let mut response = [0; RESPONSE];
        let response = self.ask("AT+CESQ", &mut response).await?;
        let mut signals = response.named("+CESQ").filter_map(Signal::from_answer);
        signals.next().ok_or(NotAvailable)
    }

    /// What `AT%XMONITOR` tells: network, bearer, band, cell. `response` holds it; 256 bytes do.
    ///
    /// # Errors
    /// [`NotAvailable`]
    pub async fn monitor<'b>(
        &mut self,
        response: &'b mut [u8],
    ) -> Result<Monitor<'b>, NotAvailable> {
        let response = self.ask("AT%XMONITOR", response).await?;
        let mut monitors = response.named("%XMONITOR").filter_map(Monitor::from_answer);
        monitors.next().ok_or(NotAvailable)
    }
}

impl<A: At> ModemInfo for ModemFacts<A> {
    async fn imei<'b>(&mut self, buffer: &'b mut [u8]) -> Result<&'b str, NotAvailable> {
        let mut response = [0; RESPONSE];
        let response = self.ask("AT+CGSN=1", &mut response).await?;
        let imei = response.named("+CGSN").find_map(|mut fields| fields.text());
        copy(imei.filter(|it| is_digits(it, 15, 15)), buffer)
    }

    async fn iccid<'b>(&mut self, buffer: &'b mut [u8]) -> Result<&'b str, NotAvailable> {
        let mut response = [0; RESPONSE];
        let response = self.ask("AT%XICCID", &mut response).await?;
        let iccid = response
            .named("%XICCID")
            .find_map(|mut fields| fields.text());
        // The card stores pairs of digits; an odd number of them is filled up with F.
        let iccid = iccid.map(|it| it.trim_end_matches(['F', 'f']));
        copy(iccid.filter(|it| is_digits(it, 18, 22)), buffer)
    }

    async fn msisdn<'b>(&mut self, buffer: &'b mut [u8]) -> Result<&'b str, NotAvailable> {
        let mut response = [0; RESPONSE];
        let response = self.ask("AT+CNUM", &mut response).await?;
        let number = response.named("+CNUM").find_map(|mut fields| {
            let _name = fields.next();
            let number = fields.text()?;
            Some(number.strip_prefix('+').unwrap_or(number)).filter(|it| is_digits(it, 1, 20))
        });
        copy(number, buffer)
    }

    async fn imsi<'b>(&mut self, buffer: &'b mut [u8]) -> Result<&'b str, NotAvailable> {
        let mut response = [0; RESPONSE];
        let response = self.ask("AT+CIMI", &mut response).await?;
        let imsi = response.plain().filter(|it| is_digits(it, 6, 15));
        copy(imsi, buffer)
    }

    async fn firmware_version<'b>(
        &mut self,
        buffer: &'b mut [u8],
    ) -> Result<&'b str, NotAvailable> {
        let mut response = [0; RESPONSE];
        let response = self.ask("AT+CGMR", &mut response).await?;
        copy(response.plain(), buffer)
    }

    async fn rsrp(&mut self) -> Result<i16, NotAvailable> {
        self.signal().await?.rsrp.ok_or(NotAvailable)
    }

    async fn rsrq(&mut self) -> Result<i16, NotAvailable> {
        self.signal().await?.rsrq.ok_or(NotAvailable)
    }

    async fn bearer(&mut self) -> Result<u8, NotAvailable> {
        let mut response = [0; RESPONSE];
        let monitor = self.monitor(&mut response).await?;
        Ok(match monitor.technology.ok_or(NotAvailable)? {
            // The modem's LTE bands are all frequency-division duplex.
            AccessTechnology::LteM => 6,
            AccessTechnology::NbIot => 7,
        })
    }

    async fn addresses(&mut self) -> Result<[Option<IpAddr>; 2], NotAvailable> {
        let address = self.address().await?;
        Ok([address.first, address.second])
    }

    /// Of the default bearer.
    async fn access_point<'b>(&mut self, buffer: &'b mut [u8]) -> Result<&'b str, NotAvailable> {
        let mut response = [0; RESPONSE];
        let response = self.ask("AT+CGDCONT?", &mut response).await?;
        let name = context_0(&response, "+CGDCONT").and_then(|mut fields| {
            let _kind = fields.next();
            fields.text()
        });
        copy(name, buffer)
    }

    async fn network(&mut self) -> Result<(u16, u16), NotAvailable> {
        let mut response = [0; RESPONSE];
        let plmn = self.monitor(&mut response).await?.plmn;
        let plmn = plmn.filter(|it| is_digits(it, 5, 6)).ok_or(NotAvailable)?;
        let (country, network) = plmn.split_at_checked(3).ok_or(NotAvailable)?;
        let number = |text: &str| text.parse().map_err(|_| NotAvailable);
        Ok((number(country)?, number(network)?))
    }

    async fn cell_id(&mut self) -> Result<u32, NotAvailable> {
        let mut response = [0; RESPONSE];
        self.monitor(&mut response).await?.cell.ok_or(NotAvailable)
    }
}

/// The parameters behind the number of the default bearer.
fn context_0<'b>(response: &Response<'b>, name: &str) -> Option<Fields<'b>> {
    response.named(name).find_map(|mut fields| {
        let context: u8 = fields.number()?;
        (context == 0).then_some(fields)
    })
}

fn is_digits(text: &str, least: usize, most: usize) -> bool {
    (least..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn copy<'b>(text: Option<&str>, buffer: &'b mut [u8]) -> Result<&'b str, NotAvailable> {
    let text = text.ok_or(NotAvailable)?;
    let target = buffer.get_mut(..text.len()).ok_or(NotAvailable)?;
    target.copy_from_slice(text.as_bytes());
    core::str::from_utf8(target).map_err(|_| NotAvailable)
}
