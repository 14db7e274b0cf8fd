//! Typed values.

use super::definition::DataType;

/// A value of one of the LwM2M data types (Core 1.1.1, appendix C), borrowing what is long.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Value<'a> {
    /// Signed integer.
    Integer(i64),
    /// UTF-8 text.
    String(&'a str),
    /// Unsigned integer (since LwM2M 1.1).
    Unsigned(u64),
    /// Floating point number.
    #[cfg(feature = "float")]
    Float(f64),
    /// Truth value.
    Boolean(bool),
    /// Bytes.
    Opaque(&'a [u8]),
    /// Seconds since 1970-01-01T00:00:00Z.
    Time(i64),
    /// Reference to an object instance.
    ObjectLink {
        /// Object id.
        object: u16,
        /// Object instance id.
        instance: u16,
    },
    /// CoRE links (RFC 6690; since LwM2M 1.1).
    CoreLink(&'a str),
}

impl<'a> Value<'a> {
    /// The data type.
    #[must_use]
    pub const fn data_type(&self) -> DataType {
        match self {
            Self::String(_) => DataType::String,
            Self::Integer(_) => DataType::Integer,
            Self::Unsigned(_) => DataType::Unsigned,
            #[cfg(feature = "float")]
            Self::Float(_) => DataType::Float,
            Self::Boolean(_) => DataType::Boolean,
            Self::Opaque(_) => DataType::Opaque,
            Self::Time(_) => DataType::Time,
            Self::ObjectLink { .. } => DataType::ObjectLink,
            Self::CoreLink(_) => DataType::CoreLink,
        }
    }

    /// The value of an integer, unsigned integer or time that fits.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match *self {
            Self::Integer(value) | Self::Time(value) => Some(value),
            Self::Unsigned(value) => i64::try_from(value).ok(),
            _ => None,
        }
    }

    /// The value of an integer, unsigned integer or time that is not negative.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        match *self {
            Self::Integer(value) | Self::Time(value) => u64::try_from(value).ok(),
            Self::Unsigned(value) => Some(value),
            _ => None,
        }
    }

    /// The value of an integer or unsigned integer that fits 16 bits.
    #[must_use]
    pub fn as_u16(&self) -> Option<u16> {
        self.as_u64().and_then(|value| u16::try_from(value).ok())
    }

    /// The value of a float.
    #[cfg(feature = "float")]
    #[must_use]
    pub const fn as_f64(&self) -> Option<f64> {
        match *self {
            Self::Float(value) => Some(value),
            _ => None,
        }
    }

    /// The value of a boolean.
    #[must_use]
    pub const fn as_bool(&self) -> Option<bool> {
        match *self {
            Self::Boolean(value) => Some(value),
            _ => None,
        }
    }

    /// The text of a string or core link.
    #[must_use]
    pub const fn as_str(&self) -> Option<&'a str> {
        match *self {
            Self::String(text) | Self::CoreLink(text) => Some(text),
            _ => None,
        }
    }

    /// The bytes of an opaque value.
    #[must_use]
    pub const fn as_bytes(&self) -> Option<&'a [u8]> {
        match *self {
            Self::Opaque(bytes) => Some(bytes),
            _ => None,
        }
    }
}
