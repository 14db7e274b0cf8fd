//! What is served.

use core::fmt;

use lwm2m_core::time::Instant;

/// The bytes of a firmware package: in memory, or made as they are asked for, so that a chip needs no room for them.
#[derive(Clone, Copy)]
pub struct Image<'s>(Source<'s>);

#[derive(Clone, Copy)]
enum Source<'s> {
    Bytes(&'s [u8]),
    Made { len: u32, byte: fn(u32) -> u8 },
}

impl<'s> Image<'s> {
    /// These bytes; at most 4 GiB of them.
    #[must_use]
    pub const fn new(bytes: &'s [u8]) -> Self {
        Self(Source::Bytes(bytes))
    }

    /// `len` bytes, each of which follows from its offset.
    #[must_use]
    pub const fn made(len: u32, byte: fn(u32) -> u8) -> Self {
        Self(Source::Made { len, byte })
    }

    /// Its length in bytes.
    #[must_use]
    pub fn len(&self) -> u32 {
        match self.0 {
            Source::Bytes(bytes) => u32::try_from(bytes.len()).unwrap_or(u32::MAX),
            Source::Made { len, .. } => len,
        }
    }

    /// Whether it has no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The byte at `offset`; `None` behind the end.
    #[must_use]
    pub fn byte(&self, offset: u32) -> Option<u8> {
        match self.0 {
            Source::Bytes(bytes) => bytes.get(usize::try_from(offset).ok()?).copied(),
            Source::Made { len, byte } => (offset < len).then(|| byte(offset)),
        }
    }

    /// Copies the bytes from `offset` on to `buffer`, and says how many there were.
    pub(super) fn copy(&self, offset: u32, buffer: &mut [u8]) -> usize {
        let mut len = 0;
        for (to, at) in buffer.iter_mut().zip(offset..) {
            let Some(byte) = self.byte(at) else {
                break;
            };
            *to = byte;
            len += 1;
        }
        len
    }
}

impl fmt::Debug for Image<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.len())
    }
}

/// An image, and what tells it from others under the same path.
#[derive(Debug, Clone, Copy)]
#[allow(clippy::exhaustive_structs, reason = "spelled out by tests")]
pub struct Release<'s> {
    /// The image.
    pub image: Image<'s>,
    /// Its entity tag; empty: none. For HTTP as it is sent, with quotes (`"v1"`, or the weak `W/"v1"`); for CoAP 1 to 8
    /// bytes of any text.
    pub entity_tag: &'s str,
    /// HTTP's date of its last change, as it is sent; empty: none.
    pub last_modified: &'s str,
}

impl<'s> Release<'s> {
    /// An image with an entity tag, and without a date.
    #[must_use]
    pub const fn new(image: Image<'s>, entity_tag: &'s str) -> Self {
        Self {
            image,
            entity_tag,
            last_modified: "",
        }
    }

    /// The same with a date, such as `Tue, 15 Nov 1994 12:45:26 GMT`.
    #[must_use]
    pub const fn last_modified(mut self, date: &'s str) -> Self {
        self.last_modified = date;
        self
    }
}

/// When another release takes the place of the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum When {
    /// Once so many bytes of images have been sent.
    Sent(u64),
    /// At that time of the world.
    At(Instant),
}

/// A release and its successor.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shelf<'s> {
    first: Release<'s>,
    second: Option<(When, Release<'s>)>,
}

impl<'s> Shelf<'s> {
    pub(super) const fn new(first: Release<'s>) -> Self {
        Self {
            first,
            second: None,
        }
    }

    pub(super) const fn replace(&mut self, when: When, by: Release<'s>) {
        self.second = Some((when, by));
    }

    /// What is served to those who ask now.
    pub(super) fn current(&self, now: Instant, sent: u64) -> Release<'s> {
        match self.second {
            Some((When::Sent(bytes), release)) if sent >= bytes => release,
            Some((When::At(at), release)) if now >= at => release,
            _ => self.first,
        }
    }
}
