//! Discover (Core 1.1.1, section 6.3.2).

use super::{definition_in, locate};
use crate::client::object_list::{separate, write_link, write_version};
use crate::model::{
    Error, Level, Object, Objects, Path, ResourceDefinition, ValueWriter, write_id,
};
use crate::wire::writer::{Writer, Written};

/// Whether `path` can be discovered.
///
/// # Errors
/// [`Error::MethodNotAllowed`] for the root and for resource instances, [`Error::NotFound`].
pub(super) fn check(objects: &dyn Objects, path: Path) -> Result<(), Error> {
    if matches!(path.level(), Level::Root | Level::ResourceInstance) {
        return Err(Error::MethodNotAllowed);
    }
    let object = locate(objects, path)?;
    if path.level() == Level::Resource {
        let definition = definition_in(object, path)?;
        if !object.has_resource(path.instance_id().unwrap_or(0), definition.id) {
            return Err(Error::NotFound);
        }
    }
    Ok(())
}

/// Appends the attributes that are set at exactly this path.
pub(super) type Describe<'d> = dyn Fn(&mut Writer<'_>, Path) + 'd;

/// Writes the links of what is at `path`, which [`check`] has found.
pub(super) fn write(
    mut out: Writer<'_>,
    objects: &dyn Objects,
    path: Path,
    attributes: &Describe<'_>,
) -> Written {
    if let Some(object) = path.object_id().and_then(|id| objects.object(id)) {
        write_object(&mut out, object, path, attributes);
    }
    out.finish()
}

fn write_object(out: &mut Writer<'_>, object: &dyn Object, path: Path, attributes: &Describe<'_>) {
    let definition = object.definition();
    match path.level() {
        Level::Object => {
            write_link(out, path);
            write_version(out, definition.id, definition.version);
            attributes(out, path);
            let mut next = object.next_instance(None);
            while let Some(instance) = next {
                if let Some(path) = path.child(instance) {
                    write_instance(out, object, path, instance, attributes);
                }
                next = object.next_instance(Some(instance));
            }
        }
        Level::Instance => write_instance(
            out,
            object,
            path,
            path.instance_id().unwrap_or(0),
            attributes,
        ),
        _ => {
            let resource = path.resource_id().and_then(|id| definition.resource(id));
            if let Some(resource) = resource {
                write_resource(
                    out,
                    object,
                    path,
                    path.instance_id().unwrap_or(0),
                    resource,
                    attributes,
                );
            }
        }
    }
}

fn write_instance(
    out: &mut Writer<'_>,
    object: &dyn Object,
    path: Path,
    instance: u16,
    attributes: &Describe<'_>,
) {
    separate(out, 0);
    write_link(out, path);
    attributes(out, path);
    for resource in object.definition().resources {
        if !object.has_resource(instance, resource.id) {
            continue;
        }
        if let Some(path) = path.child(resource.id) {
            write_resource(out, object, path, instance, resource, attributes);
        }
    }
}

fn write_resource(
    out: &mut Writer<'_>,
    object: &dyn Object,
    path: Path,
    instance: u16,
    resource: &ResourceDefinition,
    attributes: &Describe<'_>,
) {
    separate(out, 0);
    write_link(out, path);
    if resource.is_multiple() && resource.operations().is_readable() {
        // How many instances there are (Core 1.1.1, section 5.1.1).
        let mut count = ValueWriter::capturing(&mut []);
        count.begin_resource(path, true, None);
        if object.read(instance, resource.id, &mut count).is_ok() {
            out.bytes(b";dim=");
            write_id(out, count.end_resource());
        }
    }
    attributes(out, path);
}
