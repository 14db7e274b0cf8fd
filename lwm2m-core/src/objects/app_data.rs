//! Binary App Data Container, object 19, version 1.0.

use crate::{
    model::{Bytes, Error, Object, ObjectDefinition, Outcome, Target, Text, Value, ValueWriter},
    time::UnixTime,
};

use super::{SetError, tables::binaryappdatacontainer as table};

/// Data that the application and its servers exchange, which the library does not interpret: `CONTAINERS` instances,
/// counted from 0, of up to `ITEMS` values (instances 0 to `ITEMS` - 1 of resource 0) of up to `LEN` bytes. Servers read
/// and write them, but neither create nor delete containers. A value from a server arrives in one message, so more than
/// about 1,000 bytes are of no use to it.
///
/// # Examples
/// ```
/// use lwm2m_core::{model::Path, objects::AppData};
///
/// let mut data = AppData::<1, 2, 64>::new();
/// let container = data.container_mut(0).unwrap();
/// container.set(0, b"reading 4711")?; // then Client::changed(Path::resource(19, 0, 0))
/// container.set_description(Some("meter reading"))?;
/// # Ok::<(), lwm2m_core::objects::SetError>(())
/// ```
#[derive(Clone, Debug)]
pub struct AppData<const CONTAINERS: usize, const ITEMS: usize, const LEN: usize> {
    containers: [AppDataContainer<ITEMS, LEN>; CONTAINERS],
}

/// One container.
#[derive(Clone, Debug)]
pub struct AppDataContainer<const ITEMS: usize, const LEN: usize> {
    items: [Option<Bytes<LEN>>; ITEMS],
    priority: Option<u8>,
    created: Option<UnixTime>,
    description: Option<Text<32>>,
    format: Option<Text<32>>,
    app_id: Option<u16>,
    written: bool,
}

impl<const ITEMS: usize, const LEN: usize> AppDataContainer<ITEMS, LEN> {
    const EMPTY: Self = Self {
        items: [const { None }; ITEMS],
        priority: None,
        created: None,
        description: None,
        format: None,
        app_id: None,
        written: false,
    };

    /// Sets a value (resource 0, instance `item`).
    ///
    /// # Errors
    /// [`SetError::OutOfRange`] when there is no such item, [`SetError::TooLong`].
    pub fn set(&mut self, item: u16, data: &[u8]) -> Result<(), SetError> {
        let slot = self.items.get_mut(usize::from(item));
        let data = Bytes::try_from(data).map_err(|_| SetError::TooLong)?;
        *slot.ok_or(SetError::OutOfRange)? = Some(data);
        Ok(())
    }

    /// Takes a value out; whether there was one.
    pub fn remove(&mut self, item: u16) -> bool {
        let slot = self.items.get_mut(usize::from(item));
        slot.is_some_and(|slot| slot.take().is_some())
    }

    /// A value, the application's or a server's.
    #[must_use]
    pub fn get(&self, item: u16) -> Option<&[u8]> {
        let slot = self.items.get(usize::from(item))?.as_ref();
        slot.map(Bytes::as_slice)
    }

    /// Whether a server has written to the container since this was last asked.
    pub const fn take_written(&mut self) -> bool {
        core::mem::replace(&mut self.written, false)
    }

    /// Sets the priority (resource 1): 0 immediate, 1 best effort, 2 latest, 101 to 254 proprietary.
    ///
    /// # Errors
    /// [`SetError::OutOfRange`] for others.
    pub fn set_priority(&mut self, priority: Option<u8>) -> Result<(), SetError> {
        if priority.is_some_and(|priority| !is_priority(priority)) {
            return Err(SetError::OutOfRange);
        }
        self.priority = priority;
        Ok(())
    }

    /// Sets when the data came into being (resource 2).
    pub const fn set_created(&mut self, time: Option<UnixTime>) {
        self.created = time;
    }

    /// Sets what the data is, such as `meter reading` (resource 3).
    ///
    /// # Errors
    /// [`SetError::TooLong`] for more than 32 bytes.
    pub fn set_description(&mut self, text: Option<&str>) -> Result<(), SetError> {
        self.description = short(text)?;
        Ok(())
    }

    /// Sets what the format of the data is called (resource 4).
    ///
    /// # Errors
    /// [`SetError::TooLong`] for more than 32 bytes.
    pub fn set_format(&mut self, text: Option<&str>) -> Result<(), SetError> {
        self.format = short(text)?;
        Ok(())
    }

    /// Sets the id of the application that the data is for (resource 5).
    pub const fn set_app_id(&mut self, id: Option<u16>) {
        self.app_id = id;
    }

    fn number(&self, resource: u16) -> Option<i64> {
        match resource {
            table::DATA_PRIORITY => self.priority.map(i64::from),
            table::APP_ID => self.app_id.map(i64::from),
            _ => None,
        }
    }

    fn text(&self, resource: u16) -> Option<&str> {
        match resource {
            table::DATA_DESCRIPTION => self.description.as_ref().map(Text::as_str),
            table::DATA_FORMAT => self.format.as_ref().map(Text::as_str),
            _ => None,
        }
    }
}

