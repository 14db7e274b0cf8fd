//! Group 4: option deltas and lengths at their limits (RFC 7252, section 3.1).

use lwm2m_core::wire::coap::Message;

/// The numbers and the lengths of the options of a message that has these bytes behind its header.
fn options(bytes: &[u8]) -> Option<Vec<(u16, usize)>> {
    let mut datagram = vec![0x40, 0x01, 0x12, 0x34];
    datagram.extend(bytes);
    match Message::parse(&datagram) {
        Ok(message) => Some(
            message
                .options()
                .map(|option| (option.number, option.value.len()))
                .collect(),
        ),
        Err(error) => {
            // A format error of a confirmable message is answered with a reset.
            assert_eq!(error.reset(), Some(0x1234));
            None
        }
    }
}

#[test]
fn g04_fifteen_is_reserved_for_the_payload_marker() {
    for nibble in 0..15u8 {
        let mut bytes = [0; 32];
        bytes[0] = 0xF0 | nibble;
        assert_eq!(options(&bytes), None);
        bytes[0] = nibble << 4 | 0x0F;
        assert_eq!(options(&bytes), None);
    }
}

#[test]
fn g04_extended_deltas_at_their_limits() {
    for (bytes, number) in [
        (&[0xC0][..], 12),
        (&[0xD0, 0], 13),
        (&[0xD0, 255], 268),
        (&[0xE0, 0, 0], 269),
        (&[0xE0, 0xFE, 0xF2], 65535),
    ] {
        assert_eq!(options(bytes), Some(vec![(number, 0)]));
    }
}

#[test]
fn g04_extended_lengths_at_their_limits() {
    for (header, len) in [
        (&[0x1C][..], 12),
        (&[0x1D, 0], 13),
        (&[0x1D, 255], 268),
        (&[0x1E, 0, 0], 269),
        (&[0x1E, 255, 255], 65804),
    ] {
        let mut bytes = header.to_vec();
        bytes.resize(header.len() + len, 0xA5);
        assert_eq!(options(&bytes), Some(vec![(1, len)]));
        // One byte less than announced.
        bytes.pop();
        assert_eq!(options(&bytes), None);
    }
}

#[test]
fn g04_extended_bytes_may_be_missing() {
    for bytes in [
        &[0xD0][..],
        &[0x0D],
        &[0xE0],
        &[0xE0, 1],
        &[0x0E],
        &[0x0E, 1],
        &[0xDD, 0],
        &[0xEE, 0, 0, 0],
    ] {
        assert_eq!(options(bytes), None);
    }
}

/// The number has 16 bits (RFC 7252, section 12.2).
#[test]
fn g04_the_number_does_not_pass_65535() {
    assert_eq!(options(&[0xE0, 0xFE, 0xF3]), None);
    assert_eq!(options(&[0xE0, 0xFF, 0xFF]), None);
    // 65535, and then the same again, one more, and 268 more.
    assert_eq!(
        options(&[0xE0, 0xFE, 0xF2, 0x00]),
        Some(vec![(65535, 0), (65535, 0)])
    );
    assert_eq!(options(&[0xE0, 0xFE, 0xF2, 0x10]), None);
    assert_eq!(options(&[0xE0, 0xFE, 0xF2, 0xD0, 255]), None);
}

#[test]
fn g04_an_option_longer_than_the_rest_is_a_format_error() {
    assert_eq!(options(b"\xb3abc"), Some(vec![(11, 3)]));
    assert_eq!(options(b"\xb3ab"), None);
    assert_eq!(options(b"\xb1a\x03bc"), None);
}
