//! CBOR (RFC 8949), as far as SenML CBOR and LwM2M CBOR need it.
//!
//! [`Decoder::item`] reads one header or scalar at a time; nothing recurses and nothing is copied. Arrays, maps and
//! strings may be of indefinite length, except that a string of several chunks has no place in the input to point at
//! and is malformed. So are integers below -2^63; [`Decoder::skip`] passes over both.
//!
//! Numbers are written in the shortest form that holds them exactly.

mod decoder;
mod encoder;

pub use decoder::{Decoder, Item, Number};
pub(super) use encoder::{Head, boolean, integer};
pub use encoder::{
    Mark, close, close_text, open_array, open_map, open_text, write_array, write_bool, write_bytes,
    write_f64, write_i64, write_map, write_text, write_u64,
};

/// Major types (RFC 8949, section 3.1), in the upper three bits of the initial byte.
pub(super) mod major {
    pub(in crate::wire) const UNSIGNED: u8 = 0x00;
    pub(in crate::wire) const NEGATIVE: u8 = 0x20;
    pub(in crate::wire) const BYTES: u8 = 0x40;
    pub(in crate::wire) const TEXT: u8 = 0x60;
    pub(in crate::wire) const ARRAY: u8 = 0x80;
    pub(in crate::wire) const MAP: u8 = 0xa0;
    pub(in crate::wire) const TAG: u8 = 0xc0;
    pub(in crate::wire) const SIMPLE: u8 = 0xe0;
}

/// Additional information: the length is not told, or the item is a break.
const INDEFINITE: u8 = 31;

#[cfg(test)]
mod tests {
    extern crate std;

    use std::{vec, vec::Vec};

    use proptest::prelude::*;

    use super::*;
    use crate::wire::{Malformed, writer::Writer};

