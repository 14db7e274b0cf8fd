//! All do the same work: the same bytes come out, and the same numbers.

#![allow(clippy::indexing_slicing, reason = "a failed test panics")]

use super::*;
use crate::DEVICE_TLV;

#[test]
fn all_write_the_same_messages() {
    assert_eq!((GET.len(), REGISTER.len()), (16, 186));
    assert_eq!(Register::DEVICE.links.len(), 120);
    let mut buffer = [0; 256];
    for build in [
        ours::build_get,
        coap_lite::build_get,
        coap_message::build_get,
    ] {
        let len = build(&mut buffer, &Get::DEVICE);
        assert_eq!(&buffer[..len], GET);
    }
    for build in [
        ours::build_register,
        coap_lite::build_register,
        coap_message::build_register,
    ] {
        let len = build(&mut buffer, &Register::DEVICE);
        assert_eq!(&buffer[..len], REGISTER);
    }
}

#[test]
fn all_read_all_of_a_message() {
    for parse in [ours::parse, coap_lite::parse, coap_message::parse] {
        assert_eq!(parse(GET), 0x1234 + 4 + 4);
        // rd, 40, and the queries.
        let options = 2 + 1 + 27 + 8 + 9 + 3;
        assert_eq!(parse(REGISTER), 0x1234 + 4 + options + 120);
    }
}

/// The lengths of the texts and the numbers.
const VALUES: i64 =
    20 + 22 + 9 + 3 + 1 + 5 + 3800 + 5000 + 125 + 900 + 100 + 15 + 1_367_491_215 + 6 + 1;
/// The last ids of the paths.
const IDS: i64 = 1 + 2 + 3 + 3 + 9 + 10 + 13 + 14 + 16;

#[test]
fn all_write_and_read_the_same_device() {
    let mut buffer = [0; 256];
    let len = ours::tlv_encode(&mut buffer, 100);
    assert_eq!(&buffer[..len], DEVICE_TLV);
    assert_eq!(ours::tlv_decode(DEVICE_TLV), VALUES);
    for encode in [ours::senml_cbor_encode, minicbor::senml_cbor_encode] {
        let len = encode(&mut buffer, 100);
        assert_eq!(&buffer[..len], DEVICE_SENML_CBOR);
    }
    for decode in [ours::senml_cbor_decode, minicbor::senml_cbor_decode] {
        assert_eq!(decode(DEVICE_SENML_CBOR), VALUES + IDS);
    }
}
