//! SenML CBOR, content format 112 (RFC 8428, section 6; LwM2M Core 1.1.1, section 7.4.6).
//!
//! Maps and arrays of either length form and keys in any order are read. A label that this module does not know is
//! passed over, except a text that ends in `_`: such a field changes what the record means (RFC 8428, section 4.4).
//! Base values and base sums do that too and are refused; so are two values in one record, and a label that comes
//! twice.

use super::{
    Malformed,
    cbor::{self, Decoder, Head, Item, Mark, Number, major},
    number,
    senml::{Name, RawValue, Record, VERSION},
    text,
    writer::Writer,
};
use crate::model::{Path, Value};

/// Labels (RFC 8428, table 4) in their encoding, which is one byte each.
mod label {
    pub(super) const BASE_SUM: u8 = 0x25;
    pub(super) const BASE_VALUE: u8 = 0x24;
    pub(super) const BASE_TIME: u8 = 0x22;
    pub(super) const BASE_NAME: u8 = 0x21;
    pub(super) const BASE_VERSION: u8 = 0x20;
    pub(super) const NAME: u8 = 0x00;
    pub(super) const VALUE: u8 = 0x02;
    pub(super) const STRING: u8 = 0x03;
    pub(super) const BOOL: u8 = 0x04;
    pub(super) const TIME: u8 = 0x06;
    pub(super) const DATA: u8 = 0x08;
    /// Has no number; the reader stands for it with a byte that begins no integer.
    pub(super) const OBJECT_LINK: u8 = 0x60;
    pub(super) const OBJECT_LINK_TEXT: &[u8] = b"vlo";
    /// Any other, and the end of the record: likewise.
    pub(super) const UNKNOWN: u8 = 0x61;
    pub(super) const END: u8 = 0xff;
}

/// Bit of the labels of values, of which a record has one; the other labels that may come once have bits of their own.
const VALUE: u8 = 0x20;

/// The records of a pack; ends after the first error.
#[derive(Clone, Debug)]
pub struct Records<'a> {
    decoder: Decoder<'a>,
    /// Records to come.
    left: Left,
    base_name: Name,
    base_time: Option<Number>,
    time: Option<Number>,
}

/// How many items of an array or map are to come.
#[derive(Clone, Copy, Debug)]
struct Left {
    /// More than there can be, where a break is the end.
    count: usize,
    until_break: bool,
}

impl Left {
    const NONE: Self = Self {
        count: 0,
        until_break: false,
    };

    fn new(count: Option<usize>) -> Self {
        Self {
            count: count.unwrap_or(usize::MAX),
            until_break: count.is_none(),
        }
    }

    /// Whether there is one more, or a break.
    fn next(&mut self) -> bool {
        let more = self.count > 0;
        self.count -= usize::from(more);
        more
    }
}

impl<'a> Records<'a> {
    /// The records of the pack that `payload` is.
    ///
    /// # Errors
    ///
    /// [`Malformed`] where it does not begin with an array.
    pub fn new(payload: &'a [u8]) -> Result<Self, Malformed> {
        let mut decoder = Decoder::new(payload);
        match decoder.item()? {
            Item::Array(count) => Ok(Self {
                decoder,
                left: Left::new(count),
                base_name: Name::EMPTY,
                base_time: None,
                time: None,
            }),
            _ => Err(Malformed),
        }
    }

    /// The base time in force and the time of the record that came last, in seconds. Their sum counts from 1970 if it
    /// is 2^28 or more, else from now (RFC 8428, section 4.5.3).
    #[must_use]
    pub const fn times(&self) -> (Option<Number>, Option<Number>) {
        (self.base_time, self.time)
    }

    /// Begins the next record: its fields; none after the last record.
    #[inline(always)]
    fn begin(&mut self) -> Result<Option<Left>, Malformed> {
        let ended = if self.left.next() {
            if let Some(count) = self.decoder.short(major::MAP) {
                return Ok(Some(Left::new(Some(count.into()))));
            }
            match self.decoder.item()? {
                Item::Map(count) => return Ok(Some(Left::new(count))),
                Item::Break => self.left.until_break,
                _ => false,
            }
        } else {
            true
        };
        if ended && self.decoder.is_empty() {
            Ok(None)
        } else {
            Err(Malformed)
        }
    }

