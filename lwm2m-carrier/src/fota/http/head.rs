//! The head of a response: how it is gathered, and what its fields say (RFC 9112, sections 2, 4, 6 and 9; RFC 9110).

use super::line;
use crate::uri::{decimal, is_same};

/// The head is no head, or its fields contradict each other.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Malformed;

/// A head that is being gathered.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Gathering {
    /// Bytes so far.
    len: usize,
    /// Whether the last line has something in it.
    in_line: bool,
}

/// How far it has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Gathered {
    /// Not to its end.
    More,
    /// It lies in the first so many bytes of the room.
    Whole(usize),
    /// The room is too small.
    TooLong,
}

impl Gathering {
    /// Moves bytes from `rest` to `room`, at most to the end of the head, which is an empty line. Empty lines in front
    /// are left out.
    pub(super) fn take(&mut self, rest: &mut &[u8], room: &mut [u8]) -> Gathered {
        while let Some((&byte, behind)) = rest.split_first() {
            *rest = behind;
            if self.len == 0 && matches!(byte, b'\r' | b'\n') {
                continue;
            }
            let Some(slot) = room.get_mut(self.len) else {
                return Gathered::TooLong;
            };
            *slot = byte;
            self.len += 1;
            match byte {
                b'\n' if self.in_line => self.in_line = false,
                b'\n' => return Gathered::Whole(self.len),
                b'\r' => {}
                _ => self.in_line = true,
            }
        }
        Gathered::More
    }
}

/// What a download wants to know of a response.
#[derive(Debug)]
pub(super) struct Head<'a> {
    /// The status.
    pub(super) code: u16,
    /// Whether the connection lives on behind the body.
    pub(super) keep_alive: bool,
    /// The transfer coding is chunked.
    pub(super) chunked: bool,
    /// Content-Length, which counts where the body is not chunked.
    pub(super) length: Option<u32>,
    /// Content-Range
    pub(super) range: Option<&'a [u8]>,
    etag: Option<&'a [u8]>,
    last_modified: Option<&'a [u8]>,
    date: Option<&'a [u8]>,
    /// Location
    pub(super) location: Option<&'a [u8]>,
    /// Retry-After in seconds, or 0; a date is passed over, as the clock may be wrong.
    pub(super) retry_after: u32,
    /// The content has another coding than identity.
    pub(super) encoded: bool,
    /// The content is several ranges in one.
    pub(super) multipart: bool,
}

impl<'a> Head<'a> {
    /// Takes a whole head apart.
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut rest = bytes;
        let (minor, code) = line::status(line::next(&mut rest)).ok_or(Malformed)?;
        let mut head = Self {
            code,
            keep_alive: minor > 0,
            chunked: false,
            length: None,
            range: None,
            etag: None,
            last_modified: None,
            date: None,
            location: None,
            retry_after: 0,
            encoded: false,
            multipart: false,
        };
        let mut close = false;
        loop {
            let line = line::next(&mut rest);
            if line.is_empty() {
                break;
            }
            let (name, value) = line::field(line).ok_or(Malformed)?;
            let mut list = value;
            // Where a response has it only once.
            let once = match Field::named(name) {
                Some(Field::ContentRange) => Some(&mut head.range),
                Some(Field::ETag) => Some(&mut head.etag),
                Some(Field::LastModified) => Some(&mut head.last_modified),
                Some(Field::Date) => Some(&mut head.date),
                Some(Field::Location) => Some(&mut head.location),
                Some(Field::Connection) => {
                    while let Some(item) = line::item(&mut list) {
                        close |= is_same(item, b"close");
                        head.keep_alive |= is_same(item, b"keep-alive");
                    }
                    None
                }
                Some(Field::TransferEncoding) => {
                    while let Some(item) = line::item(&mut list) {
                        if head.chunked || !is_same(item, b"chunked") {
                            return Err(Malformed);
                        }
                        head.chunked = true;
                    }
                    None
                }
                Some(Field::ContentEncoding) => {
                    while let Some(item) = line::item(&mut list) {
                        head.encoded |= !is_same(item, b"identity");
                    }
                    None
                }
                Some(Field::ContentType) => {
                    let kind = b"multipart/byteranges";
                    head.multipart |= is_same(value.get(..kind.len()).unwrap_or_default(), kind);
                    None
                }
                Some(Field::RetryAfter) => {
                    head.retry_after = decimal(value).unwrap_or(0);
                    None
                }
                Some(Field::ContentLength) => {
                    while let Some(item) = line::item(&mut list) {
                        let length = decimal(item).ok_or(Malformed)?;
                        if head.length.replace(length).is_some_and(|old| old != length) {
                            return Err(Malformed);
                        }
                    }
                    // A field without a number in it.
                    if head.length.is_none() {
                        return Err(Malformed);
                    }
                    None
                }
                None => None,
            };
            // It may be repeated word for word.
            if let Some(old) = once.and_then(|once| once.replace(value))
                && old != value
            {
                return Err(Malformed);
            }
        }
        if head.chunked {
            // RFC 9112, section 6.1: HTTP/1.0 knows no transfer codings, so the framing is faulty. Section 6.3: a length
            // beside it is void, and may be an attack, so the connection ends.
            if minor == 0 {
                return Err(Malformed);
            }
            close |= head.length.take().is_some();
        }
        if close || (!head.chunked && head.length.is_none()) {
            head.keep_alive = false;
        }
        Ok(head)
    }

    /// What tells this content from another, byte by byte, and may stand in If-Range: a strong entity tag; or, where
    /// there is no entity tag at all, the time of the last change, if the content was sent later than in that very second
    /// (RFC 9110, sections 8.8.2.2 and 13.1.5). Empty when there is neither.
    pub(super) fn validator(&self) -> &'a [u8] {
        match (self.etag, self.last_modified, self.date) {
            // They are of the error's own content.
            _ if self.code == 416 => &[],
            (Some(tag), _, _) if is_strong(tag) => tag,
            (None, Some(change), Some(date)) if change != date => change,
            _ => &[],
        }
    }

    /// Whether the response may be about the content that has this validator; fields that are missing do not speak
    /// against it, as a server need not repeat them (RFC 9110, section 15.3.7).
    pub(super) fn is_of(&self, validator: &[u8]) -> bool {
        let said = if validator.is_empty() {
            None
        } else if is_strong(validator) {
            self.etag
        } else {
            self.last_modified
        };
        said.is_none_or(|said| said == validator)
    }
}

