//! Bytes on their way.

/// Up to `N` bytes that wait to be taken.
pub(super) struct Bytes<const N: usize> {
    bytes: [u8; N],
    start: usize,
    end: usize,
}

impl<const N: usize> Bytes<N> {
    pub(super) const EMPTY: Self = Self {
        bytes: [0; N],
        start: 0,
        end: 0,
    };

    pub(super) fn clear(&mut self) {
        self.start = 0;
        self.end = 0;
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Bytes that can be put in.
    pub(super) const fn room(&self) -> usize {
        N.saturating_sub(self.end)
    }

    pub(super) fn waiting(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// Puts in as many of `bytes` as there is room for, and says how many.
    pub(super) fn put(&mut self, bytes: &[u8]) -> usize {
        let len = bytes.len().min(self.room());
        let end = self.end.saturating_add(len);
        let (Some(to), Some(from)) = (self.bytes.get_mut(self.end..end), bytes.get(..len)) else {
            return 0;
        };
        to.copy_from_slice(from);
        self.end = end;
        len
    }

    /// Takes as many bytes out as there are, or as `to` is long, and says how many.
    pub(super) fn take(&mut self, to: &mut [u8]) -> usize {
        let len = to.len().min(self.waiting().len());
        let (Some(to), Some(from)) = (to.get_mut(..len), self.waiting().get(..len)) else {
            return 0;
        };
        to.copy_from_slice(from);
        self.skip(len);
        len
    }

    /// Forgets the first `len` bytes.
    pub(super) fn skip(&mut self, len: usize) {
        self.start = self.start.saturating_add(len).min(self.end);
        if self.is_empty() {
            self.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_in_comes_out_in_order_and_no_more_than_fits() {
        let mut bytes = Bytes::<4>::EMPTY;
        assert_eq!(bytes.put(b"abc"), 3);
        assert_eq!(bytes.put(b"def"), 1);
        let mut out = [0; 3];
        assert_eq!(bytes.take(&mut out), 3);
        assert_eq!(
            (&out, bytes.waiting(), bytes.room()),
            (b"abc", &b"d"[..], 0)
        );
        bytes.skip(9);
        assert_eq!((bytes.is_empty(), bytes.room()), (true, 4));
        assert_eq!(bytes.put(b"wxyz"), 4);
        assert_eq!(bytes.waiting(), b"wxyz");
    }
}
