//! Writing CBOR.

use super::major;
use crate::wire::{float::Format, writer::Writer};

/// What an item begins with, or all of a number: the initial byte, and an argument of 0, 1, 2, 4 or 8 bytes behind it.
#[derive(Clone, Copy)]
pub(in crate::wire) struct Head {
    initial: u8,
    len: u8,
    argument: u64,
}

impl Head {
    /// An item of type `major`.
    pub(in crate::wire) const fn new(major: u8, argument: u64) -> Self {
        let (info, len) = if argument >> 32 != 0 {
            (27, 8)
        } else {
            match argument as u32 {
                0..24 => (argument as u8, 0),
                24..0x100 => (24, 1),
                0x100..0x1_0000 => (25, 2),
                _ => (26, 4),
            }
        };
        Self {
            initial: major | info,
            len,
            argument,
        }
    }

    /// A float.
    pub(in crate::wire) fn float(value: f64) -> Self {
        let (info, len, argument) = if let Some(half) = Format::HALF.write(value) {
            (25, 2, half.into())
        } else if let Some(single) = Format::SINGLE.write(value) {
            (26, 4, single.into())
        } else {
            (27, 8, value.to_bits())
        };
        Self {
            initial: major::SIMPLE | info,
            len,
            argument,
        }
    }

    /// Writes it behind `label`, which is an item of one byte.
    #[inline]
    pub(in crate::wire) fn write_labelled(self, writer: &mut Writer<'_>, label: u8) {
        if let Some([first, initial, behind @ ..]) = writer.room(2 + usize::from(self.len)) {
            *first = label;
            *initial = self.initial;
            let mut rest = self.argument;
            for byte in behind.iter_mut().rev() {
                *byte = rest as u8;
                rest >>= 8;
            }
        } else {
            writer.u8(label);
            writer.u8(self.initial);
            writer.uint(self.argument, self.len.into());
        }
    }

    #[inline(never)]
    fn write(self, writer: &mut Writer<'_>) {
        writer.u8(self.initial);
        writer.uint(self.argument, self.len.into());
    }
}

/// Major type and argument of an integer.
#[inline]
pub(in crate::wire) const fn integer(value: i64) -> (u8, u64) {
    // -1 has the argument 0, -2 has 1.
    if value < 0 {
        (major::NEGATIVE, !value as u64)
    } else {
        (major::UNSIGNED, value as u64)
    }
}

/// Argument of a boolean, whose major type is [`major::SIMPLE`].
pub(in crate::wire) const fn boolean(value: bool) -> u64 {
    20 + value as u64
}

/// Writes an unsigned integer.
pub fn write_u64(writer: &mut Writer<'_>, value: u64) {
    Head::new(major::UNSIGNED, value).write(writer);
}

/// Writes an integer.
pub fn write_i64(writer: &mut Writer<'_>, value: i64) {
    let (major, argument) = integer(value);
    Head::new(major, argument).write(writer);
}

/// Writes a float in the narrowest of half, single and double precision that holds it exactly.
pub fn write_f64(writer: &mut Writer<'_>, value: f64) {
    Head::float(value).write(writer);
}

/// Writes a boolean.
pub fn write_bool(writer: &mut Writer<'_>, value: bool) {
    Head::new(major::SIMPLE, boolean(value)).write(writer);
}

/// Writes a byte string.
pub fn write_bytes(writer: &mut Writer<'_>, value: &[u8]) {
    Head::new(major::BYTES, value.len() as u64).write(writer);
    writer.bytes(value);
}

/// Writes a text string, which must be UTF-8.
pub fn write_text(writer: &mut Writer<'_>, value: &[u8]) {
    Head::new(major::TEXT, value.len() as u64).write(writer);
    writer.bytes(value);
}

/// Writes the header of an array of `count` items, which follow.
pub fn write_array(writer: &mut Writer<'_>, count: usize) {
    Head::new(major::ARRAY, count as u64).write(writer);
}

/// Writes the header of a map of `count` pairs, which follow.
pub fn write_map(writer: &mut Writer<'_>, count: usize) {
    Head::new(major::MAP, count as u64).write(writer);
}

/// An array, map or text that was opened and waits to be closed.
#[derive(Clone, Copy, Debug)]
#[must_use = "what is not closed has no length"]
pub struct Mark {
    at: usize,
    major: u8,
}

/// Begins an array of unknown length; its items follow, then [`close`].
pub fn open_array(writer: &mut Writer<'_>) -> Mark {
    open(writer, major::ARRAY)
}

/// Begins a map of unknown length; its pairs follow, then [`close`].
pub fn open_map(writer: &mut Writer<'_>) -> Mark {
    open(writer, major::MAP)
}

/// Begins a text of unknown length; its bytes follow, then [`close_text`].
pub fn open_text(writer: &mut Writer<'_>) -> Mark {
    open(writer, major::TEXT)
}

/// Ends the array or map that `mark` began, of `count` (below 65536) items or pairs; from 24 up, what was written since
/// moves up.
#[inline]
pub fn close(writer: &mut Writer<'_>, mark: Mark, count: usize) {
    if count < 24 {
        writer.patch(mark.at, mark.major | count as u8);
    } else {
        close_long(writer, mark, count);
    }
}

fn close_long(writer: &mut Writer<'_>, mark: Mark, count: usize) {
    let Mark { at, major } = mark;
    if count < 0x100 {
        writer.insert(at + 1, 1);
        writer.patch(at, major | 24);
        writer.patch(at + 1, count as u8);
    } else {
        writer.insert(at + 1, 2);
        writer.patch(at, major | 25);
        writer.patch(at + 1, (count >> 8) as u8);
        writer.patch(at + 2, count as u8);
    }
}

/// Ends the text that `mark` began, of less than 65536 bytes.
pub fn close_text(writer: &mut Writer<'_>, mark: Mark) {
    let len = writer.len() - mark.at - 1;
    close(writer, mark, len);
}

#[inline]
fn open(writer: &mut Writer<'_>, major: u8) -> Mark {
    let at = writer.len();
    writer.u8(major);
    Mark { at, major }
}
