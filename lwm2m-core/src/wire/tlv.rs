//! TLV, content format 11542 (LwM2M Core 1.1.1, section 7.4.3).
//!
//! Reading goes level by level: [`Tlvs`] yields the entries of one level, and the value of an object instance or of a
//! multiple resource is read with another [`Tlvs`]. What stands behind the length bits that a form does not use is
//! ignored, and lengths and identifiers that could have been shorter are accepted.

use super::{Malformed, float::Format, reader::Reader, writer::Writer};

/// What an entry stands for: bits 7 and 6 of its type byte.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[expect(clippy::exhaustive_enums, reason = "two bits")]
pub enum Kind {
    /// An object instance; its value is resources.
    ObjectInstance = 0x00,
    /// One value of a multiple resource.
    ResourceInstance = 0x40,
    /// A multiple resource; its value is resource instances.
    MultipleResource = 0x80,
    /// A resource with one value.
    Resource = 0xc0,
}

/// Type byte, bit 5: the identifier has 16 bits.
const WIDE_ID: u8 = 0x20;
/// Type byte, bits 4 and 3: number of length bytes; 0 where bits 2 to 0 hold the length.
const LENGTH_SHIFT: u8 = 3;
/// Largest length that needs no length byte.
const INLINE: usize = 7;

/// One entry.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Tlv<'a> {
    /// What the entry stands for.
    pub kind: Kind,
    /// Identifier of the object instance, resource or resource instance.
    pub id: u16,
    /// The value, or the entries of the next level.
    pub value: &'a [u8],
}

impl<'a> Tlv<'a> {
    /// Reads the entry at the front of `reader`.
    ///
    /// # Errors
    ///
    /// [`Malformed`] where the entry is cut short.
    pub fn read(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        let header = Header::next(reader)?;
        let value = reader.take(header.value_len)?;
        Ok(Self {
            kind: header.kind,
            id: header.id,
            value,
        })
    }

    /// The entries of the next level, for an object instance or a multiple resource.
    #[must_use]
    pub const fn entries(&self) -> Tlvs<'a> {
        Tlvs::new(self.value)
    }
}

/// The header of an entry whose value may come later.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Header {
    /// What the entry stands for.
    pub kind: Kind,
    /// Identifier of the object instance, resource or resource instance.
    pub id: u16,
    /// Bytes of the value.
    pub value_len: usize,
    /// Bytes of the header itself.
    pub len: usize,
}

impl Header {
    /// Reads the header at the front of `bytes`.
    ///
    /// # Errors
    ///
    /// [`Malformed`] where it is cut short.
    pub fn read(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let mut header = Self::next(&mut reader)?;
        header.len = bytes.len() - reader.rest().len();
        Ok(header)
    }

    #[inline]
    fn next(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let first = reader.u8()?;
        let kind = match first & 0xc0 {
            0x00 => Kind::ObjectInstance,
            0x40 => Kind::ResourceInstance,
            0x80 => Kind::MultipleResource,
            _ => Kind::Resource,
        };
        let mut id = u16::from(reader.u8()?);
        if first & WIDE_ID != 0 {
            id = id << 8 | u16::from(reader.u8()?);
        }
        let mut len = usize::from(first & 0x07);
        let length_bytes = first >> LENGTH_SHIFT & 0x03;
        if length_bytes != 0 {
            len = 0;
            for _ in 0..length_bytes {
                len = len << 8 | usize::from(reader.u8()?);
            }
        }
        Ok(Self {
            kind,
            id,
            value_len: len,
            len: 0,
        })
    }
}

/// The entries of one level; ends after the first error.
#[derive(Clone, Debug)]
pub struct Tlvs<'a> {
    reader: Reader<'a>,
}

impl<'a> Tlvs<'a> {
    /// The entries in `bytes`: a whole payload, or the value of a container.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self {
            reader: Reader::new(bytes),
        }
    }

    /// Whether nothing is left.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.reader.is_empty()
    }
}

impl<'a> Iterator for Tlvs<'a> {
    type Item = Result<Tlv<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.reader.is_empty() {
            return None;
        }
        let entry = Tlv::read(&mut self.reader);
        if entry.is_err() {
            self.reader = Reader::new(&[]);
        }
        Some(entry)
    }
}

