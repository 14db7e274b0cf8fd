//! Discover (Core 1.1.1, section 6.3.2).

use super::{definition_in, locate};
use crate::client::object_list::{separate, write_link, write_version};
#[cfg(feature = "attributes")]
use crate::client::reporting::Attributes;
use crate::model::{
    Error, Level, Object, Objects, Path, ResourceDefinition, ValueWriter, write_id,
};
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

/// The links of one object.
pub(super) struct Links<'a> {
    pub(super) out: Writer<'a>,
    pub(super) object: &'a dyn Object,
    /// Those of the server that asks.
    #[cfg(feature = "attributes")]
    pub(super) attributes: Option<Attributes<'a>>,
}

impl Links<'_> {
    /// Writes the links of what is at `path`, which [`check`] has found.
    pub(super) fn write(mut self, path: Path) -> Written {
        let definition = self.object.definition();
        match path.level() {
            Level::Object => {
                self.link(path);
                write_version(&mut self.out, definition.id, definition.version);
                self.describe(path);
                let mut next = self.object.next_instance(None);
                while let Some(instance) = next {
                    self.instance(Path::instance(definition.id, instance));
                    next = self.object.next_instance(Some(instance));
                }
            }
            Level::Instance => self.instance(path),
            _ => {
                if let Ok(resource) = definition_in(self.object, path) {
                    self.resource(path, resource);
                }
            }
        }
        self.out.finish()
    }

    fn link(&mut self, path: Path) {
        separate(&mut self.out, 0);
        write_link(&mut self.out, path);
    }

    /// Appends the attributes that are set at exactly this path.
    #[cfg_attr(
        not(feature = "attributes"),
        expect(
            clippy::unused_self,
            clippy::needless_pass_by_ref_mut,
            reason = "there are none"
        )
    )]
    fn describe(&mut self, path: Path) {
        #[cfg(feature = "attributes")]
        if let Some(attributes) = self.attributes {
            attributes.write(&mut self.out, path);
        }
        let _ = path;
    }

    fn instance(&mut self, path: Path) {
        self.link(path);
        self.describe(path);
        let instance = path.instance_id().unwrap_or(0);
        let definition = self.object.definition();
        for resource in definition.resources {
            if self.object.has_resource(instance, resource.id) {
                self.resource(
                    Path::resource(definition.id, instance, resource.id),
                    resource,
                );
            }
        }
    }

    fn resource(&mut self, path: Path, resource: &ResourceDefinition) {
        self.link(path);
        if resource.is_multiple() && resource.operations().is_readable() {
            // How many instances there are (Core 1.1.1, section 5.1.1).
            let mut count = ValueWriter::capturing(&mut []);
            count.begin_resource(path, true);
            let instance = path.instance_id().unwrap_or(0);
            if self.object.read(instance, resource.id, &mut count).is_ok() {
                self.out.bytes(b";dim=");
                write_id(&mut self.out, count.end_resource());
            }
        }
        self.describe(path);
    }
}
