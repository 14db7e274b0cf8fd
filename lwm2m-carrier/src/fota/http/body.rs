//! The body of a response: by length, chunked (RFC 9112, section 7.1), or until the connection ends.

/// Digits of the longest chunk size, leading zeros and all.
const DIGITS: u8 = 16;

/// Bytes of extensions or trailers at one place; more are refused, since nothing that is wanted stands there.
const EXTRAS: u16 = 2048;

/// Where a body ends, and how far it has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Body {
    /// After so many bytes.
    Length(u64),
    /// After the last chunk.
    Chunked {
        /// What comes next.
        at: Chunk,
        /// Bytes of the chunk that are still to come.
        left: u64,
        /// Digits of the size, or bytes of extensions or trailers, so far.
        count: u16,
    },
    /// With the connection.
    UntilClose,
}

/// What comes next in a chunked body.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Chunk {
    /// A digit of the size, or what ends it.
    Size,
    /// More of an extension.
    Extension,
    /// The line feed behind the size.
    SizeEnd,
    /// Content.
    Data,
    /// The carriage return behind the content.
    DataReturn,
    /// The line feed behind the content.
    DataEnd,
    /// The start of a trailer, or the empty line that ends the body.
    Trailer,
    /// More of a trailer.
    InTrailer,
    /// The line feed that ends the body.
    End,
    /// Nothing.
    Ended,
}

/// A part of a body.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Part<'a> {
    /// Content.
    Data(&'a [u8]),
    /// Nothing until more comes in.
    More,
    /// The body has ended.
    End,
    /// It is not what it should be.
    Malformed,
}

impl Body {
    pub(super) const fn of_length(length: u64) -> Self {
        Self::Length(length)
    }

    pub(super) const fn chunked() -> Self {
        Self::Chunked {
            at: Chunk::Size,
            left: 0,
            count: 0,
        }
    }

    /// Takes the next part from the front of `rest`.
    pub(super) fn next<'a>(&mut self, rest: &mut &'a [u8]) -> Part<'a> {
        match self {
            Self::Length(0) => Part::End,
            Self::Length(left) => data(left, rest),
            Self::Chunked { at, left, count } => chunked(at, left, count, rest),
            Self::UntilClose => {
                let mut endless = u64::MAX;
                data(&mut endless, rest)
            }
        }
    }
}

/// Content of which so many bytes are left.
fn data<'a>(left: &mut u64, rest: &mut &'a [u8]) -> Part<'a> {
    let len = usize::try_from(*left).unwrap_or(usize::MAX).min(rest.len());
    let (front, back) = rest.split_at_checked(len).unwrap_or_default();
    *rest = back;
    *left -= front.len() as u64;
    if front.is_empty() {
        Part::More
    } else {
        Part::Data(front)
    }
}

fn chunked<'a>(at: &mut Chunk, left: &mut u64, count: &mut u16, rest: &mut &'a [u8]) -> Part<'a> {
    loop {
        match at {
            Chunk::Ended => return Part::End,
            Chunk::Data if *left > 0 => return data(left, rest),
            Chunk::Data => *at = Chunk::DataReturn,
            _ => {
                let Some((&byte, behind)) = rest.split_first() else {
                    return Part::More;
                };
                *rest = behind;
                let Some(next) = frame(*at, byte, left, count) else {
                    return Part::Malformed;
                };
                *at = next;
            }
        }
    }
}

/// What comes behind a byte that is no content; `None` where it must not stand.
fn frame(at: Chunk, byte: u8, left: &mut u64, count: &mut u16) -> Option<Chunk> {
    Some(match (at, byte) {
        (Chunk::Size, b'\r') if *count > 0 => Chunk::SizeEnd,
        (Chunk::Size, b';' | b' ' | b'\t') if *count > 0 => {
            *count = 0;
            Chunk::Extension
        }
        (Chunk::Size, digit) => {
            let digit = char::from(digit).to_digit(16)?;
            *count += 1;
            if *count > DIGITS.into() {
                return None;
            }
            *left = *left << 4 | u64::from(digit);
            Chunk::Size
        }
        (Chunk::Extension, b'\r') => Chunk::SizeEnd,
        (Chunk::Extension, b'\n') => return None,
        (Chunk::Extension, _) => {
            extra(count)?;
            Chunk::Extension
        }
        (Chunk::SizeEnd, b'\n') => {
            *count = 0;
            if *left == 0 {
                Chunk::Trailer
            } else {
                Chunk::Data
            }
        }
        (Chunk::DataReturn, b'\r') => Chunk::DataEnd,
        (Chunk::DataEnd, b'\n') => Chunk::Size,
        (Chunk::Trailer, b'\r') => Chunk::End,
        (Chunk::Trailer, b'\n') | (Chunk::End, b'\n') => Chunk::Ended,
        (Chunk::InTrailer, b'\n') => Chunk::Trailer,
        (Chunk::Trailer | Chunk::InTrailer, _) => {
            extra(count)?;
            Chunk::InTrailer
        }
        _ => return None,
    })
}

