//! The object list of Register and Update (Core 1.1.1, section 6.2.1), in CoRE link format.

use crate::model::{Objects, Path, Version, write_id};
use crate::wire::writer::Writer;

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

/// Which list it is.
#[derive(Clone, Copy)]
pub(crate) enum List {
    /// That of a registration.
    Registration {
        /// Whether it begins with the link of the root, which tells the formats.
        root_link: bool,
    },
    /// That of a Bootstrap-Discover, with what the accounts are about (Core 1.1.1, section 6.1.7.3).
    #[cfg(feature = "bootstrap")]
    Bootstrap {
        /// The one object that is asked for.
        only: Option<u16>,
    },
}

impl List {
    /// Whether an object is in it. A registration never lists Security, OSCORE and COSE.
    fn holds(self, object: u16) -> bool {
        match self {
            Self::Registration { .. } => !matches!(object, 0 | 21 | 23),
            #[cfg(feature = "bootstrap")]
            Self::Bootstrap { only } => only.is_none_or(|only| only == object),
        }
    }

    #[cfg(feature = "bootstrap")]
    const fn is_registration(self) -> bool {
        matches!(self, Self::Registration { .. })
    }
}

/// Writes the list.
pub(crate) fn write(out: &mut Writer<'_>, objects: &dyn Objects, list: List) {
    let start = out.len();
    match list {
        List::Registration { root_link: true } => {
            out.bytes(b"</>;rt=\"oma.lwm2m\"");
            #[cfg(all(feature = "senml-cbor", feature = "tlv"))]
            out.bytes(b";ct=\"112 11542\"");
            #[cfg(all(feature = "senml-cbor", not(feature = "tlv")))]
            out.bytes(b";ct=112");
            #[cfg(all(not(feature = "senml-cbor"), feature = "tlv"))]
            out.bytes(b";ct=11542");
        }
        List::Registration { .. } => {}
        #[cfg(feature = "bootstrap")]
        List::Bootstrap { .. } => out.bytes(b"</>;lwm2m=1.1"),
    }
    let mut id = None;
    while let Some(object_id) = objects.next_object(id) {
        id = Some(object_id);
        let Some(object) = objects.object(object_id).filter(|_| list.holds(object_id)) else {
            continue;
        };
        let mut instance = object.next_instance(None);
        let version = object.definition().version;
        if instance.is_none() || version != default_version(object_id) {
            separate(out, start);
            write_link(out, Path::object(object_id));
            write_version(out, object_id, version);
        }
        while let Some(instance_id) = instance {
            separate(out, start);
            write_link(out, Path::instance(object_id, instance_id));
            #[cfg(feature = "bootstrap")]
            if !list.is_registration() {
                super::bootstrap::discover::write_account(out, objects, object_id, instance_id);
            }
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
