//! Where a package lies: the URI of object 5, resource 1.
//!
//! Taken apart as [`Location`] says, and with more to be said against what stands behind that.

use super::download::URI;
use crate::uri::{Location, cut, decimal};
pub(crate) use crate::uri::{Scheme, UriError};

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
        let Location {
            scheme,
            host,
            port,
            behind,
        } = Location::parse(uri)?;
        let path_and_query = without_fragment(behind);
        if !is_printable(path_and_query) {
            return Err(UriError::Malformed);
        }
        Ok(Self {
            scheme,
            host,
            port,
            path_and_query,
        })
    }

    /// The path, empty or from its slash on.
    pub(crate) fn path(&self) -> &'a str {
        cut(self.path_and_query, b"?").0
    }

    /// The query, without the question mark, where there is one.
    pub(crate) fn query(&self) -> Option<&'a str> {
        cut(self.path_and_query, b"?").1.strip_prefix('?')
    }

    /// Whether the host is an IPv6 address, which is written in brackets.
    pub(crate) fn is_ipv6(&self) -> bool {
        self.host.bytes().any(|byte| byte == b':')
    }
}

pub(super) fn without_fragment(uri: &str) -> &str {
    cut(uri, b"#").0
}

/// Takes the next of the parts between which `separator` stands from the front of `rest`; `None` behind the last.
pub(crate) fn next_part<'a>(rest: &mut Option<&'a str>, separator: &[u8]) -> Option<&'a str> {
    let (part, behind) = cut((*rest)?, separator);
    *rest = behind.get(1..);
    Some(part)
}

/// Whether a host is an IPv4 address as it is mostly written: four decimal numbers of one byte, without leading zeros.
pub(crate) fn is_ipv4(host: &str) -> bool {
    let mut rest = Some(host);
    let mut count = 0;
    while let Some(part) = next_part(&mut rest, b".") {
        let is_byte = match part.as_bytes() {
            [b'0', _, ..] => false,
            digits => decimal(digits).is_some_and(|number| number <= 255),
        };
        if !is_byte {
            return false;
        }
        count += 1;
    }
    count == 4
}

/// Whether nothing but graphic ASCII is in it, and only whole percent-encodings (RFC 3986, section 2.1).
fn is_printable(text: &str) -> bool {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let is_right = if byte == b'%' {
            let mut is_digit = || bytes.next().is_some_and(|byte| byte.is_ascii_hexdigit());
            is_digit() && is_digit()
        } else {
            byte.is_ascii_graphic()
        };
        if !is_right {
            return false;
        }
    }
    true
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

    /// RFC 3986, section 3.2.2: dec-octet has neither leading zeros nor signs.
    #[test]
    fn ipv4_addresses_are_told_from_names() {
        for host in ["192.0.2.1", "0.0.0.0", "255.255.255.255"] {
            assert!(is_ipv4(host), "{host}");
        }
        for host in [
            "",
            "a.example",
            "1.2.3",
            "1.2.3.4.5",
            "1.2.3.256",
            "1.2.3.04",
            "1.2.3.",
            ".1.2.3",
            "1..2.3",
            "1.2.3.+4",
            "1.2.3.4.",
            "1.2.3.99999999999999999999",
        ] {
            assert!(!is_ipv4(host), "{host}");
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
