//! The endpoint client name (Core 1.1.1, section 7.4.1.1).

use core::fmt;

use lwm2m_core::wire::writer::Writer;

use crate::hal::ModemInfo;

/// What the endpoint client name is made of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum EndpointFormat {
    /// `urn:imei:` and the 15 digits of the modem.
    Imei,
    /// `urn:imei-msisdn:`, the 15 digits, a hyphen and the telephone number.
    ImeiMsisdn,
}

/// Longest name that [`EndpointFormat::write`] makes.
const LONGEST: usize = "urn:imei-msisdn:".len() + 15 + 1 + 15;

impl EndpointFormat {
    /// Asks `modem` for what the name is made of and writes the name to the start of `buffer`, 64 bytes of which are
    /// always enough. A device may as well bring a name of its own.
    ///
    /// # Errors
    /// [`EndpointError`]. The telephone number of a new SIM card may come later.
    pub async fn write<'b>(
        self,
        modem: &mut impl ModemInfo,
        buffer: &'b mut [u8],
    ) -> Result<&'b str, EndpointError> {
        let mut fact = [0; 32];
        let mut writer = Writer::new(buffer);
        let prefix = match self {
            Self::Imei => "urn:imei:",
            Self::ImeiMsisdn => "urn:imei-msisdn:",
        };
        writer.bytes(prefix.as_bytes());
        let imei = modem.imei(&mut fact).await;
        writer.bytes(digits(imei.map_err(|_| EndpointError::Imei)?)?);
        if self == Self::ImeiMsisdn {
            writer.u8(b'-');
            match modem.msisdn(&mut fact).await {
                Ok(msisdn) if !msisdn.is_empty() => writer.bytes(digits(msisdn)?),
                _ => return Err(EndpointError::Msisdn),
            }
        }
        let written = writer.finish();
        if !written.is_whole() {
            return Err(EndpointError::Room);
        }
        let name = buffer
            .get(..written.total)
            .filter(|name| name.len() <= LONGEST);
        name.and_then(|name| core::str::from_utf8(name).ok())
            .ok_or(EndpointError::Malformed)
    }
}

/// The bytes of a text that consists of digits alone.
fn digits(text: &str) -> Result<&[u8], EndpointError> {
    let bytes = text.as_bytes();
    if bytes.is_empty() || !bytes.iter().all(u8::is_ascii_digit) {
        return Err(EndpointError::Malformed);
    }
    Ok(bytes)
}

/// Why there is no name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum EndpointError {
    /// The modem does not tell its IMEI.
    Imei,
    /// The SIM card has no telephone number, or none yet.
    Msisdn,
    /// The modem answers with something else than the digits of such a number.
    Malformed,
    /// The buffer is too short.
    Room,
}

impl fmt::Display for EndpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Imei => "the modem does not tell its IMEI",
            Self::Msisdn => "the SIM card has no telephone number yet",
            Self::Malformed => "the modem's numbers are malformed",
            Self::Room => "no room for the endpoint name",
        })
    }
}

impl core::error::Error for EndpointError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{driver::blocking::block_on, hal::NotAvailable};

    struct Modem(&'static str, Option<&'static str>);

    fn copy<'b>(text: &str, buffer: &'b mut [u8]) -> &'b str {
        buffer[..text.len()].copy_from_slice(text.as_bytes());
        core::str::from_utf8(&buffer[..text.len()]).unwrap()
    }

    impl ModemInfo for Modem {
        async fn imei<'b>(&mut self, buffer: &'b mut [u8]) -> Result<&'b str, NotAvailable> {
            Ok(copy(self.0, buffer))
        }

        async fn msisdn<'b>(&mut self, buffer: &'b mut [u8]) -> Result<&'b str, NotAvailable> {
            self.1
                .map(|msisdn| copy(msisdn, buffer))
                .ok_or(NotAvailable)
        }
    }

    fn name(format: EndpointFormat, mut modem: Modem) -> Result<[u8; 64], EndpointError> {
        let mut buffer = [0; 64];
        block_on(format.write(&mut modem, &mut buffer), || ())?;
        Ok(buffer)
    }

    #[test]
    fn names_are_urns() {
        let imei = "490154203237518";
        let made = name(EndpointFormat::Imei, Modem(imei, None)).unwrap();
        assert_eq!(&made[..25], b"urn:imei:490154203237518\0");
        let made = name(
            EndpointFormat::ImeiMsisdn,
            Modem(imei, Some("4915112345678")),
        )
        .unwrap();
        assert_eq!(
            &made[..46],
            b"urn:imei-msisdn:490154203237518-4915112345678\0"
        );
    }

    #[test]
    fn without_the_facts_there_is_no_name() {
        let imei = "490154203237518";
        for (format, modem, error) in [
            (
                EndpointFormat::ImeiMsisdn,
                Modem(imei, None),
                EndpointError::Msisdn,
            ),
            (
                EndpointFormat::ImeiMsisdn,
                Modem(imei, Some("")),
                EndpointError::Msisdn,
            ),
            (
                EndpointFormat::ImeiMsisdn,
                Modem(imei, Some("+49151")),
                EndpointError::Malformed,
            ),
            (
                EndpointFormat::Imei,
                Modem("", None),
                EndpointError::Malformed,
            ),
            (
                EndpointFormat::Imei,
                Modem("4901&ep=x", None),
                EndpointError::Malformed,
            ),
        ] {
            assert_eq!(name(format, modem), Err(error));
        }
        let mut short = [0; 10];
        let mut modem = Modem(imei, None);
        let made = block_on(EndpointFormat::Imei.write(&mut modem, &mut short), || ());
        assert_eq!(made, Err(EndpointError::Room));
    }
}
