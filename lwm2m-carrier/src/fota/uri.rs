//! Where a package lies: the URI of object 5, resource 1.
//!
//! Taken apart as RFC 3986 says, with the schemes of RFC 7252, section 6 and RFC 9110, section 4.2.

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
            port: port.unwrap_or_else(|| scheme.default_port()),
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
}

/// A scheme and what stands behind its colon (RFC 3986, section 3.1).
pub(super) fn split_scheme(uri: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = uri.split_once(':')?;
    let mut bytes = scheme.bytes();
    let is_scheme = bytes
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    is_scheme.then_some((scheme, rest))
}

pub(super) fn without_fragment(uri: &str) -> &str {
    uri.split('#').next().unwrap_or_default()
}

/// Whether nothing but graphic ASCII is in it, and only whole percent-encodings (RFC 3986, section 2.1).
fn is_printable(text: &str) -> bool {
    let starts_with_digits = |part: &str| {
        let digits = part.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    text.bytes().all(|byte| byte.is_ascii_graphic())
        && text.split('%').skip(1).all(starts_with_digits)
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
}
