//! What is kept through a power loss.
//!
//! A record is a frame around its content:
//!
//! | bytes | what |
//! | --- | --- |
//! | 1 | schema version, 1 |
//! | 1 | record id, so that records cannot be mistaken for each other |
//! | 2 | length of the content, most significant byte first |
//! | n | content |
//! | 4 | CRC-32 of all before, most significant byte first |
//!
//! A record that is torn, of another version or of another length is as good as none: the device begins anew.

mod account;
mod crc;
#[cfg(feature = "fota")]
mod firmware;
mod state;
mod tags;

use lwm2m_core::wire::{Malformed, reader::Reader, writer::Writer};

use crate::hal::RecordId;

pub(crate) use account::{Account, restore};
pub(crate) use crc::{continued, crc32};
#[cfg(feature = "fota")]
pub(crate) use firmware::{FirmwareRecord, Standing};
pub(crate) use state::State;
pub(crate) use tags::{Spares, Tags, first_spare};

/// Counters.
pub(crate) const STATE: RecordId = RecordId(1);
/// The account in use.
pub(crate) const ACCOUNT: RecordId = RecordId(2);
/// The account that a bootstrap server has left, with its keys, until these are in the key store.
pub(crate) const STAGED: RecordId = RecordId(3);
/// A firmware update.
pub(crate) const FIRMWARE: RecordId = RecordId(4);

/// It is not such a record, or not whole.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Damaged;

impl From<Malformed> for Damaged {
    fn from(_: Malformed) -> Self {
        Self
    }
}

/// Schema version of all records.
const VERSION: u8 = 1;
/// Bytes before the content.
pub(crate) const HEADER: usize = 4;
/// Bytes behind the content.
const TRAILER: usize = 4;

/// Writes the last `len` bytes of a number.
// Not inlined, as its counterpart: the records consist of little else.
#[inline(never)]
fn put(writer: &mut Writer<'_>, value: u32, len: usize) {
    writer.uint(value.into(), len);
}

/// Reads a number of `len` bytes.
#[inline(never)]
fn take(reader: &mut Reader<'_>, len: usize) -> Result<u32, Damaged> {
    u32::try_from(reader.uint(len)?).map_err(|_| Damaged)
}

/// The same, of two bytes at most.
fn take_u16(reader: &mut Reader<'_>, len: usize) -> Result<u16, Damaged> {
    u16::try_from(take(reader, len)?).map_err(|_| Damaged)
}

/// Puts the frame around the `len` bytes of content that lie [`HEADER`] bytes behind the start of `buffer`; the length
/// of the record. `None` when there is no room.
pub(crate) fn seal(buffer: &mut [u8], id: RecordId, len: usize) -> Option<usize> {
    let framed = HEADER + len;
    let record = buffer.get_mut(..framed + TRAILER)?;
    let (content, trailer) = record.split_at_mut_checked(framed)?;
    let [high, low] = u16::try_from(len).ok()?.to_be_bytes();
    for (byte, value) in content.iter_mut().zip([VERSION, id.0, high, low]) {
        *byte = value;
    }
    trailer.copy_from_slice(&crc32(content).to_be_bytes());
    Some(framed + TRAILER)
}

/// The content of a record.
///
/// # Errors
/// [`Damaged`] when it is not such a record, or not whole.
pub(crate) fn open(record: &[u8], id: RecordId) -> Result<&[u8], Damaged> {
    let mut reader = Reader::new(record);
    if take(&mut reader, 2)? != u32::from(u16::from_be_bytes([VERSION, id.0])) {
        return Err(Damaged);
    }
    let len = usize::from(take_u16(&mut reader, 2)?);
    let content = reader.take(len)?;
    let framed = record.get(..HEADER + len).ok_or(Damaged)?;
    if take(&mut reader, TRAILER)? != crc32(framed) || !reader.is_empty() {
        return Err(Damaged);
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_is_not_whole_is_none() {
        let mut buffer = [0; 16];
        buffer[HEADER..HEADER + 3].copy_from_slice(b"abc");
        assert_eq!(seal(&mut buffer, STATE, 3), Some(11));
        assert_eq!(buffer[..4], [1, 1, 0, 3]);
        assert_eq!(open(&buffer[..11], STATE), Ok(b"abc".as_slice()));
        assert_eq!(open(&buffer[..11], ACCOUNT), Err(Damaged));
        assert_eq!(open(&buffer[..12], STATE), Err(Damaged));
        for len in 0..11 {
            assert_eq!(open(&buffer[..len], STATE), Err(Damaged), "{len}");
        }
        for bit in 0..11 * 8 {
            let mut torn = buffer;
            torn[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(open(&torn[..11], STATE), Err(Damaged), "{bit}");
        }
        assert_eq!(seal(&mut [0; 10], STATE, 3), None);
    }
}
