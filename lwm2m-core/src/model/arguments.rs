//! Arguments of Execute (Core 1.1.1, section 6.3.5): `0='a',1`.

use super::error::Error;

/// One argument: a digit, and a value when there is one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Argument<'a> {
    /// 0 to 9.
    pub digit: u8,
    /// What stands between the quotes.
    pub value: Option<&'a str>,
}

/// The arguments of an Execute, checked: digits 0 to 9, each at most once, values in single quotes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Arguments<'a> {
    text: &'a str,
}

impl<'a> Arguments<'a> {
    /// Checks `payload`.
    ///
    /// # Errors
    /// [`Error::BadRequest`] when it is not an argument list.
    pub fn parse(payload: &'a [u8]) -> Result<Self, Error> {
        let text = core::str::from_utf8(payload).map_err(|_| Error::BadRequest)?;
        let mut seen = 0u16;
        let mut rest = text;
        while !rest.is_empty() {
            let (argument, tail) = split(rest).ok_or(Error::BadRequest)?;
            let bit = 1u16 << argument.digit;
            if seen & bit != 0 {
                return Err(Error::BadRequest);
            }
            seen |= bit;
            rest = tail;
        }
        Ok(Self { text })
    }

    /// The arguments in their order.
    pub fn iter(&self) -> impl Iterator<Item = Argument<'a>> + use<'a> {
        let mut rest = self.text;
        core::iter::from_fn(move || {
            let (argument, tail) = split(rest)?;
            rest = tail;
            Some(argument)
        })
    }

    /// The whole list as it was sent.
    #[must_use]
    pub const fn as_str(&self) -> &'a str {
        self.text
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.text.is_empty()
    }
}

/// Takes one argument off the front, and the comma behind it when another must follow.
// On bytes: patterns of `str` bring a search for characters of any length.
fn split(text: &str) -> Option<(Argument<'_>, &str)> {
    let bytes = text.as_bytes();
    let digit = bytes.first()?.wrapping_sub(b'0');
    if digit > 9 {
        return None;
    }
    let mut at = 1;
    let mut value = None;
    if bytes.get(1..3) == Some(b"='") {
        let quoted = bytes.get(3..)?;
        let end = 3 + quoted.iter().position(|&byte| byte == b'\'')?;
        value = Some(text.get(3..end)?);
        at = end + 1;
    }
    match bytes.get(at) {
        None => {}
        Some(b',') if at + 1 < bytes.len() => at += 1,
        Some(_) => return None,
    }
    Some((Argument { digit, value }, text.get(at..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Found<'a> = Option<(u8, Option<&'a str>)>;

    fn list(payload: &str) -> Option<[Found<'_>; 3]> {
        let arguments = Arguments::parse(payload.as_bytes()).ok()?;
        let mut found = arguments
            .iter()
            .map(|argument| (argument.digit, argument.value));
        let list = [found.next(), found.next(), found.next()];
        assert_eq!(found.next(), None);
        Some(list)
    }

    #[test]
    fn the_lists_of_the_specification_are_read() {
        assert_eq!(list(""), Some([None, None, None]));
        assert_eq!(list("5"), Some([Some((5, None)), None, None]));
        assert_eq!(
            list("2='10.3'"),
            Some([Some((2, Some("10.3"))), None, None])
        );
        assert_eq!(
            list("7,0='https://www.oma.org'"),
            Some([
                Some((7, None)),
                Some((0, Some("https://www.oma.org"))),
                None
            ])
        );
    }

    #[test]
    fn what_is_no_list_is_refused() {
        for payload in [
            "0='a", "0=a", "a", "1,", ",1", "1,1", "10", "0='a'1", "0=''b'", "=", "0=",
        ] {
            assert_eq!(
                Arguments::parse(payload.as_bytes()),
                Err(Error::BadRequest),
                "{payload}"
            );
        }
        assert_eq!(
            Arguments::parse(&[b'0', b'=', b'\'', 0xff, b'\'']),
            Err(Error::BadRequest)
        );
    }
}
