//! Codecs without state: CoAP messages and the LwM2M data formats.
//!
//! Readers return data with the lifetime of their input and never copy; writers share one [`writer::Writer`].

#[cfg(feature = "base64")]
pub mod base64;
#[cfg(feature = "senml-cbor")]
pub mod cbor;
pub mod coap;
pub(crate) mod float;
pub mod link;
pub mod number;
pub mod reader;
#[cfg(feature = "senml-cbor")]
pub mod senml;
#[cfg(feature = "senml-cbor")]
pub mod senml_cbor;
pub(crate) mod shift;
pub mod text;
#[cfg(feature = "tlv")]
pub mod tlv;
pub mod writer;

/// The input ended early or is not of its format.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Malformed;

impl core::fmt::Display for Malformed {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("malformed input")
    }
}

impl core::error::Error for Malformed {}
