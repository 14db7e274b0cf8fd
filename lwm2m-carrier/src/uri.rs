//! URIs of servers and packages: scheme, host and port (RFC 3986, with the schemes of RFC 7252, section 6 and RFC 9110,
//! section 4.2).

/// How a server is spoken to.
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

    /// Whether a session of it is secured.
    #[cfg(feature = "http")]
    pub(crate) const fn is_secured(self) -> bool {
        matches!(self, Self::Coaps | Self::Https)
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

/// Why a URI cannot be used.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum UriError {
    /// A scheme that is not supported: result 9 of a firmware update.
    Unsupported,
    /// Not a URI, without a host, with user information, or too long: result 7 of a firmware update.
    Malformed,
}

/// What a URI says up to its path. User information is refused, as RFC 7252, section 6.1 does and RFC 9110, section 4.2.4
/// advises.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Location<'a> {
    /// How it is spoken to.
    pub(crate) scheme: Scheme,
    /// Name or address, without brackets; an IPv6 address is what has a colon in it.
    pub(crate) host: &'a str,
    /// The scheme's default when the URI does not say.
    pub(crate) port: u16,
    /// Path, query and fragment as they are written.
    pub(crate) behind: &'a str,
}

impl<'a> Location<'a> {
    /// Takes a URI apart.
    pub(crate) fn parse(uri: &'a str) -> Result<Self, UriError> {
        let (name, rest) = split_scheme(uri).ok_or(UriError::Malformed)?;
        let scheme = *Scheme::ALL
            .iter()
            .find(|scheme| is_same(name.as_bytes(), scheme.name().as_bytes()))
            .ok_or(UriError::Unsupported)?;
        let rest = rest.strip_prefix("//").ok_or(UriError::Malformed)?;
        let (authority, behind) = split_authority(rest);
        let (host, port) = host_and_port(authority).ok_or(UriError::Malformed)?;
        Ok(Self {
            scheme,
            host,
            port: port.unwrap_or_else(|| scheme.default_port()),
            behind,
        })
    }
}

/// What a server URI says: `coap://host:port` or `coaps://host:port`. A path is passed over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct ServerUri<'a> {
    /// `coaps`
    pub(crate) secure: bool,
    /// Name or address, without brackets.
    pub(crate) host: &'a str,
    /// 5683 or 5684 when the URI does not say.
    pub(crate) port: u16,
}

impl<'a> ServerUri<'a> {
    /// Takes a URI apart; `None` when it is of another scheme or malformed.
    pub(crate) fn parse(uri: &'a str) -> Option<Self> {
        let Location {
            scheme, host, port, ..
        } = Location::parse(uri).ok()?;
        let secure = match scheme {
            Scheme::Coap => false,
            Scheme::Coaps => true,
            Scheme::Http | Scheme::Https => return None,
        };
        Some(Self { secure, host, port })
    }
}

/// A scheme and what stands behind its colon (RFC 3986, section 3.1).
pub(crate) fn split_scheme(uri: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = cut(uri, b":");
    let is_scheme = scheme
        .bytes()
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    Some((scheme, rest.strip_prefix(':')?)).filter(|_| is_scheme)
}

/// The authority in what stands behind `scheme://`, and what follows it (RFC 3986, section 3.2).
pub(crate) fn split_authority(rest: &str) -> (&str, &str) {
    cut(rest, b"/?#")
}

/// Host and port of an authority; `None` when it is malformed.
fn host_and_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(bracketed) => {
            let (host, rest) = cut(bracketed, b"]");
            (host, rest.strip_prefix(']')?)
        }
        None => cut(authority, b":"),
    };
    let port = match port.as_bytes() {
        [] | [b':'] => None,
        [b':', digits @ ..] => Some(u16::try_from(decimal(digits)?).ok()?),
        _ => return None,
    };
    let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'@';
    if host.is_empty() || host.len() > 255 || port == Some(0) || !host.bytes().all(plain) {
        return None;
    }
    Some((host, port))
}

/// What stands before the first of `ends`, and the rest from there on. All of `ends` are ASCII.
// Not inlined: the searches of `str` are made for any pattern, and cost a multiple of this at each place.
#[inline(never)]
pub(crate) fn cut<'a>(text: &'a str, ends: &[u8]) -> (&'a str, &'a str) {
    let is_end = |byte: u8| ends.contains(&byte);
    let at = text.bytes().position(is_end).unwrap_or(text.len());
    text.split_at_checked(at).unwrap_or((text, ""))
}

/// Whether two names are the same but for upper and lower case.
#[inline(never)]
pub(crate) fn is_same(name: &[u8], other: &[u8]) -> bool {
    name.eq_ignore_ascii_case(other)
}

/// What [`decimal`] makes of numbers that have no place in 32 bits.
#[cfg(feature = "http")]
pub(crate) const TOO_LARGE: u32 = u32::MAX;

/// Decimal digits and nothing else; more than 32 bits hold is their largest number.
#[inline(never)]
pub(crate) fn decimal(digits: &[u8]) -> Option<u32> {
    let mut value = 0u32;
    for byte in digits {
        let digit = char::from(*byte).to_digit(10)?;
        value = value.saturating_mul(10).saturating_add(digit);
    }
    Some(value).filter(|_| !digits.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(uri: &str) -> Option<(bool, &str, u16)> {
        ServerUri::parse(uri).map(|uri| (uri.secure, uri.host, uri.port))
    }

    #[test]
    fn uris_have_a_scheme_a_host_and_a_port() {
        assert_eq!(parsed("coap://a.example"), Some((false, "a.example", 5683)));
        assert_eq!(
            parsed("coaps://a.example/"),
            Some((true, "a.example", 5684))
        );
        assert_eq!(
            parsed("COAP://192.0.2.1:99"),
            Some((false, "192.0.2.1", 99))
        );
        assert_eq!(
            parsed("coaps://[2001:db8::1]:5684/x?y"),
            Some((true, "2001:db8::1", 5684))
        );
        assert_eq!(parsed("coap://[::1]"), Some((false, "::1", 5683)));
        assert_eq!(parsed("coap://a:"), Some((false, "a", 5683)));
    }

    #[test]
    fn others_are_refused() {
        for uri in [
            "",
            "coap:",
            "coap://",
            "coap://:5683",
            "http://a",
            "coap+tcp://a",
            "coap://a:0",
            "coap://a:65536",
            "coap://a:+1",
            "coap://a:b",
            "coap://[::1",
            "coap://[::1]5",
            "a:5683",
            "coap://user@a",
            "coap://a b",
            "coap://a\n",
        ] {
            assert_eq!(parsed(uri), None, "{uri}");
        }
    }
}
