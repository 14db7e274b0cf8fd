//! What a field of an object must offer to be a resource.

use crate::time::UnixTime;

use super::{Bytes, DataType, Error, Text, Value};

/// A value that servers can read: a field of a struct with `#[derive(Object)]`.
///
/// Implemented for the integers and floats of Rust, `bool`, `&str`, [`Text`], [`Bytes`], [`UnixTime`], [`ObjectLink`],
/// and for `Option` of each, which is an optional resource that may be absent.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the value of a resource",
    note = "use a number, `bool`, `&str`, `Text<N>`, `Bytes<N>`, `UnixTime`, `ObjectLink`, or an `Option` of one"
)]
pub trait ResourceValue {
    /// The value; `None` when the resource is absent.
    fn value(&self) -> Option<Value<'_>>;

    /// Whether [`WritableValue::set`] would take `value`.
    ///
    /// # Errors
    /// [`Error::BadRequest`] for a value of the wrong kind or outside the type, [`Error::TooLarge`] for one that does
    /// not fit; [`Error::MethodNotAllowed`], the default, for a type that is never written.
    fn check(&self, value: &Value<'_>) -> Result<(), Error> {
        let _ = value;
        Err(Error::MethodNotAllowed)
    }
}

/// A value that servers can write, too.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the value of a writable resource",
    note = "use a number, `bool`, `Text<N>`, `Bytes<N>`, `UnixTime`, `ObjectLink`, or an `Option` of one"
)]
pub trait WritableValue: ResourceValue {
    /// Takes a value.
    ///
    /// # Errors
    /// Those of [`check`](ResourceValue::check); nothing has changed then.
    fn set(&mut self, value: &Value<'_>) -> Result<(), Error>;

    /// Makes the value absent where it can be, else zero or empty.
    fn clear(&mut self);
}

/// A Rust type that has a data type in LwM2M, unless an object says otherwise.
#[diagnostic::on_unimplemented(
    message = "no LwM2M data type is known for `{Self}`",
    note = "name it: `#[resource(…, type = \"integer\")]`"
)]
pub trait Typed {
    /// The data type.
    const DATA_TYPE: DataType;
}

/// A reference to an object instance (Core 1.1.1, appendix C).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[allow(
    clippy::exhaustive_structs,
    reason = "the LwM2M object link has exactly these parts"
)]
pub struct ObjectLink {
    /// Object id.
    pub object: u16,
    /// Object instance id.
    pub instance: u16,
}

/// Implements the traits for a type that is copied into a value and out of it.
macro_rules! copied {
    ($rust:ty, $variant:ident, |$field:ident| $to:expr, |$value:ident| $from:expr) => {
        impl Typed for $rust {
            const DATA_TYPE: DataType = DataType::$variant;
        }

        impl ResourceValue for $rust {
            fn value(&self) -> Option<Value<'_>> {
                let $field = *self;
                Some($to)
            }

            fn check(&self, value: &Value<'_>) -> Result<(), Error> {
                let mut copy = *self;
                copy.set(value)
            }
        }

        impl WritableValue for $rust {
            fn set(&mut self, $value: &Value<'_>) -> Result<(), Error> {
                let new: Option<Self> = $from;
                *self = new.ok_or(Error::BadRequest)?;
                Ok(())
            }

            fn clear(&mut self) {
                *self = Self::default();
            }
        }
    };
}

macro_rules! integers {
    ($variant:ident, $read:ident: $($rust:ty),*) => {$(
        copied!(
            $rust,
            $variant,
            |number| Value::$variant(number.into()),
            |value| value.$read().and_then(|number| number.try_into().ok())
        );
    )*};
}

integers!(Integer, as_i64: i8, i16, i32, i64);
integers!(Unsigned, as_u64: u8, u16, u32, u64);
#[cfg(feature = "float")]
copied!(f32, Float, |number| Value::Float(number.into()), |value| {
    value.as_f64().and_then(narrow)
});
#[cfg(feature = "float")]
copied!(f64, Float, |number| Value::Float(number), |value| {
    value.as_f64()
});
copied!(bool, Boolean, |flag| Value::Boolean(flag), |value| {
    value.as_bool()
});
copied!(
    UnixTime,
    Time,
    |time| Value::Time(time.as_secs()),
    |value| value.as_i64().map(UnixTime::from_secs)
);
copied!(
    ObjectLink,
    ObjectLink,
    |link| Value::ObjectLink {
        object: link.object,
        instance: link.instance
    },
    |value| match *value {
        Value::ObjectLink { object, instance } => Some(Self { object, instance }),
        _ => None,
    }
);

