//! Where a package lies: the URI of object 5, resource 1, and the references that redirect from it.
//!
//! Taken apart as RFC 3986 says, with the schemes of RFC 7252, section 6 and RFC 9110, section 4.2. References are
//! resolved as RFC 3986, section 5.2 says, dot segments and all.

use heapless::String;
use lwm2m_core::model::Text;

use super::download::URI;
use crate::uri::Authority;

/// How a package is fetched.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Scheme {
    /// CoAP over UDP.
    Coap,
    /// CoAP over DTLS.
    Coaps,
    /// HTTP over TCP.
    Http,
    /// HTTP over TLS.
    Https,
}

impl Scheme {
    const ALL: [Self; 4] = [Self::Coap, Self::Coaps, Self::Http, Self::Https];

    /// Its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Coap => "coap",
            Self::Coaps => "coaps",
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// The port where a URI does not say.
    pub(crate) const fn default_port(self) -> u16 {
        match self {
            Self::Coap => 5683,
            Self::Coaps => 5684,
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// Why a URI is not one to fetch a package from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum UriError {
    /// A scheme that is not supported: result 9.
    Unsupported,
    /// Not a URI, without a host, with user information, or longer than 255 bytes: result 7.
    Malformed,
}

/// Where a package lies.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct PackageUri<'a> {
    /// How it is fetched.
    pub(crate) scheme: Scheme,
    /// Name or address, without brackets; an IPv6 address is what has a colon in it.
    pub(crate) host: &'a str,
    /// The scheme's default when the URI does not say.
    pub(crate) port: u16,
    /// Path and query as they are written, without fragment: empty, or it starts with a slash or a question mark. Only
    /// graphic ASCII, and every percent sign is followed by two hexadecimal digits.
    pub(crate) path_and_query: &'a str,
}

impl<'a> PackageUri<'a> {
    /// Takes a URI apart.
    pub(crate) fn parse(uri: &'a str) -> Result<Self, UriError> {
        if uri.len() > URI {
            return Err(UriError::Malformed);
        }
        let (name, rest) = split_scheme(uri).ok_or(UriError::Malformed)?;
        let scheme = Scheme::ALL
            .into_iter()
            .find(|scheme| name.eq_ignore_ascii_case(scheme.name()))
            .ok_or(UriError::Unsupported)?;
        let rest = rest.strip_prefix("//").ok_or(UriError::Malformed)?;
        let Authority { host, port } = Authority::parse(rest).ok_or(UriError::Malformed)?;
        let behind = rest.get(Authority::text(rest).len()..).unwrap_or_default();
        let path_and_query = without_fragment(behind);
        if !is_printable(path_and_query) {
            return Err(UriError::Malformed);
        }
        Ok(Self {
            scheme,
            host,
            port: port.unwrap_or(scheme.default_port()),
            path_and_query,
        })
    }

    /// The path, empty or from its slash on.
    pub(crate) fn path(&self) -> &'a str {
        self.path_and_query.split('?').next().unwrap_or_default()
    }

    /// The query, without the question mark, where there is one.
    pub(crate) fn query(&self) -> Option<&'a str> {
        Some(self.path_and_query.split_once('?')?.1)
    }

    /// Whether the host is an IPv6 address, which is written in brackets.
    pub(crate) fn is_ipv6(&self) -> bool {
        self.host.contains(':')
    }

    /// The URI that `reference`, for example a Location field, means here.
    pub(crate) fn join(&self, reference: &str) -> Result<Text<URI>, UriError> {
        let reference = without_fragment(reference);
        let mut target = Target::new();
        if let Some((scheme, rest)) = split_scheme(reference) {
            // Checked before, so that a scheme that is not supported is told from a malformed rest.
            PackageUri::parse(reference)?;
            target.push(scheme)?;
            target.push(":")?;
            target.authority_and_path(rest)?;
        } else if reference.starts_with("//") {
            target.push(self.scheme.name())?;
            target.push(":")?;
            target.authority_and_path(reference)?;
        } else {
            self.write_authority(&mut target)?;
            let (path, query) = split_query(reference);
            match path.strip_prefix('/') {
                Some(segments) => target.segments(segments, true)?,
                None if path.is_empty() => {
                    target.push(self.path())?;
                    if query.is_empty()
                        && let Some(query) = self.query()
                    {
                        target.push("?")?;
                        target.push(query)?;
                    }
                }
                None => {
                    let directory = self.path().rsplit_once('/').map_or("", |(front, _)| front);
                    if let Some(directory) = directory.strip_prefix('/') {
                        target.segments(directory, false)?;
                    }
                    target.segments(path, true)?;
                }
            }
            target.push(query)?;
        }
        let joined = target.text.as_str();
        PackageUri::parse(joined)?;
        Text::try_from(joined).map_err(|_| UriError::Malformed)
    }

    fn write_authority(&self, target: &mut Target) -> Result<(), UriError> {
        target.push(self.scheme.name())?;
        target.push("://")?;
        if self.is_ipv6() {
            target.push("[")?;
            target.push(self.host)?;
            target.push("]")?;
        } else {
            target.push(self.host)?;
        }
        if self.port != self.scheme.default_port() {
            target.push(":")?;
            target.decimal(self.port)?;
        }
        target.start = target.text.len();
        Ok(())
    }
}

