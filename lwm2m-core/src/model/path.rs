//! Paths: `/object/instance/resource/resource-instance`.

use crate::wire::number;
use crate::wire::writer::Writer;
use core::{cmp::Ordering, fmt};

/// How deep a path goes.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[allow(
    clippy::exhaustive_enums,
    reason = "the LwM2M path has exactly these levels"
)]
pub enum Level {
    /// `/`
    Root,
    /// `/3`
    Object,
    /// `/3/0`
    Instance,
    /// `/3/0/6`
    Resource,
    /// `/3/0/6/1`
    ResourceInstance,
}

/// A path of up to four ids (Core 1.1.1, section 7.2); 65535 is reserved and never an id.
// Two words: it is handed around in registers.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
#[repr(align(4))]
pub struct Path {
    /// From the first that is [`RESERVED_ID`](Path::RESERVED_ID) on there are none.
    ids: [u16; 4],
}

impl Path {
    /// The id that the specification reserves.
    pub const RESERVED_ID: u16 = 65535;
    /// `/`
    pub const ROOT: Self = Self {
        ids: [Self::RESERVED_ID; 4],
    };

    /// `/object`
    #[must_use]
    pub const fn object(object: u16) -> Self {
        Self::instance(object, Self::RESERVED_ID)
    }

    /// `/object/instance`
    #[must_use]
    pub const fn instance(object: u16, instance: u16) -> Self {
        Self::resource(object, instance, Self::RESERVED_ID)
    }

    /// `/object/instance/resource`
    #[must_use]
    pub const fn resource(object: u16, instance: u16, resource: u16) -> Self {
        Self::resource_instance(object, instance, resource, Self::RESERVED_ID)
    }

    /// `/object/instance/resource/resource-instance`
    #[must_use]
    pub const fn resource_instance(object: u16, instance: u16, resource: u16, id: u16) -> Self {
        Self {
            ids: [object, instance, resource, id],
        }
    }

    /// The path of a resource of the instance that this path names, or lies in.
    pub(crate) const fn with_resource(self, id: u16) -> Self {
        let [object, instance, ..] = self.ids;
        Self::resource(object, instance, id)
    }

    /// The path of an instance of the resource that this path names.
    pub(crate) const fn with_resource_instance(self, id: u16) -> Self {
        let [object, instance, resource, _] = self.ids;
        Self::resource_instance(object, instance, resource, id)
    }

    /// Goes one level further down; false from a resource instance.
    #[inline(never)]
    pub(crate) fn push(&mut self, id: u16) -> bool {
        match self.ids.iter_mut().find(|slot| **slot == Self::RESERVED_ID) {
            Some(slot) => {
                *slot = id;
                true
            }
            None => false,
        }
    }

    /// Sets the id at `depth`, 0 being the object's; false where there is none.
    #[cfg(feature = "senml-cbor")]
    #[inline]
    pub(crate) fn set(&mut self, depth: usize, id: u16) -> bool {
        match self.ids.get_mut(depth) {
            Some(slot) => {
                *slot = id;
                true
            }
            None => false,
        }
    }

    /// The path one level further down; `None` from a resource instance.
    #[must_use]
    pub fn child(mut self, id: u16) -> Option<Self> {
        self.push(id).then_some(self)
    }

    /// The path cut to `level`; itself when it is not deeper.
    #[must_use]
    #[inline(never)]
    pub fn up_to(mut self, level: Level) -> Self {
        for id in self.ids.iter_mut().skip(level as usize) {
            *id = Self::RESERVED_ID;
        }
        self
    }

    /// How deep the path goes.
    #[must_use]
    #[inline(never)]
    pub const fn level(&self) -> Level {
        match self.ids {
            [Self::RESERVED_ID, ..] => Level::Root,
            [_, Self::RESERVED_ID, ..] => Level::Object,
            [_, _, Self::RESERVED_ID, _] => Level::Instance,
            [_, _, _, Self::RESERVED_ID] => Level::Resource,
            _ => Level::ResourceInstance,
        }
    }

    /// The ids.
    #[must_use]
    pub fn ids(&self) -> &[u16] {
        self.ids.get(..self.level() as usize).unwrap_or(&[])
    }

    /// The ids from `depth` on, 0 being the object's.
    #[cfg(feature = "senml-cbor")]
    #[inline]
    pub(crate) fn below(&self, depth: usize) -> impl DoubleEndedIterator<Item = u16> + Clone {
        let ids = self.ids.get(depth..).unwrap_or_default();
        ids.iter().copied().filter(|&id| id != Self::RESERVED_ID)
    }

