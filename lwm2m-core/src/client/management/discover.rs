//! Discover (Core 1.1.1, section 6.3.2).

use super::{definition_in, locate};
use crate::client::object_list::{separate, write_link, write_version};
use crate::client::reply::Payload;
#[cfg(feature = "attributes")]
use crate::client::reporting::Attributes;
use crate::model::{Error, Level, Object, Objects, Path, ValueWriter, write_id};
use crate::wire::writer::{Writer, Written};

/// The object of a `path` that can be discovered.
///
/// # Errors
/// [`Error::MethodNotAllowed`] for the root and for resource instances, [`Error::NotFound`].
pub(super) fn check(objects: &dyn Objects, path: Path) -> Result<&dyn Object, Error> {
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
    Ok(object)
}

/// The links of what is at a path, which [`check`] has found.
pub(super) struct Links<'a> {
    pub(super) path: Path,
    pub(super) object: &'a dyn Object,
    /// Those of the server that asks.
    #[cfg(feature = "attributes")]
    pub(super) attributes: Option<Attributes<'a>>,
}

impl Payload for Links<'_> {
    fn write(&mut self, mut writer: Writer<'_>) -> Result<Written, Error> {
        let (path, out) = (self.path, &mut writer);
        let definition = self.object.definition();
        if let Some(instance) = path.instance_id() {
            self.instance(out, instance);
        } else {
            link(out, path);
            write_version(out, definition.id, definition.version);
            self.describe(out, path);
            let mut next = self.object.next_instance(None);
            while let Some(instance) = next {
                self.instance(out, instance);
                next = self.object.next_instance(Some(instance));
            }
        }
        Ok(writer.finish())
    }
}

fn link(out: &mut Writer<'_>, path: Path) {
    separate(out, 0);
    write_link(out, path);
}

impl Links<'_> {
    /// Appends the attributes that are set at exactly this path; of a resource that is asked for alone, also those that it
    /// inherits (Core 1.1.1, section 6.3.2).
    #[cfg_attr(
        not(feature = "attributes"),
        expect(clippy::unused_self, reason = "there are none")
    )]
    fn describe(&self, out: &mut Writer<'_>, path: Path) {
        #[cfg(feature = "attributes")]
        if let Some(attributes) = self.attributes {
            attributes.write(out, path, self.path.resource_id().is_some());
        }
        #[cfg(not(feature = "attributes"))]
        let _ = (out, path);
    }

    /// Appends an instance and its resources, or the one resource that is asked for.
    fn instance(&self, out: &mut Writer<'_>, instance: u16) {
        let definition = self.object.definition();
        let only = self.path.resource_id();
        if only.is_none() {
            let path = Path::instance(definition.id, instance);
            link(out, path);
            self.describe(out, path);
        }
        for resource in definition.resources {
            if only.is_some_and(|only| only != resource.id)
                || !self.object.has_resource(instance, resource.id)
            {
                continue;
            }
            let path = Path::resource(definition.id, instance, resource.id);
            link(out, path);
            if resource.is_multiple()
                && resource.operations().is_readable()
                && let Some(dimension) = self.dimension(instance, resource.id)
            {
                out.bytes(b";dim=");
                write_id(out, dimension);
            }
            self.describe(out, path);
        }
    }

    /// How many instances a resource has (Core 1.1.1, section 5.1.1).
    #[inline(never)]
    fn dimension(&self, instance: u16, resource: u16) -> Option<u16> {
        let mut count = ValueWriter::capturing(&mut []);
        self.object.read(instance, resource, &mut count).ok()?;
        Some(count.end_resource())
    }
}
