//! Group 2: messages of code 0.00, which have a header and nothing else (RFC 7252, section 4.1).

use lwm2m_core::wire::coap::{Kind, Message, ParseError};

#[test]
fn g02_pings_acknowledgements_and_resets_are_four_bytes() {
    for (first, kind) in [(0x40, Kind::Con), (0x60, Kind::Ack), (0x70, Kind::Rst)] {
        let datagram = [first, 0x00, 0x12, 0x34];
        let message = Message::parse(&datagram).unwrap();
        assert_eq!(message.kind(), kind);
        assert!(message.code().is_empty());
        assert_eq!(message.message_id(), 0x1234);
    }
}

/// RFC 7252 section 4.1: bytes behind the message id are a message format error.
#[test]
fn g02_a_token_options_or_payload_are_format_errors() {
    for first in [0x40, 0x60, 0x70] {
        for (tkl, rest) in [
            // A token.
            (1, &b"\x20"[..]),
            (8, b"12345678"),
            // An option.
            (0, b"\xb3abc"),
            // A payload, and a marker alone.
            (0, b"\xff!"),
            (0, b"\xff"),
            // All of them.
            (1, b"\x20\xb3abc\xff!"),
        ] {
            let mut datagram = vec![first | tkl, 0x00, 0x12, 0x34];
            datagram.extend(rest);
            let error = Message::parse(&datagram).unwrap_err();
            assert!(matches!(
                error,
                ParseError::Malformed {
                    message_id: 0x1234,
                    ..
                }
            ));
            assert_eq!(error.reset().is_some(), first == 0x40);
        }
    }
}

/// RFC 7252 section 4.3: a non-confirmable message must not be empty.
#[test]
fn g02_an_empty_non_confirmable_message_is_ignored() {
    let error = Message::parse(&[0x50, 0x00, 0x12, 0x34]).unwrap_err();
    assert_eq!(
        error,
        ParseError::Malformed {
            kind: Kind::Non,
            message_id: 0x1234
        }
    );
    assert_eq!(error.reset(), None);
}
