//! One answer of the HTTP server, piece by piece.

use core::fmt::Write;

use heapless::String;

use super::image::Image;

/// Bytes of the longest head, without padding.
const MAX_HEAD: usize = 1024;
/// Bytes of what stands between two chunks.
const MAX_SEAM: usize = 96;

const PADDING: &str = "X-Padding: ";

/// How the end of the body is told (RFC 9112, section 6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing<'s> {
    /// By Content-Length, or by the end of the connection.
    Plain,
    /// By chunks of this size, with an extension each, and a trailer.
    Chunks {
        size: u32,
        extension: &'s str,
        trailer: &'s str,
    },
}

/// A head under construction.
#[derive(Debug)]
pub(super) struct Head {
    text: String<MAX_HEAD>,
    odd: bool,
}

impl Head {
    /// `odd`: field names in small letters, values between tabs.
    pub(super) fn new(version: &str, status: u16, odd: bool) -> Self {
        let text = String::new();
        let mut head = Self { text, odd };
        let _ = write!(head.text, "{version} {status} {}\r\n", reason(status));
        head
    }

    /// An interim answer, in front of everything else.
    pub(super) fn after_hints(mut self) -> Self {
        let mut text = String::new();
        let _ = text.push_str("HTTP/1.1 103 Early Hints\r\n");
        let _ = text.push_str("Link: </style.css>; rel=preload; as=style\r\n\r\n");
        let _ = text.push_str(&self.text);
        self.text = text;
        self
    }

    pub(super) fn field(&mut self, name: &str, value: core::fmt::Arguments<'_>) {
        let _ = if self.odd {
            for letter in name.chars() {
                let _ = self.text.push(letter.to_ascii_lowercase());
            }
            write!(self.text, ":\t {value}\t\r\n")
        } else {
            write!(self.text, "{name}: {value}\r\n")
        };
    }

    /// A field, unless its value is empty.
    pub(super) fn optional_field(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.field(name, format_args!("{value}"));
        }
    }
}

/// What was written to a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) len: usize,
    /// Bytes of the image among them.
    pub(super) image: u32,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Answer<'s> {
    head: String<MAX_HEAD>,
    /// Letters of a field behind the head; `None`: there is none.
    padding: Option<u32>,
    head_sent: usize,
    image: Image<'s>,
    /// The next byte of the image, and the one behind the last.
    position: u32,
    end: u32,
    framing: Framing<'s>,
    /// Bytes of the chunk that are left.
    chunk: u32,
    seam: String<MAX_SEAM>,
    seam_sent: usize,
    /// The seam is the last one, or there is none.
    ended: bool,
    /// The connection ends behind it.
    pub(super) closes: bool,
}

impl<'s> Answer<'s> {
    /// An answer without a body.
    pub(super) fn new(head: Head, closes: bool) -> Self {
        Self {
            head: head.text,
            padding: None,
            head_sent: 0,
            image: Image::new(&[]),
            position: 0,
            end: 0,
            framing: Framing::Plain,
            chunk: 0,
            seam: String::new(),
            seam_sent: 0,
            ended: true,
            closes,
        }
    }

    /// Bytes that are no HTTP; the connection ends behind them.
    pub(super) fn garbage(text: &str) -> Self {
        let mut head = Head {
            text: String::new(),
            odd: false,
        };
        let _ = head.text.push_str(text);
        Self::new(head, true)
    }

    /// The same with a part of an image, from one byte to before another.
    pub(super) fn with_image(
        mut self,
        image: Image<'s>,
        from: u32,
        end: u32,
        framing: Framing<'s>,
    ) -> Self {
        self.image = image;
        self.position = from;
        self.end = end;
        self.framing = framing;
        if framing != Framing::Plain {
            self.ended = false;
            self.next_chunk(true);
        }
        self
    }

    /// The same with a field of so many bytes.
    pub(super) const fn padded(mut self, bytes: u32) -> Self {
        self.padding = Some(bytes);
        self
    }

    pub(super) fn is_done(&self) -> bool {
        self.head_sent >= self.head_len()
            && self.seam_sent >= self.seam.len()
            && self.position >= self.end
            && self.ended
    }

    fn head_len(&self) -> usize {
        let padding = self
            .padding
            .map_or(0, |letters| PADDING.len() + letters as usize + 2);
        self.head.len() + padding + 2
    }

    fn head_byte(&self, at: usize) -> u8 {
        if let Some(byte) = self.head.as_bytes().get(at) {
            return *byte;
        }
        let end = self.head_len();
        if at + 4 >= end {
            return b"\r\n\r\n".get(at + 4 - end).copied().unwrap_or(b'\n');
        }
        let name = PADDING.as_bytes().get(at - self.head.len());
        name.copied().unwrap_or(b'a')
    }

    /// What stands in front of the next chunk.
    fn next_chunk(&mut self, first: bool) {
        let Framing::Chunks {
            size,
            extension,
            trailer,
        } = self.framing
        else {
            return;
        };
        self.seam.clear();
        self.seam_sent = 0;
        if !first {
            let _ = self.seam.push_str("\r\n");
        }
        self.chunk = (self.end - self.position).min(size.max(1));
        let _ = write!(self.seam, "{:x}{extension}\r\n", self.chunk);
        if self.chunk == 0 {
            if !trailer.is_empty() {
                let _ = write!(self.seam, "{trailer}\r\n");
            }
            let _ = self.seam.push_str("\r\n");
            self.ended = true;
        }
    }

    /// Writes the next piece, with at most `limit` bytes of the image.
    pub(super) fn fill(&mut self, buffer: &mut [u8], limit: u32) -> Piece {
        let mut piece = Piece { len: 0, image: 0 };
        while let Some(room) = buffer.get_mut(piece.len..).filter(|room| !room.is_empty()) {
            let image_left = limit - piece.image;
            if self.head_sent < self.head_len() {
                let len = room.len().min(self.head_len() - self.head_sent);
                for to in room.iter_mut().take(len) {
                    *to = self.head_byte(self.head_sent);
                    self.head_sent += 1;
                }
                piece.len += len;
            } else if let Some(rest) = self.seam.as_bytes().get(self.seam_sent..)
                && !rest.is_empty()
            {
                let len = room.len().min(rest.len());
                for (to, from) in room.iter_mut().zip(rest) {
                    *to = *from;
                }
                self.seam_sent += len;
                piece.len += len;
            } else if self.position < self.end {
                let chunk = match self.framing {
                    Framing::Plain => self.end - self.position,
                    Framing::Chunks { .. } => self.chunk,
                };
                let len = (room.len() as u64).min(image_left.min(chunk).into()) as usize;
                let len = self
                    .image
                    .copy(self.position, room.get_mut(..len).unwrap_or_default());
                if len == 0 {
                    break;
                }
                self.position += len as u32;
                self.chunk = self.chunk.saturating_sub(len as u32);
                piece.len += len;
                piece.image += len as u32;
                if self.chunk == 0 && self.framing != Framing::Plain {
                    self.next_chunk(false);
                }
            } else {
                break;
            }
        }
        piece
    }
}

/// The reason phrases of RFC 9110, section 15.
const fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        206 => "Partial Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        413 => "Content Too Large",
        414 => "URI Too Long",
        416 => "Range Not Satisfiable",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "",
    }
}
