//! The first page says what the flash holds.

use embedded_storage_async::nor_flash::NorFlash;

use super::error::RecordError;

/// Bytes of the header, a multiple of every supported word size.
const LENGTH: usize = 32;
const NAME: [u8; 14] = *b"LwM2M records\0";
/// Changes when what is stored can no longer be read by older code.
const VERSION: u16 = 1;
/// Bytes that are looked at together when a flash is searched for anything written.
const CHUNK: usize = 256;

/// Name, version, bytes of a page and bytes of the flash, all numbers little-endian; zeros behind.
fn header<F: NorFlash>(flash: &F) -> [u8; LENGTH] {
    let mut header = [0; LENGTH];
    let page = (F::ERASE_SIZE as u32).to_le_bytes();
    let size = (flash.capacity() as u32).to_le_bytes();
    let fields = NAME.into_iter().chain(VERSION.to_le_bytes());
    for (to, from) in header.iter_mut().zip(fields.chain(page).chain(size)) {
        *to = from;
    }
    header
}

/// Makes sure that the flash is ours: its header is there, or it is blank and gets one.
///
/// A header that was torn by a power loss is written again; nothing else can be in the flash then.
pub(super) async fn claim<F: NorFlash>(flash: &mut F) -> Result<(), RecordError<F::Error>> {
    let expected = header(flash);
    let mut found = [0; LENGTH];
    flash
        .read(0, &mut found)
        .await
        .map_err(RecordError::Flash)?;
    if found == expected {
        return Ok(());
    }
    let torn = found
        .iter()
        .zip(expected)
        .all(|(found, expected)| found & expected == expected);
    if !torn || !blank(flash, LENGTH).await? {
        return Err(RecordError::Damaged);
    }
    if found != [0xFF; LENGTH] {
        flash
            .erase(0, F::ERASE_SIZE as u32)
            .await
            .map_err(RecordError::Flash)?;
    }
    flash.write(0, &expected).await.map_err(RecordError::Flash)
}

/// Whether the flash is erased from `start` to its end.
async fn blank<F: NorFlash>(flash: &mut F, start: usize) -> Result<bool, RecordError<F::Error>> {
    let mut chunk = [0; CHUNK];
    let size = flash.capacity();
    for offset in (start..size).step_by(CHUNK) {
        let len = CHUNK.min(size - offset);
        let bytes = chunk.get_mut(..len).unwrap_or_default();
        flash
            .read(offset as u32, bytes)
            .await
            .map_err(RecordError::Flash)?;
        if bytes.iter().any(|byte| *byte != 0xFF) {
            return Ok(false);
        }
    }
    Ok(true)
}
