//! The content of a response: where it ends, how much of the package it brings, and where it goes.

use super::{
    body::{Chunks, Part, data},
    head::Head,
    verdict,
};
use crate::fota::download::{Failure, Progress, Sink};

/// Bytes of a void body that are received so that the connection can be used again; with more of them a new connection
/// costs less.
const VOID: u32 = 2048;

/// A body on its way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Content {
    /// It comes in chunks.
    chunks: Option<Chunks>,
    /// Bytes that are still to come, where that is known. What is not chunked ends with them, or else with the
    /// connection.
    left: Option<u32>,
    part: verdict::Part,
    /// The connection lives on behind it.
    pub(super) keep_alive: bool,
}

impl Content {
    /// The body behind a head, of `len` bytes where that is known.
    pub(super) fn new(head: &Head<'_>, part: verdict::Part, len: Option<u32>) -> Self {
        Self {
            chunks: head.chunked.then_some(Chunks::START),
            left: len,
            part,
            keep_alive: head.keep_alive,
        }
    }

    /// Whether it is a part of the package.
    fn is_wanted(&self) -> bool {
        self.part != verdict::Part::None
    }

    /// Whether the body is to be received: it is of use, or short enough that the connection is worth it.
    pub(super) fn is_worthwhile(&self) -> bool {
        self.is_wanted() || self.keep_alive && self.left.is_some_and(|left| left <= VOID)
    }

    /// Whether it is a part of the package that ends with the connection.
    pub(super) fn is_open_ended(&self) -> bool {
        self.chunks.is_none() && self.left.is_none() && self.is_wanted()
    }

    /// Takes the next part from the front of `rest`.
    pub(super) fn next<'a>(&mut self, rest: &mut &'a [u8]) -> Part<'a> {
        match (&mut self.chunks, self.left) {
            (Some(chunks), _) => chunks.next(rest),
            (None, Some(0)) => Part::End,
            (None, left) => data(left.unwrap_or(u32::MAX), rest),
        }
    }

    /// Takes content that has come.
    pub(super) fn take(
        &mut self,
        data: &[u8],
        progress: &mut Progress,
        sink: &mut Sink<'_>,
    ) -> Result<(), Failure> {
        let len = u32::try_from(data.len()).map_err(|_| Failure::Protocol)?;
        if let Some(left) = &mut self.left {
            *left = left.checked_sub(len).ok_or(Failure::Protocol)?;
        }
        if !self.is_wanted() {
            return Ok(());
        }
        if data.len() > sink.room() {
            return Err(Failure::Protocol);
        }
        progress.offset = progress.offset.checked_add(len).ok_or(Failure::TooLarge)?;
        sink.put(data);
        Ok(())
    }

    /// The body has ended: whether the package has, too.
    pub(super) fn end(&self, progress: &mut Progress) -> Result<bool, Failure> {
        if self.left.is_some_and(|left| left > 0) {
            return Err(Failure::Protocol);
        }
        if self.part == verdict::Part::Whole {
            progress.size = Some(progress.offset);
        }
        Ok(self.is_wanted() && progress.is_complete())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a body brings of these parts: bytes of content, how it ends, and what is left of the last.
    fn taken(fields: &[u8], len: Option<u32>, parts: &[&[u8]]) -> (usize, bool, usize) {
        let head = [b"HTTP/1.1 200 OK\r\n", fields, b"\r\n"].concat();
        let mut content = Content::new(&Head::parse(&head).unwrap(), verdict::Part::Whole, len);
        let (mut memory, mut progress) = ([0; 16], Progress::default());
        let mut sink = Sink {
            bytes: &mut memory,
            len: 0,
        };
        let (mut ended, mut left) = (false, 0);
        for part in parts {
            let mut rest = *part;
            while let Part::Data(data) = content.next(&mut rest) {
                content.take(data, &mut progress, &mut sink).unwrap();
            }
            ended = content.next(&mut rest) == Part::End;
            left += rest.len();
        }
        (sink.len, ended, left)
    }

    /// RFC 9112, section 6.3.
    #[test]
    fn a_length_ends_a_body() {
        let length = b"Content-Length: 5\r\n";
        for (len, parts, expected) in [
            (Some(5), &[&b"abc"[..], b"defg"][..], (5, true, 2)),
            (Some(5), &[b"abcd"], (4, false, 0)),
            (Some(0), &[b"a"], (0, true, 1)),
        ] {
            assert_eq!(taken(length, len, parts), expected);
        }
        assert_eq!(taken(b"", None, &[b"abc", b"d"]), (4, false, 0));
        let chunks = [&b"2\r\nab\r\n"[..], b"0\r\n\r\nx"];
        let chunked = b"Transfer-Encoding: chunked\r\n";
        assert_eq!(taken(chunked, None, &chunks), (2, true, 1));
    }
}
