//! Where objects write their values: the format decides what becomes of them.

use super::Value;

/// Receives the values of a read.
///
/// An object calls one of the value methods for a resource with a single instance, or [`instance`](Self::instance) and
/// a value method for each instance of a resource with several. What the values become (TLV, SenML CBOR, text, or a
/// copy for the engine's own use) is not the object's business.
#[derive(Debug)]
pub struct ValueWriter<'b> {
    /// The bytes of a captured string or opaque value.
    capture: &'b mut [u8],
    captured: Captured,
    resource_instance: Option<u16>,
}

/// The last value that was written to a capturing writer.
#[derive(Clone, Copy, Debug)]
enum Captured {
    Nothing,
    /// Not a string or opaque.
    Short(Value<'static>),
    Text(usize),
    Bytes(usize),
    TooLong,
}

impl<'b> ValueWriter<'b> {
    /// A writer that keeps a copy of the last value written, for reading an object without a format. Strings and
    /// opaque values need room in `buf`.
    #[must_use]
    pub const fn capturing(buf: &'b mut [u8]) -> Self {
        Self {
            capture: buf,
            captured: Captured::Nothing,
            resource_instance: None,
        }
    }

    /// The value that was captured; `None` when there was none or `buf` was too small for it. A core link comes back
    /// as a string.
    #[must_use]
    pub fn captured(self) -> Option<Value<'b>> {
        let Self {
            capture, captured, ..
        } = self;
        match captured {
            Captured::Nothing | Captured::TooLong => None,
            Captured::Short(value) => Some(value),
            Captured::Text(len) => core::str::from_utf8(capture.get(..len)?)
                .ok()
                .map(Value::String),
            Captured::Bytes(len) => capture.get(..len).map(Value::Opaque),
        }
    }

    /// Names the resource instance that the next value belongs to.
    pub fn instance(&mut self, id: u16) -> &mut Self {
        self.resource_instance = Some(id);
        self
    }

    /// Writes a value of any type.
    pub fn value(&mut self, value: &Value<'_>) {
        self.captured = match *value {
            Value::String(text) | Value::CoreLink(text) => self
                .copy(text.as_bytes())
                .map_or(Captured::TooLong, Captured::Text),
            Value::Opaque(bytes) => self.copy(bytes).map_or(Captured::TooLong, Captured::Bytes),
            Value::Integer(value) => Captured::Short(Value::Integer(value)),
            Value::Unsigned(value) => Captured::Short(Value::Unsigned(value)),
            Value::Float(value) => Captured::Short(Value::Float(value)),
            Value::Boolean(value) => Captured::Short(Value::Boolean(value)),
            Value::Time(value) => Captured::Short(Value::Time(value)),
            Value::ObjectLink { object, instance } => {
                Captured::Short(Value::ObjectLink { object, instance })
            }
        };
    }

    fn copy(&mut self, bytes: &[u8]) -> Option<usize> {
        self.capture.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(bytes.len())
    }

    /// Writes text.
    pub fn string(&mut self, value: &str) {
        self.value(&Value::String(value));
    }

    /// Writes a signed integer.
    pub fn integer(&mut self, value: i64) {
        self.value(&Value::Integer(value));
    }

    /// Writes an unsigned integer.
    pub fn unsigned(&mut self, value: u64) {
        self.value(&Value::Unsigned(value));
    }

    /// Writes a floating point number.
    pub fn float(&mut self, value: f64) {
        self.value(&Value::Float(value));
    }

    /// Writes a truth value.
    pub fn boolean(&mut self, value: bool) {
        self.value(&Value::Boolean(value));
    }

    /// Writes bytes.
    pub fn opaque(&mut self, value: &[u8]) {
        self.value(&Value::Opaque(value));
    }

    /// Writes a time, in seconds since 1970-01-01T00:00:00Z.
    pub fn time(&mut self, value: i64) {
        self.value(&Value::Time(value));
    }

    /// Writes a reference to an object instance.
    pub fn object_link(&mut self, object: u16, instance: u16) {
        self.value(&Value::ObjectLink { object, instance });
    }

    /// Writes CoRE links.
    pub fn core_link(&mut self, value: &str) {
        self.value(&Value::CoreLink(value));
    }
}
