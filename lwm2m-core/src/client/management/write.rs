//! Write (Core 1.1.1, section 6.3.3): all of a message, or nothing.

use super::{object_of, object_of_mut};
use crate::model::{
    Content, ContentFormat, Error, Level, Objects, Outcome, Path, ResourceDefinition, Target,
    ValueReader,
};

/// What becomes of resources and resource instances that the message does not name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Mode {
    /// They go (PUT).
    Replace,
    /// They stay (POST).
    Update,
}

/// What the writer may do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Rights {
    /// Writable resources.
    Server,
    /// Writable resources of an instance that is about to be created.
    #[cfg(feature = "create")]
    Creator,
    /// All known resources; unknown ones are passed over, missing instances are created.
    #[cfg(feature = "bootstrap")]
    Bootstrap,
}

/// Checks the whole payload, then writes it.
///
/// # Errors
/// What the server is to be told; nothing has been changed then.
pub(crate) fn write(
    objects: &mut dyn Objects,
    path: Path,
    mode: Mode,
    format: ContentFormat,
    payload: &[u8],
    rights: Rights,
    scratch: &mut [u8],
) -> Result<Outcome, Error> {
    check(objects, path, format, payload, rights, scratch)?;
    apply(objects, path, mode, format, payload, rights, scratch)
}

/// Whether every value of the payload could be written.
///
/// # Errors
/// What the server is to be told.
pub(crate) fn check(
    objects: &dyn Objects,
    path: Path,
    format: ContentFormat,
    payload: &[u8],
    rights: Rights,
    scratch: &mut [u8],
) -> Result<(), Error> {
    let object = object_of(objects, path)?;
    let mut reader = ValueReader::new(format, path, payload)?;
    if path.level() >= Level::Resource {
        // Even an empty payload says something about the resource.
        writable(
            object
                .definition()
                .resource(path.resource_id().unwrap_or(0)),
            rights,
        )?;
    }
    while let Some(node) = reader.next()? {
        if !path.contains(&node.path) {
            return Err(Error::BadRequest);
        }
        let Some(resource) = node.path.resource_id() else {
            continue;
        };
        let definition = object.definition().resource(resource);
        let Some(definition) = writable(definition, rights)? else {
            continue;
        };
        let is_instance = node.path.level() == Level::ResourceInstance;
        match node.content {
            Content::Resource if !definition.multiple => return Err(Error::BadRequest),
            Content::Value(raw) => {
                if is_instance && !definition.multiple || definition.multiple && !is_instance {
                    return Err(Error::BadRequest);
                }
                let value = raw.typed(definition.data_type, scratch)?;
                if rights.is_ranged(path) && !definition.range.contains(&value) {
                    return Err(Error::BadRequest);
                }
                object.check(target(node.path, resource), &value)?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Writes a payload that has been checked.
///
/// # Errors
/// What the object says, which then breaks its word.
pub(crate) fn apply(
    objects: &mut dyn Objects,
    path: Path,
    mode: Mode,
    format: ContentFormat,
    payload: &[u8],
    rights: Rights,
    scratch: &mut [u8],
) -> Result<Outcome, Error> {
    let object = object_of_mut(objects, path)?;
    let mut reader = ValueReader::new(format, path, payload)?;
    let mut outcome = Outcome::Done;
    let instance = path.instance_id().unwrap_or(0);
    if mode == Mode::Replace {
        match path.level() {
            Level::Instance => object.reset(instance),
            Level::Resource => object.clear(instance, path.resource_id().unwrap_or(0)),
            _ => {}
        }
    }
    while let Some(node) = reader.next()? {
        if mode == Mode::Replace
            && path.level() == Level::Object
            && matches!(node.content, Content::Instance)
        {
            object.reset(node.path.instance_id().unwrap_or(0));
        }
        let Some(resource) = node.path.resource_id() else {
            continue;
        };
        let Some(definition) = writable(object.definition().resource(resource), rights)? else {
            continue;
        };
        let Content::Value(raw) = node.content else {
            continue;
        };
        let value = raw.typed(definition.data_type, scratch)?;
        match object.write(target(node.path, resource), &value)? {
            Outcome::Done => {}
            other => outcome = other,
        }
    }
    Ok(outcome)
}

/// The definition of a resource that may be written; `None` when it is to be passed over.
fn writable(
    definition: Option<&'static ResourceDefinition>,
    rights: Rights,
) -> Result<Option<&'static ResourceDefinition>, Error> {
    #[cfg(feature = "bootstrap")]
    if rights == Rights::Bootstrap {
        return Ok(definition.filter(|definition| !definition.operations.is_executable()));
    }
    let _ = rights;
    match definition {
        None => Err(Error::NotFound),
        Some(definition) if !definition.operations.is_writable() => Err(Error::MethodNotAllowed),
        found => Ok(found),
    }
}

impl Rights {
    /// Whether the ranges of the definition bind: bootstrap servers write unused resources of object 0 outside them.
    fn is_ranged(self, path: Path) -> bool {
        #[cfg(feature = "bootstrap")]
        if self == Self::Bootstrap {
            return path.object_id() != Some(0);
        }
        let _ = path;
        true
    }
}

fn target(path: Path, resource: u16) -> Target {
    Target {
        instance: path.instance_id().unwrap_or(0),
        resource,
        resource_instance: path.resource_instance_id(),
    }
}
