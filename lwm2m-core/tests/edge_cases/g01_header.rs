//! Group 1: datagrams too short for a header, other versions, and token lengths.

use lwm2m_core::wire::coap::{Kind, Message, ParseError};

/// RFC 7252 section 3: the header has four bytes; nothing can be told of less.
#[test]
fn g01_datagrams_of_less_than_four_bytes_are_ignored() {
    let ping = [0x40, 0x00, 0x12, 0x34];
    for len in 0..4 {
        assert_eq!(
            Message::parse(&ping[..len]).unwrap_err(),
            ParseError::Ignore
        );
    }
    assert!(Message::parse(&ping).is_ok());
}

/// RFC 7252 section 3: a message with an unknown version number is silently ignored, even if it would be confirmable.
#[test]
fn g01_other_versions_are_ignored() {
    for version in [0, 2, 3] {
        for kind in 0..4 {
            let datagram = [version << 6 | kind << 4, 0x01, 0x12, 0x34];
            assert_eq!(Message::parse(&datagram).unwrap_err(), ParseError::Ignore);
        }
    }
}

/// RFC 7252 section 3: lengths 9 to 15 are reserved, and a message format error; section 4.2: rejected with a reset if
/// confirmable, else ignored.
#[test]
fn g01_token_lengths_9_to_15_are_format_errors() {
    for tkl in 9..=15 {
        for (bits, kind) in [
            (0x40, Kind::Con),
            (0x50, Kind::Non),
            (0x60, Kind::Ack),
            (0x70, Kind::Rst),
        ] {
            let mut datagram = vec![bits | tkl, 0x01, 0x12, 0x34];
            datagram.resize(24, 0);
            let error = Message::parse(&datagram).unwrap_err();
            assert_eq!(
                error,
                ParseError::Malformed {
                    kind,
                    message_id: 0x1234
                }
            );
            assert_eq!(error.reset().is_some(), kind == Kind::Con);
        }
    }
}

#[test]
fn g01_a_token_cut_short_is_a_format_error() {
    for tkl in 1..=8u8 {
        let mut datagram = vec![0x40 | tkl, 0x01, 0x12, 0x34];
        for _ in 0..tkl {
            let error = Message::parse(&datagram).unwrap_err();
            assert_eq!(error.reset(), Some(0x1234));
            datagram.push(0xA5);
        }
        let message = Message::parse(&datagram).unwrap();
        assert_eq!(message.token().as_bytes(), &datagram[4..]);
    }
}