    #[inline(always)]
    fn record(&mut self, mut fields: Left) -> Result<Record<'a>, Malformed> {
        let mut name: &[u8] = &[];
        let mut value = None;
        let mut seen = 0;
        self.time = None;
        while fields.next() {
            let label = self.label()?;
            let once = match label {
                label::NAME => {
                    name = self.decoder.text()?;
                    0x01
                }
                label::VALUE | label::TIME | label::BASE_TIME => {
                    let number = self.decoder.number()?;
                    match label {
                        label::VALUE => {
                            value = Some(RawValue::Number(number));
                            VALUE
                        }
                        label::TIME => {
                            self.time = Some(number);
                            0x02
                        }
                        _ => {
                            self.base_time = Some(number);
                            0x08
                        }
                    }
                }
                label::STRING | label::OBJECT_LINK => {
                    let text = self.decoder.text()?;
                    value = Some(match label {
                        label::STRING => RawValue::Text(text),
                        _ => RawValue::ObjectLink(text),
                    });
                    VALUE
                }
                label::BOOL | label::DATA => {
                    value = Some(match self.decoder.item()? {
                        Item::Bool(value) if label == label::BOOL => RawValue::Bool(value),
                        Item::Bytes(value) if label == label::DATA => RawValue::Data(value),
                        _ => return Err(Malformed),
                    });
                    VALUE
                }
                label::BASE_NAME => {
                    self.base_name = Name::EMPTY;
                    self.base_name.feed(self.decoder.text()?)?;
                    0x04
                }
                label::BASE_VERSION => match self.decoder.item()? {
                    Item::Unsigned(version) if version <= VERSION => 0x10,
                    _ => return Err(Malformed),
                },
                label::END if fields.until_break => break,
                label::END | label::BASE_VALUE | label::BASE_SUM => return Err(Malformed),
                _ => {
                    self.decoder.skip()?;
                    0
                }
            };
            if seen & once != 0 {
                return Err(Malformed);
            }
            seen |= once;
        }
        let mut whole = self.base_name;
        whole.feed(name)?;
        Ok(Record {
            path: whole.path()?,
            value,
        })
    }

    /// Reads a label; what is not known and may be passed over is [`label::UNKNOWN`].
    #[inline(always)]
    fn label(&mut self) -> Result<u8, Malformed> {
        if let Some(label) = self.decoder.short(major::UNSIGNED) {
            return Ok(label);
        }
        self.long_label()
    }

    /// The same for a label that is not one of the frequent ones: below 0, of several bytes, or a text.
    #[inline(never)]
    fn long_label(&mut self) -> Result<u8, Malformed> {
        Ok(match self.decoder.item()? {
            Item::Text(label::OBJECT_LINK_TEXT) => label::OBJECT_LINK,
            Item::Text([.., b'_']) => return Err(Malformed),
            Item::Text(_) => label::UNKNOWN,
            // CBOR allows long forms of small numbers.
            Item::Unsigned(label @ 0..24) => label as u8,
            Item::Negative(label @ -24..0) => 0x20 | !label as u8,
            Item::Unsigned(_) | Item::Negative(_) => label::UNKNOWN,
            Item::Break => label::END,
            _ => return Err(Malformed),
        })
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<Record<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        let record = match self.begin() {
            Ok(None) => return None,
            Ok(Some(fields)) => self.record(fields),
            Err(error) => Err(error),
        };
        if record.is_err() {
            self.left = Left::NONE;
            self.decoder = Decoder::new(&[]);
        }
        Some(record)
    }
}

/// A pack that is being written.
#[derive(Debug)]
pub struct Pack {
    mark: Mark,
    /// How many ids of a path are in the base name.
    based: usize,
    records: usize,
}

impl Pack {
    /// Begins a pack of records that are all at `base` or all below it; it becomes the base name, unless it is the
    /// root.
    #[must_use = "a pack that is not closed has no length"]
    pub fn open(writer: &mut Writer<'_>, base: Path) -> Self {
        Self {
            mark: cbor::open_array(writer),
            based: base.ids().len(),
            records: 0,
        }
    }

