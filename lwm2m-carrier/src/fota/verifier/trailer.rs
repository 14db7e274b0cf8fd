//! The last bytes of a package, which say something about those before.

/// Parts a package, as it comes, into content and the `N` bytes of its trailer.
#[derive(Clone, Debug)]
pub(super) struct Trailer<const N: usize> {
    /// Bytes of the content that have not come yet; `None` if the package is shorter than its trailer.
    content: Option<u32>,
    bytes: [u8; N],
    /// Bytes of the trailer that have come.
    filled: usize,
    /// There was more than the package's length.
    overrun: bool,
}

impl<const N: usize> Trailer<N> {
    /// For a package of `size` bytes.
    pub(super) fn new(size: u32) -> Self {
        Self {
            content: u32::try_from(N).ok().and_then(|n| size.checked_sub(n)),
            bytes: [0; N],
            filled: 0,
            overrun: false,
        }
    }

    /// Takes the next bytes, and answers those that are content.
    pub(super) fn split<'p>(&mut self, part: &'p [u8]) -> &'p [u8] {
        let Some(left) = self.content else {
            return &[];
        };
        let count = part.len().min(left as usize);
        let (content, rest) = part.split_at_checked(count).unwrap_or((part, &[]));
        self.content = Some(left.saturating_sub(count as u32));
        let room = self.bytes.get_mut(self.filled..).unwrap_or_default();
        self.overrun |= rest.len() > room.len();
        for (to, from) in room.iter_mut().zip(rest) {
            *to = *from;
            self.filled = self.filled.saturating_add(1);
        }
        content
    }

    /// The trailer, if the package has come in its whole length, and no more.
    pub(super) fn complete(&self) -> Option<&[u8; N]> {
        let complete = self.content == Some(0) && self.filled == N && !self.overrun;
        complete.then_some(&self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Content and trailer of `part`, cut in two at `cut`.
    fn parted(size: u32, bytes: &[u8], cut: usize) -> (heapless::Vec<u8, 16>, Option<[u8; 3]>) {
        let mut trailer = Trailer::<3>::new(size);
        let mut content = heapless::Vec::new();
        let (first, second) = bytes.split_at(cut);
        for part in [first, second] {
            content.extend_from_slice(trailer.split(part)).unwrap();
        }
        (content, trailer.complete().copied())
    }

    #[test]
    fn the_trailer_is_held_back_wherever_parts_end() {
        for cut in 0..=8 {
            let (content, trailer) = parted(8, b"contentx", cut);
            assert_eq!((&*content, trailer), (&b"conte"[..], Some(*b"ntx")));
        }
    }

    #[test]
    fn another_length_than_announced_is_not_complete() {
        assert_eq!(parted(3, b"abc", 1).1, Some(*b"abc"));
        for (size, bytes) in [
            (2, &b"ab"[..]),
            (0, b""),
            (9, b"contentx"),
            (7, b"contentx"),
            (3, b"ab"),
        ] {
            assert_eq!(parted(size, bytes, bytes.len() / 2).1, None, "{size}");
        }
    }
}
