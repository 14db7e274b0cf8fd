//! Content formats.

/// A CoAP content format that LwM2M uses (Core 1.1.1, section 7.4).
///
/// Which of them a build serves depends on its features; text, opaque and CoRE link format are always there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
#[repr(u16)]
pub enum ContentFormat {
    /// `text/plain`
    Text = 0,
    /// `application/link-format`
    CoreLink = 40,
    /// `application/octet-stream`
    Opaque = 42,
    /// `application/senml+cbor`
    #[cfg(feature = "senml-cbor")]
    SenmlCbor = 112,
    /// `application/vnd.oma.lwm2m+tlv`
    #[cfg(feature = "tlv")]
    Tlv = 11542,
}

impl ContentFormat {
    /// The format with this number, when the build serves it.
    #[must_use]
    #[inline(never)]
    pub const fn from_number(number: u16) -> Option<Self> {
        match number {
            0 => Some(Self::Text),
            40 => Some(Self::CoreLink),
            42 => Some(Self::Opaque),
            #[cfg(feature = "senml-cbor")]
            112 => Some(Self::SenmlCbor),
            #[cfg(feature = "tlv")]
            11542 => Some(Self::Tlv),
            _ => None,
        }
    }

    /// The number of the format in the CoAP registry.
    #[must_use]
    pub const fn number(self) -> u16 {
        self as u16
    }
}
