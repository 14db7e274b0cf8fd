//! Values as a person or a script writes them, typed by the resource's definition.

use core::fmt;

use lwm2m_core::model::{DataType, Value};
use serde_json::Value as Json;

/// A value as it was typed: as text, or as a JSON value.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::exhaustive_enums, reason = "the console has these two ways")]
pub enum Input {
    /// As text.
    Text(String),
    /// As a JSON value.
    Json(Json),
}

/// A value of the type that the resource's definition asks for.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum TypedValue {
    /// Text.
    String(String),
    /// Signed integer.
    Integer(i64),
    /// Unsigned integer.
    Unsigned(u64),
    /// Floating point number.
    Float(f64),
    /// Truth value.
    Boolean(bool),
    /// Bytes, typed in hexadecimal.
    Opaque(Vec<u8>),
    /// Seconds since 1970-01-01T00:00:00Z.
    Time(i64),
    /// Reference to an object instance, typed as `3:0`.
    ObjectLink {
        /// Object id.
        object: u16,
        /// Object instance id.
        instance: u16,
    },
    /// CoRE links.
    CoreLink(String),
}

/// The value does not fit the resource's type.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[allow(clippy::exhaustive_structs, reason = "it has nothing more to say")]
pub struct ValueError(
    /// The type that was asked for.
    pub DataType,
);

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            DataType::None => "this resource has no value",
            DataType::String => "this resource takes a text",
            DataType::Integer => "this resource takes an integer",
            DataType::Unsigned => "this resource takes an integer that is not negative",
            DataType::Float => "this resource takes a number",
            DataType::Boolean => "this resource takes true or false",
            DataType::Opaque => "this resource takes bytes in hexadecimal",
            DataType::Time => "this resource takes seconds since 1970",
            DataType::ObjectLink => "this resource takes an object link such as 3:0",
            DataType::CoreLink => "this resource takes links such as </3/0>",
            _ => "the console does not know this resource's type",
        })
    }
}

impl core::error::Error for ValueError {}

impl TypedValue {
    /// `input` as a value of `data_type`. JSON numbers and booleans must be of the type; strings are read as text.
    ///
    /// # Errors
    /// [`ValueError`] when it is none.
    pub fn parse(data_type: DataType, input: &Input) -> Result<Self, ValueError> {
        match input {
            Input::Text(text) | Input::Json(Json::String(text)) => from_text(data_type, text),
            Input::Json(json) => from_json(data_type, json),
        }
        .ok_or(ValueError(data_type))
    }

    /// The value as the objects take it.
    #[must_use]
    pub fn as_value(&self) -> Value<'_> {
        match self {
            Self::String(text) => Value::String(text),
            Self::Integer(value) => Value::Integer(*value),
            Self::Unsigned(value) => Value::Unsigned(*value),
            Self::Float(value) => Value::Float(*value),
            Self::Boolean(value) => Value::Boolean(*value),
            Self::Opaque(bytes) => Value::Opaque(bytes),
            Self::Time(seconds) => Value::Time(*seconds),
            Self::ObjectLink { object, instance } => Value::ObjectLink {
                object: *object,
                instance: *instance,
            },
            Self::CoreLink(text) => Value::CoreLink(text),
        }
    }
}

fn from_text(data_type: DataType, text: &str) -> Option<TypedValue> {
    Some(match data_type {
        DataType::String => TypedValue::String(text.to_owned()),
        DataType::CoreLink => TypedValue::CoreLink(text.to_owned()),
        DataType::Integer => TypedValue::Integer(text.parse().ok()?),
        DataType::Unsigned => TypedValue::Unsigned(text.parse().ok()?),
        DataType::Time => TypedValue::Time(text.parse().ok()?),
        DataType::Float => {
            TypedValue::Float(text.parse().ok().filter(|value: &f64| value.is_finite())?)
        }
        DataType::Boolean => TypedValue::Boolean(match text {
            "true" | "1" => true,
            "false" | "0" => false,
            _ => return None,
        }),
        DataType::Opaque => TypedValue::Opaque(parse_hex(text)?),
        DataType::ObjectLink => {
            let (object, instance) = text.split_once(':')?;
            TypedValue::ObjectLink {
                object: object.parse().ok()?,
                instance: instance.parse().ok()?,
            }
        }
        _ => return None,
    })
}

fn from_json(data_type: DataType, json: &Json) -> Option<TypedValue> {
    Some(match data_type {
        DataType::Integer => TypedValue::Integer(json.as_i64()?),
        DataType::Unsigned => TypedValue::Unsigned(json.as_u64()?),
        DataType::Time => TypedValue::Time(json.as_i64()?),
        DataType::Float => TypedValue::Float(json.as_f64()?),
        DataType::Boolean => TypedValue::Boolean(json.as_bool()?),
        _ => return None,
    })
}

/// Bytes from pairs of hexadecimal digits.
pub(super) fn parse_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.chars().map(|digit| digit.to_digit(16));
    let digits: Vec<u32> = digits.collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    let bytes = pairs
        .iter()
        .map(|[high, low]| u8::try_from(high * 16 + low));
    rest.is_empty()
        .then(|| bytes.collect::<Result<_, _>>().ok())?
}

