//! How far a firmware update has come.

use lwm2m_core::{
    objects::UpdateResult,
    wire::{Malformed, reader::Reader, writer::Writer},
};

use super::{Damaged, FIRMWARE, HEADER, open, put, seal, take};

/// Where an update stands, as far as a restart of the device can take it up.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Standing {
    /// Nothing is under way.
    #[default]
    Idle,
    /// A package is downloaded from the URI; nothing of it is in the slot yet.
    Asked,
    /// The same, and the slot was made ready for it.
    Begun,
    /// The package is complete in the slot.
    Complete,
    /// The server has executed Update. So often was it found out that the package had not been tried; once more than that
    /// is allowed: the device is restarted because it could not be found out.
    Updating(u8),
}

/// What is kept of an update.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct FirmwareRecord<'a> {
    pub(crate) standing: Standing,
    /// What /5/0/5 says; a push that is interrupted by a restart has ended with it.
    pub(crate) result: UpdateResult,
    /// The application has not yet been told of the success.
    pub(crate) untold: bool,
    /// What /5/0/1 says.
    pub(crate) uri: &'a str,
    /// As in [`Progress`](crate::fota::download::Progress).
    pub(crate) offset: u32,
    pub(crate) size: Option<u32>,
    pub(crate) validator: &'a [u8],
}

impl<'a> FirmwareRecord<'a> {
    /// Writes the record to `buffer`; its length, `None` when there is no room.
    ///
    /// | bytes | what |
    /// | --- | --- |
    /// | 1 | standing: 0 to 3; from 4 on Updating and its count |
    /// | 1 | update result |
    /// | 1 | 1 when the application is to be told of a success |
    /// | 4 | bytes of the package, once it is complete |
    /// | 4 | bytes of the package as the server says, all ones when unknown |
    /// | 1 + n | validator |
    /// | 1 + n | URI |
    pub(crate) fn encode(&self, buffer: &mut [u8]) -> Option<usize> {
        let mut writer = Writer::new(buffer.get_mut(HEADER..)?);
        writer.u8(match self.standing {
            Standing::Idle => 0,
            Standing::Asked => 1,
            Standing::Begun => 2,
            Standing::Complete => 3,
            Standing::Updating(count) => count.saturating_add(4),
        });
        writer.u8(self.result as u8);
        writer.u8(u8::from(self.untold));
        put(&mut writer, self.offset, 4);
        put(&mut writer, self.size.unwrap_or(u32::MAX), 4);
        for text in [self.validator, self.uri.as_bytes()] {
            writer.u8(u8::try_from(text.len()).ok()?);
            writer.bytes(text);
        }
        let len = writer.finish().total;
        seal(buffer, FIRMWARE, len)
    }

    /// Reads the record.
    ///
    /// # Errors
    /// [`Damaged`] when it is not one.
    pub(crate) fn decode(record: &'a [u8]) -> Result<Self, Damaged> {
        let mut reader = Reader::new(open(record, FIRMWARE)?);
        let standing = match reader.u8()? {
            0 => Standing::Idle,
            1 => Standing::Asked,
            2 => Standing::Begun,
            3 => Standing::Complete,
            count => Standing::Updating(count - 4),
        };
        let result = UpdateResult::from_number(reader.u8()?).ok_or(Damaged)?;
        let untold = reader.u8()? != 0;
        let offset = take(&mut reader, 4)?;
        let size = take(&mut reader, 4)?;
        let validator = text(&mut reader)?;
        let uri = core::str::from_utf8(text(&mut reader)?).map_err(|_| Damaged)?;
        Ok(Self {
            standing,
            result,
            untold,
            uri,
            offset,
            size: (size != u32::MAX).then_some(size),
            validator,
        })
    }
}

fn text<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], Malformed> {
    let len = reader.u8()?;
    reader.take(usize::from(len))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_comes_back_with_its_progress() {
        let record = FirmwareRecord {
            standing: Standing::Updating(2),
            result: UpdateResult::ConnectionLost,
            untold: true,
            uri: "coap://a",
            offset: 0x0001_0203,
            size: None,
            validator: b"\"7\"",
        };
        let mut buffer = [0; 64];
        let len = record.encode(&mut buffer).unwrap();
        assert_eq!(buffer[..4], [1, 4, 0, 24]);
        assert_eq!(
            buffer[4..28],
            *b"\x06\x04\x01\x00\x01\x02\x03\xff\xff\xff\xff\x03\"7\"\x08coap://a"
        );
        assert_eq!(FirmwareRecord::decode(&buffer[..len]), Ok(record));
        for room in 0..len {
            assert_eq!(record.encode(&mut buffer[..room]), None, "{room}");
        }
    }
}