const fn is_priority(priority: u8) -> bool {
    matches!(priority, 0..=2 | 101..=254)
}

fn short(text: Option<&str>) -> Result<Option<Text<32>>, SetError> {
    text.map(Text::try_from)
        .transpose()
        .map_err(|_| SetError::TooLong)
}

impl<const CONTAINERS: usize, const ITEMS: usize, const LEN: usize>
    AppData<CONTAINERS, ITEMS, LEN>
{
    /// Empty containers.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            containers: [const { AppDataContainer::EMPTY }; CONTAINERS],
        }
    }

    /// A container.
    #[must_use]
    pub fn container(&self, instance: u16) -> Option<&AppDataContainer<ITEMS, LEN>> {
        self.containers.get(usize::from(instance))
    }

    /// A container, to change it.
    pub fn container_mut(&mut self, instance: u16) -> Option<&mut AppDataContainer<ITEMS, LEN>> {
        self.containers.get_mut(usize::from(instance))
    }
}

impl<const CONTAINERS: usize, const ITEMS: usize, const LEN: usize> Default
    for AppData<CONTAINERS, ITEMS, LEN>
{
    fn default() -> Self {
        Self::new()
    }
}

impl<const CONTAINERS: usize, const ITEMS: usize, const LEN: usize> Object
    for AppData<CONTAINERS, ITEMS, LEN>
{
    fn definition(&self) -> &'static ObjectDefinition {
        &table::DEFINITION
    }

    fn next_instance(&self, after: Option<u16>) -> Option<u16> {
        let next = after.map_or(Some(0), |after| after.checked_add(1))?;
        (usize::from(next) < CONTAINERS).then_some(next)
    }

    fn read(&self, instance: u16, resource: u16, out: &mut ValueWriter<'_>) -> Result<(), Error> {
        let container = self.container(instance).ok_or(Error::NotFound)?;
        if resource == table::DATA {
            for (id, item) in (0..).zip(&container.items) {
                if let Some(item) = item {
                    out.instance(id).opaque(item.as_slice());
                }
            }
        } else if resource == table::DATA_CREATION_TIME {
            out.time(container.created.ok_or(Error::NotFound)?.as_secs());
        } else if let Some(text) = container.text(resource) {
            out.string(text);
        } else {
            out.integer(container.number(resource).ok_or(Error::NotFound)?);
        }
        Ok(())
    }

    fn check(&self, target: Target, value: &Value<'_>) -> Result<(), Error> {
        match target.resource {
            table::DATA => {
                let item = usize::from(target.resource_instance.ok_or(Error::BadRequest)?);
                if item >= ITEMS {
                    return Err(Error::BadRequest);
                }
                let len = value.as_bytes().ok_or(Error::BadRequest)?.len();
                if len > LEN {
                    Err(Error::TooLarge)
                } else {
                    Ok(())
                }
            }
            table::DATA_PRIORITY => {
                let priority = value.as_i64().and_then(|number| u8::try_from(number).ok());
                priority
                    .filter(|&priority| is_priority(priority))
                    .map(|_| ())
                    .ok_or(Error::BadRequest)
            }
            table::APP_ID => {
                let id = value.as_i64().and_then(|number| u16::try_from(number).ok());
                id.map(|_| ()).ok_or(Error::BadRequest)
            }
            table::DATA_DESCRIPTION | table::DATA_FORMAT => {
                let text = value.as_str().ok_or(Error::BadRequest)?;
                Text::<32>::try_from(text).map(|_| ())
            }
            _ => value.as_i64().map(|_| ()).ok_or(Error::BadRequest),
        }
    }

    fn write(&mut self, target: Target, value: &Value<'_>) -> Result<Outcome, Error> {
        self.check(target, value)?;
        let container = self.container_mut(target.instance).ok_or(Error::NotFound)?;
        match target.resource {
            table::DATA => {
                let item = usize::from(target.resource_instance.unwrap_or(0));
                let bytes = value.as_bytes().unwrap_or(&[]);
                if let Some(slot) = container.items.get_mut(item) {
                    *slot = Some(Bytes::try_from(bytes)?);
                }
            }
            table::DATA_PRIORITY => {
                container.priority = value.as_i64().and_then(|number| u8::try_from(number).ok());
            }
            table::APP_ID => {
                container.app_id = value.as_i64().and_then(|number| u16::try_from(number).ok());
            }
            table::DATA_DESCRIPTION => {
                container.description = value.as_str().map(Text::try_from).transpose()?;
            }
            table::DATA_FORMAT => {
                container.format = value.as_str().map(Text::try_from).transpose()?;
            }
            _ => container.created = value.as_i64().map(UnixTime::from_secs),
        }
        container.written = true;
        Ok(Outcome::Done)
    }

    fn clear(&mut self, instance: u16, resource: u16) {
        if resource != table::DATA {
            return;
        }
        if let Some(container) = self.container_mut(instance) {
            container.items = [const { None }; ITEMS];
            container.written = true;
        }
    }

    fn reset(&mut self, instance: u16) {
        if let Some(container) = self.container_mut(instance) {
            *container = AppDataContainer::EMPTY;
            container.written = true;
        }
    }
}
