//! Option numbers, and the reader of options.
//!
//! Numbers are those of the IANA registry "CoAP Option Numbers"; each constant names the document that defines it.

use crate::wire::Malformed;

use super::PAYLOAD_MARKER;

/// If-Match: opaque, 0 to 8 bytes, repeatable (RFC 7252).
pub const IF_MATCH: u16 = 1;
/// Uri-Host: string, 1 to 255 bytes (RFC 7252).
pub const URI_HOST: u16 = 3;
/// ETag: opaque, 1 to 8 bytes, repeatable in requests (RFC 7252).
pub const ETAG: u16 = 4;
/// If-None-Match: empty (RFC 7252).
pub const IF_NONE_MATCH: u16 = 5;
/// Observe: uint, 0 to 3 bytes (RFC 7641).
pub const OBSERVE: u16 = 6;
/// Uri-Port: uint, 0 to 2 bytes (RFC 7252).
pub const URI_PORT: u16 = 7;
/// Location-Path: string, 0 to 255 bytes, repeatable (RFC 7252).
pub const LOCATION_PATH: u16 = 8;
/// Uri-Path: string, 0 to 255 bytes, repeatable (RFC 7252).
pub const URI_PATH: u16 = 11;
/// Content-Format: uint, 0 to 2 bytes (RFC 7252).
pub const CONTENT_FORMAT: u16 = 12;
/// Max-Age: uint, 0 to 4 bytes, in seconds (RFC 7252).
pub const MAX_AGE: u16 = 14;
/// Uri-Query: string, 0 to 255 bytes, repeatable (RFC 7252).
pub const URI_QUERY: u16 = 15;
/// Accept: uint, 0 to 2 bytes (RFC 7252).
pub const ACCEPT: u16 = 17;
/// Location-Query: string, 0 to 255 bytes, repeatable (RFC 7252).
pub const LOCATION_QUERY: u16 = 20;
/// Block2: uint, 0 to 3 bytes (RFC 7959).
pub const BLOCK2: u16 = 23;
/// Block1: uint, 0 to 3 bytes (RFC 7959).
pub const BLOCK1: u16 = 27;
/// Size2: uint, 0 to 4 bytes (RFC 7959).
pub const SIZE2: u16 = 28;
/// Proxy-Uri: string, 1 to 1,034 bytes (RFC 7252).
pub const PROXY_URI: u16 = 35;
/// Proxy-Scheme: string, 1 to 255 bytes (RFC 7252).
pub const PROXY_SCHEME: u16 = 39;
/// Size1: uint, 0 to 4 bytes (RFC 7252).
pub const SIZE1: u16 = 60;

/// Whether a receiver that does not know option `number` must reject the message (RFC 7252, section 5.4.1).
#[must_use]
pub const fn is_critical(number: u16) -> bool {
    number & 1 != 0
}

/// The longest value of the uint option `number`, in bytes; 4 where the number is not one of this module.
const fn max_uint_len(number: u16) -> usize {
    match number {
        URI_PORT | CONTENT_FORMAT | ACCEPT => 2,
        OBSERVE | BLOCK1 | BLOCK2 => 3,
        _ => 4,
    }
}

/// An option of a received message; the value borrows the datagram.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct RawOption<'a> {
    /// The option number.
    pub number: u16,
    /// The option value.
    pub value: &'a [u8],
}

impl<'a> RawOption<'a> {
    /// The value as an unsigned integer; leading zero bytes are allowed (RFC 7252, section 3.2).
    ///
    /// # Errors
    ///
    /// [`Malformed`] when the value is longer than the option allows: 2 bytes for Content-Format, Accept and Uri-Port,
    /// 3 for Observe, Block1 and Block2, else 4. Such an option is to be treated like one that is not known (RFC 7252,
    /// section 5.4.3).
    pub fn uint(&self) -> Result<u32, Malformed> {
        if self.value.len() > max_uint_len(self.number) {
            return Err(Malformed);
        }
        let mut value = 0;
        for &byte in self.value {
            value = value << 8 | u32::from(byte);
        }
        Ok(value)
    }

    /// The value as text.
    ///
    /// # Errors
    ///
    /// [`Malformed`] when it is not UTF-8.
    pub fn str(&self) -> Result<&'a str, Malformed> {
        core::str::from_utf8(self.value).map_err(|_| Malformed)
    }

    /// Whether a receiver that does not know the option must reject the message.
    #[must_use]
    pub const fn is_critical(&self) -> bool {
        is_critical(self.number)
    }
}

/// The options of a message in their order, which is ascending by number.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// From the next option to the end of the datagram.
    rest: &'a [u8],
    /// The number of the option before it.
    number: u16,
}

impl<'a> Options<'a> {
    /// The options at the start of `bytes`, which end at a payload marker or with `bytes`.
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            number: 0,
        }
    }
}

