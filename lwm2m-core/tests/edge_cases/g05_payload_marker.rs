//! Group 5: the payload marker (RFC 7252, section 3).

use lwm2m_core::wire::coap::{Message, option};

/// A confirmable POST with token 0x20 and Uri-Path "a".
const HEAD: &[u8] = b"\x41\x02\x12\x34\x20\xb1a";

#[test]
fn g05_a_marker_without_payload_is_a_format_error() {
    for head in [&b"\x40\x02\x12\x34"[..], HEAD] {
        let datagram = [head, b"\xff"].concat();
        let error = Message::parse(&datagram).unwrap_err();
        assert_eq!(error.reset(), Some(0x1234));
    }
}

#[test]
fn g05_the_payload_may_hold_the_marker() {
    for payload in [&b"\xff"[..], b"\xff\xff", b"a\xffb", b"\xb1a\xff"] {
        let datagram = [HEAD, b"\xff", payload].concat();
        let message = Message::parse(&datagram).unwrap();
        assert_eq!(message.payload(), payload);
        assert_eq!(message.options().count(), 1);
    }
}

#[test]
fn g05_without_marker_there_is_no_payload() {
    let message = Message::parse(HEAD).unwrap();
    assert_eq!(message.payload(), b"");
}

#[test]
fn g05_a_token_or_an_option_may_hold_the_marker() {
    let message = Message::parse(b"\x42\x02\x12\x34\xff\xff\xb2\xff\xff\x01\xff").unwrap();
    assert_eq!(message.token().as_bytes(), [0xFF, 0xFF]);
    let values: Vec<_> = message.options().map(|option| option.value).collect();
    assert_eq!(values, [&[0xFF, 0xFF][..], &[0xFF]]);
    assert_eq!(message.payload(), b"");
    assert_eq!(
        message.option(option::URI_PATH).unwrap().value,
        [0xFF, 0xFF]
    );
}