    /// The object id.
    #[must_use]
    pub fn object_id(&self) -> Option<u16> {
        id(self.ids[0])
    }

    /// The object instance id.
    #[must_use]
    pub fn instance_id(&self) -> Option<u16> {
        id(self.ids[1])
    }

    /// The resource id.
    #[must_use]
    pub fn resource_id(&self) -> Option<u16> {
        id(self.ids[2])
    }

    /// The resource instance id.
    #[must_use]
    pub fn resource_instance_id(&self) -> Option<u16> {
        id(self.ids[3])
    }

    /// Whether `other` is this path or lies below it.
    #[must_use]
    #[inline(never)]
    pub fn contains(&self, other: &Self) -> bool {
        let mut pairs = self.ids.iter().zip(&other.ids);
        pairs.all(|(own, other)| *own == Self::RESERVED_ID || own == other)
    }

    /// Reads one id: decimal digits without sign or leading zeros, below [`RESERVED_ID`](Self::RESERVED_ID).
    #[must_use]
    pub fn parse_id(text: &[u8]) -> Option<u16> {
        if text.is_empty() || text.len() > 5 || (text.len() > 1 && text.first() == Some(&b'0')) {
            return None;
        }
        let mut id = 0u32;
        for &byte in text {
            if !byte.is_ascii_digit() {
                return None;
            }
            id = id * 10 + u32::from(byte - b'0');
        }
        u16::try_from(id).ok().filter(|&id| id != Self::RESERVED_ID)
    }

    /// Reads a path such as `/3/0/6`; `/` is the root. `None` when it is not one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix('/')?;
        let mut path = Self::ROOT;
        if rest.is_empty() {
            return Some(path);
        }
        for id in rest.split('/') {
            path = path.child(Self::parse_id(id.as_bytes())?)?;
        }
        Some(path)
    }

    /// Appends the path as text.
    pub fn write(&self, out: &mut Writer<'_>) {
        if *self == Self::ROOT {
            out.u8(b'/');
        }
        for &id in self.ids() {
            out.u8(b'/');
            write_id(out, id);
        }
    }
}

/// An id, if it is one.
fn id(id: u16) -> Option<u16> {
    (id != Path::RESERVED_ID).then_some(id)
}

impl Default for Path {
    fn default() -> Self {
        Self::ROOT
    }
}

impl PartialOrd for Path {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// What lies above comes before what lies below.
impl Ord for Path {
    fn cmp(&self, other: &Self) -> Ordering {
        self.ids().cmp(other.ids())
    }
}

/// Appends an id in decimal.
pub(crate) fn write_id(out: &mut Writer<'_>, id: u16) {
    number::write_u32(out, id.into());
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::ROOT {
            return f.write_str("/");
        }
        for id in self.ids() {
            write!(f, "/{id}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Path {
    fn format(&self, f: defmt::Formatter<'_>) {
        if *self == Self::ROOT {
            defmt::write!(f, "/");
        }
        for id in self.ids() {
            defmt::write!(f, "/{}", id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_becomes_a_path_and_back() {
        for text in ["/", "/3", "/3/0", "/3/0/6", "/65534/65534/65534/65534"] {
            let path = Path::parse(text).unwrap();
            let mut buf = [0; 32];
            let mut writer = Writer::new(&mut buf);
            path.write(&mut writer);
            let len = writer.finish().stored;
            assert_eq!(core::str::from_utf8(&buf[..len]), Ok(text));
        }
    }

    #[test]
    fn what_is_not_an_id_is_not_a_path() {
        for text in [
            "",
            "3",
            "//",
            "/3/",
            "/00",
            "/+1",
            "/-1",
            "/65535",
            "/65536",
            "/99999999999",
            "/1/2/3/4/5",
            "/a",
        ] {
            assert_eq!(Path::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_path_contains_what_lies_below_it() {
        let instance = Path::instance(3, 0);
        assert!(Path::ROOT.contains(&instance));
        assert!(instance.contains(&Path::resource(3, 0, 9)));
        assert!(instance.contains(&instance));
        assert!(!instance.contains(&Path::object(3)));
        assert!(!instance.contains(&Path::resource(3, 1, 9)));
        assert_eq!(
            Path::resource(3, 1, 9).up_to(Level::Object),
            Path::object(3)
        );
    }
}
