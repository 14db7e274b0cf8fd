//! SenML CBOR, content format 112 (RFC 8428, section 6; LwM2M Core 1.1.1, section 7.4.6).
//!
//! Maps and arrays of either length form and keys in any order are read. A label that this module does not know is
//! passed over, except a text that ends in `_`: such a field changes what the record means (RFC 8428, section 4.4).
//! Base values and base sums do that too and are refused; so are two values in one record, and a label that comes
//! twice.

use super::{
    Malformed,
    cbor::{self, Decoder, Item, Mark, Number},
    number,
    senml::{Name, RawValue, Record, VERSION},
    text,
    writer::Writer,
};
use crate::model::Path;

/// CoAP content format number of SenML CBOR.
pub const CONTENT_FORMAT: u16 = 112;

/// Labels (RFC 8428, table 4).
mod label {
    pub(super) const BASE_SUM: i32 = -6;
    pub(super) const BASE_VALUE: i32 = -5;
    pub(super) const BASE_TIME: i32 = -3;
    pub(super) const BASE_NAME: i32 = -2;
    pub(super) const BASE_VERSION: i32 = -1;
    pub(super) const NAME: i32 = 0;
    pub(super) const VALUE: i32 = 2;
    pub(super) const STRING: i32 = 3;
    pub(super) const BOOL: i32 = 4;
    pub(super) const TIME: i32 = 6;
    pub(super) const DATA: i32 = 8;
    /// Has no number.
    pub(super) const OBJECT_LINK: &[u8] = b"vlo";
}

/// The records of a pack; ends after the first error.
#[derive(Clone, Debug)]
pub struct Records<'a> {
    decoder: Decoder<'a>,
    /// Records to come; none where a break ends the pack.
    left: Option<usize>,
    base_name: Name,
    base_time: Option<Number>,
    ended: bool,
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
            Item::Array(left) => Ok(Self {
                decoder,
                left,
                base_name: Name::default(),
                base_time: None,
                ended: false,
            }),
            _ => Err(Malformed),
        }
    }

    fn read(&mut self) -> Result<Option<Record<'a>>, Malformed> {
        let fields = match self.left {
            Some(0) => None,
            Some(left) => {
                self.left = Some(left - 1);
                Some(self.decoder.item()?)
            }
            None => Some(self.decoder.item()?).filter(|item| *item != Item::Break),
        };
        match fields {
            Some(Item::Map(count)) => self.record(count).map(Some),
            None if self.decoder.is_empty() => Ok(None),
            _ => Err(Malformed),
        }
    }

    fn record(&mut self, mut fields: Option<usize>) -> Result<Record<'a>, Malformed> {
        let mut name: &[u8] = &[];
        let mut time = None;
        let mut value = None;
        // One bit for each label that may come once; bit 8 stands for all kinds of value.
        let mut seen = 0u16;
        let mut once = |bit: u32| {
            let bit = 1 << bit;
            let again = seen & bit != 0;
            seen |= bit;
            if again { Err(Malformed) } else { Ok(()) }
        };
        loop {
            match &mut fields {
                Some(0) => break,
                Some(left) => *left -= 1,
                None => {}
            }
            let key = match self.decoder.item()? {
                Item::Unsigned(key) => i32::try_from(key).unwrap_or(i32::MAX),
                Item::Negative(key) => i32::try_from(key).unwrap_or(i32::MAX),
                Item::Text(label::OBJECT_LINK) => {
                    once(8)?;
                    value = Some(RawValue::ObjectLink(self.decoder.text()?));
                    continue;
                }
                Item::Text([.., b'_']) => return Err(Malformed),
                Item::Text(_) => {
                    self.decoder.skip()?;
                    continue;
                }
                Item::Break if fields.is_none() => break,
                _ => return Err(Malformed),
            };
            match key {
                label::NAME => {
                    once(0)?;
                    name = self.decoder.text()?;
                }
                label::VALUE => {
                    once(8)?;
                    value = Some(RawValue::Number(self.decoder.number()?));
                }
                label::STRING => {
                    once(8)?;
                    value = Some(RawValue::Text(self.decoder.text()?));
                }
                label::BOOL | label::DATA => {
                    once(8)?;
                    value = Some(match self.decoder.item()? {
                        Item::Bool(value) if key == label::BOOL => RawValue::Bool(value),
                        Item::Bytes(value) if key == label::DATA => RawValue::Data(value),
                        _ => return Err(Malformed),
                    });
                }
                label::BASE_NAME => {
                    once(1)?;
                    self.base_name = Name::default();
                    self.base_name.feed(self.decoder.text()?)?;
                }
                label::TIME => {
                    once(2)?;
                    time = Some(self.decoder.number()?);
                }
                label::BASE_TIME => {
                    once(3)?;
                    self.base_time = Some(self.decoder.number()?);
                }
                label::BASE_VERSION => {
                    once(4)?;
                    match self.decoder.item()? {
                        Item::Unsigned(version) if version <= VERSION => {}
                        _ => return Err(Malformed),
                    }
                }
                label::BASE_VALUE | label::BASE_SUM => return Err(Malformed),
                _ => self.decoder.skip()?,
            }
        }
        let mut whole = self.base_name;
        whole.feed(name)?;
        Ok(Record {
            path: whole.path()?,
            base_time: self.base_time,
            time,
            value,
        })
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<Record<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let record = self.read().transpose();
        self.ended = !matches!(record, Some(Ok(_)));
        record
    }
}

