//! Bytes of the serial line to lines, prompts and counted data.

use heapless::Vec;

/// Bytes of the longest line that is understood; a longer one is dropped.
pub const LINE: usize = 160;

/// What the modem's bytes are made of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Piece<'f> {
    /// A line that is not empty, without its end.
    Line(&'f str),
    /// The modem asks for the bytes of a datagram.
    Prompt,
    /// A byte of the counted data, and how many follow.
    Data(u8, usize),
}

/// Cuts what comes from the modem, byte by byte, so that it does not matter in which pieces it came.
///
/// A modem writes `<CR><LF>line<CR><LF>`, so every other line is empty. Two things are no lines: the prompt `> `, behind
/// which nothing ends the line, and the data of `+QIRD`, which may hold any byte and is counted in the line before it.
#[derive(Debug, Default)]
pub struct Framer {
    line: Vec<u8, LINE>,
    /// The line is complete: the next byte begins another one.
    complete: bool,
    /// The line is longer than fits.
    long: bool,
    data: usize,
    prompt: bool,
}

impl Framer {
    /// The next `count` bytes are data.
    pub const fn expect_data(&mut self, count: usize) {
        self.data = count;
    }

    /// Whether a `>` at the beginning of a line is a prompt.
    pub const fn expect_prompt(&mut self, expected: bool) {
        self.prompt = expected;
    }

    /// Takes the next byte; what has become complete with it.
    pub fn push(&mut self, byte: u8) -> Option<Piece<'_>> {
        if self.data > 0 {
            self.data -= 1;
            return Some(Piece::Data(byte, self.data));
        }
        if self.complete {
            self.line.clear();
            self.complete = false;
        }
        match byte {
            b'\n' => {
                let long = core::mem::take(&mut self.long);
                self.complete = true;
                // What is not text is noise on the line.
                let line = core::str::from_utf8(&self.line).ok()?.trim_ascii();
                (!long && !line.is_empty()).then_some(Piece::Line(line))
            }
            b'\r' => None,
            b'>' if self.prompt && self.line.is_empty() && !self.long => {
                self.prompt = false;
                Some(Piece::Prompt)
            }
            _ => {
                self.long |= self.line.push(byte).is_err();
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::string::{String, ToString};
    use std::vec::Vec;

    use super::*;

    /// What the bytes are made of; lines `Q n` announce data, as `+QIRD` does.
    fn cut(bytes: &[u8], prompt: bool) -> Vec<String> {
        let mut framer = Framer::default();
        framer.expect_prompt(prompt);
        let (mut pieces, mut data) = (Vec::new(), Vec::new());
        for &byte in bytes {
            let mut count = 0;
            match framer.push(byte) {
                Some(Piece::Line(line)) => {
                    let digits = line.strip_prefix("Q ");
                    count = digits.and_then(|n| n.parse().ok()).unwrap_or(0);
                    pieces.push(line.to_string());
                }
                Some(Piece::Prompt) => pieces.push("prompt".to_string()),
                Some(Piece::Data(byte, left)) => {
                    data.push(byte);
                    if left == 0 {
                        pieces.push(std::format!("{data:?}"));
                        data.clear();
                    }
                }
                None => {}
            }
            framer.expect_data(if count > 0 { count } else { framer.data });
        }
        pieces
    }

    #[test]
    fn lines_end_with_a_line_feed() {
        assert_eq!(
            cut(b"\r\nOK\r\n\r\n+CEREG: 1\r\n", false),
            ["OK", "+CEREG: 1"]
        );
        assert_eq!(cut(b"AT\r\r\nOK\r\n", false), ["AT", "OK"]);
        assert_eq!(cut(b"OK\r", false), [""; 0]);
    }

    #[test]
    fn a_prompt_has_no_end() {
        assert_eq!(cut(b"\r\n> ", true), ["prompt"]);
        assert_eq!(cut(b"\r\n> \r\nSEND OK\r\n", true), ["prompt", "SEND OK"]);
        assert_eq!(cut(b"\r\n> \r\n", false), [">"]);
        assert_eq!(cut(b"a> b\r\n", true), ["a> b"]);
    }

    #[test]
    fn data_is_counted_and_may_look_like_a_line() {
        let bytes = b"\r\nQ 6\r\n\r\nOK\r\n\r\nOK\r\n";
        assert_eq!(cut(bytes, false), ["Q 6", "[13, 10, 79, 75, 13, 10]", "OK"]);
    }

    #[test]
    fn a_line_that_is_too_long_or_no_text_is_dropped() {
        let long = [&[b'x'; LINE + 1][..], b"\r\nOK\r\n"].concat();
        assert_eq!(cut(&long, false), ["OK"]);
        let exact = [&[b'x'; LINE][..], b"\r\nOK\r\n"].concat();
        assert_eq!(cut(&exact, false).len(), 2);
        assert_eq!(cut(b"\xFF\xFE\r\nOK\r\n", false), ["OK"]);
    }
}
