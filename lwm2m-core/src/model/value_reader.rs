//! Values that a server sends: the format decides how they are found, the definition what they mean.

use super::{ContentFormat, DataType, Error, Level, Path, Value};
#[cfg(feature = "base64")]
use crate::wire::base64;
#[cfg(feature = "tlv")]
use crate::wire::tlv::{self, Tlvs};
use crate::wire::{Malformed, number, text};
#[cfg(feature = "senml-cbor")]
use crate::wire::{senml::RawValue, senml_cbor::Records};

/// One thing that a payload says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node<'a> {
    pub(crate) path: Path,
    pub(crate) content: Content<'a>,
}

/// What stands at a path.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Content<'a> {
    /// An instance, whose resources follow; there may be none.
    #[cfg_attr(
        not(feature = "tlv"),
        expect(dead_code, reason = "only TLV has containers")
    )]
    Instance,
    /// A resource with several instances, which follow; there may be none.
    #[cfg_attr(
        not(feature = "tlv"),
        expect(dead_code, reason = "only TLV has containers")
    )]
    Resource,
    /// A value.
    Value(Raw<'a>),
}

/// A value as it was sent.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Raw<'a> {
    Text(&'a [u8]),
    Opaque(&'a [u8]),
    #[cfg(feature = "senml-cbor")]
    Senml(RawValue<'a>),
    #[cfg(feature = "tlv")]
    Tlv(&'a [u8]),
}

impl From<Malformed> for Error {
    fn from(_: Malformed) -> Self {
        Self::BadRequest
    }
}

impl<'a> Raw<'a> {
    /// The value as one of `data_type`. `scratch` takes what has to be decoded; it should be as long as the payload.
    #[inline(never)]
    pub(crate) fn typed<'s>(
        &self,
        data_type: DataType,
        scratch: &'s mut [u8],
    ) -> Result<Value<'s>, Error>
    where
        'a: 's,
    {
        match *self {
            Raw::Text(bytes) => typed_text(bytes, data_type, scratch),
            Raw::Opaque(bytes) => match data_type {
                DataType::Opaque => Ok(Value::Opaque(bytes)),
                _ => Err(Error::UnsupportedContentFormat),
            },
            #[cfg(feature = "senml-cbor")]
            Raw::Senml(value) => typed_senml(value, data_type),
            #[cfg(feature = "tlv")]
            Raw::Tlv(bytes) => Ok(typed_tlv(bytes, data_type)?),
        }
    }
}

#[cfg_attr(
    not(feature = "base64"),
    expect(
        clippy::needless_pass_by_ref_mut,
        reason = "only base64 is decoded there"
    )
)]
fn typed_text<'s>(
    bytes: &'s [u8],
    data_type: DataType,
    scratch: &'s mut [u8],
) -> Result<Value<'s>, Error> {
    Ok(match data_type {
        DataType::String => Value::String(text::read_str(bytes)?),
        DataType::CoreLink => Value::CoreLink(text::read_str(bytes)?),
        DataType::Integer => Value::Integer(number::parse_i64(bytes)?),
        DataType::Time => Value::Time(number::parse_i64(bytes)?),
        DataType::Unsigned => Value::Unsigned(number::parse_u64(bytes)?),
        #[cfg(feature = "float")]
        DataType::Float => Value::Float(number::parse_f64(bytes)?),
        DataType::Boolean => Value::Boolean(text::read_bool(bytes)?),
        DataType::ObjectLink => {
            let (object, instance) = text::read_object_link(bytes)?;
            Value::ObjectLink { object, instance }
        }
        #[cfg(feature = "base64")]
        DataType::Opaque => {
            let scratch = scratch.get_mut(..bytes.len()).ok_or(Error::TooLarge)?;
            scratch.copy_from_slice(bytes);
            let len = base64::decode(scratch)?;
            Value::Opaque(scratch.get(..len).unwrap_or(&[]))
        }
        #[cfg(not(feature = "base64"))]
        DataType::Opaque => {
            let _ = scratch;
            return Err(Error::UnsupportedContentFormat);
        }
        DataType::None => return Err(Error::MethodNotAllowed),
    })
}

