//! What a response says: its code, its block and what package it is of (RFC 7252, section 5.9; RFC 7959).

use lwm2m_core::wire::coap::{Block, Code, Message, option};

use crate::fota::download::Failure;

/// Max-Age where a response does not say, in seconds (RFC 7252, section 5.10.5).
const MAX_AGE: u32 = 60;

/// 4.29 Too Many Requests (RFC 8516).
const TOO_MANY_REQUESTS: Code = Code::new(4, 29);

/// What a download wants to know of a response with content.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Response<'a> {
    /// Which part of the package it is; `None`: it is the whole.
    pub(super) block: Option<Block>,
    /// Empty when there is none.
    pub(super) etag: &'a [u8],
    /// Bytes of the whole package, as far as the server knows.
    pub(super) size: Option<u32>,
    /// The bytes.
    pub(super) payload: &'a [u8],
}

/// Why there is no content.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Refusal {
    /// A critical option that is not known, is malformed or stands twice: the message is rejected (RFC 7252, sections
    /// 5.4.1, 5.4.3 and 5.4.5).
    Rejected,
    /// The code says so.
    Failed(Failure),
}

impl<'a> Response<'a> {
    /// Looks at a response to GET. The only critical option that one has is Block2.
    pub(super) fn read(message: &Message<'a>) -> Result<Self, Refusal> {
        let mut response = Self {
            block: None,
            etag: &[],
            size: None,
            payload: message.payload(),
        };
        let mut max_age = None;
        for found in message.options() {
            match found.number {
                option::BLOCK2 => {
                    let block = found.uint().and_then(Block::from_uint);
                    let block = block.map_err(|_| Refusal::Rejected)?;
                    if response.block.replace(block).is_some() {
                        return Err(Refusal::Rejected);
                    }
                }
                option::ETAG if response.etag.is_empty() && found.value.len() <= 8 => {
                    response.etag = found.value;
                }
                option::SIZE2 => response.size = response.size.or_else(|| found.uint().ok()),
                option::MAX_AGE => max_age = max_age.or_else(|| found.uint().ok()),
                _ if found.is_critical() => return Err(Refusal::Rejected),
                _ => {}
            }
        }
        match failure(message.code(), max_age) {
            Some(failure) => Err(Refusal::Failed(failure)),
            None => Ok(response),
        }
    }
}

/// What a code means, unless it is 2.05. One that is not known is taken for the general one of its class (RFC 7252,
/// section 5.9).
fn failure(code: Code, max_age: Option<u32>) -> Option<Failure> {
    let unavailable = |retry_after| Failure::Unavailable { retry_after };
    Some(match code {
        Code::CONTENT => return None,
        Code::UNAUTHORIZED | Code::FORBIDDEN => Failure::Refused,
        Code::NOT_FOUND => Failure::NotFound,
        Code::REQUEST_ENTITY_TOO_LARGE => Failure::TooLarge,
        // The server has lost what it knew of the transfer.
        Code::REQUEST_ENTITY_INCOMPLETE => unavailable(0),
        Code::SERVICE_UNAVAILABLE | TOO_MANY_REQUESTS => unavailable(max_age.unwrap_or(MAX_AGE)),
        Code::NOT_IMPLEMENTED | Code::PROXYING_NOT_SUPPORTED => Failure::Protocol,
        _ if code.class() == 5 => unavailable(0),
        _ => Failure::Protocol,
    })
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::{vec, vec::Vec};

    use super::*;

    /// Block, ETag and size.
    type Content = (Option<Block>, Vec<u8>, Option<u32>);

    /// A response with these options and the payload "x".
    fn read(code: u8, options: &[u8]) -> Result<Content, Refusal> {
        let mut bytes = vec![0x60, code, 0, 1];
        bytes.extend_from_slice(options);
        bytes.extend_from_slice(b"\xffx");
        let message = Message::parse(&bytes).unwrap();
        let response = Response::read(&message)?;
        assert_eq!(response.payload, b"x");
        Ok((response.block, response.etag.to_vec(), response.size))
    }

    /// Options 4, 14, 23 and 28, written as RFC 7252, section 3.1 says.
    #[test]
    fn options_are_read() {
        assert_eq!(read(0x45, &[]), Ok((None, vec![], None)));
        assert_eq!(
            read(
                0x45,
                &[0x42, 0xAA, 0xBB, 0xD1, 0x06, 0x1E, 0x52, 0x0B, 0xB8]
            ),
            Ok((Block::new(1, true, 6), vec![0xAA, 0xBB], Some(3000)))
        );
        // ETags without bytes and with nine are none; the first of several counts.
        let nine = [0x49, 1, 2, 3, 4, 5, 6, 7, 8, 9];
        assert_eq!(read(0x45, &nine), Ok((None, vec![], None)));
        assert_eq!(
            read(0x45, &[0x40, 0x01, 7, 0x01, 8]),
            Ok((None, vec![7], None))
        );
        // An elective option that is not known: 65000.
        assert_eq!(read(0x45, &[0xE0, 0xFC, 0xDB]), Ok((None, vec![], None)));
    }

    #[test]
    fn critical_options_are_known_or_reject() {
        for options in [
            &[0x90][..],                   // 9
            &[0xD1, 10, 0x07],             // size exponent 7
            &[0xD4, 10, 0, 0, 0, 0x16],    // four bytes
            &[0xD1, 10, 0x16, 0x01, 0x16], // twice
            &[0xD1, 14, 0x16],             // Block1
            &[0xE0, 0xFC, 0xDC],           // 65001
        ] {
            assert_eq!(read(0x45, options), Err(Refusal::Rejected), "{options:?}");
        }
    }

    #[test]
    fn what_a_code_means() {
        let unavailable = |retry_after| Failure::Unavailable { retry_after };
        for (class, detail, expected) in [
            (2, 1, Failure::Protocol),
            (2, 3, Failure::Protocol),
            (2, 31, Failure::Protocol),
            (3, 0, Failure::Protocol),
            (4, 0, Failure::Protocol),
            (4, 1, Failure::Refused),
            (4, 2, Failure::Protocol),
            (4, 3, Failure::Refused),
            (4, 4, Failure::NotFound),
            (4, 5, Failure::Protocol),
            (4, 8, unavailable(0)),
            (4, 13, Failure::TooLarge),
            (4, 29, unavailable(60)),
            (4, 30, Failure::Protocol),
            (5, 0, unavailable(0)),
            (5, 1, Failure::Protocol),
            (5, 2, unavailable(0)),
            (5, 3, unavailable(60)),
            (5, 4, unavailable(0)),
            (5, 5, Failure::Protocol),
            (5, 30, unavailable(0)),
        ] {
            let refusal = Err(Refusal::Failed(expected));
            assert_eq!(read(class << 5 | detail, &[]), refusal, "{class}.{detail}");
        }
        // Max-Age of 300 seconds.
        let refusal = Err(Refusal::Failed(unavailable(300)));
        assert_eq!(read(0xA3, &[0xD2, 1, 1, 0x2C]), refusal);
    }
}
