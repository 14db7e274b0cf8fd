//! The accounts: what bootstrap servers, the profile and servers have put into objects 0 to 2.

use lwm2m_core::{
    client::snapshot,
    model::{Error, Objects},
    wire::{reader::Reader, writer::Writer},
};

use super::{Damaged, HEADER, Tags, open, put, seal, take, take_u16};
use crate::hal::{RecordId, SecurityTag};

/// Security, Server and Access Control.
const OBJECTS: [u16; 3] = [0, 1, 2];

/// What an account record says beside the objects.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Account {
    /// Counts the accounts that a device has had; a staged account is newer than the one in use.
    pub(crate) generation: u32,
    /// Check sum over the part of the profile that a device is provisioned with.
    pub(crate) provisioning: u32,
    /// The security tags of the accounts.
    pub(crate) tags: Tags,
}

impl Account {
    /// Writes the record with the objects as they are to `buffer`; its length.
    ///
    /// | bytes | what |
    /// | --- | --- |
    /// | 4 | generation |
    /// | 4 | check sum of the provisioning |
    /// | 1 | number of tags, and for each 2 bytes Security instance, 4 bytes tag |
    /// | | for each object 2 bytes id, 2 bytes length, TLV of the object |
    ///
    /// `None` when there is no room.
    pub(crate) fn encode(
        &self,
        buffer: &mut [u8],
        id: RecordId,
        objects: &dyn Objects,
    ) -> Option<usize> {
        let content = buffer.get_mut(HEADER..)?;
        let mut writer = Writer::new(content);
        put(&mut writer, self.generation, 4);
        put(&mut writer, self.provisioning, 4);
        put(&mut writer, self.tags.iter().count() as u32, 1);
        for (instance, tag) in self.tags.iter() {
            put(&mut writer, instance.into(), 2);
            put(&mut writer, tag.0, 4);
        }
        let mut at = writer.finish().total;
        for object in OBJECTS {
            let room = content.get_mut(at..)?;
            let (header, room) = room.split_at_mut_checked(4)?;
            match snapshot::save(objects, object, room) {
                Ok(len) => {
                    let mut writer = Writer::new(header);
                    put(&mut writer, object.into(), 2);
                    put(&mut writer, u16::try_from(len).ok()?.into(), 2);
                    at += 4 + len;
                }
                Err(Error::NotFound) => {}
                Err(_) => return None,
            }
        }
        seal(buffer, id, at)
    }

    /// Reads the record, and what it says of the objects, for [`restore`].
    ///
    /// # Errors
    /// [`Damaged`] when it is not one.
    pub(crate) fn decode(record: &[u8], id: RecordId) -> Result<(Self, &[u8]), Damaged> {
        let reader = &mut Reader::new(open(record, id)?);
        let generation = take(reader, 4)?;
        let provisioning = take(reader, 4)?;
        let mut tags = Tags::default();
        for _ in 0..take(reader, 1)? {
            let instance = take_u16(reader, 2)?;
            let tag = take(reader, 4)?;
            if !tags.set(instance, SecurityTag(tag)) {
                return Err(Damaged);
            }
        }
        let account = Self {
            generation,
            provisioning,
            tags,
        };
        Ok((account, reader.rest()))
    }
}

/// Puts the objects of a record in place of those that there are.
///
/// # Errors
/// [`Damaged`] when an object cannot take what is in the record; the objects may be a mixture then.
pub(crate) fn restore(saved: &[u8], objects: &mut dyn Objects) -> Result<(), Damaged> {
    let mut reader = Reader::new(saved);
    while !reader.is_empty() {
        let object = take_u16(&mut reader, 2)?;
        let len = usize::from(take_u16(&mut reader, 2)?);
        snapshot::restore(objects, object, reader.take(len)?).map_err(|_| Damaged)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use lwm2m_core::{
        model::Object,
        objects::{Security, SecurityInstance, Server, ServerInstance},
    };

    use super::*;
    use crate::record::{ACCOUNT, STAGED};

    fn account() -> Account {
        let mut tags = Tags::default();
        tags.set(1, SecurityTag(26));
        Account {
            generation: 3,
            provisioning: 0xcafe_f00d,
            tags,
        }
    }

    #[test]
    fn accounts_come_back_with_their_keys_and_tags() {
        let mut security = Security::<2>::new();
        let psk = SecurityInstance::psk("coaps://a", b"me", b"secret").short_server_id(7);
        security.add(1, &psk).unwrap();
        let mut server = Server::<2>::new();
        server
            .add(0, &ServerInstance::new(7).lifetime(300))
            .unwrap();
        let mut buffer = [0; 256];
        let objects: [&mut dyn Object; 2] = [&mut security, &mut server];
        let len = account().encode(&mut buffer, STAGED, &objects).unwrap();
        for room in 0..len {
            let result = account().encode(&mut buffer[..room], STAGED, &objects);
            assert_eq!(result, None, "{room}");
        }
        assert_eq!(account().encode(&mut buffer, STAGED, &objects), Some(len));
        assert_eq!(
            buffer[4..19],
            [0, 0, 0, 3, 0xca, 0xfe, 0xf0, 0x0d, 1, 0, 1, 0, 0, 0, 26]
        );
        let record = &buffer[..len];
        let (found, saved) = Account::decode(record, STAGED).unwrap();
        assert_eq!(found, account());
        assert_eq!(Account::decode(record, ACCOUNT), Err(Damaged));

        let mut security = Security::<2>::new();
        let mut server = Server::<2>::new();
        let mut objects: [&mut dyn Object; 2] = [&mut security, &mut server];
        assert_eq!(restore(saved, &mut objects), Ok(()));
        assert_eq!(security.get(1).unwrap().key, b"secret");
        assert_eq!(server.next_instance(None), Some(0));
    }

    #[test]
    fn an_object_that_cannot_take_its_part_is_told_of() {
        let mut security = Security::<2>::new();
        security
            .add(1, &SecurityInstance::no_sec("coap://long.example"))
            .unwrap();
        let mut buffer = [0; 256];
        let objects: [&mut dyn Object; 1] = [&mut security];
        let len = account().encode(&mut buffer, ACCOUNT, &objects).unwrap();
        let mut small = Security::<2, 4>::new();
        let mut objects: [&mut dyn Object; 1] = [&mut small];
        let (_, saved) = Account::decode(&buffer[..len], ACCOUNT).unwrap();
        assert_eq!(restore(saved, &mut objects), Err(Damaged));
    }
}
