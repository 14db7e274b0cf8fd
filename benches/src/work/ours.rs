//! The work as lwm2m-core does it.

use core::hint::black_box;

use lwm2m_core::model::{Path, Value};
use lwm2m_core::wire::coap::{Builder, Code, Kind, Message, Token, option};
use lwm2m_core::wire::senml::RawValue;
use lwm2m_core::wire::senml_cbor::{Pack, Records};
use lwm2m_core::wire::tlv::{self, Tlvs};
use lwm2m_core::wire::writer::Writer;

use super::{Get, Register};

/// Reads a message: header, token, every option and the payload.
#[must_use]
pub fn parse(datagram: &[u8]) -> usize {
    let Ok(message) = Message::parse(datagram) else {
        return 0;
    };
    let options = message.options().map(|option| option.value.len());
    let header = usize::from(message.message_id()) + message.token().as_bytes().len();
    header + options.sum::<usize>() + message.payload().len()
}

/// Writes [`GET`](super::GET).
pub fn build_get(buffer: &mut [u8], get: &Get) -> usize {
    let mut writer = Writer::new(buffer);
    let token = Token::new(b"tokn").unwrap_or(Token::EMPTY);
    let mut builder = Builder::new(&mut writer, Kind::Con, Code::GET, get.message_id, token);
    builder.option_uint(option::OBSERVE, 0);
    for segment in get.path {
        builder.option(option::URI_PATH, segment);
    }
    builder.option_uint(option::ACCEPT, get.accept.into());
    writer.finish().stored
}

/// Writes [`REGISTER`](super::REGISTER).
pub fn build_register(buffer: &mut [u8], register: &Register) -> usize {
    let mut writer = Writer::new(buffer);
    let token = Token::new(b"tokn").unwrap_or(Token::EMPTY);
    let id = register.message_id;
    let mut builder = Builder::new(&mut writer, Kind::Con, Code::POST, id, token);
    builder
        .option(option::URI_PATH, b"rd")
        .option_uint(option::CONTENT_FORMAT, 40)
        .string_option_parts(option::URI_QUERY, "ep=", register.endpoint);
    for query in register.queries {
        builder.option(option::URI_QUERY, query);
    }
    builder.payload().bytes(register.links);
    writer.finish().stored
}

/// Writes the Device object in TLV.
pub fn tlv_encode(buffer: &mut [u8], battery_level: i64) -> usize {
    use tlv::Kind::{MultipleResource, Resource, ResourceInstance};
    let mut writer = Writer::new(buffer);
    let texts: [(u16, &str); 4] = [
        (0, "Open Mobile Alliance"),
        (1, "Lightweight M2M Client"),
        (2, "345000123"),
        (3, "1.0"),
    ];
    for (id, text) in texts {
        tlv::write_bytes(&mut writer, Resource, id, text.as_bytes());
    }
    let lists: [(u16, [i64; 2]); 3] = [(6, [1, 5]), (7, [3800, 5000]), (8, [125, 900])];
    for (id, values) in lists {
        let mark = tlv::open(&mut writer, MultipleResource, id);
        for (instance, value) in (0..).zip(values) {
            tlv::write_i64(&mut writer, ResourceInstance, instance, value);
        }
        tlv::close(&mut writer, mark);
    }
    tlv::write_i64(&mut writer, Resource, 9, battery_level);
    tlv::write_i64(&mut writer, Resource, 10, 15);
    let mark = tlv::open(&mut writer, MultipleResource, 11);
    tlv::write_i64(&mut writer, ResourceInstance, 0, 0);
    tlv::close(&mut writer, mark);
    tlv::write_i64(&mut writer, Resource, 13, 1_367_491_215);
    tlv::write_bytes(&mut writer, Resource, 14, b"+02:00");
    tlv::write_bytes(&mut writer, Resource, 16, b"U");
    writer.finish().stored
}

/// Reads the Device object from TLV, every value of it.
#[must_use]
pub fn tlv_decode(payload: &[u8]) -> i64 {
    let mut sum = 0;
    for entry in Tlvs::new(payload).filter_map(Result::ok) {
        sum += match entry.id {
            6..=8 | 11 => Tlvs::new(entry.value)
                .filter_map(|entry| tlv::read_i64(entry.ok()?.value).ok())
                .sum(),
            9 | 10 | 13 => tlv::read_i64(entry.value).unwrap_or_default(),
            _ => length(core::str::from_utf8(entry.value).unwrap_or_default()),
        };
    }
    sum
}

/// Writes the Device object in SenML CBOR.
pub fn senml_cbor_encode(buffer: &mut [u8], battery_level: i64) -> usize {
    let mut writer = Writer::new(buffer);
    let mut pack = Pack::open(&mut writer, Path::instance(3, 0));
    let texts: [(u16, &str); 4] = [
        (0, "Open Mobile Alliance"),
        (1, "Lightweight M2M Client"),
        (2, "345000123"),
        (3, "1.0"),
    ];
    for (id, text) in texts {
        pack.record(
            &mut writer,
            &Path::resource(3, 0, id),
            None,
            &Value::String(text),
        );
    }
    let lists: [(u16, [i64; 2]); 3] = [(6, [1, 5]), (7, [3800, 5000]), (8, [125, 900])];
    for (id, values) in lists {
        for (instance, value) in (0..).zip(values) {
            let path = Path::resource_instance(3, 0, id, instance);
            pack.record(&mut writer, &path, None, &Value::Integer(value));
        }
    }
    let numbers = [
        (Path::resource(3, 0, 9), battery_level),
        (Path::resource(3, 0, 10), 15),
        (Path::resource_instance(3, 0, 11, 0), 0),
        (Path::resource(3, 0, 13), 1_367_491_215),
    ];
    for (path, value) in numbers {
        pack.record(&mut writer, &path, None, &Value::Integer(value));
    }
    for (id, text) in [(14, "+02:00"), (16, "U")] {
        pack.record(
            &mut writer,
            &Path::resource(3, 0, id),
            None,
            &Value::String(text),
        );
    }
    pack.close(&mut writer);
    writer.finish().stored
}

/// Reads the Device object from SenML CBOR: every path and value.
#[must_use]
pub fn senml_cbor_decode(payload: &[u8]) -> i64 {
    let Ok(records) = Records::new(payload) else {
        return 0;
    };
    let mut sum = 0;
    for record in records.filter_map(Result::ok) {
        sum += i64::from(*record.path.ids().last().unwrap_or(&0));
        sum += match record.value {
            Some(RawValue::Number(number)) => number.as_i64().unwrap_or_default(),
            Some(RawValue::Text(text)) => length(core::str::from_utf8(text).unwrap_or_default()),
            _ => 0,
        };
    }
    sum
}

/// The same without the sum, which costs a small processor more than the compiler of a host lets it: every path and value
/// is looked at. The number of records.
#[must_use]
pub fn senml_cbor_walk(payload: &[u8]) -> usize {
    let Ok(records) = Records::new(payload) else {
        return 0;
    };
    let mut count = 0;
    for record in records {
        let Ok(record) = record else { return 0 };
        black_box(&record.path);
        match record.value {
            Some(RawValue::Number(number)) => drop(black_box(number.as_i64())),
            Some(RawValue::Text(text)) => drop(black_box(core::str::from_utf8(text))),
            _ => continue,
        }
        count += 1;
    }
    count
}

pub(super) fn length(text: &str) -> i64 {
    i64::try_from(text.len()).unwrap_or_default()
}
