//! What an object is: its resources with their operations, types and ranges, as static tables.

use core::fmt;

use super::value::Value;
#[cfg(feature = "float")]
use crate::wire::float;

/// An LwM2M data type (Core 1.1.1, appendix C).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum DataType {
    /// No value: an executable resource.
    None,
    /// UTF-8 text.
    String,
    /// Signed integer of up to 64 bits.
    Integer,
    /// Unsigned integer of up to 64 bits.
    Unsigned,
    /// Floating point number of 32 or 64 bits.
    #[cfg(feature = "float")]
    Float,
    /// Truth value.
    Boolean,
    /// Bytes.
    Opaque,
    /// Seconds since 1970-01-01T00:00:00Z.
    Time,
    /// Reference to an object instance.
    ObjectLink,
    /// CoRE links (RFC 6690).
    CoreLink,
}

/// The operations that a server may use on a resource.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Operations(u8);

impl Operations {
    /// None: reachable by the bootstrap interface only.
    pub const NONE: Self = Self(0);
    /// Read.
    pub const R: Self = Self(1);
    /// Write.
    pub const W: Self = Self(2);
    /// Read and Write.
    pub const RW: Self = Self(3);
    /// Execute.
    pub const E: Self = Self(4);

    /// Whether Read, Observe and Discover's attributes apply.
    #[must_use]
    pub const fn is_readable(self) -> bool {
        self.0 & 1 != 0
    }

    /// Whether Write applies.
    #[must_use]
    pub const fn is_writable(self) -> bool {
        self.0 & 2 != 0
    }

    /// Whether Execute applies.
    #[must_use]
    pub const fn is_executable(self) -> bool {
        self.0 & 4 != 0
    }
}

/// What values a resource takes beside its type: numbers from a smallest to a largest one, strings and opaque values of
/// so many bytes.
///
/// The bounds have 32 bits because the tables of all objects lie in flash; what needs wider ones is checked in
/// [`Object::check`](super::Object::check).
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Range {
    min: i32,
    max: i32,
}

impl Range {
    /// Integers, unsigned integers, times and floats from `min` to `max`.
    #[must_use]
    pub const fn number(min: i32, max: i32) -> Self {
        Self { min, max }
    }

    /// Strings and opaque values of `min` to `max` bytes.
    #[must_use]
    pub const fn length(min: u16, max: u16) -> Self {
        Self::number(min as i32, max as i32)
    }

    /// `min` to `max` in what is limited for the type: bytes of strings and opaque values, else the number. A length
    /// below zero counts as zero.
    #[must_use]
    pub const fn of(data_type: DataType, min: i32, max: i32) -> Self {
        match data_type {
            DataType::String | DataType::CoreLink | DataType::Opaque => {
                Self::length(length(min), length(max))
            }
            _ => Self::number(min, max),
        }
    }

    /// Whether `value` lies in the range. Booleans and links always do.
    #[must_use]
    pub fn contains(&self, value: &Value<'_>) -> bool {
        let Self { min, max } = *self;
        let value = match *value {
            Value::Integer(value) | Value::Time(value) => value,
            // What does not fit is above every bound.
            Value::Unsigned(value) => i64::try_from(value).unwrap_or(i64::MAX),
            #[cfg(feature = "float")]
            Value::Float(value) => {
                return !float::is_nan(value)
                    && float::compare(value, float::from_i64(min.into())).is_ge()
                    && float::compare(value, float::from_i64(max.into())).is_le();
            }
            Value::String(text) | Value::CoreLink(text) => text.len() as i64,
            Value::Opaque(bytes) => bytes.len() as i64,
            _ => return true,
        };
        (i64::from(min)..=i64::from(max)).contains(&value)
    }
}

impl fmt::Debug for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..={}", self.min, self.max)
    }
}

/// A number of bytes, cut to what a range can hold.
const fn length(bytes: i32) -> u16 {
    if bytes < 0 {
        0
    } else if bytes > u16::MAX as i32 {
        u16::MAX
    } else {
        bytes as u16
    }
}

/// One resource of an object.
///
/// The tables of all objects lie in flash, so it has eight bytes on a chip.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct ResourceDefinition {
    /// Resource id.
    pub id: u16,
    /// The operations, and the bits beside them.
    bits: u8,
    /// Type of its values.
    pub data_type: DataType,
    /// Values it takes; `None` for every value of the type.
    pub range: Option<&'static Range>,
}

impl ResourceDefinition {
    // Bits that no operation has.
    const MULTIPLE: u8 = 0x40;
    const MANDATORY: u8 = 0x80;

    /// An optional resource with a single instance and no range.
    #[must_use]
    pub const fn new(id: u16, operations: Operations, data_type: DataType) -> Self {
        Self {
            id,
            bits: operations.0,
            data_type,
            range: None,
        }
    }

