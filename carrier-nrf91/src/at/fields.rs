//! Parameters of a response line.

use core::str::FromStr;

/// One parameter, without its quotes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Field<'a> {
    /// What it says; empty where it was left out.
    pub text: &'a str,
    /// Whether it is a string in quotes.
    pub quoted: bool,
}

/// The parameters of a line, one after the other (3GPP TS 27.007, section 4).
///
/// A string without its closing quote ends them: it was cut.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    rest: Option<&'a str>,
}

impl<'a> Fields<'a> {
    /// The parameters in `text`, which is what follows the colon.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        Self {
            rest: Some(text.trim()),
        }
    }

    /// The parameters of `line`, if it begins with `name` and a colon.
    #[must_use]
    pub fn of(line: &'a str, name: &str) -> Option<Self> {
        let text = line.strip_prefix(name)?.strip_prefix(':')?;
        Some(Self::new(text))
    }

    /// The next parameter as a number; `None` where it is left out or something else.
    pub fn number<T: FromStr>(&mut self) -> Option<T> {
        let field = self.next()?;
        if field.quoted {
            return None;
        }
        field.text.parse().ok()
    }

    /// The next parameter as text; `None` where it is left out or empty.
    pub fn text(&mut self) -> Option<&'a str> {
        let field = self.next()?;
        (!field.text.is_empty()).then_some(field.text)
    }

    /// The next parameter as a string of hexadecimal digits, at most eight.
    pub fn hex(&mut self) -> Option<u32> {
        let text = self.text()?;
        if !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        u32::from_str_radix(text, 16).ok()
    }

    /// The next parameter as a string of eight binary digits.
    pub fn bits(&mut self) -> Option<u8> {
        let text = self.text()?;
        if text.len() != 8 || !text.bytes().all(|byte| matches!(byte, b'0' | b'1')) {
            return None;
        }
        u8::from_str_radix(text, 2).ok()
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Field<'a>> {
        let rest = self.rest.take()?.trim_start();
        let (text, after, quoted) = match rest.strip_prefix('"') {
            Some(string) => {
                let (text, after) = string.split_once('"')?;
                (text, after.trim_start(), true)
            }
            None => {
                let end = rest.find(',').unwrap_or(rest.len());
                let (text, after) = rest.split_at_checked(end)?;
                (text.trim_end(), after, false)
            }
        };
        if let Some(after) = after.strip_prefix(',') {
            self.rest = Some(after);
        } else if !after.is_empty() {
            return None;
        }
        Some(Field { text, quoted })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_numbers_strings_or_left_out() {
        let mut fields =
            Fields::of("+CEREG: 5,\"0901\",\"020A7716\",7,,,\"11100000\"", "+CEREG").unwrap();
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
        let mut fields = Fields::new("\"18/12/06,22:10:00+08\",1");
        assert_eq!(fields.text(), Some("18/12/06,22:10:00+08"));
        assert_eq!(fields.number::<u8>(), Some(1));
    }

    #[test]
    fn cut_string_ends_them() {
        let mut fields = Fields::new("1,\"002F\",\"0012B");
        assert_eq!(fields.number::<u8>(), Some(1));
        assert_eq!(fields.hex(), Some(0x2F));
        assert_eq!(fields.next(), None);
        assert_eq!(fields.next(), None);
    }

    #[test]
    fn other_names_have_none() {
        assert!(Fields::of("+CEREGX: 1", "+CEREG").is_none());
        assert!(Fields::of("%CESQ: 1,1,1,1", "+CESQ").is_none());
    }
}
