//! The writer of messages.

use crate::wire::{
    number,
    writer::{Writer, copy},
};

use super::{Code, Kind, PAYLOAD_MARKER, Token, VERSION};

/// Appends a message to a [`Writer`]: first the options in ascending order of their numbers, then the payload.
///
/// An option that comes too late, or has more than 65,804 bytes, cannot be expressed: it is left out and
/// [`is_complete`](Self::is_complete) turns false, so the output is a well-formed message in any case. Whether the
/// output was cut is asked from the writer.
#[derive(Debug)]
pub struct Builder<'w, 'b> {
    writer: &'w mut Writer<'b>,
    /// The number of the last option.
    number: u16,
    complete: bool,
}

impl<'w, 'b> Builder<'w, 'b> {
    /// Begins a message with its header and token (RFC 7252, section 3).
    pub fn new(
        writer: &'w mut Writer<'b>,
        kind: Kind,
        code: Code,
        message_id: u16,
        token: Token,
    ) -> Self {
        write_header(writer, kind, code, message_id, token);
        Self {
            writer,
            number: 0,
            complete: true,
        }
    }

    /// Appends an option.
    #[inline]
    pub fn option(&mut self, number: u16, value: &[u8]) -> &mut Self {
        self.append(number, value);
        self
    }

    fn append(&mut self, number: u16, value: &[u8]) {
        // Most options: a header of one byte, and room for all of it.
        let delta = u32::from(number).wrapping_sub(self.number.into());
        if delta <= 12
            && value.len() <= 12
            && let Some([header, room @ ..]) = self.writer.room(1 + value.len())
        {
            *header = (delta as u8) << 4 | value.len() as u8;
            copy(room, value);
            self.number = number;
        } else {
            self.append_slowly(number, value);
        }
    }

    #[inline(never)]
    fn append_slowly(&mut self, number: u16, value: &[u8]) {
        if self.option_header(number, value.len()) {
            self.writer.bytes(value);
        }
    }

    /// Appends an option whose value is an unsigned integer, in as few bytes as possible, none for 0 (RFC 7252,
    /// section 3.2).
    pub fn option_uint(&mut self, number: u16, value: u32) -> &mut Self {
        let bytes = value.to_be_bytes();
        let zeros = (value.leading_zeros() / 8) as usize;
        self.option(number, bytes.get(zeros..).unwrap_or_default())
    }

    /// Appends an option whose value is `name` followed by `value`, such as `ep=` and the endpoint name.
    pub fn string_option_parts(&mut self, number: u16, name: &str, value: &str) -> &mut Self {
        self.option_parts(number, name, value.as_bytes())
    }

    /// Appends an option whose value is `name` followed by `value` in decimal, such as `lt=` and the lifetime.
    pub fn string_option_decimal(&mut self, number: u16, name: &str, value: u32) -> &mut Self {
        if self.option_header(number, name.len().saturating_add(number::len_u32(value))) {
            self.writer.bytes(name.as_bytes());
            number::write_u32(self.writer, value);
        }
        self
    }

    /// Appends a path as one option a segment, as Uri-Path and Location-Path want it: `/rd/5a3f` are two. A leading
    /// slash is skipped; the empty path is no option.
    pub fn path_options(&mut self, number: u16, path: &str) -> &mut Self {
        let path = path.strip_prefix('/').unwrap_or(path);
        if !path.is_empty() {
            for segment in path.as_bytes().split(|&byte| byte == b'/') {
                self.option(number, segment);
            }
        }
        self
    }

