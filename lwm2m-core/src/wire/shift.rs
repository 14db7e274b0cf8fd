//! Moving bytes inside a slice.

use core::ops::Range;

/// Copies the bytes of `from` to where `to` is; the two may overlap. Nothing happens when either is not inside `bytes`.
///
/// All moves go through this one call: the compiler then puts `copy_within` in here, sees that its conditions hold, and
/// leaves its panics out of the image.
#[inline(never)]
pub(crate) fn shift(bytes: &mut [u8], from: Range<usize>, to: usize) {
    let Some(len) = from.end.checked_sub(from.start) else {
        return;
    };
    let Some(last) = bytes.len().checked_sub(len) else {
        return;
    };
    if from.start <= last && to <= last {
        bytes.copy_within(from.start..from.start + len, to);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_may_overlap() {
        let mut bytes = *b"abcdef";
        shift(&mut bytes, 0..4, 2);
        assert_eq!(&bytes, b"ababcd");
        shift(&mut bytes, 2..6, 0);
        assert_eq!(&bytes, b"abcdcd");
    }

    #[test]
    #[allow(
        clippy::reversed_empty_ranges,
        reason = "such a range is what is tested"
    )]
    fn nothing_moves_beyond_the_slice() {
        let mut bytes = *b"abcdef";
        for (from, to) in [(0..4, 3), (0..7, 0), (4..2, 0), (0..1, usize::MAX)] {
            shift(&mut bytes, from, to);
        }
        assert_eq!(&bytes, b"abcdef");
    }
}