/// The nearest `f32`; `None` for a finite number beyond its range.
#[cfg(feature = "float")]
#[allow(
    clippy::cast_possible_truncation,
    reason = "rounding is what is wanted"
)]
fn narrow(wide: f64) -> Option<f32> {
    Some(wide as f32).filter(|narrow| narrow.is_finite() || !wide.is_finite())
}

impl Typed for &str {
    const DATA_TYPE: DataType = DataType::String;
}

impl ResourceValue for &str {
    fn value(&self) -> Option<Value<'_>> {
        Some(Value::String(self))
    }
}

impl<const N: usize> Typed for Text<N> {
    const DATA_TYPE: DataType = DataType::String;
}

impl<const N: usize> ResourceValue for Text<N> {
    fn value(&self) -> Option<Value<'_>> {
        Some(Value::String(self.as_str()))
    }

    fn check(&self, value: &Value<'_>) -> Result<(), Error> {
        fits(value.as_str().map(str::len), N)
    }
}

impl<const N: usize> WritableValue for Text<N> {
    fn set(&mut self, value: &Value<'_>) -> Result<(), Error> {
        Self::set(self, value.as_str().ok_or(Error::BadRequest)?)
    }

    fn clear(&mut self) {
        *self = Self::new();
    }
}

impl<const N: usize> Typed for Bytes<N> {
    const DATA_TYPE: DataType = DataType::Opaque;
}

impl<const N: usize> ResourceValue for Bytes<N> {
    fn value(&self) -> Option<Value<'_>> {
        Some(Value::Opaque(self.as_slice()))
    }

    fn check(&self, value: &Value<'_>) -> Result<(), Error> {
        fits(value.as_bytes().map(<[u8]>::len), N)
    }
}

impl<const N: usize> WritableValue for Bytes<N> {
    fn set(&mut self, value: &Value<'_>) -> Result<(), Error> {
        Self::set(self, value.as_bytes().ok_or(Error::BadRequest)?)
    }

    fn clear(&mut self) {
        *self = Self::new();
    }
}

fn fits(len: Option<usize>, room: usize) -> Result<(), Error> {
    if len.ok_or(Error::BadRequest)? > room {
        return Err(Error::TooLarge);
    }
    Ok(())
}

impl<T: Typed> Typed for Option<T> {
    const DATA_TYPE: DataType = T::DATA_TYPE;
}

impl<T: ResourceValue + Default> ResourceValue for Option<T> {
    fn value(&self) -> Option<Value<'_>> {
        self.as_ref()?.value()
    }

    fn check(&self, value: &Value<'_>) -> Result<(), Error> {
        match self {
            Some(present) => present.check(value),
            None => T::default().check(value),
        }
    }
}

impl<T: WritableValue + Default> WritableValue for Option<T> {
    fn set(&mut self, value: &Value<'_>) -> Result<(), Error> {
        let mut new = T::default();
        new.set(value)?;
        *self = Some(new);
        Ok(())
    }

    fn clear(&mut self) {
        *self = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_outside_the_type_is_refused_and_changes_nothing() {
        let mut small = 5u8;
        for value in [
            Value::Unsigned(256),
            Value::Integer(-1),
            #[cfg(feature = "float")]
            Value::Float(1.0),
            Value::Boolean(true),
        ] {
            assert_eq!(small.check(&value), Err(Error::BadRequest));
            assert_eq!(small.set(&value), Err(Error::BadRequest));
        }
        assert_eq!(small, 5);
        small.set(&Value::Integer(255)).unwrap();
        assert_eq!(small.value(), Some(Value::Unsigned(255)));
    }

    #[cfg(feature = "float")]
    #[test]
    fn a_float_outside_the_type_is_refused() {
        let mut float = 0f32;
        assert_eq!(float.set(&Value::Float(1e39)), Err(Error::BadRequest));
        float.set(&Value::Float(f64::INFINITY)).unwrap();
        float.set(&Value::Float(0.5)).unwrap();
        assert_eq!(float.value(), Some(Value::Float(0.5)));
    }

    #[test]
    fn an_option_is_absent_until_it_is_set() {
        let mut text: Option<Text<2>> = None;
        assert_eq!(text.value(), None);
        let long = Value::String("abc");
        assert_eq!(text.check(&long), Err(Error::TooLarge));
        assert_eq!(text.set(&long), Err(Error::TooLarge));
        assert_eq!(text.value(), None);
        text.set(&Value::String("ab")).unwrap();
        assert_eq!(text.value(), Some(Value::String("ab")));
        text.clear();
        assert_eq!(text.value(), None);
    }

    #[test]
    fn borrowed_text_is_never_written() {
        let text = "fixed";
        let value = Value::String("other");
        assert_eq!(
            ResourceValue::check(&text, &value),
            Err(Error::MethodNotAllowed)
        );
    }
}