/// A URI that is put together.
struct Target {
    text: String<URI>,
    /// Where its path starts.
    start: usize,
}

impl Target {
    const fn new() -> Self {
        Self {
            text: String::new(),
            start: 0,
        }
    }

    fn push(&mut self, part: &str) -> Result<(), UriError> {
        self.text.push_str(part).map_err(|_| UriError::Malformed)
    }

    fn decimal(&mut self, value: u16) -> Result<(), UriError> {
        let mut divisor = 10_000;
        while divisor > 1 && value < divisor {
            divisor /= 10;
        }
        while divisor > 0 {
            let digit = (value / divisor % 10) as u8;
            self.text
                .push(char::from(b'0' + digit))
                .map_err(|_| UriError::Malformed)?;
            divisor /= 10;
        }
        Ok(())
    }

    /// `//authority/path?query`
    fn authority_and_path(&mut self, rest: &str) -> Result<(), UriError> {
        let rest = rest.strip_prefix("//").ok_or(UriError::Malformed)?;
        let authority = Authority::text(rest);
        self.push("//")?;
        self.push(authority)?;
        self.start = self.text.len();
        let (path, query) = split_query(rest.get(authority.len()..).unwrap_or_default());
        if let Some(segments) = path.strip_prefix('/') {
            self.segments(segments, true)?;
        }
        self.push(query)
    }

    /// Appends the segments of a path, and goes back at dot segments (RFC 3986, section 5.2.4). `last`: the path ends
    /// with them, so that a dot segment at the end leaves its slash.
    fn segments(&mut self, segments: &str, last: bool) -> Result<(), UriError> {
        let mut segments = segments.split('/').peekable();
        while let Some(segment) = segments.next() {
            let dots = match segment {
                "." => true,
                ".." => {
                    while self.text.len() > self.start && self.text.pop() != Some('/') {}
                    true
                }
                _ => false,
            };
            if !dots {
                self.push("/")?;
                self.push(segment)?;
            } else if last && segments.peek().is_none() {
                self.push("/")?;
            }
        }
        Ok(())
    }
}

/// A scheme and what stands behind its colon (RFC 3986, section 3.1).
fn split_scheme(uri: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = uri.split_once(':')?;
    let mut bytes = scheme.bytes();
    let is_scheme = bytes
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    is_scheme.then_some((scheme, rest))
}

fn without_fragment(uri: &str) -> &str {
    uri.split('#').next().unwrap_or_default()
}

/// The path, and the query with its question mark.
fn split_query(path_and_query: &str) -> (&str, &str) {
    let at = path_and_query.find('?').unwrap_or(path_and_query.len());
    path_and_query.split_at_checked(at).unwrap_or_default()
}

