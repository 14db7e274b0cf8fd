//! Group 3: codes that are reserved, unknown, or out of place.

use lwm2m_core::wire::coap::{Code, Kind, Message};

const KINDS: [(u8, Kind); 4] = [
    (0x40, Kind::Con),
    (0x50, Kind::Non),
    (0x60, Kind::Ack),
    (0x70, Kind::Rst),
];

fn code(first: u8, code: u8) -> Option<Code> {
    Message::parse(&[first, code, 0x12, 0x34])
        .ok()
        .map(|message| message.code())
}

/// RFC 7252 sections 4.2 and 4.3: the classes 1, 6 and 7 are rejected.
#[test]
fn g03_reserved_classes_are_rejected() {
    for class in [1, 6, 7] {
        for detail in 0..32 {
            for (first, kind) in KINDS {
                let datagram = [first, class << 5 | detail, 0x12, 0x34];
                let error = Message::parse(&datagram).unwrap_err();
                assert_eq!(error.reset(), (kind == Kind::Con).then_some(0x1234));
            }
        }
    }
}

/// RFC 7252 section 5.8: an unknown method gets 4.05, so it is a request as far as the message layer can tell.
#[test]
fn g03_unknown_methods_are_requests() {
    for method in 1..32 {
        for first in [0x40, 0x50] {
            let code = code(first, method).unwrap();
            assert!(code.is_request() && !code.is_response());
        }
    }
}

/// RFC 7252 section 4.2: an acknowledgement carries a response or is empty.
#[test]
fn g03_a_request_in_an_acknowledgement_is_ignored() {
    for method in 1..32 {
        let error = Message::parse(&[0x60, method, 0x12, 0x34]).unwrap_err();
        assert_eq!(error.reset(), None);
    }
}

/// RFC 7252 section 4.2: a reset is empty.
#[test]
fn g03_a_reset_that_is_not_empty_is_ignored() {
    for byte in 1..=255 {
        let error = Message::parse(&[0x70, byte, 0x12, 0x34]).unwrap_err();
        assert_eq!(error.reset(), None);
    }
}

/// A response code where a request is expected: nothing is wrong with the message, it matches no request.
#[test]
fn g03_responses_are_told_from_requests() {
    for first in [0x40, 0x50, 0x60] {
        for byte in (2 << 5)..(6 << 5) {
            let code = code(first, byte).unwrap();
            assert!(code.is_response() && !code.is_request());
            assert_eq!(code.is_success(), code.class() == 2);
        }
    }
}
