//! Group 41: arguments of Execute (Core 1.1.1, section 6.3.5).

use lwm2m_core::wire::coap::Code;

use crate::common::{Device, post};

fn execute(arguments: &[u8]) -> (Code, Option<String>) {
    let mut device = Device::registered();
    let code = device.code(&post("/26241/1/9").with(0, arguments));
    let executed = device.objects.test.executed.pop();
    assert!(device.objects.test.executed.is_empty());
    (code, executed.map(|(.., arguments)| arguments))
}

#[track_caller]
fn is_taken(arguments: &str) {
    let expected = (Code::CHANGED, Some(arguments.into()));
    assert_eq!(execute(arguments.as_bytes()), expected, "{arguments}");
}

#[track_caller]
fn is_refused(arguments: &[u8]) {
    assert_eq!(
        execute(arguments),
        (Code::BAD_REQUEST, None),
        "{arguments:?}"
    );
}

#[test]
fn g41_digits_with_and_without_values() {
    for arguments in [
        "",
        "5",
        "2='10.3'",
        "7,0='https://www.oma.org'",
        "0='a',1",
        "0='',9",
        "0,1,2,3,4,5,6,7,8,9",
    ] {
        is_taken(arguments);
    }
}

#[test]
fn g41_missing_quotes() {
    for arguments in ["0=a", "0='a", "0=a'", "0='", "0=", "0='a'b'"] {
        is_refused(arguments.as_bytes());
    }
}

#[test]
fn g41_a_digit_twice() {
    is_refused(b"1,1");
    is_refused(b"0='a',1,0='b'");
}

#[test]
fn g41_a_digit_above_nine_is_two() {
    for arguments in ["10", "10='a'", "0,11", "a", "A='1'"] {
        is_refused(arguments.as_bytes());
    }
    is_refused("\u{0661}".as_bytes());
}

#[test]
fn g41_a_comma_at_either_end_or_twice() {
    for arguments in ["0,", ",0", "0,,1", ",", "0='a',"] {
        is_refused(arguments.as_bytes());
    }
}

#[test]
fn g41_a_quote_inside_a_value() {
    is_refused(b"0='it's'");
    is_refused(b"0='a''b'");
}

#[test]
fn g41_blanks_and_bytes_that_are_no_text() {
    for arguments in [&b" 0"[..], b"0 ", b"0, 1", b"0= 'a'", b"0='\xff'", b"\0"] {
        is_refused(arguments);
    }
}

#[test]
fn g41_another_format_than_text() {
    let mut device = Device::registered();
    let request = post("/26241/1/9").with(11542, b"0");
    assert_eq!(device.code(&request), Code::UNSUPPORTED_CONTENT_FORMAT);
    // Without a format it is text.
    assert_eq!(
        device.code(&post("/26241/1/9").payload(b"0")),
        Code::CHANGED
    );
    assert_eq!(device.objects.test.executed.len(), 1);
}
