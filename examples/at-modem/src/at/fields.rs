//! The parameters of an answer.
//!
//! The parser of at-commands, whose builder makes the commands, overflows on a number of eleven digits; an answer is
//! whatever comes over the line.

/// Parameters in their order, separated by commas; text stands in quotation marks, within which a comma is text.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'l>(Option<&'l str>);

impl<'l> Fields<'l> {
    /// The parameters of what stands behind the name of an answer.
    #[must_use]
    pub const fn new(parameters: &'l str) -> Self {
        Self(Some(parameters))
    }

    /// The next parameter as it stands there.
    pub fn raw(&mut self) -> Option<&'l str> {
        let rest = self.0?;
        let mut quoted = false;
        let comma = rest.bytes().position(|byte| {
            quoted ^= byte == b'"';
            byte == b',' && !quoted
        });
        let (field, rest) = match comma {
            Some(at) => (rest.get(..at)?, rest.get(at + 1..)),
            None => (rest, None),
        };
        self.0 = rest;
        Some(field.trim_matches(' '))
    }

    /// The next parameter, a number; one with another sign than `-`, or too large, is none.
    pub fn number<N: core::str::FromStr>(&mut self) -> Option<N> {
        let field = self.raw()?;
        (!field.starts_with('+')).then_some(field)?.parse().ok()
    }

    /// The next parameter, text without its quotation marks.
    pub fn text(&mut self) -> Option<&'l str> {
        self.raw()?.strip_prefix('"')?.strip_suffix('"')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_text() {
        let mut fields = Fields::new("1,\"a,b\", -7 ,,\"\"");
        assert_eq!(fields.number(), Some(1_u8));
        assert_eq!(fields.text(), Some("a,b"));
        assert_eq!(fields.number(), Some(-7_i16));
        assert_eq!(fields.raw(), Some(""));
        assert_eq!(fields.text(), Some(""));
        assert_eq!(fields.raw(), None);
    }

    #[test]
    fn what_is_no_number_or_text() {
        assert_eq!(Fields::new("99999999999").number::<u32>(), None);
        assert_eq!(Fields::new("256").number::<u8>(), None);
        assert_eq!(Fields::new("+1").number::<u8>(), None);
        assert_eq!(Fields::new("").number::<u8>(), None);
        assert_eq!(Fields::new("\"a").text(), None);
        assert_eq!(Fields::new("\"").text(), None);
    }
}