/// Whether nothing but graphic ASCII is in it, and only whole percent-encodings (RFC 3986, section 2.1).
fn is_printable(text: &str) -> bool {
    let hex = |part: Option<&str>| {
        part.and_then(|part| part.as_bytes().get(..2))
            .is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    let mut parts = text.split('%');
    parts.next();
    text.bytes().all(|byte| byte.is_ascii_graphic()) && parts.all(|part| hex(Some(part)))
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;

    fn parsed(uri: &str) -> Result<(Scheme, &str, u16, &str), UriError> {
        PackageUri::parse(uri).map(|uri| (uri.scheme, uri.host, uri.port, uri.path_and_query))
    }

    #[test]
    fn uris_are_taken_apart() {
        for (uri, expected) in [
            (
                "coap://a.example/fw",
                (Scheme::Coap, "a.example", 5683, "/fw"),
            ),
            ("coaps://a.example", (Scheme::Coaps, "a.example", 5684, "")),
            ("HTTP://a?x=/y#z", (Scheme::Http, "a", 80, "?x=/y")),
            (
                "https://[2001:db8::1]:8443/a%20b",
                (Scheme::Https, "2001:db8::1", 8443, "/a%20b"),
            ),
            ("http://192.0.2.1:/#f", (Scheme::Http, "192.0.2.1", 80, "/")),
        ] {
            assert_eq!(parsed(uri), Ok(expected), "{uri}");
        }
    }

    #[test]
    fn what_is_not_supported_is_told_from_what_is_malformed() {
        for uri in [
            "coap+tcp://a/fw",
            "coaps+ws://a",
            "ftp://a/fw",
            "urn:x:y",
            "a:80/fw",
        ] {
            assert_eq!(parsed(uri), Err(UriError::Unsupported), "{uri}");
        }
        for uri in [
            "",
            "fw",
            "//a/fw",
            "http:/a",
            "http:a",
            "http://",
            "http:///fw",
            "http://u@a/",
            "http://u:p@a/",
            "http://a:0/",
            "http://a:99999/",
            "http://[::1/",
            "http://a/b c",
            "http://a/\r\nX: y",
            "http://a/ü",
            "http://a/%4",
            "http://a/%",
            "http://a/%zz",
            "1http://a",
        ] {
            assert_eq!(parsed(uri), Err(UriError::Malformed), "{uri}");
        }
        let mut long = std::string::String::from("http://a/");
        long.extend(core::iter::repeat_n('x', URI - long.len()));
        assert!(parsed(&long).is_ok());
        long.push('x');
        assert_eq!(parsed(&long), Err(UriError::Malformed));
    }

    fn joined(base: &str, reference: &str) -> Result<std::string::String, UriError> {
        let uri = PackageUri::parse(base).unwrap();
        uri.join(reference).map(|text| text.as_str().into())
    }

    /// RFC 3986, sections 5.4.1 and 5.4.2: the examples that stay with HTTP; fragments are removed, and a reference in
    /// the scheme of its base is not taken for a relative one.
    #[test]
    fn references_are_resolved_as_in_rfc_3986() {
        for (reference, expected) in [
            ("g", "http://a/b/c/g"),
            ("./g", "http://a/b/c/g"),
            ("g/", "http://a/b/c/g/"),
            ("/g", "http://a/g"),
            ("//g", "http://g"),
            ("?y", "http://a/b/c/d;p?y"),
            ("g?y", "http://a/b/c/g?y"),
            ("#s", "http://a/b/c/d;p?q"),
            ("g#s", "http://a/b/c/g"),
            ("g?y#s", "http://a/b/c/g?y"),
            (";x", "http://a/b/c/;x"),
            ("g;x?y#s", "http://a/b/c/g;x?y"),
            ("", "http://a/b/c/d;p?q"),
            (".", "http://a/b/c/"),
            ("./", "http://a/b/c/"),
            ("..", "http://a/b/"),
            ("../", "http://a/b/"),
            ("../g", "http://a/b/g"),
            ("../..", "http://a/"),
            ("../../", "http://a/"),
            ("../../g", "http://a/g"),
            ("../../../g", "http://a/g"),
            ("../../../../g", "http://a/g"),
            ("/./g", "http://a/g"),
            ("/../g", "http://a/g"),
            ("g.", "http://a/b/c/g."),
            (".g", "http://a/b/c/.g"),
            ("g..", "http://a/b/c/g.."),
            ("..g", "http://a/b/c/..g"),
            ("./../g", "http://a/b/g"),
            ("./g/.", "http://a/b/c/g/"),
            ("g/./h", "http://a/b/c/g/h"),
            ("g/../h", "http://a/b/c/h"),
            ("g;x=1/./y", "http://a/b/c/g;x=1/y"),
            ("g;x=1/../y", "http://a/b/c/y"),
            ("g?y/./x", "http://a/b/c/g?y/./x"),
            ("g?y/../x", "http://a/b/c/g?y/../x"),
            ("https://b:8443/x/../y?z#f", "https://b:8443/y?z"),
            ("coap://b", "coap://b"),
        ] {
            assert_eq!(
                joined("http://a/b/c/d;p?q", reference).as_deref(),
                Ok(expected),
                "{reference}"
            );
        }
    }

    #[test]
    fn the_authority_is_kept_by_a_relative_reference() {
        for (base, reference, expected) in [
            ("http://a", "g", "http://a/g"),
            ("http://a:80?q", "g", "http://a/g"),
            ("https://[::1]:8443/x", "/g", "https://[::1]:8443/g"),
            ("http://a:65535/x", "y/z", "http://a:65535/y/z"),
            ("http://a:81", "?q", "http://a:81?q"),
            ("http://a/x//y", "../z", "http://a/x/z"),
        ] {
            assert_eq!(joined(base, reference).as_deref(), Ok(expected), "{base}");
        }
    }

    #[test]
    fn references_that_lead_nowhere() {
        for reference in ["http://u@b/", "//", "http:g", "a b", "/x\ny", "/%1"] {
            assert_eq!(
                joined("http://a/x", reference),
                Err(UriError::Malformed),
                "{reference}"
            );
        }
        assert_eq!(
            joined("http://a/x", "ftp://b/y"),
            Err(UriError::Unsupported)
        );
        let long = std::string::String::from_iter(core::iter::repeat_n('y', 250));
        assert_eq!(joined("http://a/", &long), Err(UriError::Malformed));
    }
}