    /// Whether all options have been appended.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.complete
    }

    /// Begins the payload: appends the marker, and returns the writer for at least one byte of payload. A message
    /// without payload has no marker (RFC 7252, section 3), so this is not to be called for one.
    pub fn payload(self) -> &'w mut Writer<'b> {
        self.writer.u8(PAYLOAD_MARKER);
        self.writer
    }

    fn option_parts(&mut self, number: u16, name: &str, value: &[u8]) -> &mut Self {
        if self.option_header(number, name.len().saturating_add(value.len())) {
            self.writer.bytes(name.as_bytes());
            self.writer.bytes(value);
        }
        self
    }

    /// Appends what precedes an option value; false if the option cannot be expressed.
    fn option_header(&mut self, number: u16, len: usize) -> bool {
        let Some(delta) = number.checked_sub(self.number) else {
            self.complete = false;
            return false;
        };
        if len > 0xFFFF + 269 {
            self.complete = false;
            return false;
        }
        self.number = number;
        let (delta, len) = (u32::from(delta), len as u32);
        if delta <= 12
            && let 13..=268 = len
            && let Some([header, more]) = self.writer.room(2)
        {
            *header = (delta as u8) << 4 | 13;
            *more = (len - 13) as u8;
            return true;
        }
        self.writer.u8(nibble(delta) << 4 | nibble(len));
        write_extended(self.writer, delta);
        write_extended(self.writer, len);
        true
    }
}

/// The four bits that stand for a delta or length (RFC 7252, section 3.1).
const fn nibble(value: u32) -> u8 {
    match value {
        0..=12 => value as u8,
        13..=268 => 13,
        _ => 14,
    }
}

/// Appends what the four bits could not hold.
fn write_extended(writer: &mut Writer<'_>, value: u32) {
    match value {
        0..=12 => {}
        13..=268 => writer.u8((value - 13) as u8),
        _ => {
            let [.., high, low] = (value - 269).to_be_bytes();
            writer.u8(high);
            writer.u8(low);
        }
    }
}

#[inline(never)]
fn write_header(writer: &mut Writer<'_>, kind: Kind, code: Code, message_id: u16, token: Token) {
    let mut header = [0; 4 + Token::MAX_LEN];
    let [id_high, id_low] = message_id.to_be_bytes();
    let first = VERSION << 6 | (kind as u8) << 4 | token.len() as u8;
    let (fixed, rest) = header.split_at_mut(4);
    fixed.copy_from_slice(&[first, code.0, id_high, id_low]);
    rest.copy_from_slice(token.padded());
    writer.bytes(header.get(..4 + token.len()).unwrap_or_default());
}

/// Appends an empty message (RFC 7252, section 4.1): a ping ([`Kind::Con`]), an acknowledgement or a reset.
pub fn write_empty(writer: &mut Writer<'_>, kind: Kind, message_id: u16) {
    write_header(writer, kind, Code::EMPTY, message_id, Token::EMPTY);
}

#[cfg(test)]
mod tests {
    use crate::wire::coap::option;

    use super::*;

    /// Builds a message of GET, message id 0x7d35 and token 0x20, and compares what stands behind the token.
    fn built(build: fn(Builder<'_, '_>), expected: &[u8]) {
        let mut buf = [0; 512];
        let mut writer = Writer::new(&mut buf);
        let token = Token::new(&[0x20]).unwrap();
        build(Builder::new(
            &mut writer,
            Kind::Con,
            Code::GET,
            0x7d35,
            token,
        ));
        let written = writer.finish();
        assert!(written.is_whole());
        assert_eq!(buf[..5], [0x41, 0x01, 0x7d, 0x35, 0x20]);
        assert_eq!(&buf[5..written.stored], expected);
    }

    /// RFC 7252 appendix A, figure 17.
    #[test]
    fn an_example_of_rfc_7252() {
        built(
            |mut builder| {
                builder.option(option::URI_PATH, b"temperature");
            },
            b"\xbbtemperature",
        );
        let mut buf = [0; 32];
        let mut writer = Writer::new(&mut buf);
        let token = Token::new(&[0x20]).unwrap();
        Builder::new(&mut writer, Kind::Ack, Code::CONTENT, 0x7d35, token)
            .payload()
            .bytes(b"22.3 C");
        let len = writer.finish().stored;
        assert_eq!(&buf[..len], b"\x61\x45\x7d\x35\x20\xff22.3 C");
    }

    /// RFC 7252 section 4.1: four bytes, of which the first is version, type and the token length 0.
    #[test]
    fn empty_messages() {
        for (kind, first) in [(Kind::Con, 0x40), (Kind::Ack, 0x60), (Kind::Rst, 0x70)] {
            let mut buf = [0; 8];
            let mut writer = Writer::new(&mut buf);
            write_empty(&mut writer, kind, 0xad7b);
            assert_eq!(writer.finish().stored, 4);
            assert_eq!(buf[..4], [first, 0, 0xad, 0x7b]);
        }
    }

