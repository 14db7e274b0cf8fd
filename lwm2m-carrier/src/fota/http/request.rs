//! The request of a download: GET of a range (RFC 9110, sections 9.3.1 and 14.2; RFC 9112, section 3).

use lwm2m_core::wire::{number, writer::Writer};

use crate::fota::uri::PackageUri;

/// What is asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Range {
    /// Offset of the first byte.
    pub(super) first: u32,
    /// Offset of the last byte; `None`: to the end.
    pub(super) last: Option<u32>,
}

impl Range {
    /// Whether it is less than everything, so that there is a Range field.
    pub(super) const fn is_part(&self) -> bool {
        self.first > 0 || self.last.is_some()
    }
}

/// Writes the request to the start of `out` and returns its length; `None` when it has no room.
///
/// The range counts only for the package that `validator` names (If-Range, RFC 9110, section 13.1.5); any counts when
/// it is empty. Compression is declined, as ranges and the slot know the package only as it is.
pub(super) fn write(
    out: &mut [u8],
    uri: &PackageUri<'_>,
    range: Range,
    validator: &[u8],
) -> Option<usize> {
    let mut writer = Writer::new(out);
    writer.bytes(b"GET ");
    if !uri.path_and_query.starts_with('/') {
        writer.u8(b'/');
    }
    writer.bytes(uri.path_and_query.as_bytes());
    writer.bytes(b" HTTP/1.1\r\nHost: ");
    if uri.is_ipv6() {
        writer.u8(b'[');
        writer.bytes(uri.host.as_bytes());
        writer.u8(b']');
    } else {
        writer.bytes(uri.host.as_bytes());
    }
    if uri.port != uri.scheme.default_port() {
        writer.u8(b':');
        number::write_u64(&mut writer, uri.port.into());
    }
    writer.bytes(b"\r\n");
    if range.is_part() {
        writer.bytes(b"Range: bytes=");
        number::write_u64(&mut writer, range.first.into());
        writer.u8(b'-');
        if let Some(last) = range.last {
            number::write_u64(&mut writer, last.into());
        }
        writer.bytes(b"\r\n");
        // It comes from storage, so it is looked at once more before it stands in a line of its own.
        if range.first > 0 && !validator.is_empty() && !validator.iter().any(u8::is_ascii_control) {
            writer.bytes(b"If-Range: ");
            writer.bytes(validator);
            writer.bytes(b"\r\n");
        }
    }
    writer.bytes(
        concat!(
            "User-Agent: ",
            env!("CARGO_PKG_NAME"),
            "/",
            env!("CARGO_PKG_VERSION"),
            "\r\nAccept-Encoding: identity\r\nConnection: keep-alive\r\n\r\n"
        )
        .as_bytes(),
    );
    let written = writer.finish();
    written.is_whole().then_some(written.stored)
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::{string::String, vec::Vec};

    use super::*;

    fn written(uri: &str, first: u32, last: Option<u32>, validator: &[u8]) -> String {
        let mut out = [0; 1024];
        let uri = PackageUri::parse(uri).unwrap();
        let len = write(&mut out, &uri, Range { first, last }, validator).unwrap();
        String::from_utf8(out[..len].into()).unwrap()
    }

    /// The lines before User-Agent, which are those that vary.
    fn lines(request: &str) -> Vec<&str> {
        let (front, back) = request.split_once("User-Agent: lwm2m-carrier/").unwrap();
        let (_, back) = back.split_once("\r\n").unwrap();
        assert_eq!(
            back,
            "Accept-Encoding: identity\r\nConnection: keep-alive\r\n\r\n"
        );
        front.split_terminator("\r\n").collect()
    }

    #[test]
    fn the_whole_package_is_asked_for_without_a_range() {
        assert_eq!(
            lines(&written("http://a.example/fw?v=2", 0, None, b"\"v\"")),
            ["GET /fw?v=2 HTTP/1.1", "Host: a.example"]
        );
    }

    #[test]
    fn a_range_is_bound_to_the_validator_once_something_was_taken() {
        assert_eq!(
            lines(&written("https://a:8443", 0, Some(1023), b"\"v\"")),
            ["GET / HTTP/1.1", "Host: a:8443", "Range: bytes=0-1023"]
        );
        assert_eq!(
            lines(&written("http://[::1]?q", 1024, Some(2047), b"\"v\"")),
            [
                "GET /?q HTTP/1.1",
                "Host: [::1]",
                "Range: bytes=1024-2047",
                "If-Range: \"v\""
            ]
        );
        assert_eq!(
            lines(&written("http://a/", u32::MAX, None, b"")),
            ["GET / HTTP/1.1", "Host: a", "Range: bytes=4294967295-"]
        );
    }

    #[test]
    fn a_stored_validator_cannot_begin_a_line() {
        assert_eq!(
            lines(&written("http://a/", 1, None, b"\"v\"\r\nX: y")),
            ["GET / HTTP/1.1", "Host: a", "Range: bytes=1-"]
        );
    }

    #[test]
    fn a_request_that_has_no_room_is_not_sent_in_part() {
        let uri = PackageUri::parse("http://a/").unwrap();
        let range = Range {
            first: 0,
            last: None,
        };
        let whole = write(&mut [0; 512], &uri, range, b"").unwrap();
        for len in 0..whole {
            let mut out = std::vec![0; len];
            assert_eq!(write(&mut out, &uri, range, b""), None);
        }
    }
}
