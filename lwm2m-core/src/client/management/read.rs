//! Read (Core 1.1.1, section 6.3.1).

use super::{definition_in, object_of};
use crate::client::reply::{self, Head, Payload};
use crate::client::request::Block;
use crate::model::{
    ContentFormat, DataType, Error, Object, Objects, Path, ResourceDefinition, Value, ValueWriter,
};
use crate::wire::writer::{Writer, Written};

/// What a path that can be read leads to, and the format that the answer is to have.
// Looked at where it is found: it is moved by calls of `memcpy`.
pub(crate) struct Readable<'o> {
    object: &'o dyn Object,
    path: Path,
    /// Of the resource, where the path names one.
    resource: Option<&'static ResourceDefinition>,
    format: ContentFormat,
    /// What was read, where that is a single value, neither text nor bytes.
    pub(crate) value: Option<Value<'static>>,
}

impl<'o> Readable<'o> {
    /// What is at `path`.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::MethodNotAllowed`] for a resource that is not readable and for the root,
    /// [`Error::NotAcceptable`].
    // Three callers would have a copy each.
    #[inline(never)]
    pub(crate) fn find(
        objects: &'o dyn Objects,
        path: Path,
        accept: Option<u16>,
        default: ContentFormat,
    ) -> Result<Self, Error> {
        if path == Path::ROOT {
            return Err(Error::MethodNotAllowed);
        }
        let object = object_of(objects, path)?;
        let instance = path.instance_id();
        if instance.is_some_and(|instance| !object.has_instance(instance)) {
            return Err(Error::NotFound);
        }
        let mut resource = None;
        let mut single = None;
        if path.resource_id().is_some() {
            let definition = definition_in(object, path)?;
            if !definition.operations().is_readable() {
                return Err(Error::MethodNotAllowed);
            }
            let is_instance = path.resource_instance_id().is_some();
            if is_instance && !definition.is_multiple() {
                return Err(Error::NotFound);
            }
            if is_instance || !definition.is_multiple() {
                single = Some(definition.data_type);
            }
            resource = Some(definition);
        }
        let format = match accept {
            Some(number) => ContentFormat::from_number(number).ok_or(Error::NotAcceptable)?,
            // Who does not ask for a format gets the one there is.
            #[cfg(not(feature = "base64"))]
            None if matches!(
                (default, single),
                (ContentFormat::Text, Some(DataType::Opaque))
            ) =>
            {
                ContentFormat::Opaque
            }
            None => default,
        };
        match (format, single) {
            #[cfg(not(feature = "base64"))]
            (ContentFormat::Text, Some(DataType::Opaque)) => return Err(Error::NotAcceptable),
            (ContentFormat::Text, Some(_)) | (ContentFormat::Opaque, Some(DataType::Opaque)) => {}
            (ContentFormat::Text | ContentFormat::Opaque | ContentFormat::CoreLink, _) => {
                return Err(Error::NotAcceptable);
            }
            #[cfg(any(feature = "tlv", feature = "senml-cbor"))]
            _ => {}
        }
        Ok(Self {
            object,
            path,
            resource,
            format,
            value: None,
        })
    }

    /// Builds a message with what is to be read, or the `wanted` block of it; its length.
    ///
    /// # Errors
    /// What the object says of a single resource; [`Error::NotFound`] for a resource instance that is not there; those of
    /// [`reply::with_payload`].
    pub(crate) fn answer(
        &mut self,
        buffer: &mut [u8],
        head: &mut Head,
        wanted: Option<Block>,
        max_szx: u8,
    ) -> Result<usize, Error> {
        head.format = Some(self.format);
        reply::with_payload(buffer, head, wanted, max_szx, self)
    }
}

impl Payload for Readable<'_> {
    fn write(&mut self, writer: Writer<'_>) -> Result<Written, Error> {
        let Self {
            object,
            path,
            resource,
            format,
            ref mut value,
        } = *self;
        let mut out = ValueWriter::new(writer, format, path);
        let instance = path.instance_id();
        if let Some(definition) = resource {
            let only = path.resource_instance_id();
            if let Some(only) = only {
                out.want_only(only);
                out.capture_too();
            } else if definition.is_multiple() {
                out.begin_resource(definition.id, true);
            } else {
                out.capture_too();
            }
            object.read(instance.unwrap_or(0), definition.id, &mut out)?;
            *value = out.captured_short();
            if out.end_resource() == 0 && only.is_some() {
                return Err(Error::NotFound);
            }
        } else if let Some(instance) = instance {
            out.begin_instance(path, false);
            write_instance(&mut out, object, instance);
            out.end_instance();
        } else {
            let object_id = path.object_id().unwrap_or(0);
            let mut next = object.next_instance(None);
            while let Some(instance) = next {
                out.begin_instance(Path::instance(object_id, instance), true);
                write_instance(&mut out, object, instance);
                out.end_instance();
                next = object.next_instance(Some(instance));
            }
        }
        Ok(out.finish())
    }
}

