//! SenML CBOR on minicbor, which knows CBOR only: labels, base name and paths are done here.

use minicbor::data::Type;
use minicbor::decode::Error;
use minicbor::encode::write::Cursor;
use minicbor::{Decoder, Encoder};

use super::ours::length;

type Written = Result<(), minicbor::encode::Error<minicbor::encode::write::EndOfSlice>>;

/// Writes the Device object.
pub fn senml_cbor_encode(buffer: &mut [u8], battery_level: i64) -> usize {
    let mut encoder = Encoder::new(Cursor::new(buffer));
    match encode(&mut encoder, battery_level) {
        Ok(()) => encoder.into_writer().position(),
        Err(_) => 0,
    }
}

fn encode(encoder: &mut Encoder<Cursor<&mut [u8]>>, battery_level: i64) -> Written {
    encoder.array(16)?.map(3)?.i8(-2)?.str("/3/0/")?;
    encoder
        .u8(0)?
        .str("0")?
        .u8(3)?
        .str("Open Mobile Alliance")?;
    for (name, text) in [
        ("1", "Lightweight M2M Client"),
        ("2", "345000123"),
        ("3", "1.0"),
    ] {
        encoder.map(2)?.u8(0)?.str(name)?.u8(3)?.str(text)?;
    }
    for (name, value) in [
        ("6/0", 1),
        ("6/1", 5),
        ("7/0", 3800),
        ("7/1", 5000),
        ("8/0", 125),
        ("8/1", 900),
        ("9", battery_level),
        ("10", 15),
        ("11/0", 0),
        ("13", 1_367_491_215),
    ] {
        encoder.map(2)?.u8(0)?.str(name)?.u8(2)?.i64(value)?;
    }
    for (name, text) in [("14", "+02:00"), ("16", "U")] {
        encoder.map(2)?.u8(0)?.str(name)?.u8(3)?.str(text)?;
    }
    Ok(())
}

/// Reads the Device object: every path and value.
#[must_use]
pub fn senml_cbor_decode(payload: &[u8]) -> i64 {
    decode(payload).unwrap_or_default()
}

fn decode(payload: &[u8]) -> Result<i64, Error> {
    let mut decoder = Decoder::new(payload);
    let mut base = "";
    let mut sum = 0;
    for _ in 0..decoder.array()?.unwrap_or_default() {
        let mut name = "";
        for _ in 0..decoder.map()?.unwrap_or_default() {
            match decoder.i8()? {
                -2 => base = decoder.str()?,
                0 => name = decoder.str()?,
                _ if decoder.datatype()? == Type::String => sum += length(decoder.str()?),
                _ => sum += decoder.i64()?,
            }
        }
        let mut id = 0;
        for byte in base.bytes().chain(name.bytes()) {
            match byte {
                b'/' => id = 0,
                _ => id = id * 10 + i64::from(byte.wrapping_sub(b'0')),
            }
        }
        sum += id;
    }
    Ok(sum)
}
