//! The writer of messages.

use crate::wire::{number, writer::Writer};

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
    #[inline(always)]
    fn option_header(&mut self, number: u16, len: usize) -> bool {
        let delta = u32::from(number).wrapping_sub(self.number.into());
        if delta > 12 || len > 12 {
            return self.long_option_header(number, len);
        }
        self.number = number;
        self.writer.u8((delta as u8) << 4 | len as u8);
        true
    }

    #[inline(never)]
    fn long_option_header(&mut self, number: u16, len: usize) -> bool {
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
