//! Bootstrap-Delete (Core 1.1.1, section 6.1.7.6).

use super::super::accounts;
use super::super::management::Done;
use crate::model::{Error, Level, Objects, Path};
use crate::wire::coap::Code;

/// The Device object, whose instance stays.
const DEVICE: u16 = 3;

/// Deletes everything, an object's instances, or an instance; the bootstrap account and /3/0 stay. What is not there
/// is as good as deleted (RFC 7252, section 5.8.4).
pub(super) fn delete(objects: &mut dyn Objects, path: Path) -> Result<Done, Error> {
    match path.level() {
        Level::Root => {
            let mut id = None;
            while let Some(object) = objects.next_object(id) {
                id = Some(object);
                delete_instances(objects, object);
            }
        }
        Level::Object => {
            let object = path.object_id().unwrap_or(0);
            if object == DEVICE {
                return Err(Error::BadRequest);
            }
            delete_instances(objects, object);
        }
        Level::Instance => {
            let (object, instance) = (
                path.object_id().unwrap_or(0),
                path.instance_id().unwrap_or(0),
            );
            if is_spared(objects, object, instance) {
                return Err(Error::BadRequest);
            }
            if let Some(found) = objects.object_mut(object)
                && found.has_instance(instance)
            {
                found.delete(instance).map_err(|_| Error::BadRequest)?;
            }
        }
        _ => return Err(Error::MethodNotAllowed),
    }
    Ok(Done::new(Code::DELETED, path))
}

fn is_spared(objects: &dyn Objects, object: u16, instance: u16) -> bool {
    match object {
        accounts::SECURITY => accounts::is_bootstrap(objects, instance),
        DEVICE => true,
        _ => false,
    }
}

fn delete_instances(objects: &mut dyn Objects, object: u16) {
    let mut last = None;
    while let Some(instance) = objects
        .object(object)
        .and_then(|found| found.next_instance(last))
    {
        last = Some(instance);
        if !is_spared(objects, object, instance)
            && let Some(found) = objects.object_mut(object)
        {
            // An instance that the device cannot do without stays.
            let _ = found.delete(instance);
        }
    }
}
