//! Payloads made by Leshan: each is read as exactly its nodes, and what is written from the nodes is read the same.
//! Where there is one way to write a value, the bytes are the peer's.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by a panic"
)]

use std::collections::BTreeMap;

use lwm2m_core::{
    model::{self, Level, Path},
    wire::{
        base64,
        cbor::{self, Number},
        number,
        senml::RawValue,
        senml_cbor::{Pack, Records},
        text,
        tlv::{self, Kind, Tlvs},
        writer::Writer,
    },
};
use serde_json::Value as Json;

const TEXT: u64 = 0;
const OPAQUE: u64 = 42;
const SENML_CBOR: u64 = 112;
const TLV: u64 = 11542;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Type {
    String,
    Integer,
    Unsigned,
    Float,
    Boolean,
    Opaque,
    Time,
    ObjectLink,
}

impl Type {
    const ALL: [Self; 8] = [
        Self::String,
        Self::Integer,
        Self::Unsigned,
        Self::Float,
        Self::Boolean,
        Self::Opaque,
        Self::Time,
        Self::ObjectLink,
    ];

    /// Of a resource of object 32769.
    fn of(path: &Path) -> Self {
        Self::ALL[usize::from(path.resource_id().unwrap()) % 20 % 8]
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Value {
    String(String),
    Integer(i64),
    Unsigned(u64),
    Float(f64),
    Boolean(bool),
    Opaque(Vec<u8>),
    Time(i64),
    ObjectLink(u16, u16),
    /// A multiple resource or an instance with nothing in it.
    Empty,
    /// A path alone.
    Named,
}

/// By time and path.
type Nodes = BTreeMap<(i64, Path), Value>;

/// The same in the order of a payload.
type Ordered = Vec<((i64, Path), Value)>;

#[derive(Debug)]
struct Vector {
    format: u64,
    level: String,
    path: Option<Path>,
    nodes: Nodes,
    payload: Vec<u8>,
}

#[test]
fn every_payload_is_read_as_its_nodes() {
    for vector in vectors() {
        let read = vector.read(&vector.payload).map(unordered);
        assert_eq!(read, Some(vector.expected()), "{vector:?}");
    }
}

#[test]
fn what_is_written_from_the_nodes_is_read_the_same() {
    let mut same = 0;
    for vector in vectors() {
        let written = vector.write();
        let read = vector.read(&written).map(unordered);
        assert_eq!(read, Some(vector.readable()), "{vector:?}");
        if vector.has_one_form() {
            assert_eq!(written, vector.payload, "{vector:?}");
            same += 1;
        }
    }
    assert!(same > 150, "{same}");
}

fn unordered(nodes: Ordered) -> Nodes {
    let count = nodes.len();
    let mut nodes = Nodes::from_iter(nodes);
    assert_eq!(nodes.len(), count, "a path comes twice");
    // The vectors do not mention instances without resources.
    nodes.retain(|(_, path), value| path.level() >= Level::Resource || *value == Value::Named);
    nodes
}

impl Vector {
    fn read(&self, payload: &[u8]) -> Option<Ordered> {
        match self.format {
            TEXT => {
                let path = self.path.unwrap();
                Some(vec![((0, path), read_text(payload, &path)?)])
            }
            OPAQUE => Some(vec![(
                (0, self.path.unwrap()),
                Value::Opaque(payload.into()),
            )]),
            SENML_CBOR => read_senml_cbor(payload),
            TLV => {
                let path = self.path.unwrap();
                let parent = match self.level.as_str() {
                    "resource" => path.up_to(Level::Instance),
                    _ => path,
                };
                let mut nodes = Ordered::new();
                read_tlv(payload, parent, &mut nodes)?;
                Some(nodes)
            }
            format => panic!("{format}"),
        }
    }

    /// Writes the nodes, in the order of the payload.
    fn write(&self) -> Vec<u8> {
        let mut nodes = self.read(&self.payload).unwrap();
        for (key, value) in &mut nodes {
            if let Some(exact) = self.nodes.get(key) {
                value.clone_from(exact);
            }
        }
        let mut buf = vec![0; 4096];
        let mut writer = Writer::new(&mut buf);
        match self.format {
            TEXT => write_text(&mut writer, self.only_value()),
            OPAQUE => match self.only_value() {
                Value::Opaque(bytes) => writer.bytes(bytes),
                value => panic!("{value:?}"),
            },
            SENML_CBOR => write_senml_cbor(&mut writer, self.path.unwrap_or(Path::ROOT), &nodes),
            _ => write_tlv(&mut writer, self.level == "object", &nodes),
        }
        let written = writer.finish();
        assert!(written.is_whole());
        buf.truncate(written.stored);
        buf
    }

    fn only_value(&self) -> &Value {
        let mut values = self.nodes.iter();
        let (Some((_, value)), None) = (values.next(), values.next()) else {
            panic!("{self:?}");
        };
        value
    }

    /// The nodes as the peer's bytes have them: see `vectors/README.md`.
    fn expected(&self) -> Nodes {
        let mut nodes = self.readable();
        if self.format == TLV {
            for value in nodes.values_mut() {
                match value {
                    Value::Unsigned(value) if *value == u64::MAX => *value = 255,
                    Value::Time(value) => *value &= 0xffff_ffff,
                    _ => {}
                }
            }
        }
        nodes
    }

    /// The nodes that the format can express.
    fn readable(&self) -> Nodes {
        let mut nodes = self.nodes.clone();
        nodes.retain(|_, value| self.format == TLV || *value != Value::Empty);
        nodes
    }

    /// Whether the peer's bytes are the only ones to write.
    fn has_one_form(&self) -> bool {
        let fixed = |value: &Value| match value {
            Value::Float(_) => false,
            Value::Time(_) => self.format != TLV,
            Value::Unsigned(value) => *value < 1 << 63,
            _ => true,
        };
        self.format != SENML_CBOR && self.nodes.values().all(fixed)
    }
}

fn read_text(bytes: &[u8], path: &Path) -> Option<Value> {
    Some(match Type::of(path) {
        Type::String => Value::String(text::read_str(bytes).ok()?.into()),
        Type::Integer => Value::Integer(number::parse_i64(bytes).ok()?),
        Type::Unsigned => Value::Unsigned(number::parse_u64(bytes).ok()?),
        Type::Float => Value::Float(number::parse_f64(bytes).ok()?),
        Type::Boolean => Value::Boolean(text::read_bool(bytes).ok()?),
        Type::Opaque => {
            let mut bytes = bytes.to_vec();
            let len = base64::decode(&mut bytes).ok()?;
            bytes.truncate(len);
            Value::Opaque(bytes)
        }
        Type::Time => Value::Time(number::parse_i64(bytes).ok()?),
        Type::ObjectLink => {
            let (object, instance) = text::read_object_link(bytes).ok()?;
            Value::ObjectLink(object, instance)
        }
    })
}

fn write_text(writer: &mut Writer<'_>, value: &Value) {
    match value {
        Value::String(value) => writer.bytes(value.as_bytes()),
        Value::Integer(value) | Value::Time(value) => number::write_i64(writer, *value),
        Value::Unsigned(value) => number::write_u64(writer, *value),
        Value::Float(value) => number::write_f64(writer, *value),
        Value::Boolean(value) => text::write_bool(writer, *value),
        Value::Opaque(value) => base64::write(writer, value),
        Value::ObjectLink(object, instance) => text::write_object_link(writer, *object, *instance),
        Value::Empty | Value::Named => panic!("{value:?}"),
    }
}

fn read_tlv(bytes: &[u8], parent: Path, nodes: &mut Ordered) -> Option<()> {
    for entry in Tlvs::new(bytes) {
        let entry = entry.ok()?;
        let path = parent.child(entry.id)?;
        let level = match entry.kind {
            Kind::ObjectInstance => Level::Instance,
            Kind::Resource | Kind::MultipleResource => Level::Resource,
            Kind::ResourceInstance => Level::ResourceInstance,
        };
        assert_eq!(path.level(), level);
        let container = matches!(entry.kind, Kind::MultipleResource | Kind::ObjectInstance);
        if container && entry.value.is_empty() {
            nodes.push(((0, path), Value::Empty));
        } else if container {
            read_tlv(entry.value, path, nodes)?;
        } else {
            nodes.push(((0, path), read_tlv_value(entry.value, &path)?));
        }
    }
    Some(())
}

fn read_tlv_value(bytes: &[u8], path: &Path) -> Option<Value> {
    Some(match Type::of(path) {
        Type::String => Value::String(text::read_str(bytes).ok()?.into()),
        Type::Integer => Value::Integer(tlv::read_i64(bytes).ok()?),
        Type::Unsigned => Value::Unsigned(tlv::read_u64(bytes).ok()?),
        Type::Float => Value::Float(tlv::read_f64(bytes).ok()?),
        Type::Boolean => Value::Boolean(tlv::read_bool(bytes).ok()?),
        Type::Opaque => Value::Opaque(bytes.into()),
        Type::Time => Value::Time(tlv::read_time(bytes).ok()?),
        Type::ObjectLink => {
            let (object, instance) = tlv::read_object_link(bytes).ok()?;
            Value::ObjectLink(object, instance)
        }
    })
}

fn write_tlv(writer: &mut Writer<'_>, contained: bool, nodes: &Ordered) {
    let mut instance = None;
    let mut resource = None;
    for ((_, path), value) in nodes {
        let (own_instance, own_resource) =
            (path.up_to(Level::Instance), path.up_to(Level::Resource));
        let multiple = path.level() == Level::ResourceInstance || *value == Value::Empty;
        if resource
            .as_ref()
            .is_some_and(|(path, _)| *path != own_resource)
        {
            tlv::close(writer, resource.take().unwrap().1);
        }
        if instance
            .as_ref()
            .is_some_and(|(path, _)| *path != own_instance)
        {
            tlv::close(writer, instance.take().unwrap().1);
        }
        if contained && instance.is_none() {
            let id = path.instance_id().unwrap();
            instance = Some((own_instance, tlv::open(writer, Kind::ObjectInstance, id)));
        }
        let Some(id) = path.resource_id() else {
            continue;
        };
        if multiple && resource.is_none() {
            resource = Some((own_resource, tlv::open(writer, Kind::MultipleResource, id)));
        }
        let (kind, id) = match path.resource_instance_id() {
            Some(id) => (Kind::ResourceInstance, id),
            None => (Kind::Resource, id),
        };
        match value {
            Value::String(value) => tlv::write_bytes(writer, kind, id, value.as_bytes()),
            Value::Integer(value) | Value::Time(value) => tlv::write_i64(writer, kind, id, *value),
            Value::Unsigned(value) => tlv::write_u64(writer, kind, id, *value),
            Value::Float(value) => tlv::write_f64(writer, kind, id, *value),
            Value::Boolean(value) => tlv::write_bool(writer, kind, id, *value),
            Value::Opaque(value) => tlv::write_bytes(writer, kind, id, value),
            Value::ObjectLink(object, instance) => {
                tlv::write_object_link(writer, kind, id, *object, *instance);
            }
            Value::Empty => {}
            Value::Named => panic!("{path}"),
        }
    }
    for (_, mark) in [resource, instance].into_iter().flatten() {
        tlv::close(writer, mark);
    }
}

fn read_senml_cbor(payload: &[u8]) -> Option<Ordered> {
    let mut nodes = Ordered::new();
    let mut records = Records::new(payload).ok()?;
    while let Some(record) = records.next() {
        let record = record.ok()?;
        let seconds = |time: Option<Number>| time.map_or(0, |time| time.as_i64().unwrap());
        let (base_time, time) = records.times();
        let time = seconds(base_time) + seconds(time);
        let value = match record.value {
            Some(value) => senml_value(value, &record.path)?,
            None => Value::Named,
        };
        nodes.push(((time, record.path), value));
    }
    Some(nodes)
}

fn senml_value(value: RawValue<'_>, path: &Path) -> Option<Value> {
    Some(match (Type::of(path), value) {
        (Type::String, RawValue::Text(value)) => Value::String(text::read_str(value).ok()?.into()),
        (Type::Integer, RawValue::Number(value)) => Value::Integer(value.as_i64()?),
        (Type::Unsigned, RawValue::Number(value)) => Value::Unsigned(value.as_u64()?),
        (Type::Float, RawValue::Number(value)) => Value::Float(value.as_f64()),
        (Type::Boolean, RawValue::Bool(value)) => Value::Boolean(value),
        (Type::Opaque, RawValue::Data(value)) => Value::Opaque(value.into()),
        (Type::Time, RawValue::Number(value)) => Value::Time(value.as_i64()?),
        (Type::ObjectLink, RawValue::ObjectLink(value) | RawValue::Text(value)) => {
            let (object, instance) = text::read_object_link(value).ok()?;
            Value::ObjectLink(object, instance)
        }
        _ => return None,
    })
}

fn write_senml_cbor(writer: &mut Writer<'_>, base: Path, nodes: &Ordered) {
    if nodes.iter().all(|(_, value)| *value == Value::Named) {
        // Only a server writes a list of paths.
        return write_paths(writer, nodes);
    }
    let mut pack = Pack::open(writer, base);
    for ((time, path), value) in nodes {
        let time = Some(*time).filter(|time| *time != 0);
        let value = match value {
            Value::String(value) => model::Value::String(value),
            Value::Integer(value) => model::Value::Integer(*value),
            Value::Time(value) => model::Value::Time(*value),
            Value::Unsigned(value) => model::Value::Unsigned(*value),
            Value::Float(value) => model::Value::Float(*value),
            Value::Boolean(value) => model::Value::Boolean(*value),
            Value::Opaque(value) => model::Value::Opaque(value),
            Value::ObjectLink(object, instance) => model::Value::ObjectLink {
                object: *object,
                instance: *instance,
            },
            Value::Empty | Value::Named => panic!("{path}"),
        };
        pack.record(writer, path, time, &value);
    }
    pack.close(writer);
}

fn write_paths(writer: &mut Writer<'_>, nodes: &Ordered) {
    cbor::write_array(writer, nodes.len());
    for ((_, path), _) in nodes {
        cbor::write_map(writer, 1);
        cbor::write_u64(writer, 0);
        cbor::write_text(writer, path.to_string().as_bytes());
    }
}

fn vectors() -> Vec<Vector> {
    let lines = include_str!("vectors/leshan.jsonl").lines();
    let vectors: Vec<_> = lines.map(|line| vector(&line.parse().unwrap())).collect();
    assert_eq!(vectors.len(), 493);
    vectors
}

fn vector(json: &Json) -> Vector {
    let mut nodes = Nodes::new();
    for node in json["nodes"].as_array().unwrap() {
        if let Some(path) = node.as_str() {
            nodes.insert((0, Path::parse(path).unwrap()), Value::Named);
            continue;
        }
        let path = Path::parse(node["path"].as_str().unwrap()).unwrap();
        let name = node["type"].as_str().unwrap();
        let time = node["t"].as_i64().unwrap_or(0);
        if let Some(instances) = node["instances"].as_object() {
            if instances.is_empty() {
                nodes.insert((time, path), Value::Empty);
            }
            for (id, value) in instances {
                let path = path.child(id.parse().unwrap()).unwrap();
                nodes.insert((time, path), value_of(name, value));
            }
        } else {
            nodes.insert((time, path), value_of(name, &node["value"]));
        }
    }
    Vector {
        format: json["format"].as_u64().unwrap(),
        level: json["level"].as_str().unwrap().into(),
        path: json["path"].as_str().map(|path| Path::parse(path).unwrap()),
        nodes,
        payload: hex(json["hex"].as_str().unwrap()),
    }
}

fn value_of(name: &str, value: &Json) -> Value {
    let text = value.as_str().unwrap_or_default();
    match name {
        "string" => Value::String(text.into()),
        "integer" => Value::Integer(text.parse().unwrap()),
        "unsigned_integer" => Value::Unsigned(text.parse().unwrap()),
        "float" => Value::Float(text.parse().unwrap()),
        "boolean" => Value::Boolean(value.as_bool().unwrap()),
        "opaque" => Value::Opaque(hex(text)),
        "time" => Value::Time(value.as_i64().unwrap()),
        "objlnk" => {
            let (object, instance) = text.split_once(':').unwrap();
            Value::ObjectLink(object.parse().unwrap(), instance.parse().unwrap())
        }
        _ => panic!("{name}"),
    }
}

fn hex(text: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(byte).collect()
}