#[cfg(feature = "senml-cbor")]
fn typed_senml(value: RawValue<'_>, data_type: DataType) -> Result<Value<'_>, Error> {
    let typed = match (value, data_type) {
        (RawValue::Number(number), DataType::Integer) => number.as_i64().map(Value::Integer),
        (RawValue::Number(number), DataType::Time) => number.as_i64().map(Value::Time),
        (RawValue::Number(number), DataType::Unsigned) => number.as_u64().map(Value::Unsigned),
        #[cfg(feature = "float")]
        (RawValue::Number(number), DataType::Float) => Some(Value::Float(number.as_f64())),
        (RawValue::Text(bytes), DataType::String) => Some(Value::String(text::read_str(bytes)?)),
        (RawValue::Text(bytes), DataType::CoreLink) => {
            Some(Value::CoreLink(text::read_str(bytes)?))
        }
        (RawValue::Bool(value), DataType::Boolean) => Some(Value::Boolean(value)),
        (RawValue::Data(bytes), DataType::Opaque) => Some(Value::Opaque(bytes)),
        (RawValue::ObjectLink(bytes) | RawValue::Text(bytes), DataType::ObjectLink) => {
            let (object, instance) = text::read_object_link(bytes)?;
            Some(Value::ObjectLink { object, instance })
        }
        _ => None,
    };
    typed.ok_or(Error::BadRequest)
}

#[cfg(feature = "tlv")]
fn typed_tlv(bytes: &[u8], data_type: DataType) -> Result<Value<'_>, Malformed> {
    Ok(match data_type {
        DataType::String => Value::String(text::read_str(bytes)?),
        DataType::CoreLink => Value::CoreLink(text::read_str(bytes)?),
        DataType::Integer => Value::Integer(tlv::read_i64(bytes)?),
        DataType::Time => Value::Time(tlv::read_time(bytes)?),
        DataType::Unsigned => Value::Unsigned(tlv::read_u64(bytes)?),
        #[cfg(feature = "float")]
        DataType::Float => Value::Float(tlv::read_f64(bytes)?),
        DataType::Boolean => Value::Boolean(tlv::read_bool(bytes)?),
        DataType::ObjectLink => {
            let (object, instance) = tlv::read_object_link(bytes)?;
            Value::ObjectLink { object, instance }
        }
        DataType::Opaque => Value::Opaque(bytes),
        DataType::None => return Err(Malformed),
    })
}

/// Finds the values in a payload that was sent to `target`; ends after the first error.
#[derive(Clone, Debug)]
pub(crate) struct ValueReader<'a> {
    target: Path,
    form: Form<'a>,
}