/// Writes the header of an entry whose value has `len` bytes (below 2^24).
pub fn write_header(writer: &mut Writer<'_>, kind: Kind, id: u16, len: usize) {
    let first = kind as u8 | wide_id(id);
    let length_bytes = length_bytes(len);
    if length_bytes == 0 {
        return write_id(writer, first | len as u8, id);
    }
    write_id(writer, first | (length_bytes as u8) << LENGTH_SHIFT, id);
    for place in (0..length_bytes).rev() {
        writer.u8((len >> (8 * place)) as u8);
    }
}

/// An entry that was opened and waits for [`close`].
#[derive(Clone, Copy, Debug)]
#[must_use = "an entry that is not closed has no length"]
pub struct Mark {
    at: usize,
    first: u8,
}

impl Mark {
    /// The mark of an entry that was opened at offset `at`.
    pub(crate) const fn new(at: usize, kind: Kind, id: u16) -> Self {
        Self {
            at,
            first: kind as u8 | wide_id(id),
        }
    }
}

/// Begins an entry whose length is not known yet; its value follows, then [`close`].
pub fn open(writer: &mut Writer<'_>, kind: Kind, id: u16) -> Mark {
    let mark = Mark::new(writer.len(), kind, id);
    write_id(writer, mark.first, id);
    mark
}

/// Ends the entry that `mark` began: writes its length, for which a value of 8 bytes or more moves up.
pub fn close(writer: &mut Writer<'_>, mark: Mark) {
    let body = mark.at + 2 + usize::from(mark.first & WIDE_ID != 0);
    let len = writer.len().saturating_sub(body);
    let length_bytes = length_bytes(len);
    let mut first = mark.first | len as u8;
    if length_bytes > 0 {
        writer.insert(body, length_bytes);
        first = mark.first | (length_bytes as u8) << LENGTH_SHIFT;
    }
    writer.patch(mark.at, first);
    let mut rest = len;
    for at in (body..body + length_bytes).rev() {
        writer.patch(at, rest as u8);
        rest >>= 8;
    }
}

/// Writes a string or opaque value.
pub fn write_bytes(writer: &mut Writer<'_>, kind: Kind, id: u16, value: &[u8]) {
    write_header(writer, kind, id, value.len());
    writer.bytes(value);
}

/// Writes an integer or a time in 1, 2, 4 or 8 bytes of two's complement, as few as hold it.
pub fn write_i64(writer: &mut Writer<'_>, kind: Kind, id: u16, value: i64) {
    let low = value as i32;
    let len = if i64::from(low) != value {
        8
    } else if i32::from(low as i16) != low {
        4
    } else if i32::from(low as i8) != low {
        2
    } else {
        1
    };
    write_number(writer, kind, id, len, value as u64);
}

/// Writes an unsigned integer in 1, 2, 4 or 8 bytes.
///
/// The top bit stays clear below 2^63: a peer that knows only signed integers (LwM2M 1.0) reads the same number.
pub fn write_u64(writer: &mut Writer<'_>, kind: Kind, id: u16, value: u64) {
    match i64::try_from(value) {
        Ok(value) => write_i64(writer, kind, id, value),
        Err(_) => write_number(writer, kind, id, 8, value),
    }
}

/// Writes a float in 4 bytes where they hold it exactly, else in 8.
#[inline(never)]
pub fn write_f64(writer: &mut Writer<'_>, kind: Kind, id: u16, value: f64) {
    let (bits, len) = match Format::SINGLE.write(value) {
        Some(single) => (u64::from(single), 4),
        None => (value.to_bits(), 8),
    };
    write_number(writer, kind, id, len, bits);
}

/// Writes a boolean.
pub fn write_bool(writer: &mut Writer<'_>, kind: Kind, id: u16, value: bool) {
    write_number(writer, kind, id, 1, value.into());
}

/// Writes an object link.
pub fn write_object_link(writer: &mut Writer<'_>, kind: Kind, id: u16, object: u16, instance: u16) {
    let value = u64::from(object) << 16 | u64::from(instance);
    write_number(writer, kind, id, 4, value);
}

