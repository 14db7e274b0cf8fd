//! The set of objects that an application lends to the engine.

use super::object::Object;

/// A set of objects, at most one of each id.
///
/// An array or slice of `&mut dyn Object` is one; an application may implement its own, for instance a struct with a
/// field for each object.
pub trait Objects {
    /// The object with this id.
    fn object(&self, id: u16) -> Option<&dyn Object>;

    /// The object with this id, to change it.
    fn object_mut(&mut self, id: u16) -> Option<&mut dyn Object>;

    /// The smallest object id above `after`; the smallest of all for `None`.
    fn next_object(&self, after: Option<u16>) -> Option<u16>;
}

impl Objects for [&mut dyn Object] {
    // Where there is one set of objects only, the compiler knows it, and would search in every place that asks.
    #[inline(never)]
    fn object(&self, id: u16) -> Option<&dyn Object> {
        self.iter()
            .find(|object| object.definition().id == id)
            .map(|object| &**object)
    }

    #[inline(never)]
    fn object_mut(&mut self, id: u16) -> Option<&mut dyn Object> {
        match self.iter_mut().find(|object| object.definition().id == id) {
            Some(object) => Some(&mut **object),
            None => None,
        }
    }

    #[inline(never)]
    fn next_object(&self, after: Option<u16>) -> Option<u16> {
        let ids = self.iter().map(|object| object.definition().id);
        ids.filter(|&id| after.is_none_or(|after| id > after)).min()
    }
}

impl<const N: usize> Objects for [&mut dyn Object; N] {
    fn object(&self, id: u16) -> Option<&dyn Object> {
        self.as_slice().object(id)
    }

    fn object_mut(&mut self, id: u16) -> Option<&mut dyn Object> {
        self.as_mut_slice().object_mut(id)
    }

    fn next_object(&self, after: Option<u16>) -> Option<u16> {
        self.as_slice().next_object(after)
    }
}
