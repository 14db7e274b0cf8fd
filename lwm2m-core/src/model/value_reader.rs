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
    target: Path,
    /// Entries of the payload itself.
    top: Tlvs<'a>,
    /// Resources of an instance.
    resources: Option<(Path, Tlvs<'a>)>,
    /// Instances of a resource.
    values: Option<(Path, Tlvs<'a>)>,
}

#[cfg(feature = "tlv")]
impl<'a> TlvReader<'a> {
    fn new(target: Path, payload: &'a [u8]) -> Self {
        Self {
            target,
            top: Tlvs::new(payload),
            resources: None,
            values: None,
        }
    }

    fn next(&mut self) -> Result<Option<Node<'a>>, Error> {
        if let Some((path, values)) = &mut self.values {
            if let Some(entry) = values.next() {
                let entry = entry?;
                if entry.kind != tlv::Kind::ResourceInstance {
                    return Err(Error::BadRequest);
                }
                let path = child(*path, entry.id)?;
                return Ok(Some(Node {
                    path,
                    content: Content::Value(Raw::Tlv(entry.value)),
                }));
            }
            self.values = None;
        }
        if let Some((path, resources)) = &mut self.resources {
            if let Some(entry) = resources.next() {
                let (path, entry) = (*path, entry?);
                return self.resource(path, &entry).map(Some);
            }
            self.resources = None;
        }
        let Some(entry) = self.top.next() else {
            return Ok(None);
        };
        let entry = entry?;
        let target = self.target;
        match (target.level(), entry.kind) {
            (Level::Object, tlv::Kind::ObjectInstance) => {
                let path = child(target, entry.id)?;
                self.resources = Some((path, entry.entries()));
                Ok(Some(Node {
                    path,
                    content: Content::Instance,
                }))
            }
            (Level::Instance, tlv::Kind::ObjectInstance)
                if target.instance_id() == Some(entry.id) =>
            {
                self.resources = Some((target, entry.entries()));
                Ok(Some(Node {
                    path: target,
                    content: Content::Instance,
                }))
            }
            (Level::Instance, tlv::Kind::Resource | tlv::Kind::MultipleResource) => {
                self.resource(target, &entry).map(Some)
            }
            (Level::Resource, tlv::Kind::Resource | tlv::Kind::MultipleResource)
                if target.resource_id() == Some(entry.id) =>
            {
                self.resource(target.up_to(Level::Instance), &entry)
                    .map(Some)
            }
            (Level::Resource, tlv::Kind::ResourceInstance) => {
                let path = child(target, entry.id)?;
                Ok(Some(Node {
                    path,
                    content: Content::Value(Raw::Tlv(entry.value)),
                }))
            }
            (Level::ResourceInstance, tlv::Kind::ResourceInstance)
                if target.resource_instance_id() == Some(entry.id) =>
            {
                Ok(Some(Node {
                    path: target,
                    content: Content::Value(Raw::Tlv(entry.value)),
                }))
            }
            _ => Err(Error::BadRequest),
        }
    }

    fn resource(&mut self, instance: Path, entry: &tlv::Tlv<'a>) -> Result<Node<'a>, Error> {
        let path = child(instance, entry.id)?;
        match entry.kind {
            tlv::Kind::Resource => Ok(Node {
                path,
                content: Content::Value(Raw::Tlv(entry.value)),
            }),
            tlv::Kind::MultipleResource => {
                self.values = Some((path, entry.entries()));
                Ok(Node {
                    path,
                    content: Content::Resource,
                })
            }
            _ => Err(Error::BadRequest),
        }
    }
}

#[cfg(feature = "tlv")]
fn child(path: Path, id: u16) -> Result<Path, Error> {
    if id == Path::RESERVED_ID {
        return Err(Error::BadRequest);
    }
    path.child(id).ok_or(Error::BadRequest)
}

/// The instance that a payload sent to an object names first, for Create.
#[cfg(feature = "create")]
pub(crate) fn named_instance(
    format: ContentFormat,
    object: u16,
    payload: &[u8],
) -> Result<Option<u16>, Error> {
    match format {
        #[cfg(feature = "tlv")]
        ContentFormat::Tlv => match Tlvs::new(payload).next() {
            Some(entry) => Ok(Some(entry?)
                .filter(|e| e.kind == tlv::Kind::ObjectInstance)
                .map(|e| e.id)),
            None => Ok(None),
        },
        _ => {
            let mut reader = ValueReader::new(format, Path::object(object), payload)?;
            Ok(reader.next()?.and_then(|node| node.path.instance_id()))
        }
    }
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
