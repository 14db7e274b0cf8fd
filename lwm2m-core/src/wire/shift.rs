//! Moving bytes inside a slice.

use core::{cell::Cell, ops::Range};

/// Copies the bytes of `from` to where `to` is; the two may overlap. Nothing happens when either is not inside `bytes`.
///
/// Byte by byte, because the `memmove` of the target takes 1,600 bytes of flash, and messages are short.
#[inline(never)]
pub(crate) fn shift(bytes: &mut [u8], from: Range<usize>, to: usize) {
    let bytes = Cell::from_mut(bytes).as_slice_of_cells();
    let down = to < from.start;
    let Some(source) = bytes.get(from) else {
        return;
    };
    let Some(target) = bytes.get(to..).and_then(|rest| rest.get(..source.len())) else {
        return;
    };
    let pairs = target.iter().zip(source);
    // The first to be overwritten is the first to be read.
    if down {
        pairs.for_each(move_byte);
    } else {
        pairs.rev().for_each(move_byte);
    }
}

fn move_byte((target, source): (&Cell<u8>, &Cell<u8>)) {
    target.set(source.get());
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
    fn every_move_is_that_of_the_standard_library() {
        let bytes: [u8; 24] = core::array::from_fn(|i| i as u8);
        for start in 0..bytes.len() {
            for end in start..=bytes.len() {
                for to in 0..=bytes.len() - (end - start) {
                    let (mut ours, mut theirs) = (bytes, bytes);
                    shift(&mut ours, start..end, to);
                    theirs.copy_within(start..end, to);
                    assert_eq!(ours, theirs, "{start}..{end} to {to}");
                }
            }
        }
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