/// Writes an entry whose value is the lower `len` bytes (at most 8) of `value`.
// The value is last, where the callers have theirs: they jump here and leave nothing on the stack.
#[inline(never)]
fn write_number(writer: &mut Writer<'_>, kind: Kind, id: u16, len: usize, value: u64) {
    // Most entries: a header of two bytes, and room for all of it.
    if id <= 0xff
        && len <= INLINE
        && let Some([first, short_id, room @ ..]) = writer.room(2 + len)
    {
        *first = kind as u8 | len as u8;
        *short_id = id as u8;
        let mut rest = value as u32;
        for byte in room.iter_mut().rev() {
            *byte = rest as u8;
            rest >>= 8;
        }
    } else {
        write_header(writer, kind, id, len);
        writer.uint(value, len);
    }
}

/// Reads an integer: 1, 2, 4 or 8 bytes of two's complement.
///
/// # Errors
///
/// [`Malformed`] for any other length, zero included.
pub const fn read_i64(value: &[u8]) -> Result<i64, Malformed> {
    Ok(match *value {
        [a] => a as i8 as i64,
        [a, b] => i16::from_be_bytes([a, b]) as i64,
        [a, b, c, d] => i32::from_be_bytes([a, b, c, d]) as i64,
        [a, b, c, d, e, f, g, h] => i64::from_be_bytes([a, b, c, d, e, f, g, h]),
        _ => return Err(Malformed),
    })
}

/// Reads an unsigned integer: 1, 2, 4 or 8 bytes.
///
/// # Errors
///
/// [`Malformed`] for any other length, zero included.
pub fn read_u64(value: &[u8]) -> Result<u64, Malformed> {
    let extended = read_i64(value)? as u64;
    Ok(match value.len() {
        1 => extended & 0xff,
        2 => extended & 0xffff,
        4 => extended & 0xffff_ffff,
        _ => extended,
    })
}

/// Reads a time: an integer, except that four bytes count from 1970 to 2106.
///
/// Servers are met that cut every time to four bytes and mean those after January 2038 too; a time before 1970 has no
/// use in LwM2M.
///
/// # Errors
///
/// As [`read_i64`].
pub fn read_time(value: &[u8]) -> Result<i64, Malformed> {
    match *value {
        [a, b, c, d] => Ok(u32::from_be_bytes([a, b, c, d]).into()),
        _ => read_i64(value),
    }
}

/// Reads a float of 4 or 8 bytes.
///
/// # Errors
///
/// [`Malformed`] for any other length, zero included.
pub fn read_f64(value: &[u8]) -> Result<f64, Malformed> {
    match *value {
        [a, b, c, d] => Ok(Format::SINGLE.read(u32::from_be_bytes([a, b, c, d]))),
        [a, b, c, d, e, f, g, h] => Ok(f64::from_be_bytes([a, b, c, d, e, f, g, h])),
        _ => Err(Malformed),
    }
}

/// Reads a boolean: one byte, 0 or 1.
///
/// # Errors
///
/// [`Malformed`] for any other value.
pub const fn read_bool(value: &[u8]) -> Result<bool, Malformed> {
    match value {
        [0] => Ok(false),
        [1] => Ok(true),
        _ => Err(Malformed),
    }
}

/// Reads an object link: the ids of the object and of its instance.
///
/// # Errors
///
/// [`Malformed`] where the length is not four bytes.
pub fn read_object_link(value: &[u8]) -> Result<(u16, u16), Malformed> {
    match *value {
        [a, b, c, d] => Ok((u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]))),
        _ => Err(Malformed),
    }
}

const fn wide_id(id: u16) -> u8 {
    if id > 0xff { WIDE_ID } else { 0 }
}

#[inline(never)]
fn write_id(writer: &mut Writer<'_>, first: u8, id: u16) {
    if first & WIDE_ID == 0
        && let Some([kind, short_id]) = writer.room(2)
    {
        *kind = first;
        *short_id = id as u8;
        return;
    }
    writer.u8(first);
    if first & WIDE_ID != 0 {
        writer.u8((id >> 8) as u8);
    }
    writer.u8(id as u8);
}