    /// Writes a record: the value at `path`, and its time in seconds since 1970.
    pub fn record(
        &mut self,
        writer: &mut Writer<'_>,
        path: &Path,
        time: Option<i64>,
        value: &Value<'_>,
    ) {
        let fields = major::MAP | (1 + u8::from(time.is_some()));
        // All but the first have a short name or none, where there is a base name.
        if self.records == 0
            || self.based == 0
            || !write_short_name(writer, fields, path, self.based)
        {
            self.begin(writer, fields, path);
        }
        self.records += 1;
        if let Some(time) = time {
            let (major, argument) = cbor::integer(time);
            Head::new(major, argument).write_labelled(writer, label::TIME);
        }
        write_value(writer, value);
    }

    /// Begins any record: the header of its map, which counts the name and the base name to `fields`, and these.
    #[inline(never)]
    fn begin(&self, writer: &mut Writer<'_>, fields: u8, path: &Path) {
        let ids = path.ids();
        let (based, named) = ids.split_at_checked(self.based).unwrap_or((ids, &[]));
        let first = self.records == 0 && !based.is_empty();
        writer.u8(fields + u8::from(first) + u8::from(!named.is_empty()));
        if first {
            write_name(writer, label::BASE_NAME, based, true, !named.is_empty());
        }
        if !named.is_empty() {
            write_name(writer, label::NAME, named, based.is_empty(), false);
        }
    }

    /// Takes back the last `count` records, which the caller has cut off.
    pub const fn forget(&mut self, count: usize) {
        self.records = self.records.saturating_sub(count);
    }

    /// Ends the pack.
    pub fn close(self, writer: &mut Writer<'_>) {
        cbor::close(writer, self.mark, self.records);
    }
}

/// Begins a record below the base name, which has `based` ids, at once; false where there is no room for it.
#[inline(never)]
fn write_short_name(writer: &mut Writer<'_>, fields: u8, path: &Path, based: usize) -> bool {
    let ids = path.below(based);
    // Of the ids with a slash before each.
    let mut len = 0;
    for id in ids.clone() {
        len += 1 + number::len_u32(id.into());
    }
    if len == 0 {
        writer.u8(fields);
        return true;
    }
    let Some(room) = writer.room(2 + len) else {
        return false;
    };
    let mut places = room.iter_mut().rev();
    let mut put = |byte| {
        if let Some(place) = places.next() {
            *place = byte;
        }
    };
    for id in ids.rev() {
        let mut rest = u32::from(id);
        while rest >= 10 {
            put(b'0' + (rest % 10) as u8);
            rest /= 10;
        }
        put(b'0' + rest as u8);
        put(b'/');
    }
    // The slash before the first is the base name's.
    if let [map, name, text, ..] = room {
        *map = fields + 1;
        *name = label::NAME;
        *text = major::TEXT | (len - 1) as u8;
    }
    true
}

/// Writes `label` and as its text `ids` with slashes between them, and one before and behind them if asked for.
fn write_name(writer: &mut Writer<'_>, label: u8, ids: &[u16], before: bool, behind: bool) {
    writer.u8(label);
    let mark = cbor::open_text(writer);
    let mut slash = before;
    for &id in ids {
        if slash {
            writer.u8(b'/');
        }
        slash = true;
        number::write_u32(writer, id.into());
    }
    if behind {
        writer.u8(b'/');
    }
    cbor::close_text(writer, mark);
}

/// Writes `value` with its label.
#[inline(never)]
fn write_value(writer: &mut Writer<'_>, value: &Value<'_>) {
    let mut bytes: &[u8] = &[];
    let (label, (major, argument)) = match *value {
        Value::String(text) | Value::CoreLink(text) => {
            bytes = text.as_bytes();
            (label::STRING, (major::TEXT, bytes.len() as u64))
        }
        Value::Opaque(value) => {
            bytes = value;
            (label::DATA, (major::BYTES, bytes.len() as u64))
        }
        Value::Integer(value) | Value::Time(value) => (label::VALUE, cbor::integer(value)),
        Value::Unsigned(value) => (label::VALUE, (major::UNSIGNED, value)),
        Value::Boolean(value) => (label::BOOL, (major::SIMPLE, cbor::boolean(value))),
        #[cfg(feature = "float")]
        Value::Float(value) => return write_float(writer, value),
        Value::ObjectLink { object, instance } => {
            return write_object_link(writer, object, instance);
        }
    };
    Head::new(major, argument).write_labelled(writer, label);
    if !bytes.is_empty() {
        writer.bytes(bytes);
    }
}

