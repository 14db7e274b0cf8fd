//! The same work, done by this family and by other crates: one function per piece of work and crate, for every harness.
//!
//! Messages and values are those with which `/3/0` and its peers are measured everywhere in this project: a GET of 16
//! bytes, a Register of 186, and the Device object of Core 1.1.1, section 7.4.3.2. Each function answers with a number
//! made of all that it has read, or with the length of what it has written, so that nothing can be left out.

pub mod coap_lite;
pub mod coap_message;
pub mod minicbor;
pub mod ours;

#[cfg(test)]
mod tests;

/// Confirmable GET of `/3/0` with a token of four bytes, Observe 0 and Accept 11542.
pub const GET: &[u8] = b"\x44\x01\x12\x34tokn\x60\x51\x33\x010\x62\x2d\x16";

/// Confirmable Register with a token of four bytes, four queries and 120 bytes of links.
pub const REGISTER: &[u8] = b"\x44\x02\x12\x34tokn\xb2rd\x11\x28\x3d\x0eep=urn:imei:123456789012345\
\x08lt=86400\x09lwm2m=1.1\x03b=U\xff</>;rt=\"oma.lwm2m\";ct=112,</1/0>,</2/0>,</3/0>,</4/0>,</5/0>,</6/0>,</7/0>,</19/0>,\
</19/1>,</3303/0>,</3303/1>,</3303/2>";

/// What the GET asks for.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_structs, reason = "made here and in the benchmarks")]
pub struct Get {
    /// Message id.
    pub message_id: u16,
    /// Object and instance.
    pub path: [&'static [u8]; 2],
    /// Content format of the answer.
    pub accept: u16,
}

impl Get {
    /// Makes [`GET`].
    pub const DEVICE: Self = Self {
        message_id: 0x1234,
        path: [b"3", b"0"],
        accept: 11_542,
    };
}

/// What the Register tells.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_structs, reason = "made here and in the benchmarks")]
pub struct Register {
    /// Message id.
    pub message_id: u16,
    /// The endpoint name.
    pub endpoint: &'static str,
    /// The other queries.
    pub queries: [&'static [u8]; 3],
    /// 120 bytes of links.
    pub links: &'static [u8],
}

impl Register {
    /// Makes [`REGISTER`].
    pub const DEVICE: Self = Self {
        message_id: 0x1234,
        endpoint: ENDPOINT,
        queries: [b"lt=86400", b"lwm2m=1.1", b"b=U"],
        links: b"</>;rt=\"oma.lwm2m\";ct=112,</1/0>,</2/0>,</3/0>,</4/0>,</5/0>,</6/0>,</7/0>,</19/0>,</19/1>,\
</3303/0>,</3303/1>,</3303/2>",
    };
}

/// The endpoint name in the Register.
pub const ENDPOINT: &str = "urn:imei:123456789012345";

/// /3/0 of the example in SenML CBOR (RFC 8428, section 6), base name `/3/0/`: 16 records, 196 bytes.
pub const DEVICE_SENML_CBOR: &[u8] = b"\x90\xa3!e/3/0/\x00a0\x03tOpen Mobile Alliance\xa2\x00a1\x03vLightweight M2M Client\xa2\x00a2\x03i345000123\xa2\
\x00a3\x03c1.0\xa2\x00c6/0\x02\x01\xa2\x00c6/1\x02\x05\xa2\x00c7/0\x02\x19\x0e\xd8\xa2\x00c7/1\x02\x19\x13\x88\
\xa2\x00c8/0\x02\x18}\xa2\x00c8/1\x02\x19\x03\x84\xa2\x00a9\x02\x18d\xa2\x00b10\x02\x0f\xa2\x00d11/0\x02\x00\xa2\
\x00b13\x02\x1aQ\x82B\x8f\xa2\x00b14\x03f+02:00\xa2\x00b16\x03aU";