#[derive(Clone, Debug)]
enum Form<'a> {
    /// One value, or none any more.
    Single(Option<Raw<'a>>),
    #[cfg(feature = "senml-cbor")]
    SenmlCbor(Records<'a>),
    #[cfg(feature = "tlv")]
    Tlv(TlvReader<'a>),
}

impl<'a> ValueReader<'a> {
    /// A reader of `payload`.
    ///
    /// # Errors
    /// [`Error::UnsupportedContentFormat`] when the format does not suit the target.
    pub(crate) fn new(
        format: ContentFormat,
        target: Path,
        payload: &'a [u8],
    ) -> Result<Self, Error> {
        let form = match format {
            ContentFormat::Text | ContentFormat::Opaque if target.level() < Level::Resource => {
                return Err(Error::UnsupportedContentFormat);
            }
            ContentFormat::Text => Form::Single(Some(Raw::Text(payload))),
            ContentFormat::Opaque => Form::Single(Some(Raw::Opaque(payload))),
            #[cfg(feature = "senml-cbor")]
            ContentFormat::SenmlCbor => Form::SenmlCbor(Records::new(payload)?),
            #[cfg(feature = "tlv")]
            ContentFormat::Tlv => Form::Tlv(TlvReader::new(target, payload)),
            _ => return Err(Error::UnsupportedContentFormat),
        };
        Ok(Self { target, form })
    }

    /// The next thing.
    pub(crate) fn next(&mut self) -> Result<Option<Node<'a>>, Error> {
        match &mut self.form {
            Form::Single(raw) => {
                let path = self.target;
                Ok(raw.take().map(|raw| Node {
                    path,
                    content: Content::Value(raw),
                }))
            }
            #[cfg(feature = "senml-cbor")]
            Form::SenmlCbor(records) => match records.next() {
                None => Ok(None),
                Some(record) => {
                    let record = record?;
                    let value = record.value.ok_or(Error::BadRequest)?;
                    if record.path.level() < Level::Resource {
                        return Err(Error::BadRequest);
                    }
                    Ok(Some(Node {
                        path: record.path,
                        content: Content::Value(Raw::Senml(value)),
                    }))
                }
            },
            #[cfg(feature = "tlv")]
            Form::Tlv(reader) => reader.next(),
        }
    }
}

/// Walks through the levels of a TLV payload.
#[cfg(feature = "tlv")]
#[derive(Clone, Debug)]
struct TlvReader<'a> {
    /// The instances of a resource, the resources of an instance, and the payload itself: what was entered is read
    /// before what is around it.
    levels: [TlvLevel<'a>; 3],
}

/// Entries to come, and the path that they are below; of the payload itself its target.
#[cfg(feature = "tlv")]
#[derive(Clone, Debug)]
struct TlvLevel<'a> {
    path: Path,
    entries: Tlvs<'a>,
}

#[cfg(feature = "tlv")]
impl<'a> TlvReader<'a> {
    fn new(target: Path, payload: &'a [u8]) -> Self {
        let level = |bytes| TlvLevel {
            path: target,
            entries: Tlvs::new(bytes),
        };
        Self {
            levels: [level(&[]), level(&[]), level(payload)],
        }
    }

    #[inline(never)]
    fn next(&mut self) -> Result<Option<Node<'a>>, Error> {
        let mut levels = self.levels.iter_mut();
        let Some(level) = levels.find(|level| !level.entries.is_empty()) else {
            return Ok(None);
        };
        let is_top = levels.len() == 0;
        let container = level.path;
        let Some(entry) = level.entries.next() else {
            return Ok(None);
        };
        let entry = entry?;
        // Where an entry of this kind belongs, and what it is.
        let (above, content) = match entry.kind {
            tlv::Kind::ObjectInstance => (Level::Object, Content::Instance),
            tlv::Kind::MultipleResource => (Level::Instance, Content::Resource),
            tlv::Kind::Resource => (Level::Instance, Content::Value(Raw::Tlv(entry.value))),
            tlv::Kind::ResourceInstance => (Level::Resource, Content::Value(Raw::Tlv(entry.value))),
        };
        let path = child(container.up_to(above), entry.id)?;
        // A payload may also begin with the entry of its target.
        if container.level() != above && !(is_top && path == container) {
            return Err(Error::BadRequest);
        }
        let entered = TlvLevel {
            path,
            entries: entry.entries(),
        };
        let [values, resources, _] = &mut self.levels;
        match entry.kind {
            tlv::Kind::ObjectInstance => *resources = entered,
            tlv::Kind::MultipleResource => *values = entered,
            _ => {}
        }
        Ok(Some(Node { path, content }))
    }
}

#[cfg(feature = "tlv")]
fn child(path: Path, id: u16) -> Result<Path, Error> {
    if id == Path::RESERVED_ID {
        return Err(Error::BadRequest);
    }
    path.child(id).ok_or(Error::BadRequest)
}

#[cfg(test)]
#[cfg(not(feature = "base64"))]
mod tests {
    use super::*;

    #[test]
    fn without_base64_bytes_do_not_come_as_text() {
        let typed = |raw: Raw<'_>| raw.typed(DataType::Opaque, &mut []).map(|_| ());
        let refused = Err(Error::UnsupportedContentFormat);
        assert_eq!(typed(Raw::Text(b"Zg==")), refused);
        assert_eq!(typed(Raw::Opaque(b"f")), Ok(()));
    }
}
