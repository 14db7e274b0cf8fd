//! Bootstrap-Discover (Core 1.1.1, section 6.1.7.3).

use core::mem;

use super::super::accounts;
use super::super::object_list::{self, List};
use super::super::reply::Payload;
use crate::model::{Error, Level, Objects, Path, ValueWriter, write_id};
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
        let only = self.path.object_id();
        object_list::write(&mut out, self.objects, List::Bootstrap { only });
        Ok(out.finish())
    }
}

/// Appends what an instance of Security or Server says of its server: short server id and URI.
pub(in crate::client) fn write_account(
    out: &mut Writer<'_>,
    objects: &dyn Objects,
    id: u16,
    instance: u16,
) {
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
        write_id(out, short_id);
    }
    if id == accounts::SECURITY
        && let Some(object) = objects.object(id)
        && object.has_resource(instance, URI)
    {
        out.bytes(b";uri=\"");
        let path = Path::resource(id, instance, URI);
        let mut text = ValueWriter::text(mem::replace(out, Writer::counting()), path);
        // A URI that cannot be read is left empty.
        let _ = object.read(instance, URI, &mut text);
        *out = text.into_writer();
        out.u8(b'"');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Object;

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
