//! Group 7: segments of Uri-Path that name nothing.

use lwm2m_core::wire::coap::{Code, option};

use crate::common::{Device, delete, get, post, put};

#[test]
fn g07_an_empty_segment_is_no_id() {
    let mut device = Device::registered();
    for segments in [&["3", "", "0"][..], &["3", "0", ""], &["", "3", "0"], &[""]] {
        let mut request = get("");
        for segment in segments {
            request = request.option(option::URI_PATH, segment.as_bytes());
        }
        assert_eq!(device.code(&request), Code::NOT_FOUND, "{segments:?}");
    }
}

#[test]
fn g07_a_segment_of_255_bytes_names_nothing() {
    let mut device = Device::registered();
    for byte in [b'1', b'0', b'a', 0xff] {
        let request = get("/3").option(option::URI_PATH, &[byte; 255]);
        assert_eq!(device.code(&request), Code::NOT_FOUND);
    }
}

/// Uri-Path has 0 to 255 bytes (RFC 7252, section 5.10); longer is unknown, and critical.
#[test]
fn g07_a_longer_segment_is_an_unknown_option() {
    let mut device = Device::registered();
    for len in [256, 269, 270, 1000] {
        let request = get("/3").option(option::URI_PATH, &vec![b'1'; len]);
        assert_eq!(device.code(&request), Code::BAD_OPTION, "{len}");
        let request = get("/3/0/9").option(option::URI_QUERY, &vec![b'a'; len]);
        assert_eq!(device.code(&request), Code::BAD_OPTION, "{len}");
    }
}

#[test]
fn g07_dots_escapes_and_other_bytes_are_no_ids() {
    let mut device = Device::registered();
    for segment in [
        &b".."[..],
        b".",
        b"%2F",
        b"%30",
        b"\xff\xfe",
        b"\xc3\x28",
        b"a",
        b" 0",
        b"0 ",
    ] {
        let request = get("/3").option(option::URI_PATH, segment);
        assert_eq!(device.code(&request), Code::NOT_FOUND, "{segment:?}");
    }
}

#[test]
fn g07_more_segments_than_levels_name_nothing() {
    let mut device = Device::registered();
    for path in ["/3/0/7/0/0", "/3/0/7/0/0/0/0/0/0/0/0/0"] {
        for request in [get(path), put(path).text("1"), post(path), delete(path)] {
            assert_eq!(device.code(&request), Code::NOT_FOUND, "{path}");
        }
    }
}

#[test]
fn g07_ids_are_decimal_numbers_below_65535() {
    let mut device = Device::registered();
    for id in [
        "00",
        "09",
        "65535",
        "65536",
        "-1",
        "+1",
        "99999999999999999999",
        "0x3",
        "1e0",
    ] {
        let request = get("/3/0").option(option::URI_PATH, id.as_bytes());
        assert_eq!(device.code(&request), Code::NOT_FOUND, "{id}");
    }
    assert_eq!(device.code(&get("/3/0/65534")), Code::NOT_FOUND);
}