/// What stands before the value of an option.
#[derive(Clone, Copy)]
struct Header {
    delta: usize,
    len: usize,
}

impl Header {
    /// The header that is `head` alone, as most are; none where it goes on, and of a payload marker (RFC 7252, section
    /// 3.1).
    #[inline(always)]
    const fn short(head: u8) -> Option<Self> {
        let (delta, len) = ((head >> 4) as usize, (head & 0x0F) as usize);
        if delta <= 12 && len <= 12 {
            Some(Self { delta, len })
        } else {
            None
        }
    }

    /// Any header, which begins with `head` and goes on in `behind`; what follows it.
    #[inline(never)]
    fn read(head: u8, behind: &[u8]) -> Option<(Self, &[u8])> {
        let (delta, behind) = extended(head >> 4, behind)?;
        let (len, behind) = extended(head & 0x0F, behind)?;
        Some((Self { delta, len }, behind))
    }
}

/// Reads what four bits of 13 or 14 announce; 15 is reserved for the payload marker (RFC 7252, section 3.1).
fn extended(nibble: u8, rest: &[u8]) -> Option<(usize, &[u8])> {
    match (nibble, rest) {
        (0..=12, _) => Some((nibble.into(), rest)),
        (13, [byte, rest @ ..]) => Some((usize::from(*byte) + 13, rest)),
        (14, [high, low, rest @ ..]) => {
            let more = u16::from_be_bytes([*high, *low]);
            Some((usize::from(more) + 269, rest))
        }
        _ => None,
    }
}

/// Checks the options at the start of `bytes` and shows `each` of them; the payload behind them, if there is any.
pub(super) fn check<'a>(
    bytes: &'a [u8],
    mut each: impl FnMut(RawOption<'a>),
) -> Result<&'a [u8], Malformed> {
    let mut rest = bytes;
    let mut number = 0;
    while let Some((&head, behind)) = rest.split_first() {
        let (header, behind) = match Header::short(head) {
            Some(header) => (header, behind),
            None if head == PAYLOAD_MARKER && !behind.is_empty() => return Ok(behind),
            None => Header::read(head, behind).ok_or(Malformed)?,
        };
        number += header.delta;
        if number > usize::from(u16::MAX) {
            return Err(Malformed);
        }
        rest = behind.get(header.len..).ok_or(Malformed)?;
        each(RawOption {
            number: number as u16,
            value: behind.get(..header.len).unwrap_or_default(),
        });
    }
    Ok(&[])
}

impl<'a> Options<'a> {
    /// The option of `header` whose value `behind` begins with.
    #[inline(always)]
    fn take(&mut self, header: Header, behind: &'a [u8]) -> Option<RawOption<'a>> {
        let (value, rest) = behind.split_at_checked(header.len)?;
        self.rest = rest;
        self.number = self.number.wrapping_add(header.delta as u16);
        Some(RawOption {
            number: self.number,
            value,
        })
    }

    /// The next option with a header of any length.
    #[inline(never)]
    fn next_long(&mut self) -> Option<RawOption<'a>> {
        let (&head, behind) = self.rest.split_first()?;
        // The message was checked when it was parsed: what is no header is the payload marker.
        let (header, behind) = Header::read(head, behind)?;
        self.take(header, behind)
    }
}

impl<'a> Iterator for Options<'a> {
    type Item = RawOption<'a>;

    fn next(&mut self) -> Option<RawOption<'a>> {
        let (&head, behind) = self.rest.split_first()?;
        match Header::short(head) {
            Some(header) => self.take(header, behind),
            None => self.next_long(),
        }
    }
}

impl core::iter::FusedIterator for Options<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7252 section 5.10 marks these critical or elective; RFC 7641 and RFC 7959 do so for Observe, Block and Size2.
    #[test]
    fn the_number_tells_the_class() {
        for number in [
            IF_MATCH,
            URI_HOST,
            IF_NONE_MATCH,
            URI_PORT,
            URI_PATH,
            URI_QUERY,
            ACCEPT,
            BLOCK2,
            BLOCK1,
            PROXY_URI,
            PROXY_SCHEME,
        ] {
            assert!(is_critical(number), "{number}");
        }
        for number in [
            ETAG,
            OBSERVE,
            LOCATION_PATH,
            CONTENT_FORMAT,
            MAX_AGE,
            LOCATION_QUERY,
            SIZE2,
            SIZE1,
        ] {
            assert!(!is_critical(number), "{number}");
        }
    }

    #[test]
    fn text_is_checked_when_it_is_asked_for() {
        let option = |value| RawOption {
            number: URI_QUERY,
            value,
        };
        assert_eq!(option(b"ep=a").str(), Ok("ep=a"));
        assert_eq!(option("ep=ä".as_bytes()).str(), Ok("ep=ä"));
        assert_eq!(option(&[0x65, 0xC3]).str(), Err(Malformed));
    }
}