/// A pack that is being written.
///
/// For each record [`record`](Self::record) comes first, then one of the value functions of this module.
#[derive(Debug)]
pub struct Pack {
    mark: Mark,
    base: Path,
    records: usize,
}

impl Pack {
    /// Begins a pack of records that are all at `base` or all below it; it becomes the base name, unless it is the
    /// root.
    #[must_use = "a pack that is not closed has no length"]
    pub fn open(writer: &mut Writer<'_>, base: Path) -> Self {
        Self {
            mark: cbor::open_array(writer),
            base,
            records: 0,
        }
    }

    /// Begins the record of `path`; `time` is in seconds since 1970.
    pub fn record(&mut self, writer: &mut Writer<'_>, path: &Path, time: Option<i64>) {
        let named = path.ids().get(self.base.ids().len()..).unwrap_or_default();
        let first = self.records == 0 && self.base != Path::ROOT;
        self.records += 1;
        let fields = 1 + usize::from(first) + usize::from(!named.is_empty());
        cbor::write_map(writer, fields + usize::from(time.is_some()));
        if first {
            write_label(writer, label::BASE_NAME);
            let mark = cbor::open_text(writer);
            self.base.write(writer);
            if !named.is_empty() {
                writer.u8(b'/');
            }
            cbor::close_text(writer, mark);
        }
        if !named.is_empty() {
            write_label(writer, label::NAME);
            let mark = cbor::open_text(writer);
            // Without a base name the name begins with a slash.
            let mut slash = self.base == Path::ROOT;
            for &id in named {
                if slash {
                    writer.u8(b'/');
                }
                number::write_u64(writer, id.into());
                slash = true;
            }
            cbor::close_text(writer, mark);
        }
        if let Some(time) = time {
            write_label(writer, label::TIME);
            cbor::write_i64(writer, time);
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

fn write_label(writer: &mut Writer<'_>, label: i32) {
    cbor::write_i64(writer, label.into());
}

/// Writes an integer or a time.
pub fn write_i64(writer: &mut Writer<'_>, value: i64) {
    write_label(writer, label::VALUE);
    cbor::write_i64(writer, value);
}

/// Writes an unsigned integer.
pub fn write_u64(writer: &mut Writer<'_>, value: u64) {
    write_label(writer, label::VALUE);
    cbor::write_u64(writer, value);
}

/// Writes a float.
pub fn write_f64(writer: &mut Writer<'_>, value: f64) {
    write_label(writer, label::VALUE);
    cbor::write_f64(writer, value);
}

/// Writes a string or CoRE link.
pub fn write_str(writer: &mut Writer<'_>, value: &str) {
    write_label(writer, label::STRING);
    cbor::write_text(writer, value.as_bytes());
}

/// Writes a boolean.
pub fn write_bool(writer: &mut Writer<'_>, value: bool) {
    write_label(writer, label::BOOL);
    cbor::write_bool(writer, value);
}

/// Writes an opaque value.
pub fn write_bytes(writer: &mut Writer<'_>, value: &[u8]) {
    write_label(writer, label::DATA);
    cbor::write_bytes(writer, value);
}

/// Writes an object link.
pub fn write_object_link(writer: &mut Writer<'_>, object: u16, instance: u16) {
    cbor::write_text(writer, label::OBJECT_LINK);
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
            pack.record(writer, &Path::resource(3, 0, id), None);
            write_str(writer, text);
        }
        for (id, values) in [(6, [1, 5]), (7, [3800, 5000]), (8, [125, 900])] {
            for (instance, value) in values.into_iter().enumerate() {
                let path = Path::resource_instance(3, 0, id, instance as u16);
                pack.record(writer, &path, None);
                write_i64(writer, value);
            }
        }
        for (path, value) in [
            (Path::resource(3, 0, 9), 100),
            (Path::resource(3, 0, 10), 15),
            (Path::resource_instance(3, 0, 11, 0), 0),
            (Path::resource(3, 0, 13), 1_367_491_215),
        ] {
            pack.record(writer, &path, None);
            write_i64(writer, value);
        }
        for (id, text) in [(14, "+02:00"), (16, "U")] {
            pack.record(writer, &Path::resource(3, 0, id), None);
            write_str(writer, text);
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
            pack.record(w, &path, None);
            write_object_link(w, 66, 0);
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
                pack.record(w, &path, Some(time));
                write_f64(w, value);
            }
            pack.close(w);
        });
        assert_eq!(
            bytes,
            b"\x82\xa3\x21\x6c/3303/0/5700\x06\x1a\x65\x53\xf1\x00\x02\xf9\x4d\x60\
              \xa2\x06\x1a\x65\x53\xf1\x3c\x02\xf9\x4d\x80"
        );
        let read = records(&bytes).unwrap();
        assert_eq!(read[1].path, path);
        assert_eq!(read[1].time, Some(Number::Unsigned(1_700_000_060)));
    }

    /// A path of 24 characters needs a longer header, in a pack that needs one too.
    #[test]
    fn long_names_and_packs_grow() {
        let path = Path::resource_instance(65_534, 65_534, 65_534, 65_534);
        let bytes = written(|w| {
            let mut pack = Pack::open(w, Path::ROOT);
            for _ in 0..30 {
                pack.record(w, &path, None);
                write_bool(w, true);
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
