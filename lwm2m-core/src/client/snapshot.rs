//! Whole objects as bytes, so that accounts can be kept through a power loss.

use super::management::write::{Mode, Rights, Write};
use crate::model::{ContentFormat, Error, Objects, Path, Transaction, ValueWriter};
use crate::wire::writer::Writer;

/// Writes every instance of object `id` with every resource that it has to `buffer`, as TLV of the object (Core 1.1.1,
/// section 7.4.5); its length. What no server may read is included: the bytes hold keys.
///
/// # Errors
/// [`Error::NotFound`] when there is no such object, [`Error::TooLarge`] when `buffer` is too small.
pub fn save(objects: &dyn Objects, id: u16, buffer: &mut [u8]) -> Result<usize, Error> {
    let object = objects.object(id).ok_or(Error::NotFound)?;
    let target = Path::object(id);
    let mut out = ValueWriter::new(Writer::new(buffer), ContentFormat::Tlv, target);
    let mut next = object.next_instance(None);
    while let Some(instance) = next {
        let path = Path::instance(id, instance);
        out.begin_instance(path, true);
        for definition in object.definition().resources {
            if definition.operations().is_executable() {
                continue;
            }
            out.begin_resource(definition.id, definition.is_multiple());
            match object.read(instance, definition.id, &mut out) {
                Ok(()) => {
                    out.end_resource();
                }
                Err(_) => out.abandon_resource(),
            }
        }
        out.end_instance();
        next = object.next_instance(Some(instance));
    }
    let written = out.finish();
    if written.is_whole() {
        Ok(written.stored)
    } else {
        Err(Error::TooLarge)
    }
}

/// Makes object `id` what it was when [`save`] wrote `saved`: instances that are not in there are deleted.
///
/// # Errors
/// [`Error::NotFound`] when there is no such object, and what the object has against the values, for instance because
/// it has become smaller; it is unchanged then.
pub fn restore(objects: &mut dyn Objects, id: u16, saved: &[u8]) -> Result<(), Error> {
    let write = Write {
        path: Path::object(id),
        format: ContentFormat::Tlv,
        payload: saved,
        rights: Rights::Bootstrap,
    };
    write.check(objects, &mut [])?;
    let object = objects.object_mut(id).ok_or(Error::NotFound)?;
    object.transaction(Transaction::Begin)?;
    let restored = replace(objects, id, &write);
    let step = match restored {
        Ok(()) => Transaction::Commit,
        Err(_) => Transaction::Rollback,
    };
    if let Some(object) = objects.object_mut(id) {
        // Ending a transaction that is open cannot fail.
        let _ = object.transaction(step);
    }
    restored
}

fn replace(objects: &mut dyn Objects, id: u16, write: &Write<'_>) -> Result<(), Error> {
    let object = objects.object_mut(id).ok_or(Error::NotFound)?;
    while let Some(instance) = object.next_instance(None) {
        object.delete(instance)?;
    }
    write.apply(objects, Mode::Update, &mut [])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Object;
    use crate::objects::{Security, SecurityInstance, Server, ServerInstance};

    fn one(object: &mut dyn Object) -> [&mut dyn Object; 1] {
        [object]
    }

    #[test]
    fn what_was_saved_comes_back_and_nothing_else_stays() {
        let mut security = Security::<4>::new();
        let account = SecurityInstance::psk("coaps://a", b"me", b"secret").short_server_id(7);
        security.add(1, &account).unwrap();
        let mut server = Server::<4>::new();
        server
            .add(2, &ServerInstance::new(7).lifetime(300))
            .unwrap();
        let mut saved = [0; 128];
        let security_len = save(&one(&mut security), 0, &mut saved).unwrap();
        // An instance with its id and 8 bits of length, then the URI as the first resource.
        assert_eq!(saved[..4], [0x08, 1, security_len as u8 - 3, 0xc8]);
        assert_eq!(saved[4..15], *b"\x00\x09coaps://a");
        let (first, second) = saved.split_at_mut(security_len);
        let server_len = save(&one(&mut server), 1, second).unwrap();

        let mut security = Security::<4>::new();
        let other = SecurityInstance::no_sec("coap://other");
        security.add(0, &other).unwrap();
        let mut server = Server::<4>::new();
        let mut objects: [&mut dyn Object; 2] = [&mut security, &mut server];
        restore(&mut objects, 0, first).unwrap();
        restore(&mut objects, 1, &second[..server_len]).unwrap();
        assert!(security.get(0).is_none());
        let account = security.get(1).unwrap();
        assert_eq!(account.uri, "coaps://a");
        assert_eq!(
            (account.identity, account.key),
            (b"me".as_slice(), b"secret".as_slice())
        );
        assert_eq!(account.short_server_id, Some(7));
        let mut again = [0; 128];
        assert_eq!(save(&one(&mut server), 1, &mut again), Ok(server_len));
        assert_eq!(again[..server_len], second[..server_len]);
    }

    #[test]
    fn what_does_not_fit_changes_nothing() {
        let mut security = Security::<2>::new();
        let account = SecurityInstance::psk("coaps://a", b"me", b"secret");
        security.add(0, &account).unwrap();
        let mut saved = [0; 128];
        let len = save(&one(&mut security), 0, &mut saved).unwrap();
        assert_eq!(
            save(&one(&mut security), 0, &mut saved[..len - 1]),
            Err(Error::TooLarge)
        );
        let len = save(&one(&mut security), 0, &mut saved).unwrap();
        for cut in 1..len {
            assert!(
                restore(&mut one(&mut security), 0, &saved[..cut]).is_err(),
                "{cut}"
            );
        }
        let mut small = Security::<2, 4>::new();
        small.add(0, &SecurityInstance::no_sec("coap")).unwrap();
        assert_eq!(
            restore(&mut one(&mut small), 0, &saved[..len]),
            Err(Error::TooLarge)
        );
        assert_eq!(small.get(0).unwrap().uri, "coap");
        assert_eq!(security.get(0).unwrap().key, b"secret");
        assert_eq!(
            restore(&mut one(&mut security), 1, &[]),
            Err(Error::NotFound)
        );
    }
}