/// Whether this is an entity tag, and not a weak one (RFC 9110, section 8.8.3).
fn is_strong(tag: &[u8]) -> bool {
    matches!(tag, [b'"', .., b'"'])
}

/// The fields that count.
#[derive(Clone, Copy)]
enum Field {
    Connection,
    ContentEncoding,
    ContentLength,
    ContentRange,
    ContentType,
    Date,
    ETag,
    LastModified,
    Location,
    RetryAfter,
    TransferEncoding,
}

impl Field {
    const ALL: [(&str, Self); 11] = [
        ("connection", Self::Connection),
        ("content-encoding", Self::ContentEncoding),
        ("content-length", Self::ContentLength),
        ("content-range", Self::ContentRange),
        ("content-type", Self::ContentType),
        ("date", Self::Date),
        ("etag", Self::ETag),
        ("last-modified", Self::LastModified),
        ("location", Self::Location),
        ("retry-after", Self::RetryAfter),
        ("transfer-encoding", Self::TransferEncoding),
    ];

    fn named(name: &[u8]) -> Option<Self> {
        let mut all = Self::ALL.iter();
        all.find(|(known, _)| is_same(name, known.as_bytes()))
            .map(|(_, field)| *field)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::{format, string::String};

    use super::*;
    use crate::uri::TOO_LARGE;

    fn text(fields: &str) -> String {
        format!("HTTP/1.1 200 OK\r\n{fields}\r\n")
    }

    #[test]
    fn a_head_ends_at_an_empty_line_wherever_it_is_cut() {
        let bytes = b"\r\nHTTP/1.1 200 OK\r\nA: b\r\n\r\nbody";
        for cut in 0..bytes.len() {
            let (front, back) = bytes.split_at(cut);
            let mut room = [0; 64];
            let mut gathering = Gathering::default();
            let mut whole = None;
            let mut body = 0;
            for mut part in [front, back] {
                if whole.is_none()
                    && let Gathered::Whole(len) = gathering.take(&mut part, &mut room)
                {
                    whole = Some(len);
                }
                body += part.len();
            }
            assert_eq!(whole, Some(25));
            assert_eq!(&room[..25], b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n");
            assert_eq!(body, 4);
        }
        let mut gathering = Gathering::default();
        let taken = gathering.take(&mut &bytes[..], &mut [0; 24]);
        assert_eq!(taken, Gathered::TooLong);
    }

    /// RFC 9112, section 6.3.
    #[test]
    fn fields_tell_where_the_body_ends() {
        for (fields, length, chunked, keep_alive) in [
            ("Content-Length: 5\r\n", Some(5), false, true),
            ("content-length: 5, 5\r\n", Some(5), false, true),
            (
                "Content-Length: 5\r\nConnection: close\r\n",
                Some(5),
                false,
                false,
            ),
            ("Transfer-Encoding: Chunked\r\n", None, true, true),
            (
                "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
                None,
                true,
                false,
            ),
            ("", None, false, false),
            ("Connection: keep-alive\r\n", None, false, false),
            (
                "Content-Length: 99999999999999999999\r\n",
                Some(TOO_LARGE),
                false,
                true,
            ),
        ] {
            let text = text(fields);
            let head = Head::parse(text.as_bytes()).unwrap();
            let found = (head.length, head.chunked, head.keep_alive);
            assert_eq!(found, (length, chunked, keep_alive), "{text}");
        }
    }

    #[test]
    fn fields_that_contradict_each_other() {
        for fields in [
            "Content-Length: 5\r\nContent-Length: 6\r\n",
            "Content-Length: 5, 6\r\n",
            "Content-Length: \r\n",
            "Content-Length: -5\r\n",
            "Content-Length: +5\r\n",
            "Content-Length: 5x\r\n",
            "Transfer-Encoding: gzip, chunked\r\n",
            "Transfer-Encoding: chunked, chunked\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            "ETag: \"a\"\r\nETag: \"b\"\r\n",
            "Content-Range: bytes 0-1/2\r\nContent-Range: bytes 0-1/3\r\n",
            "no colon\r\n",
            "Folded: a\r\n b\r\n",
        ] {
            assert_eq!(
                Head::parse(text(fields).as_bytes()).err(),
                Some(Malformed),
                "{fields}"
            );
        }
        let old = b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert_eq!(Head::parse(old).err(), Some(Malformed));
        for start in [
            "HTTP/2.0 200 OK",
            "HTTP/1.1 2x0 OK",
            "ICY 200 OK",
            "HTTP/1.1",
        ] {
            assert!(Head::parse(format!("{start}\r\n\r\n").as_bytes()).is_err());
        }
    }

    /// RFC 9112, section 9.3.
    #[test]
    fn a_server_of_http_1_0_closes_unless_it_says_otherwise() {
        for (field, keep_alive) in [("", false), ("Connection: Keep-Alive\r\n", true)] {
            let text = format!("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n{field}\r\n");
            let head = Head::parse(text.as_bytes()).unwrap();
            assert_eq!(head.keep_alive, keep_alive);
        }
    }

    #[test]
    fn only_strong_validators_count() {
        const THEN: &str = "Tue, 15 Nov 1994 12:45:26 GMT";
        const NOW: &str = "Tue, 15 Nov 1994 12:45:27 GMT";
        for (fields, validator) in [
            (String::new(), ""),
            ("ETag: \"xyzzy\"\r\n".into(), "\"xyzzy\""),
            ("ETag: \"\"\r\n".into(), "\"\""),
            ("ETag: W/\"xyzzy\"\r\n".into(), ""),
            ("ETag: xyzzy\r\n".into(), ""),
            (
                format!("Last-Modified: {THEN}\r\nDate: {NOW}\r\nETag: \"x\"\r\n"),
                "\"x\"",
            ),
            (format!("Last-Modified: {THEN}\r\nDate: {NOW}\r\n"), THEN),
            (format!("Last-Modified: {THEN}\r\nDate: {THEN}\r\n"), ""),
            (format!("Last-Modified: {THEN}\r\n"), ""),
            (
                format!("Last-Modified: {THEN}\r\nDate: {NOW}\r\nETag: W/\"x\"\r\n"),
                "",
            ),
        ] {
            let text = text(&fields);
            let head = Head::parse(text.as_bytes()).unwrap();
            assert_eq!(head.validator(), validator.as_bytes(), "{fields}");
        }
    }

    #[test]
    fn validators_are_compared_with_their_like() {
        let text = text("ETag: \"a\"\r\nLast-Modified: then\r\n");
        let head = Head::parse(text.as_bytes()).unwrap();
        for (validator, same) in [
            ("", true),
            ("\"a\"", true),
            ("\"b\"", false),
            ("then", true),
            ("now", false),
        ] {
            assert_eq!(head.is_of(validator.as_bytes()), same, "{validator}");
        }
        let bare = Head::parse(b"HTTP/1.1 206 OK\r\n\r\n").unwrap();
        assert!(bare.is_of(b"\"a\"") && bare.is_of(b"then"));
    }

    #[test]
    fn seconds_and_codings() {
        for (fields, seconds, encoded, multipart) in [
            ("Retry-After: 120\r\n", 120, false, false),
            (
                "Retry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n",
                0,
                false,
                false,
            ),
            ("Content-Encoding: identity\r\n", 0, false, false),
            ("Content-Encoding: identity, gzip\r\n", 0, true, false),
            (
                "Content-Type: Multipart/ByteRanges; boundary=x\r\n",
                0,
                false,
                true,
            ),
        ] {
            let text = text(fields);
            let head = Head::parse(text.as_bytes()).unwrap();
            assert_eq!(head.retry_after, seconds);
            assert_eq!((head.encoded, head.multipart), (encoded, multipart));
        }
    }
}