/// Counts a byte of an extension or trailer; `None` when there are too many.
const fn extra(count: &mut u16) -> Option<()> {
    *count += 1;
    if *count < EXTRAS { Some(()) } else { None }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::vec::Vec;

    use super::*;

    /// What a body yields of these parts, and what is left of the last.
    fn content<'a>(mut body: Body, parts: &[&'a [u8]]) -> (Vec<u8>, Part<'a>, usize) {
        let mut content = Vec::new();
        let mut last = Part::More;
        let mut left = 0;
        for part in parts {
            let mut rest = *part;
            loop {
                last = body.next(&mut rest);
                match last {
                    Part::Data(data) => content.extend_from_slice(data),
                    _ => break,
                }
            }
            left += rest.len();
        }
        (content, last, left)
    }

    const CHUNKED: &[u8] =
        b"4\r\nWiki\r\n0006;a=b;c=\"d e\"\r\npedia \r\nE  \r\nin \r\n\r\nchunks.\r\n0;x\r\nExpires: never\r\nA: b\r\n\r\nGET";

    #[test]
    fn chunks_are_put_together_wherever_they_are_cut() {
        let expected = b"Wikipedia in \r\n\r\nchunks.";
        for first in 0..=CHUNKED.len() {
            for second in first..=CHUNKED.len() {
                let parts = [
                    &CHUNKED[..first],
                    &CHUNKED[first..second],
                    &CHUNKED[second..],
                ];
                let (content, last, left) = content(Body::chunked(), &parts);
                assert_eq!(content, expected, "{first} {second}");
                assert_eq!((last, left), (Part::End, 3), "{first} {second}");
            }
        }
    }

    #[test]
    fn a_length_ends_a_body() {
        let (bytes, last, left) = content(Body::of_length(5), &[b"abc", b"defg"]);
        assert_eq!((&bytes[..], last, left), (&b"abcde"[..], Part::End, 2));
        let (bytes, last, _) = content(Body::of_length(5), &[b"abcd"]);
        assert_eq!((&bytes[..], last), (&b"abcd"[..], Part::More));
        let (_, last, left) = content(Body::of_length(0), &[b"a"]);
        assert_eq!((last, left), (Part::End, 1));
        let (bytes, last, _) = content(Body::UntilClose, &[b"abc", b"d"]);
        assert_eq!((&bytes[..], last), (&b"abcd"[..], Part::More));
    }

    #[test]
    fn malformed_chunks() {
        for bytes in [
            &b"\r\n"[..],
            b"x\r\n",
            b";a\r\n",
            b" 4\r\n",
            b"-4\r\n",
            b"0x4\r\n",
            b"4\n",
            b"4\rW",
            b"4;a\n",
            b"4\r\nWikip",
            b"4\r\nWiki\n",
            b"4\r\nWiki\r\r",
            b"00000000000000001\r\n",
            b"FFFFFFFFFFFFFFFFF\r\n",
            b"0\r\n\rx",
        ] {
            let (_, last, _) = content(Body::chunked(), &[bytes]);
            assert_eq!(last, Part::Malformed, "{bytes:?}");
        }
    }

    #[test]
    fn extensions_and_trailers_do_not_go_on_for_ever() {
        for front in [&b"4;"[..], b"0\r\nA: "] {
            let mut bytes = front.to_vec();
            bytes.resize(front.len() + usize::from(EXTRAS), b'x');
            let (_, last, _) = content(Body::chunked(), &[&bytes]);
            assert_eq!(last, Part::Malformed);
        }
    }

    #[test]
    fn the_largest_chunk_size_does_not_overflow() {
        let (bytes, last, _) = content(Body::chunked(), &[b"FFFFFFFFFFFFFFFF\r\nab"]);
        assert_eq!((&bytes[..], last), (&b"ab"[..], Part::More));
    }
}
