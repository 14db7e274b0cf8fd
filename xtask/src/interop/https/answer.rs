//! What a request asks for, and what is answered (RFC 9110, sections 13 and 14).

use core::{fmt, ops::Range};

/// The entity tag of the package, a strong one.
const ETAG: &str = "\"interop-1\"";

/// Header fields of a request are few.
const FIELDS: usize = 32;

/// A request for the package.
#[derive(Debug, Default, Eq, PartialEq)]
pub(super) struct Request {
    method: String,
    range: Option<String>,
    if_range: Option<String>,
    /// The connection ends with the answer.
    pub(super) closes: bool,
}

impl Request {
    /// Takes a head apart; `None` when it is malformed.
    pub(super) fn parse(head: &[u8]) -> Option<Self> {
        let mut fields = [httparse::EMPTY_HEADER; FIELDS];
        let mut parsed = httparse::Request::new(&mut fields);
        if !parsed.parse(head).ok()?.is_complete() {
            return None;
        }
        let mut request = Self {
            method: parsed.method?.to_owned(),
            closes: parsed.version == Some(0),
            ..Self::default()
        };
        let mut host = false;
        for field in parsed.headers {
            let value = core::str::from_utf8(field.value).ok()?.trim();
            match field.name.to_ascii_lowercase().as_str() {
                "host" => host = true,
                "range" => request.range = Some(value.to_owned()),
                "if-range" => request.if_range = Some(value.to_owned()),
                "connection" => request.closes |= value.eq_ignore_ascii_case("close"),
                _ => {}
            }
        }
        // RFC 9112, section 3.2: without Host it is a bad request.
        host.then_some(request)
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.method)?;
        if let Some(range) = &self.range {
            write!(f, " {range}")?;
        }
        if let Some(validator) = &self.if_range {
            write!(f, " if {validator}")?;
        }
        Ok(())
    }
}

/// The answer to a request.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Answer {
    /// The whole package, of that many bytes.
    Whole(usize),
    /// These bytes of so many.
    Part(Range<usize>, usize),
    /// None of the bytes that are asked for is there; so many are.
    Nothing(usize),
    /// Only GET and HEAD are served.
    Refused,
}

impl Answer {
    /// To this request, for a package of `len` bytes.
    pub(super) fn to(request: &Request, len: usize) -> Self {
        if !matches!(request.method.as_str(), "GET" | "HEAD") {
            return Self::Refused;
        }
        let same = request.if_range.as_deref().is_none_or(|tag| tag == ETAG);
        match request.range.as_deref().map(|range| bytes(range, len)) {
            Some(Some(range)) if same && range.is_empty() => Self::Nothing(len),
            Some(Some(range)) if same => Self::Part(range, len),
            // A range that is not understood is ignored (section 14.2).
            _ => Self::Whole(len),
        }
    }

    pub(super) const fn code(&self) -> u16 {
        match self {
            Self::Whole(_) => 200,
            Self::Part(..) => 206,
            Self::Nothing(_) => 416,
            Self::Refused => 405,
        }
    }

    pub(super) fn head(&self) -> String {
        let fields = match self {
            Self::Whole(len) => {
                format!("200 OK\r\nContent-Length: {len}\r\nAccept-Ranges: bytes\r\nETag: {ETAG}")
            }
            Self::Part(range, len) => format!(
                "206 Partial Content\r\nContent-Length: {}\r\nContent-Range: bytes {}-{}/{len}\r\nETag: {ETAG}",
                range.len(),
                range.start,
                range.end - 1,
            ),
            Self::Nothing(len) => format!(
                "416 Range Not Satisfiable\r\nContent-Length: 0\r\nContent-Range: bytes */{len}"
            ),
            Self::Refused => {
                "405 Method Not Allowed\r\nContent-Length: 0\r\nAllow: GET, HEAD".to_owned()
            }
        };
        format!("HTTP/1.1 {fields}\r\n\r\n")
    }

    /// Which bytes of the package are its body.
    pub(super) fn body(&self, request: &Request) -> Range<usize> {
        match self {
            _ if request.method == "HEAD" => 0..0,
            Self::Whole(len) => 0..*len,
            Self::Part(range, _) => range.clone(),
            Self::Nothing(_) | Self::Refused => 0..0,
        }
    }
}

/// The bytes that a Range with one range means (section 14.1.2), none of them where it lies behind the end; `None` for
/// anything else.
fn bytes(range: &str, len: usize) -> Option<Range<usize>> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    if first.is_empty() {
        let suffix: usize = last.parse().ok()?;
        return Some(len.saturating_sub(suffix)..len);
    }
    let first: usize = first.parse().ok()?;
    let end = match last {
        "" => len,
        last => last
            .parse::<usize>()
            .ok()
            .filter(|last| *last >= first)?
            .checked_add(1)?,
    };
    Some(first.min(len)..end.min(len))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(head: &str) -> Answer {
        Answer::to(&Request::parse(head.as_bytes()).unwrap(), 1000)
    }

    /// The examples of RFC 9110, section 14.1.2, for 1,000 bytes.
    #[test]
    fn ranges_are_those_of_the_rfc() {
        for (range, part) in [
            ("bytes=0-499", 0..500),
            ("bytes=500-999", 500..1000),
            ("bytes=-500", 500..1000),
            ("bytes=950-", 950..1000),
            ("bytes=0-0", 0..1),
            ("bytes=990-2000", 990..1000),
        ] {
            let head = format!("GET / HTTP/1.1\r\nHost: h\r\nRange: {range}\r\n\r\n");
            assert_eq!(answer(&head), Answer::Part(part, 1000), "{range}");
        }
        let head = "GET / HTTP/1.1\r\nHost: h\r\nRange: bytes=1000-\r\n\r\n";
        assert_eq!(answer(head), Answer::Nothing(1000));
        for ignored in ["bytes=5-4", "lines=0-1", "bytes=0-0,-1", "bytes=x-"] {
            let head = format!("GET / HTTP/1.1\r\nHost: h\r\nRange: {ignored}\r\n\r\n");
            assert_eq!(answer(&head), Answer::Whole(1000), "{ignored}");
        }
    }

    #[test]
    fn another_entity_tag_gets_the_whole() {
        let head = |tag| {
            format!("GET / HTTP/1.1\r\nhost: h\r\nrange: bytes=5-\r\nif-range: {tag}\r\n\r\n")
        };
        assert_eq!(answer(&head(ETAG)), Answer::Part(5..1000, 1000));
        assert_eq!(answer(&head("\"other\"")), Answer::Whole(1000));
    }

    #[test]
    fn heads_say_what_follows() {
        assert_eq!(
            Answer::Part(5..1000, 1000).head(),
            "HTTP/1.1 206 Partial Content\r\nContent-Length: 995\r\n\
             Content-Range: bytes 5-999/1000\r\nETag: \"interop-1\"\r\n\r\n"
        );
        assert_eq!(answer("POST / HTTP/1.1\r\nHost: h\r\n\r\n").code(), 405);
        assert_eq!(Request::parse(b"GET / HTTP/1.1\r\n\r\n"), None);
        assert_eq!(Request::parse(b"GET\r\n\r\n"), None);
    }
}
