//! Create and Delete (Core 1.1.1, sections 6.3.6 and 6.3.7).

use super::write::{Mode, Rights, Write};
use super::{Done, locate, object_of, object_of_mut, payload_format};
use crate::client::request::Request;
use crate::model::{ContentFormat, Error, Object, Objects, Path, ValueReader, named_instance};
use crate::wire::coap::Code;

/// Creates an instance with the resources of the payload; the id is the payload's, else the smallest free one.
pub(super) fn create(
    objects: &mut dyn Objects,
    path: Path,
    request: &Request<'_>,
    scratch: &mut [u8],
) -> Result<Done, Error> {
    let object_id = path.object_id().ok_or(Error::NotFound)?;
    let object = object_of(objects, path)?;
    let payload = request.message.payload();
    let mut named = None;
    let mut format = ContentFormat::Text;
    if !payload.is_empty() {
        format = payload_format(request)?;
        named = named_instance(format, object_id, payload)?;
    }
    let instance = match named {
        Some(instance) => instance,
        None => free_instance(object)?,
    };
    if instance == Path::RESERVED_ID || object.has_instance(instance) {
        return Err(Error::BadRequest);
    }
    object.check_create(instance)?;
    // A payload that wraps its instance is read as one sent to the object; a bare one, to the instance.
    let base = if named.is_some() {
        path
    } else {
        Path::instance(object_id, instance)
    };
    let target = Path::instance(object_id, instance);
    let write = Write {
        path: base,
        format,
        payload,
        rights: Rights::Creator,
    };
    if !payload.is_empty() {
        write.check(objects, scratch)?;
    }
    complete(object_of(objects, path)?, base, target, format, payload)?;
    object_of_mut(objects, path)?.create(instance)?;
    let mut created = Done {
        created: named.is_none().then_some((object_id, instance)),
        ..Done::new(Code::CREATED, target)
    };
    if !payload.is_empty() {
        match write.apply(objects, Mode::Update, scratch) {
            Ok(outcome) => created.outcome = outcome,
            Err(error) => {
                // The object has broken its word; at least nothing half-made stays.
                let _ = object_of_mut(objects, path).map(|object| object.delete(instance));
                return Err(error);
            }
        }
    }
    Ok(created)
}

/// Whether the payload names one instance only, and every mandatory resource that can be written.
fn complete(
    object: &dyn Object,
    base: Path,
    target: Path,
    format: ContentFormat,
    payload: &[u8],
) -> Result<(), Error> {
    if !payload.is_empty() {
        let mut reader = ValueReader::new(format, base, payload)?;
        while let Some(node) = reader.next()? {
            if !target.contains(&node.path) {
                return Err(Error::BadRequest);
            }
        }
    }
    // Each is looked for by itself: a resource that comes twice must not stand for two.
    for resource in object.definition().resources {
        if resource.is_mandatory()
            && resource.operations().is_writable()
            && !names(base, format, payload, resource.id)?
        {
            return Err(Error::BadRequest);
        }
    }
    Ok(())
}

/// Whether the payload says something about a resource.
fn names(base: Path, format: ContentFormat, payload: &[u8], resource: u16) -> Result<bool, Error> {
    if payload.is_empty() {
        return Ok(false);
    }
    let mut reader = ValueReader::new(format, base, payload)?;
    while let Some(node) = reader.next()? {
        if node.path.resource_id() == Some(resource) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The smallest instance id that is not in use.
fn free_instance(object: &dyn Object) -> Result<u16, Error> {
    let mut id = 0;
    let mut next = object.next_instance(None);
    while let Some(instance) = next {
        if instance != id {
            break;
        }
        id = id
            .checked_add(1)
            .filter(|&id| id != Path::RESERVED_ID)
            .ok_or(Error::BadRequest)?;
        next = object.next_instance(Some(instance));
    }
    Ok(id)
}

/// Deletes an instance.
pub(super) fn delete(objects: &mut dyn Objects, path: Path) -> Result<Done, Error> {
    locate(objects, path)?;
    let object = object_of_mut(objects, path)?;
    object.delete(path.instance_id().unwrap_or(0))?;
    Ok(Done::new(Code::DELETED, path))
}
