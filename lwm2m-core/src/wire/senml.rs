//! SenML (RFC 8428) as LwM2M uses it (Core 1.1.1, sections 7.4.5 and 7.4.6): the record, whatever it is encoded in.
//!
//! A pack is a list of records. The name of a record is the base name in force followed by its own, and together they
//! spell a path such as `/3/0/9`; where the one ends and the other begins does not matter, so that `/3/0/1` and `0`
//! make `/3/0/10`. Base name and base time stay in force until a record replaces them.

use super::{Malformed, cbor::Number};
use crate::model::Path;

/// Highest version of SenML that this module reads (RFC 8428, section 4.4).
pub const VERSION: u64 = 10;

/// One record with its base values applied; its time is asked from the reader.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Record<'a> {
    /// Base name and name, resolved.
    pub path: Path,
    /// The value; none in the path list of a composite read.
    pub value: Option<RawValue<'a>>,
}

/// The value of a record as its label tells it, without knowledge of the resource's type.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum RawValue<'a> {
    /// `v`: integer, unsigned integer, float or time.
    Number(Number),
    /// `vs`: string or CoRE link; some servers put object links here. Not checked to be UTF-8.
    Text(&'a [u8]),
    /// `vb`: boolean.
    Bool(bool),
    /// `vd`: opaque.
    Data(&'a [u8]),
    /// `vlo`: object link as text, `66:0`.
    ObjectLink(&'a [u8]),
}

/// A path that is read piece by piece.
#[derive(Clone, Copy, Debug)]
pub(super) struct Name {
    /// The ids that a slash has ended, and how many there are.
    path: Path,
    ended: usize,
    /// The id that is being read, [`START`](Self::START) or [`NO_DIGIT`](Self::NO_DIGIT).
    id: u32,
}

impl Name {
    /// Behind a slash.
    const NO_DIGIT: u32 = Path::RESERVED_ID as u32;
    /// Before the first slash.
    const START: u32 = Self::NO_DIGIT + 1;

    /// The name of no bytes.
    pub(super) const EMPTY: Self = Self {
        path: Path::ROOT,
        ended: 0,
        id: Self::START,
    };

    /// Appends `text`.
    pub(super) fn feed(&mut self, text: &[u8]) -> Result<(), Malformed> {
        for &byte in text {
            let digit = u32::from(byte.wrapping_sub(b'0'));
            self.id = match self.id {
                Self::NO_DIGIT if digit < 10 => digit,
                // No leading zeros: an id has one spelling.
                id @ 1..=6553 if digit < 10 && id * 10 + digit < Self::NO_DIGIT => id * 10 + digit,
                Self::START if byte == b'/' => Self::NO_DIGIT,
                _ if byte == b'/' => {
                    self.end_id()?;
                    Self::NO_DIGIT
                }
                _ => return Err(Malformed),
            };
        }
        Ok(())
    }

    /// The path that the whole text spells; `/` alone is the root.
    #[inline]
    pub(super) fn path(mut self) -> Result<Path, Malformed> {
        if self.id != Self::NO_DIGIT || self.ended > 0 {
            self.end_id()?;
        }
        Ok(self.path)
    }

    #[inline]
    fn end_id(&mut self) -> Result<(), Malformed> {
        if self.id < Self::NO_DIGIT && self.path.set(self.ended, self.id as u16) {
            self.ended += 1;
            Ok(())
        } else {
            Err(Malformed)
        }
    }
}
#[cfg(test)]
mod tests {
    use super::*;

    fn joined(base: &str, name: &str) -> Result<Path, Malformed> {
        let mut whole = Name::EMPTY;
        whole.feed(base.as_bytes())?;
        whole.feed(name.as_bytes())?;
        whole.path()
    }

    #[test]
    fn a_name_may_be_split_anywhere() {
        let text = "/3/0/10/65534";
        for at in 0..=text.len() {
            assert_eq!(
                joined(&text[..at], &text[at..]),
                Ok(Path::resource_instance(3, 0, 10, 65_534))
            );
        }
        assert_eq!(joined("/", ""), Ok(Path::ROOT));
        assert_eq!(joined("/655", "3"), Ok(Path::object(6_553)));
        assert_eq!(joined("/0/", "6554"), Ok(Path::instance(0, 6_554)));
        assert_eq!(joined("", "/3"), Ok(Path::object(3)));
    }

    #[test]
    fn what_is_not_a_path_is_refused() {
        for text in [
            "",
            "3",
            "3/0",
            "//",
            "/3/",
            "/3//0",
            "/03",
            "/00",
            "/65535",
            "/65536",
            "/65540",
            "/655340",
            "/100000",
            "/4294967296",
            "/1/2/3/4/",
            "/1/2/3/4/5",
            "/-1",
            "/a",
            "urn:dev:",
            "/3 ",
        ] {
            for at in 0..=text.len() {
                assert_eq!(joined(&text[..at], &text[at..]), Err(Malformed), "{text}");
            }
        }
    }
}
