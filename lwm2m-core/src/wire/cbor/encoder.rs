//! Writing CBOR.

use super::major;
use crate::wire::{number, writer::Writer};

/// Writes an unsigned integer.
pub fn write_u64(writer: &mut Writer<'_>, value: u64) {
    header(writer, major::UNSIGNED, value);
}

/// Writes an integer.
pub fn write_i64(writer: &mut Writer<'_>, value: i64) {
    if value < 0 {
        header(writer, major::NEGATIVE, !value as u64);
    } else {
        header(writer, major::UNSIGNED, value as u64);
    }
}

/// Writes a float in the narrowest of half, single and double precision that holds it exactly.
pub fn write_f64(writer: &mut Writer<'_>, value: f64) {
    match number::exact_f32(value) {
        None => {
            writer.u8(major::SIMPLE | 27);
            writer.uint(value.to_bits(), 8);
        }
        Some(single) => match exact_half(single) {
            None => {
                writer.u8(major::SIMPLE | 26);
                writer.uint(single.to_bits().into(), 4);
            }
            Some(half) => {
                writer.u8(major::SIMPLE | 25);
                writer.uint(half.into(), 2);
            }
        },
    }
}

/// Writes a boolean.
pub fn write_bool(writer: &mut Writer<'_>, value: bool) {
    writer.u8(major::SIMPLE | (20 + u8::from(value)));
}

/// Writes a byte string.
pub fn write_bytes(writer: &mut Writer<'_>, value: &[u8]) {
    header(writer, major::BYTES, value.len() as u64);
    writer.bytes(value);
}

/// Writes a text string, which must be UTF-8.
pub fn write_text(writer: &mut Writer<'_>, value: &[u8]) {
    header(writer, major::TEXT, value.len() as u64);
    writer.bytes(value);
}

/// Writes the header of an array of `count` items, which follow.
pub fn write_array(writer: &mut Writer<'_>, count: usize) {
    header(writer, major::ARRAY, count as u64);
}

/// Writes the header of a map of `count` pairs, which follow.
pub fn write_map(writer: &mut Writer<'_>, count: usize) {
    header(writer, major::MAP, count as u64);
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

#[inline]
fn header(writer: &mut Writer<'_>, major: u8, argument: u64) {
    if argument < 24 {
        writer.u8(major | argument as u8);
    } else {
        long_header(writer, major, argument);
    }
}

fn long_header(writer: &mut Writer<'_>, major: u8, argument: u64) {
    match u32::try_from(argument) {
        Ok(argument) => header_of_u32(writer, major, argument),
        Err(_) => {
            writer.u8(major | 27);
            writer.uint(argument, 8);
        }
    }
}

fn header_of_u32(writer: &mut Writer<'_>, major: u8, argument: u32) {
    let [.., high, low] = argument.to_be_bytes();
    match argument {
        0..0x100 => {
            writer.u8(major | 24);
            writer.u8(low);
        }
        0x100..0x1_0000 => {
            writer.u8(major | 25);
            writer.u8(high);
            writer.u8(low);
        }
        _ => {
            writer.u8(major | 26);
            writer.bytes(&argument.to_be_bytes());
        }
    }
}

/// `value` in half precision, where that holds it exactly.
const fn exact_half(value: f32) -> Option<u16> {
    let bits = value.to_bits();
    let sign = (bits >> 16) as u16 & 0x8000;
    let exponent = (bits >> 23 & 0xff) as i32 - 127;
    let fraction = bits & 0x7f_ffff;
    // What is kept of the fraction, and how many bits of `whole` are dropped for it.
    let (head, whole, dropped) = match exponent {
        -127 => (0, fraction, 23),
        -24..=-15 => (0, fraction | 0x80_0000, (-1 - exponent) as u32),
        -14..=15 => ((exponent + 15) as u32, fraction, 13),
        128 => (31, fraction, 13),
        _ => return None,
    };
    if whole & ((1 << dropped) - 1) != 0 {
        return None;
    }
    Some(sign | (head << 10 | whole >> dropped) as u16)
}
