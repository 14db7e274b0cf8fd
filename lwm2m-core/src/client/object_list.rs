//! The object list of Register and Update (Core 1.1.1, section 6.2.1), in CoRE link format.

use crate::model::{Objects, Path, Version, write_id};
use crate::wire::writer::Writer;

/// Objects that a client never lists: Security, OSCORE and COSE.
const UNLISTED: [u16; 3] = [0, 21, 23];

/// The version of an object that goes without saying under LwM2M 1.1.
const fn default_version(object: u16) -> Version {
    match object {
        0 | 1 | 3 => Version::new(1, 1),
        4 => Version::new(1, 2),
        _ => Version::new(1, 0),
    }
}

/// Appends `;ver=1.2` when the version does not go without saying.
pub(crate) fn write_version(out: &mut Writer<'_>, object: u16, version: Version) {
    if version != default_version(object) {
        out.bytes(b";ver=");
        write_id(out, u16::from(version.major()));
        out.u8(b'.');
        write_id(out, u16::from(version.minor()));
    }
}

/// Appends `</path>`.
pub(crate) fn write_link(out: &mut Writer<'_>, path: Path) {
    out.u8(b'<');
    path.write(out);
    out.u8(b'>');
}

/// Appends the link of an object that has no instances, or whose version does not go without saying, to a list that began
/// at `start`.
pub(crate) fn write_object(
    out: &mut Writer<'_>,
    start: usize,
    object: u16,
    version: Version,
    is_empty: bool,
) {
    if is_empty || version != default_version(object) {
        separate(out, start);
        write_link(out, Path::object(object));
        write_version(out, object, version);
    }
}

/// Writes the list.
pub(crate) fn write(out: &mut Writer<'_>, objects: &dyn Objects, root_link: bool) {
    let start = out.len();
    if root_link {
        out.bytes(b"</>;rt=\"oma.lwm2m\"");
        #[cfg(all(feature = "senml-cbor", feature = "tlv"))]
        out.bytes(b";ct=\"112 11542\"");
        #[cfg(all(feature = "senml-cbor", not(feature = "tlv")))]
        out.bytes(b";ct=112");
        #[cfg(all(not(feature = "senml-cbor"), feature = "tlv"))]
        out.bytes(b";ct=11542");
    }
    let mut id = None;
    while let Some(object_id) = objects.next_object(id) {
        id = Some(object_id);
        let Some(object) = objects.object(object_id) else {
            continue;
        };
        if UNLISTED.contains(&object_id) {
            continue;
        }
        let mut instance = object.next_instance(None);
        write_object(
            out,
            start,
            object_id,
            object.definition().version,
            instance.is_none(),
        );
        while let Some(instance_id) = instance {
            separate(out, start);
            write_link(out, Path::instance(object_id, instance_id));
            instance = object.next_instance(Some(instance_id));
        }
    }
}

/// Appends a comma unless the list, which began at `start`, is empty.
#[inline(never)]
pub(crate) fn separate(out: &mut Writer<'_>, start: usize) {
    if out.len() != start {
        out.u8(b',');
    }
}
