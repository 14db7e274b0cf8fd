//! Group 39: plain text (Core 1.1.1, section 7.4.1 and appendix C). What is refused changes nothing.
//!
//! A sign and leading zeros are allowed, and one side of the point may be empty: the value is beyond doubt. Blanks,
//! half an exponent and what does not fit are not.

use lwm2m_core::wire::coap::Code;

use crate::common::{Device, Owned, get, put};

#[track_caller]
fn is_taken(resource: u16, text: &str, expected: impl Into<Owned>) {
    let mut device = Device::registered();
    let request = put(&format!("/26241/1/{resource}")).text(text);
    assert_eq!(device.code(&request), Code::CHANGED, "{text:?}");
    let value = device.objects.test.get(1, resource);
    assert_eq!(value, Some(&expected.into()), "{text:?}");
}

#[track_caller]
fn is_refused(resource: u16, text: &str) {
    let mut device = Device::registered();
    let before = device.objects.test.instances.clone();
    let request = put(&format!("/26241/1/{resource}")).text(text);
    assert_eq!(device.code(&request), Code::BAD_REQUEST, "{text:?}");
    assert_eq!(device.objects.test.instances, before, "{text:?}");
}

#[test]
fn g39_a_point_at_either_end() {
    is_taken(3, "1.", Owned::Float(1.0));
    is_taken(3, ".5", Owned::Float(0.5));
    is_taken(3, "-.5", Owned::Float(-0.5));
    is_refused(3, ".");
    is_refused(3, "1..");
    is_refused(3, "1.2.3");
    is_refused(3, "1,5");
    // An integer has no point.
    is_refused(1, "1.");
    is_refused(1, "1.0");
    is_refused(2, ".5");
}

#[test]
fn g39_signs() {
    is_taken(1, "+1", 1);
    is_taken(1, "-1", -1);
    is_taken(1, "-0", 0);
    is_taken(2, "+1", Owned::Uint(1));
    is_taken(3, "+1", Owned::Float(1.0));
    is_taken(6, "-1", Owned::Time(-1));
    for text in ["+", "-", "--1", "+-1", "-+1", "1-", "1+"] {
        for resource in [1, 2, 3, 6] {
            is_refused(resource, text);
        }
    }
    is_refused(2, "-1");
}

#[test]
fn g39_blanks_and_other_bytes() {
    for text in [
        " 1", "1 ", "1\n", "\t1", "1\0", "1 0", "0x1", "1_0", "١", "",
    ] {
        for resource in [1, 2, 3, 6] {
            is_refused(resource, text);
        }
    }
}

#[test]
fn g39_exponents() {
    is_taken(3, "1e3", Owned::Float(1000.0));
    is_taken(3, "1E-3", Owned::Float(0.001));
    is_taken(3, "1.e+3", Owned::Float(1000.0));
    for text in ["1e", "1e+", "1e-", "e1", "1e1.5", "1e 1", ".e1"] {
        is_refused(3, text);
    }
    is_refused(1, "1e0");
    is_refused(6, "1e3");
}

#[test]
fn g39_leading_zeros() {
    is_taken(1, "007", 7);
    is_taken(1, "-007", -7);
    is_taken(2, "000000000000000000000000000000007", Owned::Uint(7));
    is_taken(3, "007.50", Owned::Float(7.5));
    is_taken(7, "010:003", Owned::Link(10, 3));
}

#[test]
fn g39_what_does_not_fit() {
    is_taken(6, "9223372036854775807", Owned::Time(i64::MAX));
    is_taken(6, "-9223372036854775808", Owned::Time(i64::MIN));
    is_taken(2, "18446744073709551615", Owned::Uint(u64::MAX));
    is_refused(6, "9223372036854775808");
    is_refused(6, "-9223372036854775809");
    is_refused(2, "18446744073709551616");
    is_refused(2, "99999999999999999999999999999999");
    is_refused(3, "1e400");
    is_refused(3, "-1e400");
    is_taken(3, "1e-400", Owned::Float(0.0));
    is_taken(3, "1.7976931348623157e308", Owned::Float(f64::MAX));
    // The range of resource 1.
    is_taken(1, "10", 10);
    is_refused(1, "11");
}

#[test]
fn g39_no_text_for_what_is_not_a_number() {
    for text in ["NaN", "nan", "inf", "Infinity", "-Infinity", "+inf"] {
        is_refused(3, text);
    }
}

#[test]
fn g39_booleans() {
    is_taken(4, "1", true);
    is_taken(4, "0", false);
    for text in ["", "2", "01", "true", "True", "+1", "1 "] {
        is_refused(4, text);
    }
}

#[test]
fn g39_base64() {
    is_taken(5, "", Owned::Bytes(vec![]));
    is_taken(5, "Zg==", Owned::Bytes(b"f".into()));
    is_taken(5, "+/+/", Owned::Bytes(vec![0xfb, 0xff, 0xbf]));
    // Without padding, with half of it, with too much, with bits behind the last byte (RFC 4648, sections 3.2 and 3.5).
    for text in ["Zg", "Zg=", "Zg===", "Zm8", "Zh==", "=", "====", "Zg==Zg=="] {
        is_refused(5, text);
    }
    // The URL-safe alphabet, line ends and blanks (section 3.3).
    for text in ["-_-_", "Zm9v\r\n", "Zm 9v", "Zm9v Zm9v"] {
        is_refused(5, text);
    }
}

#[test]
fn g39_object_links() {
    is_taken(7, "66:0", Owned::Link(66, 0));
    is_taken(7, "65535:65535", Owned::Link(65_535, 65_535));
    for text in [
        "", ":", "66", "66:", ":0", "66:0:0", "65536:0", "0:65536", "+1:0", "-1:0", "66 :0",
        "66.0", "/66/0",
    ] {
        is_refused(7, text);
    }
}

#[test]
fn g39_strings() {
    is_taken(0, "", "");
    is_taken(0, " 1\n€", " 1\n€");
    let mut device = Device::registered();
    let request = put("/26241/1/0").with(0, b"\xe9");
    assert_eq!(device.code(&request), Code::BAD_REQUEST);
    assert_eq!(device.objects.test.get(1, 0), Some(&"one".into()));
}

#[test]
fn g39_what_is_read_can_be_written_back() {
    for (resource, value, text) in [
        (2, Owned::Uint(u64::MAX), "18446744073709551615"),
        (3, Owned::Float(-21.5), "-21.5"),
        (3, Owned::Float(100.0), "100"),
        (3, Owned::Float(1e-7), "1e-7"),
        (4, Owned::Bool(true), "1"),
        (5, Owned::Bytes(vec![0xfb, 0xff]), "+/8="),
        (6, Owned::Time(-1), "-1"),
        (7, Owned::Link(66, 0), "66:0"),
    ] {
        let mut device = Device::registered();
        device.objects.test.set(1, resource, value.clone());
        let answer = device.ask(&get(&format!("/26241/1/{resource}")).accept(0));
        assert_eq!((answer.code(), answer.text()), (Code::CONTENT, text));
        is_taken(resource, text, value);
    }
}
