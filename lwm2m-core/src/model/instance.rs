//! Objects whose instances are plain structs.

use super::{
    Arguments, DataType, Error, Object, ObjectDefinition, Outcome, ResourceValue, Target, Value,
    ValueWriter, WritableValue,
};

/// One instance of an object as a struct with a field for each resource; `#[derive(Object)]` implements it.
///
/// A type that implements it is an [`Object`] with instance 0 and no other. [`Instances`](crate::objects::Instances)
/// holds several. Resources with several instances need a hand-written [`Object`].
///
/// # Examples
/// ```
/// # #[cfg(all(feature = "derive", feature = "float"))] {
/// use lwm2m_core::model::{Arguments, Error, Object, Outcome, Text};
///
/// #[derive(Object)]
/// #[object(id = 3303, version = "1.1", multiple, execute(5605 => reset_min_max))]
/// struct Temperature {
///     #[resource(id = 5700, mandatory, units = "Cel")]
///     value: f32,
///     #[resource(id = 5602, units = "Cel")]
///     max: Option<f32>,
///     #[resource(id = 5750, ops = "RW")]
///     application_type: Text<16>,
/// }
///
/// impl Temperature {
///     fn reset_min_max(&mut self, _: Arguments<'_>) -> Result<Outcome, Error> {
///         self.max = Some(self.value);
///         Ok(Outcome::Done)
///     }
/// }
///
/// let mut sensor = Temperature {
///     value: 21.5,
///     max: None,
///     application_type: Text::new(),
/// };
/// assert!(!sensor.has_resource(0, 5602));
/// sensor.execute(0, 5605, Arguments::default()).unwrap();
/// assert!(sensor.has_resource(0, 5602));
/// # }
/// ```
///
/// What a server writes lies in the field afterwards. Where something has to happen at once, the field is of a type of the
/// application's own:
///
/// ```
/// # #[cfg(feature = "derive")] {
/// use lwm2m_core::model::{Error, Object, ResourceValue, Value, WritableValue};
///
/// struct Relay {
///     closed: bool,
/// }
///
/// impl ResourceValue for Relay {
///     fn value(&self) -> Option<Value<'_>> {
///         Some(Value::Boolean(self.closed))
///     }
///
///     fn check(&self, value: &Value<'_>) -> Result<(), Error> {
///         value.as_bool().map(drop).ok_or(Error::BadRequest)
///     }
/// }
///
/// impl WritableValue for Relay {
///     fn set(&mut self, value: &Value<'_>) -> Result<(), Error> {
///         self.closed = value.as_bool().ok_or(Error::BadRequest)?;
///         // Switch it.
///         Ok(())
///     }
///
///     fn clear(&mut self) {
///         self.closed = false;
///     }
/// }
///
/// #[derive(Object)]
/// #[object(id = 3312, version = "1.0")]
/// struct PowerControl {
///     #[resource(id = 5850, mandatory, ops = "RW", type = "boolean")]
///     relay: Relay,
/// }
/// # }
/// ```
///
/// What the derive writes is as short as this:
///
/// ```
/// # #[cfg(feature = "float")] {
/// # use lwm2m_core::model::{
/// #     DataType, Instance, ObjectDefinition, Operations, ResourceDefinition, ResourceValue, Version,
/// # };
/// struct Temperature {
///     value: f32,
/// }
///
/// impl Instance for Temperature {
///     fn definition() -> &'static ObjectDefinition {
///         const RESOURCES: &[ResourceDefinition] =
///             &[ResourceDefinition::new(5700, Operations::R, DataType::Float).mandatory()];
///         const { &ObjectDefinition::new(3303, Version::new(1, 1), RESOURCES).multiple() }
///     }
///
///     fn resource(&self, id: u16) -> Option<&dyn ResourceValue> {
///         Some(match id {
///             5700 => &self.value,
///             _ => return None,
///         })
///     }
/// }
/// # }
/// ```
pub trait Instance {
    /// The resources of the object.
    fn definition() -> &'static ObjectDefinition
    where
        Self: Sized;

    /// The field behind a resource.
    fn resource(&self, id: u16) -> Option<&dyn ResourceValue>;

