//! Write (Core 1.1.1, section 6.3.3): all of a message, or nothing.

use super::{Done, object_of_mut, payload_format};
use crate::client::request::Request;
#[cfg(feature = "bootstrap")]
use crate::model::Object;
use crate::model::{
    Content, ContentFormat, Error, Level, Objects, Outcome, Path, ResourceDefinition, Target,
    ValueReader,
};
use crate::wire::coap::Code;

/// What becomes of resources and resource instances that the message does not name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Mode {
    /// They go (PUT).
    Replace,
    /// They stay (POST).
    Update,
}

/// What a walk through the payload is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Pass {
    Check,
    /// Creates the instances that a bootstrap server writes to.
    #[cfg(feature = "bootstrap")]
    Create,
    /// Empties the instances that it writes with their object.
    #[cfg(feature = "bootstrap")]
    Empty,
    Write(Mode),
}

/// What the writer may do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Rights {
    /// Writable resources.
    Server,
    /// Writable resources of an instance that is about to be created; unknown ones are passed over.
    #[cfg(feature = "create")]
    Creator,
    /// All known resources; unknown ones are passed over, missing instances are created.
    #[cfg(feature = "bootstrap")]
    Bootstrap,
}

/// What is to be written, and where.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Write<'a> {
    pub(crate) path: Path,
    pub(crate) format: ContentFormat,
    pub(crate) payload: &'a [u8],
    pub(crate) rights: Rights,
}

/// Writes the payload of a request: what a PUT does not name goes, under a POST it stays.
///
/// # Errors
/// What the server is to be told; nothing has been changed then.
pub(crate) fn write(
    objects: &mut dyn Objects,
    path: Path,
    request: &Request<'_>,
    rights: Rights,
    scratch: &mut [u8],
) -> Result<Done, Error> {
    let write = Write {
        path,
        format: payload_format(request)?,
        payload: request.message.payload(),
        rights,
    };
    let mode = if request.message.code() == Code::PUT {
        Mode::Replace
    } else {
        Mode::Update
    };
    write.check(objects, scratch)?;
    let outcome = write.apply(objects, mode, scratch)?;
    Ok(Done {
        outcome,
        ..Done::new(Code::CHANGED, path)
    })
}

impl Write<'_> {
    /// Whether every value of the payload could be written.
    ///
    /// # Errors
    /// What the server is to be told.
    pub(crate) fn check(&self, objects: &mut dyn Objects, scratch: &mut [u8]) -> Result<(), Error> {
        self.walk(objects, Pass::Check, scratch).map(|_| ())
    }

    /// Writes a payload that has been checked.
    ///
    /// # Errors
    /// What the object says, which then breaks its word.
    pub(crate) fn apply(
        &self,
        objects: &mut dyn Objects,
        mode: Mode,
        scratch: &mut [u8],
    ) -> Result<Outcome, Error> {
        // Not while they are written: in SenML, resources of an instance need not stand together.
        #[cfg(feature = "bootstrap")]
        if self.rights == Rights::Bootstrap {
            self.walk(objects, Pass::Create, scratch)?;
            if self.path.level() == Level::Object {
                self.walk(objects, Pass::Empty, scratch)?;
            }
        }
        self.walk(objects, Pass::Write(mode), scratch)
    }

    /// Goes through the payload.
    // Walks of their own would be the same code again.
    #[inline(never)]
    fn walk(
        &self,
        objects: &mut dyn Objects,
        pass: Pass,
        scratch: &mut [u8],
    ) -> Result<Outcome, Error> {
        let Self {
            path,
            format,
            payload,
            rights,
        } = *self;
        let level = path.level();
        let object = object_of_mut(objects, path)?;
        let mut reader = ValueReader::new(format, path, payload)?;
        let named = match path.resource_id() {
            // Even an empty payload says something about the resource.
            Some(resource) => writable(object.definition().resource(resource), rights)?,
            None => None,
        };
        let is_multiple = named.is_some_and(ResourceDefinition::is_multiple);
        #[cfg(feature = "bootstrap")]
        if pass == Pass::Create
            && let Some(instance) = path.instance_id()
        {
            return ensure_instance(object, instance).map(|()| Outcome::Done);
        }
        if pass == Pass::Write(Mode::Replace) {
            let instance = path.instance_id().unwrap_or(0);
            match level {
                Level::Instance => object.reset(instance),
                Level::Resource if is_multiple => {
                    object.clear(instance, path.resource_id().unwrap_or(0))
                }
                _ => {}
            }
        }
        // A single value that the payload does not hold is none that could be written.
        let mut is_missing = named.is_some() && (!is_multiple || level == Level::ResourceInstance);
        let mut outcome = Outcome::Done;
        while let Some(node) = reader.next()? {
            if !path.contains(&node.path) {
                return Err(Error::BadRequest);
            }
            #[cfg(feature = "bootstrap")]
            if let (Pass::Create | Pass::Empty, Some(instance)) = (pass, node.path.instance_id()) {
                match pass {
                    Pass::Create => ensure_instance(object, instance)?,
                    _ => object.reset(instance),
                }
                continue;
            }
            let Some(resource) = node.path.resource_id() else {
                continue;
            };
            let definition = object.definition().resource(resource);
            let Some(definition) = writable(definition, rights)? else {
                continue;
            };
            let raw = match node.content {
                Content::Value(raw) => raw,
                Content::Resource if !definition.is_multiple() => return Err(Error::BadRequest),
                _ => continue,
            };
            let target = Target {
                instance: node.path.instance_id().unwrap_or(0),
                resource,
                resource_instance: node.path.resource_instance_id(),
            };
            if target.resource_instance.is_some() != definition.is_multiple() {
                return Err(Error::BadRequest);
            }
            is_missing = false;
            let value = raw.typed(definition.data_type, scratch)?;
            if pass == Pass::Check {
                if rights.is_ranged(path) && !definition.takes(&value) {
                    return Err(Error::BadRequest);
                }
                object.check(target, &value)?;
            } else {
                match object.write(target, &value)? {
                    Outcome::Done => {}
                    other => outcome = other,
                }
            }
        }
        if is_missing {
            return Err(Error::BadRequest);
        }
        Ok(outcome)
    }
}

#[cfg(feature = "bootstrap")]
fn ensure_instance(object: &mut dyn Object, instance: u16) -> Result<(), Error> {
    if object.has_instance(instance) {
        return Ok(());
    }
    object.create(instance)
}

/// The definition of a resource that may be written; `None` when it is to be passed over.
fn writable(
    definition: Option<&'static ResourceDefinition>,
    rights: Rights,
) -> Result<Option<&'static ResourceDefinition>, Error> {
    #[cfg(feature = "bootstrap")]
    if rights == Rights::Bootstrap {
        return Ok(definition.filter(|definition| !definition.operations().is_executable()));
    }
    #[cfg(feature = "create")]
    if rights == Rights::Creator && definition.is_none() {
        return Ok(None);
    }
    let _ = rights;
    match definition {
        None => Err(Error::NotFound),
        Some(definition) if !definition.operations().is_writable() => Err(Error::MethodNotAllowed),
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
