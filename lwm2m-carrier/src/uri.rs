//! Server URIs.

/// What a server URI says: `coap://host:port` or `coaps://host:port` (RFC 7252, section 6). A path is passed over.
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
        let (scheme, rest) = uri.split_once("://")?;
        let secure = if scheme.eq_ignore_ascii_case("coaps") {
            true
        } else if scheme.eq_ignore_ascii_case("coap") {
            false
        } else {
            return None;
        };
        let Authority { host, port } = Authority::parse(rest)?;
        let port = port.unwrap_or(if secure { 5684 } else { 5683 });
        Some(Self { secure, host, port })
    }
}

/// Host and port (RFC 3986, section 3.2). User information is refused, as RFC 7252, section 6.1 does and RFC 9110,
/// section 4.2.4 advises.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Authority<'a> {
    /// Name or address, without brackets; an IPv6 address is what has a colon in it.
    pub(crate) host: &'a str,
    /// `None` when the URI does not say.
    pub(crate) port: Option<u16>,
}

impl<'a> Authority<'a> {
    /// Takes what stands behind `scheme://` apart; `None` when its authority is malformed. What follows the authority
    /// is passed over.
    pub(crate) fn parse(rest: &'a str) -> Option<Self> {
        let authority = Self::text(rest);
        let (host, port) = match authority.strip_prefix('[') {
            Some(bracketed) => {
                let (host, rest) = bracketed.split_once(']')?;
                match rest.strip_prefix(':') {
                    Some(port) => (host, port),
                    None if rest.is_empty() => (host, ""),
                    None => return None,
                }
            }
            None => authority.split_once(':').unwrap_or((authority, "")),
        };
        let port = match port {
            "" => None,
            digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(digits.parse().ok()?)
            }
            _ => return None,
        };
        let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'@';
        if host.is_empty() || host.len() > 255 || port == Some(0) || !host.bytes().all(plain) {
            return None;
        }
        Some(Self { host, port })
    }

    /// The authority as it is written: what stands before the path.
    pub(crate) fn text(rest: &'a str) -> &'a str {
        rest.split(['/', '?', '#']).next().unwrap_or_default()
    }
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
