//! What the device and the network say about themselves.

use core::fmt;
use core::net::IpAddr;

/// Facts about the modem, the SIM card and the radio, for the endpoint name and objects 3, 4 and 10.
///
/// Every method answers [`NotAvailable`] by default, so a device without a modem implements what it has: at least the
/// fact that the profile's endpoint name is made of, where [the carrier makes
/// it](crate::Carrier::with_endpoint_from_modem). The library asks for nothing else by itself;
/// [`Connectivity`](crate::Connectivity) asks for what object 4 says.
///
/// Text comes back as a part of `buffer`, which should have room for 32 bytes.
#[allow(
    async_fn_in_trait,
    reason = "the drivers run on one thread; no Send is promised"
)]
pub trait ModemInfo {
    /// International Mobile Equipment Identity: 15 digits (3GPP TS 23.003, section 6.2).
    ///
    /// # Errors
    /// [`NotAvailable`]
    async fn imei<'b>(&mut self, buffer: &'b mut [u8]) -> Result<&'b str, NotAvailable> {
        let _ = buffer;
        Err(NotAvailable)
    }

    /// Identifier of the SIM card: 18 to 22 digits (ITU-T E.118).
    ///
    /// # Errors
    /// [`NotAvailable`]
    async fn iccid<'b>(&mut self, buffer: &'b mut [u8]) -> Result<&'b str, NotAvailable> {
        let _ = buffer;
        Err(NotAvailable)
    }

    /// Telephone number of the subscription, digits only; a new SIM card may not have one before it has seen the
    /// network.
    ///
    /// # Errors
    /// [`NotAvailable`]
    async fn msisdn<'b>(&mut self, buffer: &'b mut [u8]) -> Result<&'b str, NotAvailable> {
        let _ = buffer;
        Err(NotAvailable)
    }

    /// International Mobile Subscriber Identity: 6 to 15 digits (3GPP TS 23.003, section 2.2).
    ///
    /// # Errors
    /// [`NotAvailable`]
    async fn imsi<'b>(&mut self, buffer: &'b mut [u8]) -> Result<&'b str, NotAvailable> {
        let _ = buffer;
        Err(NotAvailable)
    }

    /// Version of the modem's firmware.
    ///
    /// # Errors
    /// [`NotAvailable`]
    async fn firmware_version<'b>(
        &mut self,
        buffer: &'b mut [u8],
    ) -> Result<&'b str, NotAvailable> {
        let _ = buffer;
        Err(NotAvailable)
    }

    /// Reference signal received power in dBm: -140 to -44 (/4/0/2).
    ///
    /// # Errors
    /// [`NotAvailable`]
    async fn rsrp(&mut self) -> Result<i16, NotAvailable> {
        Err(NotAvailable)
    }

    /// Reference signal received quality in dB, rounded down: -34 to 2 (3GPP TS 36.133, table 9.1.7; /4/0/3).
    ///
    /// # Errors
    /// [`NotAvailable`]
    async fn rsrq(&mut self) -> Result<i16, NotAvailable> {
        Err(NotAvailable)
    }

    /// The bearer in use, as /4/0/0 numbers it: 5 LTE-TDD, 6 LTE-FDD, 7 NB-IoT, others to 50.
    ///
    /// # Errors
    /// [`NotAvailable`]
    async fn bearer(&mut self) -> Result<u8, NotAvailable> {
        Err(NotAvailable)
    }

    /// IP addresses of the device, one or, with a dual stack, two (/4/0/4).
    ///
    /// # Errors
    /// [`NotAvailable`] when there is none.
    async fn addresses(&mut self) -> Result<[Option<IpAddr>; 2], NotAvailable> {
        Err(NotAvailable)
    }

    /// Access point name of the bearer in use (/4/0/7): up to 100 bytes, for which `buffer` should have room.
    ///
    /// # Errors
    /// [`NotAvailable`]
    async fn access_point<'b>(&mut self, buffer: &'b mut [u8]) -> Result<&'b str, NotAvailable> {
        let _ = buffer;
        Err(NotAvailable)
    }

    /// Mobile country code (/4/0/10) and mobile network code (/4/0/9) of the serving cell, each 0 to 999.
    ///
    /// # Errors
    /// [`NotAvailable`]
    async fn network(&mut self) -> Result<(u16, u16), NotAvailable> {
        Err(NotAvailable)
    }

    /// Identity of the serving cell (/4/0/8).
    ///
    /// # Errors
    /// [`NotAvailable`]
    async fn cell_id(&mut self) -> Result<u32, NotAvailable> {
        Err(NotAvailable)
    }
}

/// Knows nothing of a modem.
#[derive(Clone, Copy, Debug, Default)]
#[allow(clippy::exhaustive_structs, reason = "it has no content")]
pub struct NoModemInfo;

impl ModemInfo for NoModemInfo {}

/// The fact is not known, now or ever.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[allow(clippy::exhaustive_structs, reason = "it has nothing more to say")]
pub struct NotAvailable;

impl fmt::Display for NotAvailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not available")
    }
}

impl core::error::Error for NotAvailable {}