    fn item(bytes: &[u8]) -> Result<Item<'_>, Malformed> {
        Decoder::new(bytes).item()
    }

    fn skipped(bytes: &[u8]) -> Result<usize, Malformed> {
        let mut decoder = Decoder::new(bytes);
        decoder.skip()?;
        Ok(bytes.len() - decoder.rest().len())
    }

    fn written(write: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
        let mut buf = vec![0; 70_000];
        let mut writer = Writer::new(&mut buf);
        write(&mut writer);
        let stored = writer.finish().stored;
        buf.truncate(stored);
        buf
    }

    /// RFC 8949, appendix A: what has a shortest form is written in it, and all of it is read.
    #[test]
    fn scalars_of_the_appendix() {
        for (value, bytes) in [
            (0, &[0x00][..]),
            (23, &[0x17]),
            (24, &[0x18, 0x18]),
            (100, &[0x18, 0x64]),
            (1000, &[0x19, 0x03, 0xe8]),
            (1_000_000, &[0x1a, 0x00, 0x0f, 0x42, 0x40]),
            (
                1_000_000_000_000,
                &[0x1b, 0, 0, 0, 0xe8, 0xd4, 0xa5, 0x10, 0],
            ),
            (u64::MAX, &[0x1b, 255, 255, 255, 255, 255, 255, 255, 255]),
        ] {
            assert_eq!(item(bytes), Ok(Item::Unsigned(value)));
            assert_eq!(written(|w| write_u64(w, value)), bytes);
        }
        for (value, bytes) in [
            (-1, &[0x20][..]),
            (-10, &[0x29]),
            (-100, &[0x38, 0x63]),
            (-1000, &[0x39, 0x03, 0xe7]),
            (i64::MIN, &[0x3b, 0x7f, 255, 255, 255, 255, 255, 255, 255]),
        ] {
            assert_eq!(item(bytes), Ok(Item::Negative(value)));
            assert_eq!(written(|w| write_i64(w, value)), bytes);
        }
        for (value, bytes) in [
            (0.0, &[0xf9, 0x00, 0x00][..]),
            (1.0, &[0xf9, 0x3c, 0x00]),
            (1.1, &[0xfb, 0x3f, 0xf1, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a]),
            (1.5, &[0xf9, 0x3e, 0x00]),
            (65504.0, &[0xf9, 0x7b, 0xff]),
            (100_000.0, &[0xfa, 0x47, 0xc3, 0x50, 0x00]),
            (3.402_823_466_385_288_6e38, &[0xfa, 0x7f, 0x7f, 0xff, 0xff]),
            (
                1.0e300,
                &[0xfb, 0x7e, 0x37, 0xe4, 0x3c, 0x88, 0x00, 0x75, 0x9c],
            ),
            (5.960_464_477_539_063e-8, &[0xf9, 0x00, 0x01]),
            (0.000_061_035_156_25, &[0xf9, 0x04, 0x00]),
            (-4.0, &[0xf9, 0xc4, 0x00]),
            (f64::INFINITY, &[0xf9, 0x7c, 0x00]),
            (f64::NEG_INFINITY, &[0xf9, 0xfc, 0x00]),
        ] {
            assert_eq!(item(bytes), Ok(Item::Float(value)));
            assert_eq!(written(|w| write_f64(w, value)), bytes);
        }
        assert_eq!(written(|w| write_f64(w, -0.0)), [0xf9, 0x80, 0x00]);
        assert_eq!(written(|w| write_f64(w, f64::NAN)), [0xf9, 0x7e, 0x00]);
        assert!(matches!(item(&[0xf9, 0x7e, 0x00]), Ok(Item::Float(value)) if value.is_nan()));
        assert_eq!(item(&[0xf4]), Ok(Item::Bool(false)));
        assert_eq!(written(|w| write_bool(w, true)), [0xf5]);
        assert_eq!(item(&[0xf6]), Ok(Item::Null));
        assert_eq!(item(&[0xf7]), Ok(Item::Simple(23)));
        assert_eq!(item(&[0xf8, 0xff]), Ok(Item::Simple(255)));
        assert_eq!(item(&[0xc1]), Ok(Item::Tag(1)));
        assert_eq!(item(b"\x64IETF"), Ok(Item::Text(b"IETF")));
        assert_eq!(item(&[0x44, 1, 2, 3, 4]), Ok(Item::Bytes(&[1, 2, 3, 4])));
        assert_eq!(item(&[0x9f, 0xff]), Ok(Item::Array(None)));
        assert_eq!(item(&[0xa1, 1, 2]), Ok(Item::Map(Some(1))));
    }

    #[test]
    fn what_is_not_well_formed_is_refused() {
        for bad in [
            &[][..],
            &[0x18],
            &[0x1c],
            &[0x1f],
            &[0x3f],
            &[0xdf],
            &[0xf8, 0x18],
            &[0xfa, 0, 0],
            &[0x62, b'a'],
            // Length of 2^64-1, and integers below -2^63.
            &[0x5b, 255, 255, 255, 255, 255, 255, 255, 255],
            &[0x3b, 0x80, 0, 0, 0, 0, 0, 0, 0],
            // More items than bytes.
            &[0x82, 0],
            &[0xa1, 0],
            &[0x9b, 255, 255, 255, 255, 255, 255, 255, 255, 0],
            // Chunks: two, of another type, of indefinite length, without an end.
            &[0x7f, 0x61, b'a', 0x61, b'b', 0xff],
            &[0x7f, 0x41, b'a', 0xff],
            &[0x7f, 0x7f, 0xff, 0xff],
            &[0x7f, 0x61, b'a'],
        ] {
            assert_eq!(item(bad), Err(Malformed), "{bad:02x?}");
        }
        // One chunk can be pointed at.
        assert_eq!(
            item(&[0x7f, 0x60, 0x61, b'a', 0x60, 0xff]),
            Ok(Item::Text(b"a"))
        );
    }

    #[test]
    fn numbers_of_every_kind() {
        let number = |bytes| Decoder::new(bytes).number();
        assert_eq!(number(&[0x01]), Ok(Number::Unsigned(1)));
        assert_eq!(number(&[0xc1, 0x20]), Ok(Number::Negative(-1)));
        // RFC 8949, section 3.4.4: 273.15.
        assert_eq!(
            number(&[0xc4, 0x82, 0x21, 0x19, 0x6a, 0xb3]),
            Ok(Number::Float(273.15))
        );
        assert_eq!(number(&[0xc4, 0x82, 0x00, 0x05]), Ok(Number::Unsigned(5)));
        for bad in [
            &[0x61, b'1'][..],
            &[0xc0, 0x61, b'1'],
            &[0xc2, 0x41, 1],
            &[0xc4, 0x81, 0],
            &[0xc4, 0x82, 0, 0xf5],
            &[0xc4, 0x82, 0x19, 1, 0x90, 1],
            &[0xc1, 0xc1, 1],
        ] {
            assert_eq!(number(bad), Err(Malformed), "{bad:02x?}");
        }
        assert_eq!(Number::Float(-3.0).as_i64(), Some(-3));
        assert_eq!(Number::Float(0.5).as_i64(), None);
        assert_eq!(Number::Unsigned(u64::MAX).as_i64(), None);
        assert_eq!(Number::Negative(-1).as_u64(), None);
        assert_eq!(Number::Unsigned(1 << 53).as_f64(), 9_007_199_254_740_992.0);
    }

    #[test]
    fn skip_passes_over_one_whole_item() {
        for (bytes, len) in [
            (&[0x00, 0x00][..], 1),
            (&[0xc1, 0xc4, 0x82, 0x21, 0x19, 0x6a, 0xb3, 9], 7),
            (&[0x80, 9], 1),
            (&[0x83, 1, 0x82, 2, 3, 0xa1, 4, 0x80, 9], 8),
            (&[0x9f, 0x9f, 0xff, 0xbf, 1, 0x9f, 0xff, 0xff, 0xff, 9], 9),
            (&[0x82, 0x9f, 0xff, 0xa0, 9], 4),
            (&[0x7f, 0x61, b'a', 0x61, b'b', 0xff, 9], 6),
            (&[0x3b, 255, 0, 0, 0, 0, 0, 0, 0, 9], 9),
            (&[0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 1, 9], 9),
        ] {
            assert_eq!(skipped(bytes), Ok(len), "{bytes:02x?}");
        }
        for bad in [
            &[0xff][..],
            &[0x81, 0xff],
            &[0xc1, 0xff],
            &[0x9f, 0xc1, 0xff],
            &[0xbf, 1, 0xff],
            &[0x9f, 1],
            &[0x82, 1],
            // One container too many.
            &[0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0],
            &[0x9f; 4096],
            &[0xc1; 4096],
        ] {
            assert_eq!(skipped(bad), Err(Malformed), "{bad:02x?}");
        }
    }

    #[test]
    fn headers_grow_when_they_are_closed() {
        for (count, header) in [
            (0, &[0x80][..]),
            (23, &[0x97]),
            (24, &[0x98, 24]),
            (255, &[0x98, 255]),
            (256, &[0x99, 1, 0]),
            (65_535, &[0x99, 255, 255]),
        ] {
            let items = vec![0; count];
            let bytes = written(|w| {
                let mark = open_array(w);
                w.bytes(&items);
                close(w, mark, count);
            });
            assert_eq!(bytes, [header, &items].concat());
        }
        let text = written(|w| {
            let mark = open_text(w);
            w.bytes(&[b'a'; 24]);
            close_text(w, mark);
        });
        assert_eq!(text, written(|w| write_text(w, &[b'a'; 24])));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        /// Every pattern of 16 bits is read as minicbor reads it, and what half precision holds is written in it.
        #[test]
        fn half_floats_are_those_of_the_oracle(half: u16) {
            let [high, low] = half.to_be_bytes();
            let bytes = [0xf9, high, low];
            let exact = f64::from(minicbor::decode::<f32>(&bytes).unwrap());
            let Ok(Item::Float(value)) = item(&bytes) else { panic!() };
            prop_assert!(value.to_bits() == exact.to_bits() || value.is_nan() && exact.is_nan());
            if !value.is_nan() {
                prop_assert_eq!(written(|w| write_f64(w, value)), bytes);
            }
        }

        #[test]
        fn the_oracle_reads_what_is_written(int: i64, uint: u64, bits: u64, text: std::string::String, bytes: Vec<u8>) {
            let float = f64::from_bits(bits);
            let payload = written(|w| {
                write_array(w, 5);
                write_i64(w, int);
                write_u64(w, uint);
                write_f64(w, float);
                write_text(w, text.as_bytes());
                write_map(w, 1);
                write_bytes(w, &bytes);
                write_bool(w, true);
            });
            let mut oracle = minicbor::Decoder::new(&payload);
            prop_assert_eq!(oracle.array().unwrap(), Some(5));
            prop_assert_eq!(oracle.i64().unwrap(), int);
            prop_assert_eq!(oracle.u64().unwrap(), uint);
            let read = oracle.f64().unwrap();
            prop_assert!(read.to_bits() == bits || read.is_nan() && float.is_nan());
            prop_assert_eq!(oracle.str().unwrap(), text);
            prop_assert_eq!(oracle.map().unwrap(), Some(1));
            prop_assert_eq!(oracle.bytes().unwrap(), &bytes[..]);
            prop_assert!(oracle.bool().unwrap());
            prop_assert_eq!(oracle.position(), payload.len());
        }

        #[test]
        fn what_the_oracle_writes_is_read(int: i64, uint: u64, single: f32, double: f64, text: std::string::String) {
            let mut payload = Vec::new();
            let mut oracle = minicbor::Encoder::new(&mut payload);
            oracle.begin_array().unwrap().i64(int).unwrap().u64(uint).unwrap();
            oracle.f32(single).unwrap().f64(double).unwrap().str(&text).unwrap().null().unwrap().end().unwrap();
            let mut decoder = Decoder::new(&payload);
            prop_assert_eq!(decoder.item(), Ok(Item::Array(None)));
            prop_assert_eq!(decoder.number().unwrap().as_i64(), Some(int));
            prop_assert_eq!(decoder.number().unwrap().as_u64(), Some(uint));
            prop_assert_eq!(decoder.item(), Ok(Item::Float(f64::from(single))));
            prop_assert_eq!(decoder.item(), Ok(Item::Float(double)));
            prop_assert_eq!(decoder.text(), Ok(text.as_bytes()));
            prop_assert_eq!(decoder.item(), Ok(Item::Null));
            prop_assert_eq!(decoder.item(), Ok(Item::Break));
            prop_assert!(decoder.is_empty());
            prop_assert_eq!(skipped(&payload), Ok(payload.len()));
        }

        /// What is skipped here is skipped there, and ends at the same byte; text strings are left out, because the
        /// oracle checks them.
        #[test]
        fn skip_agrees_with_the_oracle(bytes in prop::collection::vec(prop_oneof![
            any::<u8>().prop_map(|byte| if byte & 0xe0 == major::TEXT { byte ^ 0x20 } else { byte }),
            prop::sample::select(&[0x00, 0x5f, 0x81, 0x9f, 0xa1, 0xbf, 0xff][..]),
        ], 0..12)) {
            let mut oracle = minicbor::Decoder::new(&bytes);
            if skipped(&bytes).is_ok() {
                oracle.skip().unwrap();
                prop_assert_eq!(Ok(oracle.position()), skipped(&bytes), "{:02x?}", bytes);
            }
        }
    }
}