/// How many length bytes a value of `len` bytes needs.
const fn length_bytes(len: usize) -> usize {
    match len {
        0..=INLINE => 0,
        8..=0xff => 1,
        0x100..=0xffff => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::{vec, vec::Vec};

    use proptest::prelude::*;

    use super::*;

    /// Device /3/0 of the example in Core 1.1.1, section 7.4.3.2.
    const DEVICE: &[u8] = b"\xc8\x00\x14Open Mobile Alliance\xc8\x01\x16Lightweight M2M Client\
        \xc8\x02\x09345000123\xc3\x031.0\x86\x06\x41\x00\x01\x41\x01\x05\
        \x88\x07\x08\x42\x00\x0e\xd8\x42\x01\x13\x88\x87\x08\x41\x00\x7d\x42\x01\x03\x84\
        \xc1\x09\x64\xc1\x0a\x0f\x83\x0b\x41\x00\x00\xc4\x0d\x51\x82\x42\x8f\
        \xc6\x0e+02:00\xc1\x10U";

    fn written(write: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
        let mut buf = vec![0; 70_000];
        let mut writer = Writer::new(&mut buf);
        write(&mut writer);
        let stored = writer.finish().stored;
        buf.truncate(stored);
        buf
    }

    fn multiple(writer: &mut Writer<'_>, id: u16, values: &[i64]) {
        let mark = open(writer, Kind::MultipleResource, id);
        for (instance, &value) in values.iter().enumerate() {
            write_i64(writer, Kind::ResourceInstance, instance as u16, value);
        }
        close(writer, mark);
    }

    #[test]
    fn the_example_of_the_specification_is_written() {
        let bytes = written(|w| {
            write_bytes(w, Kind::Resource, 0, b"Open Mobile Alliance");
            write_bytes(w, Kind::Resource, 1, b"Lightweight M2M Client");
            write_bytes(w, Kind::Resource, 2, b"345000123");
            write_bytes(w, Kind::Resource, 3, b"1.0");
            multiple(w, 6, &[1, 5]);
            multiple(w, 7, &[3800, 5000]);
            multiple(w, 8, &[125, 900]);
            write_i64(w, Kind::Resource, 9, 100);
            write_i64(w, Kind::Resource, 10, 15);
            multiple(w, 11, &[0]);
            write_i64(w, Kind::Resource, 13, 1_367_491_215);
            write_bytes(w, Kind::Resource, 14, b"+02:00");
            write_bytes(w, Kind::Resource, 16, b"U");
        });
        assert_eq!(bytes.len(), 121);
        assert_eq!(bytes, DEVICE);
    }

    #[test]
    fn the_example_of_the_specification_is_read() {
        let entries: Vec<_> = Tlvs::new(DEVICE).map(Result::unwrap).collect();
        assert_eq!(entries.len(), 13);
        assert_eq!(entries[0].value, b"Open Mobile Alliance");
        assert_eq!((entries[10].kind, entries[10].id), (Kind::Resource, 13));
        assert_eq!(read_time(entries[10].value), Ok(1_367_491_215));
        assert_eq!(
            (entries[5].kind, entries[5].id),
            (Kind::MultipleResource, 7)
        );
        let volts: Vec<_> = entries[5].entries().map(Result::unwrap).collect();
        assert_eq!((volts[1].kind, volts[1].id), (Kind::ResourceInstance, 1));
        assert_eq!(read_i64(volts[1].value), Ok(5000));
    }

    #[test]
    fn a_container_grows_by_the_length_bytes_that_it_needs() {
        for (len, header) in [
            (0, &[0x80, 6][..]),
            (7, &[0x87, 6]),
            (8, &[0x88, 6, 8]),
            (255, &[0x88, 6, 255]),
            (256, &[0x90, 6, 1, 0]),
            (65_535, &[0x90, 6, 255, 255]),
            (65_536, &[0x98, 6, 1, 0, 0]),
        ] {
            let body = vec![0xa5; len];
            let bytes = written(|w| {
                let mark = open(w, Kind::MultipleResource, 6);
                w.bytes(&body);
                close(w, mark);
            });
            assert_eq!(bytes, [header, &body].concat());
            assert_eq!(
                bytes,
                written(|w| write_bytes(w, Kind::MultipleResource, 6, &body))
            );
        }
        let wide = written(|w| {
            let mark = open(w, Kind::ObjectInstance, 0x0100);
            w.bytes(&[7; 9]);
            close(w, mark);
        });
        assert_eq!(&wide[..5], [0x28, 1, 0, 9, 7]);
    }

    /// Widths as Leshan and the specification have them.
    #[test]
    fn numbers_take_the_fewest_bytes() {
        let int = |value| written(|w| write_i64(w, Kind::Resource, 1, value));
        assert_eq!(int(127), [0xc1, 1, 0x7f]);
        assert_eq!(int(128), [0xc2, 1, 0x00, 0x80]);
        assert_eq!(int(-128), [0xc1, 1, 0x80]);
        assert_eq!(int(-32_769), [0xc4, 1, 0xff, 0xff, 0x7f, 0xff]);
        assert_eq!(int(1 << 31), [0xc8, 1, 8, 0, 0, 0, 0, 0x80, 0, 0, 0]);
        let uint = |value| written(|w| write_u64(w, Kind::Resource, 1, value));
        assert_eq!(uint(255), [0xc2, 1, 0x00, 0xff]);
        assert_eq!(uint(65_535), [0xc4, 1, 0, 0, 0xff, 0xff]);
        assert_eq!(
            uint(u64::MAX),
            [0xc8, 1, 8, 255, 255, 255, 255, 255, 255, 255, 255]
        );
        let float = |value| written(|w| write_f64(w, Kind::Resource, 1, value));
        assert_eq!(float(0.5), [0xc4, 1, 0x3f, 0, 0, 0]);
        assert_eq!(
            float(0.1),
            [0xc8, 1, 8, 0x3f, 0xb9, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a]
        );
        assert_eq!(float(f64::NAN)[..4], [0xc4, 1, 0x7f, 0xc0]);
        assert_eq!(float(1e300)[..3], [0xc8, 1, 8]);
        let link = written(|w| write_object_link(w, Kind::Resource, 1, 66, 65_535));
        assert_eq!(link, [0xc4, 1, 0, 66, 255, 255]);
    }

    #[test]
    fn values_are_read_or_refused() {
        assert_eq!(read_i64(&[0x80]), Ok(-128));
        assert_eq!(read_i64(&[0xff, 0x7f]), Ok(-129));
        assert_eq!(read_i64(&[0, 0, 0, 1]), Ok(1));
        assert_eq!(read_i64(&[0x80, 0, 0, 0, 0, 0, 0, 0]), Ok(i64::MIN));
        assert_eq!(read_u64(&[0x80]), Ok(128));
        assert_eq!(read_time(&[0x80, 0, 0, 0]), Ok(1 << 31));
        assert_eq!(read_time(&[0xff]), Ok(-1));
        for len in [0, 3, 5, 6, 7, 9] {
            let bytes = vec![0; len];
            assert_eq!(read_i64(&bytes), Err(Malformed), "{len}");
            assert_eq!(read_u64(&bytes), Err(Malformed), "{len}");
            assert_eq!(read_time(&bytes), Err(Malformed), "{len}");
            assert_eq!(read_f64(&bytes), Err(Malformed), "{len}");
            assert_eq!(read_object_link(&bytes), Err(Malformed), "{len}");
        }
        assert_eq!(read_f64(&[0xbf, 0x80, 0, 0]), Ok(-1.0));
        assert_eq!(read_bool(&[2]), Err(Malformed));
        assert_eq!(read_bool(&[]), Err(Malformed));
        assert_eq!(read_bool(&[0, 1]), Err(Malformed));
    }

    proptest! {
        #[test]
        fn no_input_trips_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let mut last = None;
            for entry in Tlvs::new(&bytes) {
                prop_assert!(last != Some(false), "goes on after an error");
                last = Some(entry.is_ok());
            }
        }

        #[test]
        fn entries_come_back(id: u16, number: i64, value in prop::collection::vec(any::<u8>(), 0..300)) {
            let bytes = written(|w| {
                write_i64(w, Kind::ResourceInstance, id, number);
                write_u64(w, Kind::ResourceInstance, id, number as u64);
                write_bytes(w, Kind::Resource, id, &value);
            });
            let entries: Vec<_> = Tlvs::new(&bytes).map(Result::unwrap).collect();
            prop_assert_eq!(read_i64(entries[0].value), Ok(number));
            prop_assert_eq!(read_u64(entries[1].value), Ok(number as u64));
            prop_assert_eq!(entries[2], Tlv { kind: Kind::Resource, id, value: &value });
            // Whatever is cut off, no entry is made up.
            let cut = Tlvs::new(&bytes[..bytes.len() - 1]).last().unwrap();
            prop_assert_eq!(cut, Err(Malformed));
        }
    }
}
