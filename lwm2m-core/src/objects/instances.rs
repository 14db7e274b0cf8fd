//! Several instances of an object whose instances are structs.

use crate::model::{
    Arguments, Error, Instance, Object, ObjectDefinition, Outcome, Path, Target, Value,
    ValueWriter, instance,
};

use super::SetError;

/// Up to `N` instances of an object whose definition allows several; `T` is mostly a struct with `#[derive(Object)]`.
///
/// Only [`creatable`](Self::creatable) lets servers create and delete instances; a new one is `T::default()`.
///
/// # Examples
/// ```
/// # #[cfg(all(feature = "derive", feature = "float"))] {
/// use lwm2m_core::{model::Object, objects::Instances};
///
/// #[derive(Default, Object)]
/// #[object(id = 3303, version = "1.1", multiple)]
/// struct Temperature {
///     #[resource(id = 5700, mandatory, units = "Cel")]
///     value: f32,
/// }
///
/// let mut sensors = Instances::<Temperature, 2>::new();
/// sensors.add(0, Temperature { value: 21.5 }).unwrap();
/// sensors.get_mut(0).unwrap().value = 22.0;
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Instances<T, const N: usize> {
    slots: [Option<(u16, T)>; N],
    creatable: bool,
}

impl<T, const N: usize> Instances<T, N> {
    /// No instances; servers can neither create nor delete any.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            slots: [const { None }; N],
            creatable: false,
        }
    }

    /// The same, but servers may create and delete instances.
    #[must_use]
    pub fn creatable(mut self) -> Self {
        self.creatable = true;
        self
    }

    /// Adds an instance.
    ///
    /// # Errors
    /// [`SetError::OutOfRange`] for the id 65535, [`SetError::InUse`], [`SetError::Full`].
    pub fn add(&mut self, instance: u16, value: T) -> Result<(), SetError> {
        if instance == Path::RESERVED_ID {
            return Err(SetError::OutOfRange);
        }
        if self.get(instance).is_some() {
            return Err(SetError::InUse);
        }
        let slot = self.slots.iter_mut().find(|slot| slot.is_none());
        *slot.ok_or(SetError::Full)? = Some((instance, value));
        Ok(())
    }

    /// Takes an instance out.
    pub fn remove(&mut self, instance: u16) -> Option<T> {
        let slot = self
            .slots
            .iter_mut()
            .find(|slot| matches!(slot, Some((id, _)) if *id == instance))?;
        slot.take().map(|(_, value)| value)
    }

    /// An instance.
    #[must_use]
    pub fn get(&self, instance: u16) -> Option<&T> {
        let mut all = self.slots.iter().flatten();
        all.find(|(id, _)| *id == instance).map(|(_, value)| value)
    }

    /// An instance, to change it.
    pub fn get_mut(&mut self, instance: u16) -> Option<&mut T> {
        let mut all = self.slots.iter_mut().flatten();
        all.find(|(id, _)| *id == instance).map(|(_, value)| value)
    }
}

impl<T, const N: usize> Default for Instances<T, N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Instance + Default, const N: usize> Object for Instances<T, N> {
    fn definition(&self) -> &'static ObjectDefinition {
        T::definition()
    }

    fn next_instance(&self, after: Option<u16>) -> Option<u16> {
        let ids = self.slots.iter().flatten().map(|&(id, _)| id);
        ids.filter(|&id| after.is_none_or(|after| id > after)).min()
    }

    fn read(&self, instance: u16, resource: u16, out: &mut ValueWriter<'_>) -> Result<(), Error> {
        let found = self.get(instance).ok_or(Error::NotFound)?;
        instance::read(found, T::definition(), resource, out)
    }

    fn check(&self, target: Target, value: &Value<'_>) -> Result<(), Error> {
        match self.get(target.instance) {
            Some(found) => instance::check(found, T::definition(), target.resource, value),
            None => instance::check(&T::default(), T::definition(), target.resource, value),
        }
    }

    fn write(&mut self, target: Target, value: &Value<'_>) -> Result<Outcome, Error> {
        let found = self.get_mut(target.instance).ok_or(Error::NotFound)?;
        instance::write(found, target.resource, value)
    }

    fn reset(&mut self, instance: u16) {
        if let Some(found) = self.get_mut(instance) {
            instance::reset(found, &T::default(), T::definition());
        }
    }

    fn execute(
        &mut self,
        instance: u16,
        resource: u16,
        arguments: Arguments<'_>,
    ) -> Result<Outcome, Error> {
        self.get_mut(instance)
            .ok_or(Error::NotFound)?
            .execute_resource(resource, arguments)
    }

    fn check_create(&self, instance: u16) -> Result<(), Error> {
        if !self.creatable {
            return Err(Error::MethodNotAllowed);
        }
        let full = self.slots.iter().all(Option::is_some);
        if full || instance == Path::RESERVED_ID || self.get(instance).is_some() {
            return Err(Error::BadRequest);
        }
        Ok(())
    }

    fn create(&mut self, instance: u16) -> Result<(), Error> {
        self.check_create(instance)?;
        self.add(instance, T::default())
            .map_err(|_| Error::BadRequest)
    }

    fn delete(&mut self, instance: u16) -> Result<(), Error> {
        if !self.creatable {
            return Err(Error::MethodNotAllowed);
        }
        self.remove(instance).map(|_| ()).ok_or(Error::NotFound)
    }
}
