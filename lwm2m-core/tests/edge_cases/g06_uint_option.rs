//! Group 6: options whose value is an unsigned integer (RFC 7252, section 3.2).

use lwm2m_core::wire::coap::{Block, Message, option};

/// The value of an option as it is read from a message; `None` when it is refused.
fn read(number: u16, value: &[u8]) -> Option<u32> {
    let mut datagram = vec![0x40, 0x01, 0x12, 0x34];
    match number {
        0..=12 => datagram.push((number as u8) << 4 | value.len() as u8),
        _ => datagram.extend([0xD0 | value.len() as u8, (number - 13) as u8]),
    }
    datagram.extend(value);
    // However long the value is, the message is well-formed.
    Message::parse(&datagram).ok()?.option(number)?.uint().ok()
}

const LIMITS: [(u16, usize); 10] = [
    (option::CONTENT_FORMAT, 2),
    (option::ACCEPT, 2),
    (option::URI_PORT, 2),
    (option::OBSERVE, 3),
    (option::BLOCK1, 3),
    (option::BLOCK2, 3),
    (option::MAX_AGE, 4),
    (option::SIZE1, 4),
    (option::SIZE2, 4),
    (65, 4),
];

/// RFC 7252 section 5.4.3: an option of a length that is not defined is handled like one that is not known.
#[test]
fn g06_longer_values_than_defined_are_refused() {
    for (number, max) in LIMITS {
        for len in 0..=8 {
            let value = vec![0x01; len];
            assert_eq!(read(number, &value).is_some(), len <= max, "{number} {len}");
        }
    }
}

/// RFC 7252 section 3.2: a recipient must be prepared to process values with leading zero bytes.
#[test]
fn g06_leading_zeros_are_read_within_the_length() {
    for (number, max) in LIMITS {
        let mut value = vec![0; max];
        assert_eq!(read(number, &value), Some(0));
        *value.last_mut().unwrap() = 60;
        assert_eq!(read(number, &value), Some(60));
        value.insert(0, 0);
        assert_eq!(read(number, &value), None);
    }
}

#[test]
fn g06_values_are_big_endian_and_empty_is_zero() {
    assert_eq!(read(option::CONTENT_FORMAT, &[]), Some(0));
    assert_eq!(read(option::CONTENT_FORMAT, &[0x2D, 0x16]), Some(11542));
    assert_eq!(read(option::OBSERVE, &[0xFF; 3]), Some(0xFF_FFFF));
    assert_eq!(read(option::SIZE1, &[0xFF; 4]), Some(u32::MAX));
    let block = Block::from_uint(read(option::BLOCK2, &[0x01, 0x06]).unwrap()).unwrap();
    assert_eq!((block.num, block.more, block.size()), (16, false, 1024));
}
