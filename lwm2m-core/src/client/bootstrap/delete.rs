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
    if path.level() > Level::Instance {
        return Err(Error::MethodNotAllowed);
    }
    let is_refused = match (path.object_id(), path.instance_id()) {
        (Some(object), Some(instance)) => is_spared(objects, object, instance),
        (object, _) => object == Some(DEVICE),
    };
    if is_refused {
        return Err(Error::BadRequest);
    }
    let mut id = None;
    while let Some(object) = objects.next_object(id) {
        id = Some(object);
        let mut last = None;
        while let Some(instance) = objects
            .object(object)
            .and_then(|found| found.next_instance(last))
        {
            last = Some(instance);
            if path.contains(&Path::instance(object, instance))
                && !is_spared(objects, object, instance)
                && let Some(found) = objects.object_mut(object)
                && found.delete(instance).is_err()
                && path.level() == Level::Instance
            {
                return Err(Error::BadRequest);
            }
            // One among others that the device cannot do without stays.
        }
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
