//! Read (Core 1.1.1, section 6.3.1).

use super::{definition_in, locate};
use crate::client::reply::{self, Head};
use crate::client::request::Block;
use crate::model::{ContentFormat, DataType, Error, Level, Object, Objects, Path, ValueWriter};
use crate::wire::writer::{Writer, Written};

/// The object that `path` can be read from, and the format that the answer is to have.
///
/// # Errors
/// [`Error::NotFound`], [`Error::MethodNotAllowed`] for a resource that is not readable and for the root,
/// [`Error::NotAcceptable`].
pub(crate) fn format_of(
    objects: &dyn Objects,
    path: Path,
    accept: Option<u16>,
    default: ContentFormat,
) -> Result<(&dyn Object, ContentFormat), Error> {
    if path.level() == Level::Root {
        return Err(Error::MethodNotAllowed);
    }
    let object = locate(objects, path)?;
    let mut single = None;
    if path.level() >= Level::Resource {
        let definition = definition_in(object, path)?;
        if !definition.operations().is_readable() {
            return Err(Error::MethodNotAllowed);
        }
        if !object.has_resource(path.instance_id().unwrap_or(0), definition.id) {
            return Err(Error::NotFound);
        }
        if path.level() == Level::ResourceInstance && !definition.is_multiple() {
            return Err(Error::NotFound);
        }
        if !definition.is_multiple() || path.level() == Level::ResourceInstance {
            single = Some(definition.data_type);
        }
    }
    let format = match accept {
        Some(number) => ContentFormat::from_number(number).ok_or(Error::NotAcceptable)?,
        None => default,
    };
    match (format, single) {
        (ContentFormat::CoreLink, _) => Err(Error::NotAcceptable),
        (ContentFormat::Text, Some(_)) | (ContentFormat::Opaque, Some(DataType::Opaque)) => {
            Ok((object, format))
        }
        (ContentFormat::Text | ContentFormat::Opaque, _) => Err(Error::NotAcceptable),
        #[cfg(any(feature = "tlv", feature = "senml-cbor"))]
        _ => Ok((object, format)),
    }
}

/// Builds a message with what is readable at `path`, which [`format_of`] has checked, in the format that `head` names, or
/// the `wanted` block of it; its length.
///
/// # Errors
/// What the object says of a single resource; [`Error::NotFound`] for a resource instance that is not there; those of
/// [`reply::with_payload`].
// Three callers would have a copy each.
#[inline(never)]
pub(crate) fn answer(
    buffer: &mut [u8],
    head: &mut Head,
    wanted: Option<Block>,
    max_szx: u8,
    object: &dyn Object,
    path: Path,
) -> Result<usize, Error> {
    let format = head.format.unwrap_or(ContentFormat::Text);
    reply::with_payload(buffer, head, wanted, max_szx, &mut |writer| {
        write(writer, object, path, format)
    })
}

fn write(
    writer: Writer<'_>,
    object: &dyn Object,
    path: Path,
    format: ContentFormat,
) -> Result<Written, Error> {
    let mut out = ValueWriter::new(writer, format, path);
    match path.level() {
        Level::Root => return Err(Error::MethodNotAllowed),
        Level::Object => {
            let mut next = object.next_instance(None);
            while let Some(instance) = next {
                let path = path.child(instance).ok_or(Error::Internal)?;
                out.begin_instance(path, true);
                write_instance(&mut out, object, instance);
                out.end_instance();
                next = object.next_instance(Some(instance));
            }
        }
        Level::Instance => {
            out.begin_instance(path, false);
            write_instance(&mut out, object, path.instance_id().unwrap_or(0));
            out.end_instance();
        }
        Level::Resource | Level::ResourceInstance => {
            let definition = definition_in(object, path)?;
            let only = path.resource_instance_id();
            out.begin_resource(path.up_to(Level::Resource), definition.is_multiple(), only);
            object.read(path.instance_id().unwrap_or(0), definition.id, &mut out)?;
            if out.end_resource() == 0 && only.is_some() {
                return Err(Error::NotFound);
            }
        }
    }
    Ok(out.finish())
}

/// Writes the readable resources of an instance.
fn write_instance(out: &mut ValueWriter<'_>, object: &dyn Object, instance: u16) {
    let definition = object.definition();
    let object_id = definition.id;
    for definition in definition.resources {
        if !definition.operations().is_readable() || !object.has_resource(instance, definition.id) {
            continue;
        }
        let path = Path::resource(object_id, instance, definition.id);
        out.begin_resource(path, definition.is_multiple(), None);
        match object.read(instance, definition.id, out) {
            Ok(()) => {
                out.end_resource();
            }
            Err(_) => out.abandon_resource(),
        }
    }
}