    /// The field behind a writable resource.
    fn resource_mut(&mut self, id: u16) -> Option<&mut dyn WritableValue> {
        let _ = id;
        None
    }

    /// Executes a resource, which the definition has as executable.
    ///
    /// # Errors
    /// What the server is to be told.
    fn execute_resource(&mut self, id: u16, arguments: Arguments<'_>) -> Result<Outcome, Error> {
        let _ = (id, arguments);
        Err(Error::MethodNotAllowed)
    }
}

/// Writes the value of a resource to `out`, in the type that the definition says.
pub(crate) fn read(
    instance: &dyn Instance,
    definition: &ObjectDefinition,
    resource: u16,
    out: &mut ValueWriter<'_>,
) -> Result<(), Error> {
    let field = instance.resource(resource).ok_or(Error::NotFound)?;
    let value = field.value().ok_or(Error::NotFound)?;
    let data_type = definition
        .resource(resource)
        .map_or(DataType::None, |resource| resource.data_type);
    out.value(&converted(value, data_type).ok_or(Error::Internal)?);
    Ok(())
}

/// The same value in another type; `None` where that is not possible.
fn converted(value: Value<'_>, data_type: DataType) -> Option<Value<'_>> {
    Some(match data_type {
        _ if value.data_type() == data_type => value,
        DataType::Integer => Value::Integer(value.as_i64()?),
        DataType::Unsigned => Value::Unsigned(value.as_u64()?),
        DataType::Time => Value::Time(value.as_i64()?),
        DataType::String => Value::String(value.as_str()?),
        DataType::CoreLink => Value::CoreLink(value.as_str()?),
        _ => return None,
    })
}

/// Whether a resource would take `value`.
pub(crate) fn check(
    instance: &dyn Instance,
    definition: &ObjectDefinition,
    resource: u16,
    value: &Value<'_>,
) -> Result<(), Error> {
    if !definition
        .resource(resource)
        .is_some_and(|resource| resource.operations().is_writable())
    {
        return Err(Error::MethodNotAllowed);
    }
    instance
        .resource(resource)
        .ok_or(Error::NotFound)?
        .check(value)
}

/// Writes a resource.
pub(crate) fn write(
    instance: &mut dyn Instance,
    resource: u16,
    value: &Value<'_>,
) -> Result<Outcome, Error> {
    let field = instance
        .resource_mut(resource)
        .ok_or(Error::MethodNotAllowed)?;
    field.set(value).map(|()| Outcome::Done)
}

/// Puts the writable resources back to what they are in `new`.
pub(crate) fn reset(
    instance: &mut dyn Instance,
    new: &dyn Instance,
    definition: &ObjectDefinition,
) {
    for resource in definition.resources {
        let Some(field) = instance.resource_mut(resource.id) else {
            continue;
        };
        // A value of the same type fits.
        match new.resource(resource.id).and_then(ResourceValue::value) {
            Some(value) => drop(field.set(&value)),
            None => field.clear(),
        }
    }
}

impl<T: Instance> Object for T {
    fn definition(&self) -> &'static ObjectDefinition {
        T::definition()
    }

    fn next_instance(&self, after: Option<u16>) -> Option<u16> {
        after.is_none().then_some(0)
    }

    fn read(&self, _instance: u16, resource: u16, out: &mut ValueWriter<'_>) -> Result<(), Error> {
        read(self, T::definition(), resource, out)
    }

    fn check(&self, target: Target, value: &Value<'_>) -> Result<(), Error> {
        check(self, T::definition(), target.resource, value)
    }

    fn write(&mut self, target: Target, value: &Value<'_>) -> Result<Outcome, Error> {
        write(self, target.resource, value)
    }

    /// Makes the writable resources absent where they can be, else zero or empty.
    fn reset(&mut self, _instance: u16) {
        for resource in T::definition().resources {
            if let Some(field) = self.resource_mut(resource.id) {
                field.clear();
            }
        }
    }

    fn execute(
        &mut self,
        _instance: u16,
        resource: u16,
        arguments: Arguments<'_>,
    ) -> Result<Outcome, Error> {
        self.execute_resource(resource, arguments)
    }
}