/// Writes a float with its label.
#[cfg(feature = "float")]
#[inline(never)]
fn write_float(writer: &mut Writer<'_>, value: f64) {
    writer.u8(label::VALUE);
    cbor::write_f64(writer, value);
}

/// Writes an object link with its label.
fn write_object_link(writer: &mut Writer<'_>, object: u16, instance: u16) {
    cbor::write_text(writer, label::OBJECT_LINK_TEXT);
    let mark = cbor::open_text(writer);
    text::write_object_link(writer, object, instance);
    cbor::close_text(writer, mark);
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::vec::Vec;

    use super::*;

    fn written(write: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
        let mut buf = [0; 2000];
        let mut writer = Writer::new(&mut buf);
        write(&mut writer);
        let stored = writer.finish().stored;
        buf[..stored].to_vec()
    }

    fn records(payload: &[u8]) -> Result<Vec<Record<'_>>, Malformed> {
        Records::new(payload)?.collect()
    }

    /// Device /3/0 of the example in Core 1.1.1, section 7.4.6, as Leshan writes it.
    const DEVICE: &[u8] = b"\x90\
        \xa3\x00\x610\x03\x74Open Mobile Alliance\x21\x65/3/0/\
        \xa2\x00\x611\x03\x76Lightweight M2M Client\
        \xa2\x00\x612\x03\x69345000123\
        \xa2\x00\x613\x03\x631.0\
        \xa2\x00\x636/0\x02\x01\
        \xa2\x00\x636/1\x02\x05\
        \xa2\x00\x637/0\x02\x19\x0e\xd8\
        \xa2\x00\x637/1\x02\x19\x13\x88\
        \xa2\x00\x638/0\x02\x18\x7d\
        \xa2\x00\x638/1\x02\x19\x03\x84\
        \xa2\x00\x619\x02\x18\x64\
        \xa2\x00\x6210\x02\x0f\
        \xa2\x00\x6411/0\x02\x00\
        \xa2\x00\x6213\x02\x1a\x51\x82\x42\x8f\
        \xa2\x00\x6214\x03\x66+02:00\
        \xa2\x00\x6216\x03\x61U";

    fn write_device(writer: &mut Writer<'_>) {
        let mut pack = Pack::open(writer, Path::instance(3, 0));
        for (id, text) in [
            (0, "Open Mobile Alliance"),
            (1, "Lightweight M2M Client"),
            (2, "345000123"),
            (3, "1.0"),
        ] {
            pack.record(
                writer,
                &Path::resource(3, 0, id),
                None,
                &Value::String(text),
            );
        }
        for (id, values) in [(6, [1, 5]), (7, [3800, 5000]), (8, [125, 900])] {
            for (instance, value) in values.into_iter().enumerate() {
                let path = Path::resource_instance(3, 0, id, instance as u16);
                pack.record(writer, &path, None, &Value::Integer(value));
            }
        }
        for (path, value) in [
            (Path::resource(3, 0, 9), 100),
            (Path::resource(3, 0, 10), 15),
            (Path::resource_instance(3, 0, 11, 0), 0),
            (Path::resource(3, 0, 13), 1_367_491_215),
        ] {
            pack.record(writer, &path, None, &Value::Integer(value));
        }
        for (id, text) in [(14, "+02:00"), (16, "U")] {
            pack.record(
                writer,
                &Path::resource(3, 0, id),
                None,
                &Value::String(text),
            );
        }
        pack.close(writer);
    }

    #[test]
    fn the_example_of_the_specification_is_written() {
        let bytes = written(write_device);
        assert_eq!(bytes.len(), 196);
        // Only the base name stands elsewhere: before the name.
        assert_eq!(bytes[..9], *b"\x90\xa3\x21\x65/3/0/");
        assert_eq!(bytes[9..34], DEVICE[2..27]);
        assert_eq!(bytes[34..], DEVICE[34..]);
    }

    #[test]
    fn the_example_of_the_specification_is_read() {
        let device = records(DEVICE).unwrap();
        assert_eq!(device.len(), 16);
        assert_eq!(device[0].path, Path::resource(3, 0, 0));
        assert_eq!(
            device[0].value,
            Some(RawValue::Text(b"Open Mobile Alliance"))
        );
        assert_eq!(device[7].path, Path::resource_instance(3, 0, 7, 1));
        assert_eq!(
            device[7].value,
            Some(RawValue::Number(Number::Unsigned(5000)))
        );
        assert_eq!(records(&written(write_device)).unwrap(), device);
    }

    /// The example of the specification's authors: [{"n":"/65/0/0/0","vlo":"66:0"}].
    #[test]
    fn an_object_link_has_a_label_of_text() {
        let payload = b"\x81\xa2\x00\x69/65/0/0/0\x63vlo\x6466:0";
        let path = Path::resource_instance(65, 0, 0, 0);
        let bytes = written(|w| {
            let mut pack = Pack::open(w, Path::ROOT);
            pack.record(
                w,
                &path,
                None,
                &Value::ObjectLink {
                    object: 66,
                    instance: 0,
                },
            );
            pack.close(w);
        });
        assert_eq!(bytes, payload);
        let record = records(payload).unwrap()[0];
        assert_eq!(
            (record.path, record.value),
            (path, Some(RawValue::ObjectLink(b"66:0")))
        );
    }

    #[test]
    fn values_at_several_times_share_the_base_name() {
        let path = Path::resource(3303, 0, 5700);
        let bytes = written(|w| {
            let mut pack = Pack::open(w, path);
            for (time, value) in [(1_700_000_000, 21.5), (1_700_000_060, 22.0)] {
                pack.record(w, &path, Some(time), &Value::Float(value));
            }
            pack.close(w);
        });
        assert_eq!(
            bytes,
            b"\x82\xa3\x21\x6c/3303/0/5700\x06\x1a\x65\x53\xf1\x00\x02\xf9\x4d\x60\
              \xa2\x06\x1a\x65\x53\xf1\x3c\x02\xf9\x4d\x80"
        );
        let mut records = Records::new(&bytes).unwrap();
        for time in [1_700_000_000, 1_700_000_060] {
            assert_eq!(records.next().unwrap().unwrap().path, path);
            assert_eq!(records.times(), (None, Some(Number::Unsigned(time))));
        }
        assert_eq!(records.next(), None);
    }

    /// A record is written in parts where the end of the slice, or of a window, lies in it.
    #[test]
    fn a_pack_is_the_same_in_pieces() {
        let whole = written(write_device);
        for start in 0..whole.len() {
            for len in [1, 7, 40] {
                let mut buf = [0; 40 + 8];
                let mut writer = Writer::window(&mut buf[..len + 8], start);
                write_device(&mut writer);
                assert_eq!(writer.finish().total, whole.len());
                let end = whole.len().min(start + len);
                assert_eq!(buf[..end - start], whole[start..end], "{start} {len}");
            }
        }
    }

    /// A path of 24 characters needs a longer header, in a pack that needs one too.
    #[test]
    fn long_names_and_packs_grow() {
        let path = Path::resource_instance(65_534, 65_534, 65_534, 65_534);
        let bytes = written(|w| {
            let mut pack = Pack::open(w, Path::ROOT);
            for _ in 0..30 {
                pack.record(w, &path, None, &Value::Boolean(true));
            }
            pack.close(w);
        });
        assert_eq!(bytes[..6], *b"\x98\x1e\xa2\x00\x78\x18");
        let read = records(&bytes).unwrap();
        assert_eq!(read.len(), 30);
        assert_eq!(
            (read[29].path, read[29].value),
            (path, Some(RawValue::Bool(true)))
        );
    }
}