/// The value as text; bytes in hexadecimal.
pub(super) fn to_text(value: &Value<'_>) -> String {
    match value {
        Value::String(text) | Value::CoreLink(text) => (*text).to_owned(),
        Value::Opaque(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        Value::ObjectLink { object, instance } => format!("{object}:{instance}"),
        other => to_json(other).to_string(),
    }
}

/// The value in JSON: numbers and booleans as such, all else as [`to_text`] has it. A number that JSON cannot write
/// (infinity, not a number) becomes `null`.
pub(super) fn to_json(value: &Value<'_>) -> Json {
    match value {
        Value::Integer(value) | Value::Time(value) => Json::from(*value),
        Value::Unsigned(value) => Json::from(*value),
        Value::Float(value) => Json::from(*value),
        Value::Boolean(value) => Json::from(*value),
        other => Json::from(to_text(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn text(data_type: DataType, text: &str) -> Result<TypedValue, ValueError> {
        TypedValue::parse(data_type, &Input::Text(text.to_owned()))
    }

    fn from(data_type: DataType, json: Json) -> Result<TypedValue, ValueError> {
        TypedValue::parse(data_type, &Input::Json(json))
    }

    #[test]
    fn the_definition_types_what_was_typed() {
        let expected = [
            (DataType::String, "25", Value::String("25")),
            (DataType::Integer, "-25", Value::Integer(-25)),
            (
                DataType::Unsigned,
                "18446744073709551615",
                Value::Unsigned(u64::MAX),
            ),
            (DataType::Float, "-2.5e1", Value::Float(-25.0)),
            (DataType::Boolean, "true", Value::Boolean(true)),
            (DataType::Boolean, "0", Value::Boolean(false)),
            (DataType::Opaque, "00fF", Value::Opaque(&[0, 255])),
            (DataType::Opaque, "", Value::Opaque(&[])),
            (DataType::Time, "1767225600", Value::Time(1_767_225_600)),
            (
                DataType::ObjectLink,
                "3:65535",
                Value::ObjectLink {
                    object: 3,
                    instance: 65535,
                },
            ),
            (DataType::CoreLink, "</3/0>", Value::CoreLink("</3/0>")),
        ];
        for (data_type, typed, value) in expected {
            assert_eq!(text(data_type, typed).unwrap().as_value(), value);
            // A JSON string is read in the same way.
            assert_eq!(from(data_type, json!(typed)).unwrap().as_value(), value);
        }
    }

    #[test]
    fn json_values_must_be_of_the_type() {
        assert_eq!(
            from(DataType::Integer, json!(7)),
            Ok(TypedValue::Integer(7))
        );
        assert_eq!(
            from(DataType::Unsigned, json!(7)),
            Ok(TypedValue::Unsigned(7))
        );
        assert_eq!(from(DataType::Time, json!(7)), Ok(TypedValue::Time(7)));
        assert_eq!(from(DataType::Float, json!(7)), Ok(TypedValue::Float(7.0)));
        assert_eq!(
            from(DataType::Boolean, json!(true)),
            Ok(TypedValue::Boolean(true))
        );
        for (data_type, json) in [
            (DataType::Integer, json!(7.5)),
            (DataType::Unsigned, json!(-1)),
            (DataType::Boolean, json!(1)),
            (DataType::String, json!(7)),
            (DataType::Opaque, json!([1])),
            (DataType::Float, json!(null)),
        ] {
            assert_eq!(from(data_type, json), Err(ValueError(data_type)));
        }
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        for (data_type, typed) in [
            (DataType::Integer, "1.5"),
            (DataType::Integer, "9223372036854775808"),
            (DataType::Unsigned, "-1"),
            (DataType::Float, "warm"),
            (DataType::Float, "inf"),
            (DataType::Boolean, "yes"),
            (DataType::Opaque, "0"),
            (DataType::Opaque, "0g"),
            (DataType::Time, ""),
            (DataType::ObjectLink, "3"),
            (DataType::ObjectLink, "3:65536"),
            (DataType::None, "x"),
        ] {
            assert_eq!(
                text(data_type, typed),
                Err(ValueError(data_type)),
                "{typed}"
            );
        }
    }

    #[test]
    fn values_are_shown_as_they_are_typed() {
        for (value, shown, json) in [
            (Value::String("a b"), "a b", json!("a b")),
            (Value::Integer(-3), "-3", json!(-3)),
            (Value::Float(22.5), "22.5", json!(22.5)),
            (Value::Float(f64::NAN), "null", json!(null)),
            (Value::Boolean(true), "true", json!(true)),
            (Value::Opaque(&[0x0A, 0xFF]), "0aff", json!("0aff")),
            (
                Value::ObjectLink {
                    object: 3,
                    instance: 0,
                },
                "3:0",
                json!("3:0"),
            ),
        ] {
            assert_eq!((to_text(&value).as_str(), to_json(&value)), (shown, json));
        }
    }
}
