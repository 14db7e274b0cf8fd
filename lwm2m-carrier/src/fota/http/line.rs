//! The lines of a head (RFC 9112, sections 4 and 5).

use crate::uri::decimal;

/// Takes the first line from the front of `rest`, without its end. A line feed alone ends one too (section 2.2).
pub(super) fn next<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let line = until(rest, b'\n');
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Takes what stands before the first `byte` from the front of `rest`, and the byte with it; everything where there is
/// none.
#[inline(never)]
pub(super) fn until<'a>(rest: &mut &'a [u8], byte: u8) -> &'a [u8] {
    let all = *rest;
    let at = all.iter().position(|&other| other == byte);
    let (before, behind) = all
        .split_at_checked(at.unwrap_or(all.len()))
        .unwrap_or_default();
    *rest = behind.get(1..).unwrap_or_default();
    before
}

/// Takes the first item from the front of a list; empty ones do not count (RFC 9110, section 5.6.1.2). `None` where there is none
/// any more.
#[inline(never)]
pub(super) fn item<'a>(list: &mut &'a [u8]) -> Option<&'a [u8]> {
    while !list.is_empty() {
        let item = trim(until(list, b','));
        if !item.is_empty() {
            return Some(item);
        }
    }
    None
}

/// What stands behind `HTTP/1.` in a status line: the minor version, 0 or 1, and the code.
pub(super) fn status(line: &[u8]) -> Option<(u8, u16)> {
    let [minor @ (b'0' | b'1'), b' ', behind @ ..] = line.strip_prefix(b"HTTP/1.")? else {
        return None;
    };
    let (code, reason) = behind.split_at_checked(3)?;
    if !matches!(reason, [] | [b' ', ..]) || !is_text(reason) {
        return None;
    }
    Some((minor - b'0', u16::try_from(decimal(code)?).ok()?))
}

/// Name and value of a field. A name consists of token characters and stands before its colon; a line that goes on with
/// the one before is refused (section 5.2).
pub(super) fn field(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut value = line;
    let name = until(&mut value, b':');
    if name.is_empty() || name.len() == line.len() || !name.iter().all(is_token) || !is_text(value)
    {
        return None;
    }
    Some((name, trim(value)))
}

// Not inlined, so that it is there once.
#[inline(never)]
fn trim(text: &[u8]) -> &[u8] {
    text.trim_ascii()
}

/// `tchar` (RFC 9110, section 5.6.2).
fn is_token(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".iter().any(|other| other == byte)
}

/// Whether there are no control characters but tabulators.
#[inline(never)]
fn is_text(bytes: &[u8]) -> bool {
    bytes
        .iter()
        .all(|&byte| byte == b'\t' || !byte.is_ascii_control())
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::vec::Vec;

    use super::*;

    /// Whether httparse takes a head with this status line and this field.
    fn is_taken(status: &[u8], field: &[u8]) -> bool {
        let head = [status, b"\r\n", field, b"\r\n\r\n"].concat();
        let mut fields = [httparse::EMPTY_HEADER; 2];
        let mut response = httparse::Response::new(&mut fields);
        // It looks for lines by itself, and sees more of them where there is a line feed.
        response.parse(&head).is_ok_and(|status| {
            status == httparse::Status::Complete(head.len()) && response.headers.len() == 1
        })
    }

    #[test]
    fn every_byte_is_taken_where_httparse_takes_it() {
        let (plain_status, plain_field) = (&b"HTTP/1.1 200 OK"[..], &b"a-name: b c"[..]);
        assert!(is_taken(plain_status, plain_field));
        for byte in (0..=u8::MAX).filter(|byte| !b"\r\n".contains(byte)) {
            for at in 0..plain_status.len() {
                let mut line = plain_status.to_vec();
                line[at] = byte;
                let expected = is_taken(&line, plain_field);
                assert_eq!(status(&line).is_some(), expected, "{line:?}");
            }
            for at in 0..plain_field.len() {
                let mut line = plain_field.to_vec();
                line[at] = byte;
                let expected = is_taken(plain_status, &line);
                assert_eq!(field(&line).is_some(), expected, "{line:?}");
            }
        }
    }

    #[test]
    fn lines_are_taken_apart() {
        assert_eq!(status(b"HTTP/1.0 404"), Some((0, 404)));
        assert_eq!(status(b"HTTP/1.1 206 "), Some((1, 206)));
        for line in [
            &b"HTTP/1.1 20"[..],
            b"HTTP/1.1 2000",
            b"HTTP/1.1  200",
            b"HTTP/1.1 200\r",
        ] {
            assert_eq!(status(line), None);
        }
        let expected: Vec<(&[u8], &[u8])> =
            [(&b"a"[..], &b"b"[..]), (b"A", b""), (b"a", b"b: c")].into();
        let lines = [&b"a:b"[..], b"A:", b"a: \tb: c \t"];
        let found: Vec<_> = lines.into_iter().filter_map(field).collect();
        assert_eq!(found, expected);
        for line in [&b""[..], b":b", b"a", b"a : b", b" a: b", b"a: b\rc"] {
            assert_eq!(field(line), None);
        }
    }
}
