//! The parts of a body, and the chunks that it may come in (RFC 9112, section 7.1).

/// Digits of the longest chunk size, leading zeros and all.
const DIGITS: u16 = 16;

/// Bytes of extensions or trailers at one place; more are refused, since nothing that is wanted stands there.
const EXTRAS: u16 = 2047;

/// How far a chunked body has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Chunks {
    /// What comes next.
    at: Chunk,
    /// Bytes of the chunk that are still to come.
    left: u32,
    /// Digits of the size, or bytes of extensions or trailers, so far.
    count: u16,
}

/// What comes next in a chunked body.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Chunk {
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

impl Chunks {
    /// At their start.
    pub(super) const START: Self = Self {
        at: Chunk::Size,
        left: 0,
        count: 0,
    };

    /// Takes the next part from the front of `rest`.
    pub(super) fn next<'a>(&mut self, rest: &mut &'a [u8]) -> Part<'a> {
        loop {
            match self.at {
                Chunk::Ended => return Part::End,
                Chunk::Data if self.left > 0 => {
                    let part = data(self.left, rest);
                    if let Part::Data(data) = part {
                        self.left = self.left.saturating_sub(data.len() as u32);
                    }
                    return part;
                }
                Chunk::Data => self.at = Chunk::DataReturn,
                at => {
                    let Some((&byte, behind)) = rest.split_first() else {
                        return Part::More;
                    };
                    *rest = behind;
                    let Some(next) = self.frame(at, byte) else {
                        return Part::Malformed;
                    };
                    self.at = next;
                }
            }
        }
    }

    /// What comes behind a byte that is no content; `None` where it must not stand.
    // Not inlined: in the loop over a response, what it works on finds no register.
    #[inline(never)]
    fn frame(&mut self, at: Chunk, byte: u8) -> Option<Chunk> {
        Some(match (at, byte) {
            (Chunk::Size, b'\r') if self.count > 0 => Chunk::SizeEnd,
            (Chunk::Size, b';' | b' ' | b'\t') if self.count > 0 => {
                self.count = 0;
                Chunk::Extension
            }
            (Chunk::Size, digit) => {
                let digit = char::from(digit).to_digit(16)?;
                self.count(DIGITS)?;
                // More than 32 bits stay more than any package has.
                self.left = if self.left >> 28 == 0 {
                    self.left << 4 | digit
                } else {
                    u32::MAX
                };
                Chunk::Size
            }
            (Chunk::Extension, b'\r') => Chunk::SizeEnd,
            (Chunk::Extension, b'\n') => return None,
            (Chunk::Extension, _) => {
                self.count(EXTRAS)?;
                Chunk::Extension
            }
            (Chunk::SizeEnd, b'\n') => {
                self.count = 0;
                if self.left == 0 {
                    Chunk::Trailer
                } else {
                    Chunk::Data
                }
            }
            (Chunk::DataReturn, b'\r') => Chunk::DataEnd,
            (Chunk::DataEnd, b'\n') => Chunk::Size,
            (Chunk::Trailer, b'\r') => Chunk::End,
            (Chunk::Trailer | Chunk::End, b'\n') => Chunk::Ended,
            (Chunk::InTrailer, b'\n') => Chunk::Trailer,
            (Chunk::Trailer | Chunk::InTrailer, _) => {
                self.count(EXTRAS)?;
                Chunk::InTrailer
            }
            _ => return None,
        })
    }

    /// Counts a digit, or a byte of an extension or trailer; `None` when there are too many.
    const fn count(&mut self, most: u16) -> Option<()> {
        if self.count >= most {
            return None;
        }
        self.count += 1;
        Some(())
    }
}

/// Content of which so many bytes are left.
pub(super) fn data<'a>(left: u32, rest: &mut &'a [u8]) -> Part<'a> {
    let len = rest.len().min(left as usize);
    let (front, back) = rest.split_at_checked(len).unwrap_or_default();
    *rest = back;
    if front.is_empty() {
        Part::More
    } else {
        Part::Data(front)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::vec::Vec;

    use super::*;

    /// What a body yields of these parts, and what is left of the last.
    fn content<'a>(parts: &[&'a [u8]]) -> (Vec<u8>, Part<'a>, usize) {
        let mut body = Chunks::START;
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
                let (content, last, left) = content(&parts);
                assert_eq!(content, expected, "{first} {second}");
                assert_eq!((last, left), (Part::End, 3), "{first} {second}");
            }
        }
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
            let (_, last, _) = content(&[bytes]);
            assert_eq!(last, Part::Malformed, "{bytes:?}");
        }
    }

    #[test]
    fn extensions_and_trailers_do_not_go_on_for_ever() {
        for front in [&b"4;"[..], b"0\r\nA: "] {
            let mut bytes = front.to_vec();
            bytes.resize(front.len() + 2048, b'x');
            let (_, last, _) = content(&[&bytes]);
            assert_eq!(last, Part::Malformed);
        }
    }

    #[test]
    fn the_largest_chunk_size_does_not_overflow() {
        let (bytes, last, _) = content(&[b"FFFFFFFFFFFFFFFF\r\nab"]);
        assert_eq!((&bytes[..], last), (&b"ab"[..], Part::More));
    }
}
