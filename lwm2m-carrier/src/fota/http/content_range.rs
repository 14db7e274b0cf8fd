//! The field Content-Range (RFC 9110, section 14.4).

use super::line::until;
use crate::uri::{TOO_LARGE, decimal, is_same};

/// What a response says about the range it brings.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct ContentRange {
    /// Offset of the first byte, and of the last, which is not before it; `None` for `*`: the range that was asked for
    /// lies behind the end.
    pub(super) span: Option<(u32, u32)>,
    /// Bytes of the whole, more than the offset of the last; `None` for `*`, where there is a range.
    pub(super) total: Option<u32>,
}

impl ContentRange {
    /// Takes the value of the field apart; `None` when it is malformed, of another unit, or contradicts itself.
    pub(super) fn parse(value: &[u8]) -> Option<Self> {
        let mut rest = value;
        if !is_same(until(&mut rest, b' '), b"bytes") {
            return None;
        }
        let mut span = until(&mut rest, b'/');
        let total = match rest {
            b"*" => None,
            digits => Some(decimal(digits)?),
        };
        if span == b"*" {
            return total.map(|_| Self { span: None, total });
        }
        let first = decimal(until(&mut span, b'-'))?;
        let last = decimal(span)?;
        let is_behind = |total| last < total || total == TOO_LARGE;
        (first <= last && total.is_none_or(is_behind)).then_some(Self {
            span: Some((first, last)),
            total,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of RFC 9110, section 14.4.
    #[test]
    fn examples_of_rfc_9110() {
        for (value, first, last, total) in [
            ("bytes 42-1233/1234", 42, 1233, Some(1234)),
            ("bytes 42-1233/*", 42, 1233, None),
            ("bytes 0-499/1234", 0, 499, Some(1234)),
            ("bytes 734-1233/1234", 734, 1233, Some(1234)),
            ("Bytes 5-5/6", 5, 5, Some(6)),
        ] {
            assert_eq!(
                ContentRange::parse(value.as_bytes()),
                Some(ContentRange {
                    span: Some((first, last)),
                    total
                }),
                "{value}"
            );
        }
        assert_eq!(
            ContentRange::parse(b"bytes */1234"),
            Some(ContentRange {
                span: None,
                total: Some(1234)
            })
        );
    }

    #[test]
    fn what_is_beyond_all_packages() {
        for value in [
            "bytes 0-9/4294967296",
            "bytes 0-99999999999999999999/999999999999999999999",
        ] {
            let range = ContentRange::parse(value.as_bytes()).unwrap();
            assert_eq!(range.total, Some(TOO_LARGE), "{value}");
        }
    }

    #[test]
    fn what_contradicts_itself_or_is_malformed() {
        for value in [
            "",
            "bytes",
            "bytes ",
            "bytes 0-9",
            "bytes=0-9/10",
            "octets 0-9/10",
            "bytes 0-9/",
            "bytes 9-0/10",
            "bytes 0-9/9",
            "bytes 0-10/10",
            "bytes -9/10",
            "bytes 0-/10",
            "bytes */*",
            "bytes +0-9/10",
            "bytes 0-9/1x",
            "bytes 0-9,20-29/30",
        ] {
            assert_eq!(ContentRange::parse(value.as_bytes()), None, "{value}");
        }
    }
}
