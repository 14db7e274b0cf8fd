//! The address of the first server.

use core::fmt;
use core::net::Ipv6Addr;
use core::str::FromStr;

/// A server's URI: `coap://HOST[:PORT]` or `coaps://HOST[:PORT]` (RFC 7252, section 6), without path and query.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct ServerUri {
    /// The URI as it was given.
    pub text: String,
    /// Whether it asks for DTLS.
    pub secure: bool,
    /// Name or address of the server, an IPv6 address without its brackets.
    pub host: String,
    /// Its port; 5683 or 5684 where the URI names none.
    pub port: u16,
}

/// Why a text is not the URI of a server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum UriError {
    /// It does not begin with `coap://` or `coaps://`.
    Scheme,
    /// There is no host, or it has characters that no host has.
    Host,
    /// What stands in brackets is not an IPv6 address, or one stands without brackets.
    Ipv6,
    /// The port is not a number from 1 to 65535.
    Port,
    /// A path, a query or a user stands behind or before the host.
    Extra,
}

impl fmt::Display for UriError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scheme => "a server URI begins with coap:// or coaps://",
            Self::Host => "the server URI names no valid host",
            Self::Ipv6 => "an IPv6 address in a server URI stands in brackets",
            Self::Port => "the port in a server URI is a number from 1 to 65535",
            Self::Extra => "a server URI has nothing but host and port",
        })
    }
}

impl core::error::Error for UriError {}

impl FromStr for ServerUri {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, UriError> {
        let (scheme, rest) = text.split_once("://").ok_or(UriError::Scheme)?;
        let secure = match scheme.to_ascii_lowercase().as_str() {
            "coap" => false,
            "coaps" => true,
            _ => return Err(UriError::Scheme),
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        if authority.contains(['/', '?', '#', '@']) {
            return Err(UriError::Extra);
        }
        let (host, port) = split_port(authority)?;
        let default = if secure { 5684 } else { 5683 };
        Ok(Self {
            text: text.to_owned(),
            secure,
            host: host.to_owned(),
            port: port.map_or(Ok(default), parse_port)?,
        })
    }
}

/// Host, and port where there is one.
fn split_port(authority: &str) -> Result<(&str, Option<&str>), UriError> {
    if let Some(bracketed) = authority.strip_prefix('[') {
        let (host, rest) = bracketed.split_once(']').ok_or(UriError::Ipv6)?;
        host.parse::<Ipv6Addr>().map_err(|_| UriError::Ipv6)?;
        return match rest.strip_prefix(':') {
            Some(port) => Ok((host, Some(port))),
            None if rest.is_empty() => Ok((host, None)),
            None => Err(UriError::Ipv6),
        };
    }
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    if port.is_some_and(|port| port.contains(':')) {
        return Err(UriError::Ipv6);
    }
    let valid = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    if host.is_empty() || host.len() > 253 || !host.bytes().all(valid) {
        return Err(UriError::Host);
    }
    Ok((host, port))
}

fn parse_port(port: &str) -> Result<u16, UriError> {
    // Rust's own parser takes a sign.
    if !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(UriError::Port);
    }
    match port.parse() {
        Ok(port) if port != 0 => Ok(port),
        _ => Err(UriError::Port),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scheme_host_and_port_are_taken_apart() {
        let expected = [
            ("coap://lwm2m.example.com", false, "lwm2m.example.com", 5683),
            (
                "coaps://lwm2m.example.com/",
                true,
                "lwm2m.example.com",
                5684,
            ),
            ("COAP://192.0.2.1:7000", false, "192.0.2.1", 7000),
            ("coaps://[2001:db8::1]", true, "2001:db8::1", 5684),
            ("coap://[::1]:65535", false, "::1", 65535),
        ];
        for (text, secure, host, port) in expected {
            let uri: ServerUri = text.parse().unwrap();
            assert_eq!((uri.secure, &*uri.host, uri.port), (secure, host, port));
            assert_eq!(uri.text, text);
        }
    }

    #[test]
    fn what_is_no_uri_of_a_server_is_refused() {
        let expected = [
            ("", UriError::Scheme),
            ("localhost:5683", UriError::Scheme),
            ("http://localhost", UriError::Scheme),
            ("coap+tcp://localhost", UriError::Scheme),
            ("coap://", UriError::Host),
            ("coap://:5683", UriError::Host),
            ("coap://a host", UriError::Host),
            ("coap://::1", UriError::Ipv6),
            ("coap://[::1", UriError::Ipv6),
            ("coap://[localhost]", UriError::Ipv6),
            ("coap://[::1]5683", UriError::Ipv6),
            ("coap://h:", UriError::Port),
            ("coap://h:0", UriError::Port),
            ("coap://h:65536", UriError::Port),
            ("coap://h:+5683", UriError::Port),
            ("coap://h/rd", UriError::Extra),
            ("coap://h?ep=x", UriError::Extra),
            ("coap://me@h", UriError::Extra),
        ];
        for (text, error) in expected {
            assert_eq!(text.parse::<ServerUri>(), Err(error), "{text}");
        }
    }
}
