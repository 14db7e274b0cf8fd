//! The one writer behind all codecs.

/// Bytes that a [window](Writer::window) keeps in front of its start, so that content which began before the window
/// can still be moved into it: two nested containers, each of whose headers may grow by three bytes.
const SLACK: usize = 8;

/// Appends to a byte slice in one pass; lengths are patched afterwards.
///
/// When the slice is full the writer only goes on counting: [`len`](Self::len) is then the size that would have been
/// needed, and [`finish`](Self::finish) tells that the output was cut.
///
/// A writer may be opened on a *window*: only the bytes from a given offset of the whole output are kept, which is how
/// one block of a block-wise transfer (RFC 7959) is encoded without holding the whole.
#[derive(Debug)]
pub struct Writer<'b> {
    buf: &'b mut [u8],
    /// Offset in the whole output of `buf[0]`.
    base: usize,
    /// Offset in the whole output of the first byte wanted.
    start: usize,
    /// Offset in the whole output of the next byte.
    pos: usize,
    /// FNV-1a over what was not stored.
    hash: u32,
}

/// Offset basis and prime of the 32-bit FNV-1a hash.
const FNV: (u32, u32) = (0x811c_9dc5, 0x0100_0193);

impl<'b> Writer<'b> {
    /// A writer that fills `buf` from its start.
    #[must_use]
    pub const fn new(buf: &'b mut [u8]) -> Self {
        Self {
            buf,
            base: 0,
            start: 0,
            pos: 0,
            hash: FNV.0,
        }
    }

    /// A writer that keeps only what lies `start` bytes or more from the beginning of the whole output.
    ///
    /// `buf` should be eight bytes longer than the block that is wanted.
    #[must_use]
    pub const fn window(buf: &'b mut [u8], start: usize) -> Self {
        Self {
            buf,
            base: start.saturating_sub(SLACK),
            start,
            pos: 0,
            hash: FNV.0,
        }
    }

    /// A writer that stores nothing and only counts.
    #[must_use]
    pub const fn counting() -> Self {
        Self {
            buf: &mut [],
            base: 0,
            start: 0,
            pos: 0,
            hash: FNV.0,
        }
    }

    /// The size of the whole output so far, stored or not.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.pos
    }

    /// Whether nothing has been written.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.pos == 0
    }

    /// Whether some of the output lies behind the end of the slice.
    #[must_use]
    pub const fn is_cut(&self) -> bool {
        self.pos > self.base + self.buf.len()
    }

    /// Appends one byte.
    #[inline]
    pub fn u8(&mut self, byte: u8) {
        match self
            .pos
            .checked_sub(self.base)
            .and_then(|at| self.buf.get_mut(at))
        {
            Some(slot) => {
                *slot = byte;
                self.pos += 1;
            }
            None => self.pass(&[byte]),
        }
    }

    /// Appends `bytes`.
    pub fn bytes(&mut self, bytes: &[u8]) {
        let room = self
            .pos
            .checked_sub(self.base)
            .and_then(|at| self.buf.get_mut(at..));
        match room.and_then(|room| room.get_mut(..bytes.len())) {
            Some(room) => {
                room.copy_from_slice(bytes);
                self.pos += bytes.len();
            }
            None => self.pass(bytes),
        }
    }

    /// Appends bytes of which some lie outside the slice.
    #[cold]
    fn pass(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            match self
                .pos
                .checked_sub(self.base)
                .and_then(|at| self.buf.get_mut(at))
            {
                Some(slot) => *slot = byte,
                None => self.hash = (self.hash ^ u32::from(byte)).wrapping_mul(FNV.1),
            }
            self.pos += 1;
        }
    }

    /// Appends the lower `len` bytes (at most 8) of `value`, most significant first.
    pub fn uint(&mut self, value: u64, len: usize) {
        let bytes = value.to_be_bytes();
        if let Some(bytes) = bytes.get(8usize.saturating_sub(len)..) {
            self.bytes(bytes);
        }
    }

    /// Overwrites the byte at offset `at` of the whole output, which must have been written.
    pub fn patch(&mut self, at: usize, byte: u8) {
        if let Some(slot) = at
            .checked_sub(self.base)
            .and_then(|at| self.buf.get_mut(at))
        {
            *slot = byte;
        }
    }

    /// Opens a gap of `len` bytes (at most 3 for one container) at offset `at` by moving what follows; the gap is to
    /// be filled with [`patch`](Self::patch).
    pub fn insert(&mut self, at: usize, len: usize) {
        let end = self.pos.saturating_sub(self.base).min(self.buf.len());
        let from = at.saturating_sub(self.base);
        let to = from.saturating_add(len);
        let keep = end
            .saturating_sub(from)
            .min(self.buf.len().saturating_sub(to));
        if keep > 0 {
            self.buf.copy_within(from..from + keep, to);
        }
        self.pos += len;
    }

    /// Goes back to offset `len` of the whole output; what was written behind it is forgotten.
    pub const fn truncate(&mut self, len: usize) {
        if len < self.pos {
            self.pos = len;
        }
    }

    /// Ends the output and returns what is stored, from the beginning of the slice.
    #[must_use]
    pub fn into_stored(self) -> &'b [u8] {
        let stored = self.pos.saturating_sub(self.base).min(self.buf.len());
        self.buf.get(..stored).unwrap_or(&[])
    }

    /// Ends the output.
    ///
    /// The stored bytes, moved to the front of the slice where a window was asked for: their number, and the size of
    /// the whole output.
    #[must_use]
    pub fn finish(self) -> Written {
        let skip = self.start - self.base;
        let end = self.pos.saturating_sub(self.base).min(self.buf.len());
        let stored = end.saturating_sub(skip);
        if skip > 0 && stored > 0 {
            self.buf.copy_within(skip..skip + stored, 0);
        }
        Written {
            stored,
            total: self.pos,
            hash: self.hash,
        }
    }
}