    /// RFC 7252 section 3.1: deltas and lengths of 13 and of 269 take one and two bytes more.
    #[test]
    fn deltas_and_lengths_are_as_short_as_possible() {
        built(
            |mut builder| {
                builder.option(12, b"");
                builder.option(25, b"");
                builder.option(25 + 268, b"");
                builder.option(25 + 268 + 269, b"");
                builder.option(65535, b"");
            },
            &[
                0xC0, // 12
                0xD0, 0, // 13
                0xD0, 255, // 268
                0xE0, 0, 0, // 269
                0xE0, 0xFC, 0xC0, // 64973 = 269 + 0xFCC0
            ],
        );
        for (len, header) in [
            (12, &[0x1C][..]),
            (13, &[0x1D, 0]),
            (268, &[0x1D, 255]),
            (269, &[0x1E, 0, 0]),
            (65804, &[0x1E, 255, 255]),
        ] {
            let value = [b'x'; 65804];
            let mut buf = [0; 16];
            let mut writer = Writer::new(&mut buf);
            let mut builder = Builder::new(&mut writer, Kind::Con, Code::GET, 1, Token::EMPTY);
            builder.option(1, &value[..len]);
            assert!(builder.is_complete());
            assert_eq!(writer.finish().total, 4 + header.len() + len);
            assert_eq!(&buf[4..4 + header.len()], header);
        }
    }

    /// RFC 7252 section 3.2: no leading zeros, and no byte at all for 0.
    #[test]
    fn integers_are_as_short_as_possible() {
        built(
            |mut builder| {
                builder
                    .option_uint(6, 0)
                    .option_uint(6, 255)
                    .option_uint(6, 256)
                    .option_uint(6, 0x1_0000)
                    .option_uint(6, u32::MAX);
            },
            &[
                0x60, 0x01, 255, 0x02, 1, 0, 0x03, 1, 0, 0, 0x04, 255, 255, 255, 255,
            ],
        );
    }

    #[test]
    fn text_is_put_together_from_parts() {
        built(
            |mut builder| {
                builder.path_options(option::URI_PATH, "/rd/5a3f");
                builder.string_option_parts(option::URI_QUERY, "ep=", "urn:dev:1234567");
                builder.string_option_decimal(option::URI_QUERY, "lt=", 86_400);
                builder.string_option_decimal(option::URI_QUERY, "a=", 0);
                builder.string_option_decimal(option::URI_QUERY, "b=", u32::MAX);
            },
            b"\xb2rd\x045a3f\x4d\x05ep=urn:dev:1234567\x08lt=86400\x03a=0\x0cb=4294967295",
        );
        built(
            |mut builder| {
                builder.path_options(option::LOCATION_PATH, "");
                builder.path_options(option::LOCATION_PATH, "/");
                builder.path_options(option::LOCATION_PATH, "a//b");
            },
            b"\x81a\x00\x01b",
        );
    }

    /// Such a call is a mistake of the caller; the message stays readable and tells.
    #[test]
    fn what_cannot_be_expressed_is_left_out() {
        built(
            |mut builder| {
                builder.option(11, b"3").option(6, b"").option(11, b"0");
                assert!(!builder.is_complete());
            },
            b"\xb13\x010",
        );
        built(
            |mut builder| {
                builder.option(11, &[0; 65805]).option(12, b"");
                assert!(!builder.is_complete());
            },
            b"\xc0",
        );
    }

    #[test]
    fn a_cut_message_still_tells_its_size() {
        let mut buf = [0; 7];
        let mut writer = Writer::new(&mut buf);
        let mut builder = Builder::new(&mut writer, Kind::Con, Code::POST, 1, Token::EMPTY);
        builder.option(option::URI_PATH, b"rd");
        builder.payload().bytes(b"</1/0>");
        let written = writer.finish();
        assert_eq!((written.stored, written.total), (7, 14));
        assert_eq!(&buf, b"\x40\x02\x00\x01\xb2rd");
    }
}