    /// The same, with several instances.
    #[must_use]
    pub const fn multiple(mut self) -> Self {
        self.bits |= Self::MULTIPLE;
        self
    }

    /// The same, mandatory.
    #[must_use]
    pub const fn mandatory(mut self) -> Self {
        self.bits |= Self::MANDATORY;
        self
    }

    /// The same, for values in `range` only.
    #[must_use]
    pub const fn in_range(mut self, range: &'static Range) -> Self {
        self.range = Some(range);
        self
    }

    /// Operations of the device management interface.
    #[must_use]
    pub const fn operations(&self) -> Operations {
        Operations(self.bits & !(Self::MULTIPLE | Self::MANDATORY))
    }

    /// Whether it may have several instances.
    #[must_use]
    pub const fn is_multiple(&self) -> bool {
        self.bits & Self::MULTIPLE != 0
    }

    /// Whether every object instance must have it.
    #[must_use]
    pub const fn is_mandatory(&self) -> bool {
        self.bits & Self::MANDATORY != 0
    }

    /// Whether `value` lies in the range, where there is one.
    #[must_use]
    pub fn takes(&self, value: &Value<'_>) -> bool {
        self.range.is_none_or(|range| range.contains(value))
    }
}

/// The version of an object.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Version {
    major: u8,
    minor: u8,
}

impl Version {
    /// Version `major.minor`.
    #[must_use]
    pub const fn new(major: u8, minor: u8) -> Self {
        Self { major, minor }
    }

    /// The major number.
    #[must_use]
    pub const fn major(self) -> u8 {
        self.major
    }

    /// The minor number.
    #[must_use]
    pub const fn minor(self) -> u8 {
        self.minor
    }
}

/// One object: what the registry's XML says of it.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct ObjectDefinition {
    /// Object id.
    pub id: u16,
    /// Object version.
    pub version: Version,
    /// Whether it may have several instances.
    pub multiple: bool,
    /// Its resources, in ascending order of their ids.
    pub resources: &'static [ResourceDefinition],
}

impl ObjectDefinition {
    /// An object with a single instance. `resources` must be in ascending order of their ids.
    #[must_use]
    pub const fn new(id: u16, version: Version, resources: &'static [ResourceDefinition]) -> Self {
        Self {
            id,
            version,
            multiple: false,
            resources,
        }
    }

    /// The same, with several instances.
    #[must_use]
    pub const fn multiple(mut self) -> Self {
        self.multiple = true;
        self
    }

    /// Whether resource `id` is executable.
    pub(crate) fn is_executable(&self, id: u16) -> bool {
        self.resource(id)
            .is_some_and(|resource| resource.operations().is_executable())
    }

    /// The definition of resource `id`.
    #[must_use]
    #[inline(never)]
    pub fn resource(&self, id: u16) -> Option<&'static ResourceDefinition> {
        // Most objects have resources from 0 on without gaps.
        match self.resources.get(usize::from(id)) {
            Some(resource) if resource.id == id => Some(resource),
            _ => self.resources.iter().find(|resource| resource.id == id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_holds_its_bounds_and_nothing_beyond() {
        let percent = Range::number(0, 100);
        assert!(percent.contains(&Value::Integer(0)) && percent.contains(&Value::Integer(100)));
        assert!(!percent.contains(&Value::Integer(-1)) && !percent.contains(&Value::Integer(101)));
        assert!(percent.contains(&Value::Unsigned(100)));
        assert!(!percent.contains(&Value::Unsigned(u64::MAX)));
    }

    #[cfg(feature = "float")]
    #[test]
    fn a_range_of_floats_has_whole_bounds() {
        let percent = Range::number(0, 100);
        assert!(percent.contains(&Value::Float(99.5)) && !percent.contains(&Value::Float(100.5)));
        assert!(percent.contains(&Value::Float(-0.0)) && percent.contains(&Value::Float(100.0)));
        assert!(
            !percent.contains(&Value::Float(-0.5)) && !percent.contains(&Value::Float(-1e-300))
        );
        assert!(!percent.contains(&Value::Float(f64::NAN)));
        assert!(!percent.contains(&Value::Float(-f64::NAN)));
        assert!(!Range::number(-5, -1).contains(&Value::Float(-5.5)));
        assert!(Range::number(-5, -1).contains(&Value::Float(-1.5)));
    }

    #[test]
    fn lengths_count_bytes() {
        let range = Range::length(1, 2);
        assert!(!range.contains(&Value::String("")) && range.contains(&Value::String("\u{e9}")));
        assert!(!range.contains(&Value::String("\u{e9}a")));
        assert!(range.contains(&Value::Opaque(&[1])) && !range.contains(&Value::Opaque(&[1; 3])));
        assert!(range.contains(&Value::Boolean(true)));
    }
}
