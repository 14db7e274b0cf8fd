//! The set of objects that an application lends to the engine.

use super::object::Object;

/// A set of objects, at most one of each id.
///
/// An array or slice of `&mut dyn Object` is one, and so is a struct with `#[derive(Objects)]` and a field for each object:
///
/// ```
/// # #[cfg(all(feature = "derive", feature = "float"))] {
/// use lwm2m_core::model::{Object, Objects};
/// use lwm2m_core::objects::{Device, Security, Server};
///
/// #[derive(Objects)]
/// struct Everything {
///     security: Security<4>,
///     server: Server<2>,
///     device: Device<'static>,
///     /// While a sensor is plugged in.
///     sensor: Option<Sensor>,
///     #[objects(skip)]
///     readings: u32,
/// }
///
/// #[derive(Object)]
/// #[object(id = 3303, version = "1.1")]
/// struct Sensor {
///     #[resource(id = 5700, mandatory, units = "Cel")]
///     value: f32,
/// }
///
/// let mut objects = Everything {
///     security: Security::new(),
///     server: Server::new(),
///     device: Device::new("U"),
///     sensor: None,
///     readings: 0,
/// };
/// assert!(objects.object(3).is_some());
/// assert_eq!(objects.next_object(Some(3)), None);
/// objects.sensor = Some(Sensor { value: 21.5 });
/// objects.readings += 1;
/// assert_eq!(objects.next_object(Some(3)), Some(3303));
/// # }
/// ```
///
/// What is no object does not compile, unless it is skipped:
///
#[cfg_attr(feature = "derive", doc = "```compile_fail")]
#[cfg_attr(not(feature = "derive"), doc = "```ignore")]
/// use lwm2m_core::{model::Objects, objects::Device};
///
/// #[derive(Objects)]
/// struct Everything {
///     device: Device<'static>,
///     readings: u32,
/// }
/// ```
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
