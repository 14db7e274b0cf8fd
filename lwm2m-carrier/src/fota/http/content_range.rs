//! The field Content-Range (RFC 9110, section 14.4).

use crate::uri::{decimal, is_same};

/// What a response says about the range it brings.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum ContentRange {
    /// `bytes first-last/total`
    Range {
        /// Offset of the first byte.
        first: u64,
        /// Offset of the last byte, not before the first and below the total.
        last: u64,
        /// Bytes of the whole; `None` for `*`.
        total: Option<u64>,
    },
    /// `bytes */total`: the range that was asked for lies behind the end.
    Unsatisfied {
        /// Bytes of the whole.
        total: u64,
    },
}

impl ContentRange {
    /// Takes the value of the field apart; `None` when it is malformed, of another unit, or contradicts itself.
    pub(super) fn parse(value: &[u8]) -> Option<Self> {
        let (unit, rest) = split(value, b' ')?;
        if !is_same(unit, b"bytes") {
            return None;
        }
        let (range, total) = split(rest, b'/')?;
        if range == b"*" {
            return Some(Self::Unsatisfied {
                total: decimal(total)?,
            });
        }
        let (first, last) = split(range, b'-')?;
        let (first, last) = (decimal(first)?, decimal(last)?);
        let total = match total {
            b"*" => None,
            digits => Some(decimal(digits)?),
        };
        if last < first || total.is_some_and(|total| total <= last) {
            return None;
        }
        Some(Self::Range { first, last, total })
    }
}

/// What stands before and behind the first `byte`.
fn split(value: &[u8], byte: u8) -> Option<(&[u8], &[u8])> {
    let at = value.iter().position(|&other| other == byte)?;
    Some((value.get(..at)?, value.get(at.checked_add(1)?..)?))
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
                Some(ContentRange::Range { first, last, total }),
                "{value}"
            );
        }
        assert_eq!(
            ContentRange::parse(b"bytes */1234"),
            Some(ContentRange::Unsatisfied { total: 1234 })
        );
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
            "bytes 0-9/99999999999999999999999",
            "bytes 0-9,20-29/30",
        ] {
            assert_eq!(ContentRange::parse(value.as_bytes()), None, "{value}");
        }
    }
}