/// What a [`Writer`] has done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Written {
    /// Bytes stored at the front of the slice.
    pub stored: usize,
    /// Size of the whole output, including what did not fit or lay before the window.
    pub total: usize,
    /// A hash over what was not stored: of a [counting](Writer::counting) writer over everything, so that it tells
    /// whether two outputs differ.
    pub hash: u32,
}

impl Written {
    /// Whether the whole output is in the slice.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.stored == self.total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_slice_goes_on_counting() {
        let mut buf = [0; 3];
        let mut writer = Writer::new(&mut buf);
        writer.bytes(b"ab");
        writer.bytes(b"cd");
        writer.u8(b'e');
        assert!(writer.is_cut());
        let written = writer.finish();
        assert_eq!((written.stored, written.total), (3, 5));
        assert_eq!(&buf, b"abc");
    }

    #[test]
    fn a_gap_moves_what_follows() {
        let mut buf = [0; 8];
        let mut writer = Writer::new(&mut buf);
        writer.bytes(b"abcd");
        writer.insert(1, 2);
        writer.patch(1, b'1');
        writer.patch(2, b'2');
        assert_eq!(writer.len(), 6);
        writer.u8(b'z');
        let written = writer.finish();
        assert!(written.is_whole());
        assert_eq!(&buf[..7], b"a12bcdz");
    }

    /// Every window of an output equals the same part of the whole, wherever its edges fall.
    #[test]
    fn a_window_is_a_part_of_the_whole() {
        fn produce(writer: &mut Writer<'_>) {
            writer.bytes(b"head");
            let outer = writer.len();
            writer.u8(0);
            let inner = writer.len();
            writer.u8(0);
            writer.bytes(b"0123456789");
            writer.insert(inner, 3);
            for i in 0..4 {
                writer.patch(inner + i, b'I');
            }
            writer.insert(outer, 3);
            for i in 0..4 {
                writer.patch(outer + i, b'O');
            }
            writer.bytes(b"tail");
        }
        let whole = b"headOOOOIIII0123456789tail";
        for start in 0..=whole.len() {
            for len in 0..=12 {
                let mut buf = [0; 20];
                let mut writer = Writer::window(&mut buf[..len + SLACK], start);
                produce(&mut writer);
                let written = writer.finish();
                assert_eq!(written.total, whole.len());
                let end = (start + len).min(whole.len());
                assert!(written.stored >= end - start);
                assert_eq!(&buf[..end - start], &whole[start..end], "{start} {len}");
            }
        }
    }
}
