//! The one writer behind all codecs.

use core::mem;

use super::shift::shift;

/// Bytes that a [window](Writer::window) keeps in front of its start, so that content which began before the window
/// can still be moved into it: two nested containers, each of whose headers may grow by three bytes.
#[cfg(feature = "block")]
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
    window: Window,
    /// Offset in `buf` of the next byte; what lies before the window wraps around, and so is past any slice.
    at: usize,
    /// FNV-1a over what was not stored.
    hash: u32,
}

/// Which part of the output is kept.
#[cfg(feature = "block")]
#[derive(Debug)]
struct Window {
    /// Offset in the whole output of the slice's first byte.
    base: usize,
    /// The same of the first byte that is wanted.
    start: usize,
}

#[cfg(feature = "block")]
impl Window {
    const WHOLE: Self = Self { base: 0, start: 0 };

    const fn base(&self) -> usize {
        self.base
    }

    const fn skip(&self) -> usize {
        self.start - self.base
    }
}

/// Without blocks, all of it is.
#[cfg(not(feature = "block"))]
#[derive(Debug)]
struct Window;

#[cfg(not(feature = "block"))]
impl Window {
    const WHOLE: Self = Self;

    const fn base(&self) -> usize {
        0
    }

    const fn skip(&self) -> usize {
        0
    }
}

/// Offset basis and prime of the 32-bit FNV-1a hash.
const FNV: (u32, u32) = (0x811c_9dc5, 0x0100_0193);

impl<'b> Writer<'b> {
    /// A writer that fills `buf` from its start.
    #[must_use]
    pub const fn new(buf: &'b mut [u8]) -> Self {
        Self {
            buf,
            window: Window::WHOLE,
            at: 0,
            hash: FNV.0,
        }
    }

    /// A writer that keeps only what lies `start` bytes or more from the beginning of the whole output (feature `block`).
    ///
    /// `buf` should be eight bytes longer than the block that is wanted.
    #[cfg(feature = "block")]
    #[must_use]
    pub const fn window(buf: &'b mut [u8], start: usize) -> Self {
        let base = start.saturating_sub(SLACK);
        Self {
            buf,
            window: Window { base, start },
            at: 0usize.wrapping_sub(base),
            hash: FNV.0,
        }
    }

    /// A writer that stores nothing and only counts.
    #[must_use]
    pub const fn counting() -> Self {
        Self {
            buf: &mut [],
            window: Window::WHOLE,
            at: 0,
            hash: FNV.0,
        }
    }

    /// The size of the whole output so far, stored or not.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.window.base().wrapping_add(self.at)
    }

    /// Whether nothing has been written.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether some of the output lies behind the end of the slice.
    #[must_use]
    pub const fn is_cut(&self) -> bool {
        self.len() > self.window.base() + self.buf.len()
    }

    /// Where in the slice the output ends; its end where some lies behind it.
    const fn end_in_slice(&self) -> usize {
        let end = self.len().saturating_sub(self.window.base());
        if end < self.buf.len() {
            end
        } else {
            self.buf.len()
        }
    }

    /// Appends one byte.
    #[inline(never)]
    pub fn u8(&mut self, byte: u8) {
        match self.buf.get_mut(self.at) {
            Some(slot) => {
                *slot = byte;
                self.at += 1;
            }
            None => self.pass_byte(byte),
        }
    }

    /// Appends `bytes`.
    pub fn bytes(&mut self, bytes: &[u8]) {
        match self.room(bytes.len()) {
            Some(room) => copy(room, bytes),
            None => self.pass(bytes),
        }
    }

    /// The next `len` bytes of the slice, to be filled by the caller; `None`, and nothing is appended, where not all of
    /// them lie in the slice.
    #[inline(always)]
    pub(crate) fn room(&mut self, len: usize) -> Option<&mut [u8]> {
        let end = self.at.wrapping_add(len);
        let room = self.buf.get_mut(self.at..end)?;
        self.at = end;
        Some(room)
    }

    /// Appends bytes of which some lie outside the slice.
    #[cold]
    #[inline(never)]
    fn pass(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.u8(byte);
        }
    }

    /// Appends a byte that lies outside the slice.
    #[cold]
    #[inline(never)]
    fn pass_byte(&mut self, byte: u8) {
        self.hash = (self.hash ^ u32::from(byte)).wrapping_mul(FNV.1);
        self.at = self.at.wrapping_add(1);
    }

    /// Appends the lower `len` bytes (at most 8) of `value`, most significant first.
    pub fn uint(&mut self, value: u64, len: usize) {
        let bytes = value.to_be_bytes();
        if let Some(bytes) = bytes.get(8usize.saturating_sub(len)..) {
            self.bytes(bytes);
        }
    }

    /// Overwrites the byte at offset `at` of the whole output, which must have been written.
    #[inline(never)]
    pub fn patch(&mut self, at: usize, byte: u8) {
        if let Some(slot) = at
            .checked_sub(self.window.base())
            .and_then(|at| self.buf.get_mut(at))
        {
            *slot = byte;
        }
    }

    /// Opens a gap of `len` bytes (at most 3 for one container) at offset `at` by moving what follows; the gap is to
    /// be filled with [`patch`](Self::patch).
    pub fn insert(&mut self, at: usize, len: usize) {
        let end = self.end_in_slice().min(self.buf.len().saturating_sub(len));
        let from = at.saturating_sub(self.window.base());
        shift(self.buf, from..end, from.saturating_add(len));
        self.at = self.at.wrapping_add(len);
    }

    /// Goes back to offset `len` of the whole output; what was written behind it is forgotten.
    pub const fn truncate(&mut self, len: usize) {
        if len < self.len() {
            self.at = len.wrapping_sub(self.window.base());
        }
    }

    /// Ends the output and returns what is stored, from the beginning of the slice.
    #[must_use]
    pub fn into_stored(self) -> &'b [u8] {
        let stored = self.end_in_slice();
        self.buf.get(..stored).unwrap_or(&[])
    }

    /// Ends the output.
    ///
    /// The stored bytes, moved to the front of the slice where a window was asked for: their number, and the size of
    /// the whole output.
    #[must_use]
    pub fn finish(mut self) -> Written {
        self.end()
    }

    /// The same for a writer that lies in something larger, which need not be moved.
    pub(crate) fn end(&mut self) -> Written {
        let skip = self.window.skip();
        let end = self.end_in_slice();
        let stored = end.saturating_sub(skip);
        if skip > 0
            && let Some(kept) = self.buf.get_mut(..end)
        {
            shift(kept, skip..end, 0);
        }
        Written {
            stored,
            total: self.len(),
            hash: self.hash,
        }
    }
}

