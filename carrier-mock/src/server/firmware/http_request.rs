//! What a client asks for.

use heapless::String;

/// Bytes of the longest head of a request; a longer one is answered with 431.
pub const MAX_REQUEST_HEAD: usize = 1024;

/// Fields of a head that are looked at; more are answered with 431.
const MAX_FIELDS: usize = 16;
/// Bytes of the longest path with its query.
const MAX_TARGET: usize = 256;
/// Bytes of the longest validator.
const MAX_VALIDATOR: usize = 64;

/// The part of the image that is asked for (RFC 9110, section 14.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Range {
    /// From the first to the last byte; `None`: to the end.
    From(u32, Option<u32>),
    /// The last bytes.
    Last(u32),
}

/// The head of a request.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) is_head: bool,
    /// Path and query.
    pub(super) target: String<MAX_TARGET>,
    pub(super) range: Option<Range>,
    pub(super) if_range: Option<String<MAX_VALIDATOR>>,
    /// The client does not want the connection to go on.
    pub(super) closes: bool,
    pub(super) is_http10: bool,
}

/// What came of the bytes so far.
#[derive(Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "taken apart at once, and there is no heap"
)]
pub(super) enum Parsed {
    /// The head is not whole yet.
    Partial,
    /// A request, whose head has so many bytes.
    Whole(Request, usize),
    /// No request that is served: the status that says why. The connection ends.
    Refused(u16),
}

/// Takes the head of a request apart.
pub(super) fn parse(bytes: &[u8]) -> Parsed {
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut head = httparse::Request::new(&mut fields);
    let len = match head.parse(bytes) {
        Ok(httparse::Status::Complete(len)) => len,
        Ok(httparse::Status::Partial) if bytes.len() >= MAX_REQUEST_HEAD => {
            return Parsed::Refused(431);
        }
        Ok(httparse::Status::Partial) => return Parsed::Partial,
        Err(httparse::Error::TooManyHeaders) => return Parsed::Refused(431),
        Err(_) => return Parsed::Refused(400),
    };
    let (Some(method), Some(target), Some(version)) = (head.method, head.path, head.version) else {
        return Parsed::Refused(400);
    };
    if !matches!(method, "GET" | "HEAD") {
        return Parsed::Refused(405);
    }
    let mut request = Request {
        is_head: method == "HEAD",
        target: String::new(),
        range: None,
        if_range: None,
        closes: version == 0,
        is_http10: version == 0,
    };
    if request.target.push_str(origin_form(target)).is_err() {
        return Parsed::Refused(414);
    }
    let mut hosts = 0;
    for field in head.headers.iter() {
        let Ok(value) = core::str::from_utf8(field.value) else {
            return Parsed::Refused(400);
        };
        let is = |name| field.name.eq_ignore_ascii_case(name);
        if is("host") {
            hosts += 1;
        } else if is("range") {
            request.range = range(value);
        } else if is("if-range") {
            request.if_range = String::try_from(value).ok();
            // A validator that is too long is none of ours.
            request.if_range.get_or_insert_default();
        } else if is("connection") && has_token(value, "close") {
            request.closes = true;
        } else if is("content-length") && value != "0" || is("transfer-encoding") {
            return Parsed::Refused(400);
        }
    }
    // RFC 9112, section 3.2.
    if hosts != 1 && version == 1 {
        return Parsed::Refused(400);
    }
    Parsed::Whole(request, len)
}

/// A server must take the absolute form too (RFC 9112, section 3.2.2).
fn origin_form(target: &str) -> &str {
    let Some((_, rest)) = target.split_once("://") else {
        return target;
    };
    rest.find('/')
        .and_then(|slash| rest.get(slash..))
        .unwrap_or("/")
}

fn has_token(list: &str, token: &str) -> bool {
    let mut tokens = list.split(',').map(str::trim);
    tokens.any(|other| other.eq_ignore_ascii_case(token))
}

/// One range; anything else is ignored, as RFC 9110 section 14.2 allows.
fn range(value: &str) -> Option<Range> {
    let (unit, set) = value.trim().split_once('=')?;
    if !unit.eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (first, last) = set.trim().split_once('-')?;
    let number = |text: &str| text.parse::<u32>().ok();
    match (first, last) {
        ("", suffix) => Some(Range::Last(number(suffix)?)),
        (first, "") => Some(Range::From(number(first)?, None)),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some(Range::From(first, Some(last)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of RFC 9110, section 14.1.2.
    #[test]
    fn ranges() {
        assert_eq!(range("bytes=0-499"), Some(Range::From(0, Some(499))));
        assert_eq!(range("bytes=500-999"), Some(Range::From(500, Some(999))));
        assert_eq!(range("bytes=-500"), Some(Range::Last(500)));
        assert_eq!(range("bytes=9500-"), Some(Range::From(9500, None)));
        assert_eq!(range("bytes=0-0,-1"), None);
        assert_eq!(range("bytes= 0-999, 4500-5499, -1000"), None);
        assert_eq!(range("bytes=9-3"), None);
        assert_eq!(range("lines=1-2"), None);
    }

    #[test]
    fn heads_are_taken_apart_or_refused() {
        let refused = |head: &str| match parse(head.as_bytes()) {
            Parsed::Refused(status) => status,
            _ => 0,
        };
        let whole =
            "GET /a?b=c HTTP/1.1\r\nHost: x\r\nRange: bytes=5-\r\nIf-Range: \"v\"\r\n\r\nGET";
        let Parsed::Whole(request, len) = parse(whole.as_bytes()) else {
            panic!("refused");
        };
        assert_eq!((request.target.as_str(), len), ("/a?b=c", whole.len() - 3));
        assert_eq!(request.range, Some(Range::From(5, None)));
        assert_eq!(request.if_range.as_deref(), Some("\"v\""));
        assert!(!request.closes && !request.is_head);
        assert!(matches!(parse(b"GET /a HTTP/1.1\r\nHost"), Parsed::Partial));
        assert_eq!(refused("GET /a HTTP/1.1\r\n\r\n"), 400);
        assert_eq!(refused("POST /a HTTP/1.1\r\nHost: x\r\n\r\n"), 405);
        assert_eq!(refused("\u{16}\u{3}\u{1}\r\n\r\n"), 400);
        assert_eq!(refused(&"x".repeat(MAX_REQUEST_HEAD)), 431);
        assert_eq!(origin_form("http://x:80/a?b"), "/a?b");
        assert_eq!(origin_form("http://x"), "/");
    }
}
