//! Execute (Core 1.1.1, section 6.3.5).

use super::{Done, locate, object_of_mut};
use crate::client::request::Request;
use crate::model::{Arguments, ContentFormat, Error, Objects, Path};
use crate::wire::coap::Code;

/// Executes the resource at `path`, which is executable.
pub(super) fn execute(
    objects: &mut dyn Objects,
    path: Path,
    request: &Request<'_>,
) -> Result<Done, Error> {
    locate(objects, path)?;
    let payload = request.message.payload();
    if !payload.is_empty()
        && request
            .content_format
            .is_some_and(|format| format != ContentFormat::Text.number())
    {
        return Err(Error::UnsupportedContentFormat);
    }
    let arguments = Arguments::parse(payload)?;
    let instance = path.instance_id().unwrap_or(0);
    let resource = path.resource_id().unwrap_or(0);
    let object = object_of_mut(objects, path)?;
    if !object.has_resource(instance, resource) {
        return Err(Error::NotFound);
    }
    let outcome = object.execute(instance, resource, arguments)?;
    Ok(Done {
        outcome,
        ..Done::new(Code::CHANGED, path)
    })
}