/// Writes the readable resources of an instance.
#[inline(never)]
fn write_instance(out: &mut ValueWriter<'_>, object: &dyn Object, instance: u16) {
    for definition in object.definition().resources {
        if !definition.operations().is_readable() {
            continue;
        }
        out.begin_resource(definition.id, definition.is_multiple());
        match object.read(instance, definition.id, out) {
            Ok(()) => {
                out.end_resource();
            }
            Err(_) => out.abandon_resource(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ObjectDefinition, Operations, Version};

    /// An object of which some resources are not there, and one cannot be read to its end.
    struct Gaps;

    impl Object for Gaps {
        fn definition(&self) -> &'static ObjectDefinition {
            const fn resource(id: u16) -> ResourceDefinition {
                ResourceDefinition::new(id, Operations::R, DataType::Integer)
            }
            const RESOURCES: &[ResourceDefinition] = &[
                resource(0),
                resource(1).multiple(),
                resource(2).multiple(),
                resource(3).multiple(),
                resource(4),
                ResourceDefinition::new(5, Operations::E, DataType::None),
            ];
            const { &ObjectDefinition::new(9, Version::new(1, 0), RESOURCES) }
        }

        fn next_instance(&self, after: Option<u16>) -> Option<u16> {
            after.is_none().then_some(0)
        }

        fn read(&self, _: u16, resource: u16, out: &mut ValueWriter<'_>) -> Result<(), Error> {
            match resource {
                2 => {
                    out.instance(0).integer(1);
                    return Err(Error::Internal);
                }
                // It is there, and has no instances.
                3 => {}
                4 => out.integer(7),
                _ => return Err(Error::NotFound),
            }
            Ok(())
        }
    }

    #[cfg(all(feature = "tlv", feature = "senml-cbor"))]
    fn read(path: Path, format: ContentFormat, buf: &mut [u8]) -> Result<&[u8], Error> {
        let objects: &dyn Objects = &[&mut Gaps as &mut dyn Object];
        let mut found = Readable::find(objects, path, Some(format.number()), format)?;
        let stored = found.write(Writer::new(buf))?.stored;
        Ok(&buf[..stored])
    }

    /// The bytes are put together after Core 1.1.1, section 7.4.3, and RFC 8428, section 6.
    #[cfg(all(feature = "tlv", feature = "senml-cbor"))]
    #[test]
    fn what_is_not_there_or_fails_is_left_out() {
        let mut buf = [0; 32];
        let path = Path::instance(9, 0);
        let tlv = read(path, ContentFormat::Tlv, &mut buf);
        assert_eq!(tlv, Ok(&[0x80, 3, 0xc1, 4, 7][..]));
        let senml = read(path, ContentFormat::SenmlCbor, &mut buf);
        assert_eq!(senml, Ok(&b"\x81\xa3\x21\x65/9/0/\x00\x61\x34\x02\x07"[..]));
    }

    #[cfg(all(feature = "tlv", feature = "senml-cbor"))]
    #[test]
    fn a_single_resource_is_refused_with_the_reason() {
        let mut buf = [0; 32];
        for (resource, error) in [
            (0, Error::NotFound),
            (1, Error::NotFound),
            (2, Error::Internal),
            (5, Error::MethodNotAllowed),
        ] {
            let path = Path::resource(9, 0, resource);
            assert_eq!(read(path, ContentFormat::Tlv, &mut buf), Err(error));
        }
        let empty = read(Path::resource(9, 0, 3), ContentFormat::Tlv, &mut buf);
        assert_eq!(empty, Ok(&[0x80, 3][..]));
    }

    #[test]
    fn by_default_an_object_has_what_it_reads_and_what_it_executes() {
        let has = [0, 1, 2, 3, 4, 5].map(|resource| Gaps.has_resource(0, resource));
        assert_eq!(has, [false, false, true, true, true, true]);
    }

    /// Core 1.1.1, section 6.3.1: what the client does not have is 4.06. The bytes as they are it has.
    #[cfg(not(feature = "base64"))]
    #[test]
    fn without_base64_bytes_are_not_read_as_text() {
        use crate::objects::{AppData, tables::binaryappdatacontainer};

        let mut data = AppData::<1, 1, 8>::new();
        data.container_mut(0).unwrap().set(0, b"f").unwrap();
        let objects: &dyn Objects = &[&mut data as &mut dyn Object];
        let path = Path::resource_instance(19, 0, binaryappdatacontainer::DATA, 0);
        let read = |accept: Option<ContentFormat>| {
            let accept = accept.map(ContentFormat::number);
            Readable::find(objects, path, accept, ContentFormat::Text).map(|found| found.format)
        };
        let opaque = ContentFormat::Opaque;
        assert_eq!(read(Some(ContentFormat::Text)), Err(Error::NotAcceptable));
        assert_eq!(read(Some(opaque)), Ok(opaque));
        assert_eq!(read(None), Ok(opaque));
    }
}
