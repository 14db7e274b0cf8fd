//! Parameters of a response line.

use lwm2m_core::wire::number::{parse_i64, parse_u64};

/// One parameter, without its quotes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Field<'a> {
    /// What it says; empty where it was left out.
    pub text: &'a [u8],
    /// Whether it is a string in quotes.
    pub quoted: bool,
}

/// The parameters of a line, one after the other (3GPP TS 27.007, section 4).
///
/// A string without its closing quote ends them: it was cut.
// Bytes, because `str` brings tables of Unicode's blanks, and panics where it is cut.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    rest: Option<&'a [u8]>,
}

impl<'a> Fields<'a> {
    /// The parameters in `text`, which is what follows the colon.
    #[must_use]
    #[inline(never)]
    pub const fn new(text: &'a [u8]) -> Self {
        Self {
            rest: Some(text.trim_ascii_end()),
        }
    }

    /// The parameters of `line`, if it begins with `name` and a colon.
    #[must_use]
    pub fn of(line: &'a [u8], name: &str) -> Option<Self> {
        let text = line.strip_prefix(name.as_bytes())?.strip_prefix(b":")?;
        Some(Self::new(text))
    }

    /// The next parameter as a number; `None` where it is left out or something else.
    pub fn number<T: TryFrom<u32>>(&mut self) -> Option<T> {
        T::try_from(self.unsigned()?).ok()
    }

    #[inline(never)]
    fn unsigned(&mut self) -> Option<u32> {
        let field = self.next().filter(|field| !field.quoted)?;
        u32::try_from(parse_u64(field.text).ok()?).ok()
    }

    /// The next parameter as a number that may be negative; `None` as for [`number`](Self::number).
    pub fn signed<T: TryFrom<i64>>(&mut self) -> Option<T> {
        let field = self.next().filter(|field| !field.quoted)?;
        T::try_from(parse_i64(field.text).ok()?).ok()
    }

    /// The next parameter as bytes; `None` where it is left out or empty.
    pub(crate) fn bytes(&mut self) -> Option<&'a [u8]> {
        let field = self.next()?;
        (!field.text.is_empty()).then_some(field.text)
    }

    /// The next parameter as text; `None` where it is left out, empty, or not text.
    pub fn text(&mut self) -> Option<&'a str> {
        core::str::from_utf8(self.bytes()?).ok()
    }

    /// The next parameter as a string of hexadecimal digits, at most eight without zeros in front.
    pub fn hex(&mut self) -> Option<u32> {
        digits(self.bytes()?, 4)
    }

    /// The next parameter as a string of eight binary digits.
    pub fn bits(&mut self) -> Option<u8> {
        let text = self.bytes().filter(|text| text.len() == 8)?;
        u8::try_from(digits(text, 1)?).ok()
    }
}

/// The number that digits of so many bits stand for.
#[inline(never)]
fn digits(text: &[u8], bits: u32) -> Option<u32> {
    let mut value = 0_u32;
    for byte in text {
        let digit = u32::from(nibble(*byte)?);
        if digit >> bits != 0 || value.leading_zeros() < bits {
            return None;
        }
        value = value << bits | digit;
    }
    Some(value)
}

/// A hexadecimal digit.
pub(crate) const fn nibble(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte & 15),
        b'A'..=b'F' | b'a'..=b'f' => Some((byte & 15).saturating_add(9)),
        _ => None,
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    #[inline(never)]
    fn next(&mut self) -> Option<Field<'a>> {
        let rest = self.rest.take()?.trim_ascii_start();
        let (inner, end) = match rest.split_first() {
            Some((b'"', inner)) => (inner, b'"'),
            _ => (rest, b','),
        };
        let quoted = end == b'"';
        let (text, after) = match inner.iter().position(|byte| *byte == end) {
            Some(at) => inner.split_at_checked(at)?,
            None if quoted => return None,
            None => (inner, [].as_slice()),
        };
        // From the comma on.
        let after = match after.split_first() {
            Some((b'"', after)) => after.trim_ascii_start(),
            _ => after,
        };
        match after.split_first() {
            Some((b',', after)) => self.rest = Some(after),
            Some(_) => return None,
            None => {}
        }
        let text = if quoted { text } else { text.trim_ascii_end() };
        Some(Field { text, quoted })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_numbers_strings_or_left_out() {
        let mut fields = Fields::of(
            b"+CEREG: 5,\"0901\",\"020A7716\",7,,,\"11100000\"",
            "+CEREG",
        )
        .unwrap();
        assert_eq!(fields.number::<u8>(), Some(5));
        assert_eq!(fields.hex(), Some(0x0901));
        assert_eq!(fields.hex(), Some(0x020A_7716));
        assert_eq!(fields.number::<u8>(), Some(7));
        assert_eq!(fields.number::<u8>(), None);
        assert_eq!(fields.text(), None);
        assert_eq!(fields.bits(), Some(0b1110_0000));
        assert_eq!(fields.next(), None);
    }

    #[test]
    fn commas_in_strings_belong_to_them() {
        let mut fields = Fields::new(b"\"18/12/06,22:10:00+08\",1");
        assert_eq!(fields.text(), Some("18/12/06,22:10:00+08"));
        assert_eq!(fields.number::<u8>(), Some(1));
    }

    #[test]
    fn cut_string_ends_them() {
        let mut fields = Fields::new(b"1,\"002F\",\"0012B");
        assert_eq!(fields.number::<u8>(), Some(1));
        assert_eq!(fields.hex(), Some(0x2F));
        assert_eq!(fields.next(), None);
        assert_eq!(fields.next(), None);
    }

    #[test]
    fn other_names_have_none() {
        assert!(Fields::of(b"+CEREGX: 1", "+CEREG").is_none());
        assert!(Fields::of(b"%CESQ: 1,1,1,1", "+CESQ").is_none());
    }

    #[test]
    fn digits_are_as_many_as_they_may_be() {
        let field = |text: &'static str| Fields::new(text.as_bytes());
        assert_eq!(field("\"FFFFFFFF\"").hex(), Some(u32::MAX));
        assert_eq!(field("\"0fffffffff\"").hex(), None);
        assert_eq!(field("\"12G4\"").hex(), None);
        assert_eq!(field("\"11111111\"").bits(), Some(255));
        for text in [
            "\"111\"",
            "\"111111111\"",
            "\"011111111\"",
            "\"1111111A\"",
            "\"1111 111\"",
        ] {
            assert_eq!(field(text).bits(), None, "{text}");
        }
    }

    #[test]
    fn numbers_are_of_their_type() {
        let field = |text: &'static str| Fields::new(text.as_bytes());
        assert_eq!(field(" 4294967295").number(), Some(u32::MAX));
        assert_eq!(field("-17 ,2").signed(), Some(-17_i16));
        assert_eq!(field("-17").number::<u32>(), None);
        assert_eq!(field("4294967296").number::<u32>(), None);
        assert_eq!(field("256").number::<u8>(), None);
        assert_eq!(field("\"25\"").number::<u8>(), None);
        assert_eq!(field("2 5").number::<u8>(), None);
    }
}