/// Copies `src` to `dst`, which has the same length.
///
/// What is written is mostly short and seldom aligned, where the target's `memcpy` takes 50 instructions and then four
/// a byte (`compiler_builtins` on Cortex-M33). Four words a round are one a byte, and are not taken for a `memcpy` by
/// the optimiser as a loop over single words is.
#[inline(always)]
pub(crate) fn copy(mut dst: &mut [u8], mut src: &[u8]) {
    while let Some((s, src_rest)) = src.split_first_chunk::<16>()
        && let Some((d, dst_rest)) = mem::take(&mut dst).split_first_chunk_mut::<16>()
    {
        let (mut d, mut s) = (&mut d[..], &s[..]);
        copy_front::<4>(&mut d, &mut s);
        copy_front::<4>(&mut d, &mut s);
        copy_front::<4>(&mut d, &mut s);
        copy_front::<4>(&mut d, &mut s);
        (dst, src) = (dst_rest, src_rest);
    }
    copy_front::<8>(&mut dst, &mut src);
    copy_front::<4>(&mut dst, &mut src);
    copy_front::<2>(&mut dst, &mut src);
    copy_front::<1>(&mut dst, &mut src);
}

/// Copies `N` bytes, if there are as many, and leaves what lies behind them.
#[inline(always)]
fn copy_front<const N: usize>(dst: &mut &mut [u8], src: &mut &[u8]) {
    if let Some((s, src_rest)) = src.split_first_chunk::<N>()
        && let Some((d, dst_rest)) = mem::take(dst).split_first_chunk_mut()
    {
        *d = *s;
        (*dst, *src) = (dst_rest, src_rest);
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

    /// Every length of what is copied.
    #[test]
    fn bytes_are_copied_whatever_their_number() {
        let bytes: [u8; 70] = core::array::from_fn(|i| i as u8);
        for len in 0..bytes.len() {
            let mut buf = [0xEE; 72];
            let mut writer = Writer::new(&mut buf);
            writer.u8(0xAA);
            writer.bytes(&bytes[..len]);
            writer.u8(0xBB);
            assert!(writer.finish().is_whole());
            assert_eq!(&buf[1..=len], &bytes[..len]);
            assert_eq!((buf[0], buf[len + 1]), (0xAA, 0xBB));
            assert!(buf[len + 2..].iter().all(|&byte| byte == 0xEE));
        }
    }

    #[cfg(feature = "block")]
    #[test]
    fn bytes_are_copied_into_a_window_that_lies_inside() {
        let bytes: [u8; 70] = core::array::from_fn(|i| i as u8);
        let mut buf = [0; 10 + SLACK];
        let mut writer = Writer::window(&mut buf, 30);
        writer.bytes(&bytes);
        assert_eq!(writer.finish().total, 70);
        assert_eq!(buf[..10], bytes[30..40]);
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
    #[cfg(feature = "block")]
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
