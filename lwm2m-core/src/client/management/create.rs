//! Create and Delete (Core 1.1.1, sections 6.3.6 and 6.3.7).

use super::write::{Mode, Rights, Write};
use super::{Done, locate, object_of, object_of_mut, payload_format};
use crate::client::request::Request;
use crate::model::{ContentFormat, Error, Object, Objects, Path, ValueReader};
use crate::wire::coap::Code;

/// Creates an instance with the resources of the payload; the id is the payload's, else the smallest free one.
pub(super) fn create(
    objects: &mut dyn Objects,
    path: Path,
    request: &Request<'_>,
    scratch: &mut [u8],
) -> Result<Done, Error> {
    let object = object_of(objects, path)?;
    let payload = request.message.payload();
    let mut named = None;
    let mut format = ContentFormat::Text;
    if !payload.is_empty() {
        format = payload_format(request)?;
        // What names none, or is wrong, is read as one sent to the instance.
        let first = find(format, path, payload, None).unwrap_or(None);
        named = first.and_then(|path| path.instance_id());
    }
    let instance = match named {
        Some(instance) => instance,
        None => free_instance(object)?,
    };
    let target = path.child(instance).ok_or(Error::BadRequest)?;
    if object.has_instance(instance) {
        return Err(Error::BadRequest);
    }
    object.check_create(instance)?;
    let write = Write {
        path: target,
        format,
        payload,
        rights: Rights::Creator,
    };
    if !payload.is_empty() {
        write.check(objects, scratch)?;
    }
    let object = object_of_mut(objects, path)?;
    // Each is looked for by itself: a resource that comes twice must not stand for two.
    for resource in object.definition().resources {
        if resource.is_mandatory()
            && resource.operations().is_writable()
            && (payload.is_empty() || find(format, target, payload, Some(resource.id))?.is_none())
        {
            return Err(Error::BadRequest);
        }
    }
    object.create(instance)?;
    let mut created = Done {
        created: path
            .object_id()
            .filter(|_| named.is_none())
            .map(|id| (id, instance)),
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

/// Where the payload first says something: about this resource, or at all.
fn find(
    format: ContentFormat,
    base: Path,
    payload: &[u8],
    resource: Option<u16>,
) -> Result<Option<Path>, Error> {
    let mut reader = ValueReader::new(format, base, payload)?;
    while let Some(node) = reader.next()? {
        if resource.is_none() || node.path.resource_id() == resource {
            return Ok(Some(node.path));
        }
    }
    Ok(None)
}

/// The smallest instance id that is not in use.
#[inline(never)]
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
