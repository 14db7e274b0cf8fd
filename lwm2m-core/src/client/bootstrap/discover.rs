//! Bootstrap-Discover (Core 1.1.1, section 6.1.7.3).

use super::super::accounts;
use super::super::object_list::{self, write_link};
use super::super::reply::Payload;
use crate::model::{Error, Level, Object, Objects, Path, ValueWriter, write_id};
use crate::wire::writer::{Writer, Written};

/// LwM2M Server URI of a Security instance.
const URI: u16 = 0;

/// Whether `path` can be discovered.
///
/// # Errors
/// [`Error::BadRequest`] below an object, [`Error::NotFound`].
pub(super) fn check(objects: &dyn Objects, path: Path) -> Result<(), Error> {
    match path.level() {
        Level::Root => Ok(()),
        Level::Object
            if path
                .object_id()
                .is_some_and(|id| objects.object(id).is_some()) =>
        {
            Ok(())
        }
        Level::Object => Err(Error::NotFound),
        _ => Err(Error::BadRequest),
    }
}

/// The links of one object, or of all.
pub(super) struct Links<'o> {
    pub(super) objects: &'o dyn Objects,
    /// What [`check`] has found.
    pub(super) path: Path,
}

impl Payload for Links<'_> {
    fn write(&mut self, mut out: Writer<'_>) -> Result<Written, Error> {
        let objects = self.objects;
        out.bytes(b"</>;lwm2m=1.1");
        match self.path.object_id() {
            Some(id) => out = write_object(out, objects, id),
            None => {
                let mut next = objects.next_object(None);
                while let Some(id) = next {
                    out = write_object(out, objects, id);
                    next = objects.next_object(Some(id));
                }
            }
        }
        Ok(out.finish())
    }
}

fn write_object<'b>(mut out: Writer<'b>, objects: &dyn Objects, id: u16) -> Writer<'b> {
    let Some(object) = objects.object(id) else {
        return out;
    };
    let mut next = object.next_instance(None);
    object_list::write_object(&mut out, 0, id, object.definition().version, next.is_none());
    while let Some(instance) = next {
        out.u8(b',');
        write_link(&mut out, Path::instance(id, instance));
        let short_id = match id {
            accounts::SECURITY if accounts::is_bootstrap(objects, instance) => None,
            accounts::SECURITY => accounts::short_id(objects, instance),
            accounts::SERVER => {
                accounts::number(objects, id, instance, accounts::server::SHORT_SERVER_ID)
                    .and_then(|id| u16::try_from(id).ok())
            }
            _ => None,
        };
        if let Some(short_id) = short_id {
            out.bytes(b";ssid=");
            write_id(&mut out, short_id);
        }
        if id == accounts::SECURITY {
            out = write_uri(out, object, instance);
        }
        next = object.next_instance(Some(instance));
    }
    out
}

fn write_uri<'b>(mut out: Writer<'b>, object: &dyn Object, instance: u16) -> Writer<'b> {
    if !object.has_resource(instance, URI) {
        return out;
    }
    out.bytes(b";uri=\"");
    let path = Path::resource(accounts::SECURITY, instance, URI);
    let mut text = ValueWriter::text(out, path);
    // A URI that cannot be read is left empty.
    let _ = object.read(instance, URI, &mut text);
    let mut out = text.into_writer();
    out.u8(b'"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_root_and_objects_are_discovered() {
        let objects: [&mut dyn Object; 0] = [];
        assert_eq!(check(&objects, Path::ROOT), Ok(()));
        assert_eq!(check(&objects, Path::object(0)), Err(Error::NotFound));
        assert_eq!(
            check(&objects, Path::instance(0, 0)),
            Err(Error::BadRequest)
        );
    }
}
