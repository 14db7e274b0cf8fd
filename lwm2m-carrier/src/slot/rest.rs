//! A write that was not done to its end.

use embedded_storage_async::nor_flash::NorFlash;

use super::errors::FLASH_FAILED;
use super::journal::erased;
use crate::aligned::Aligned;
use crate::hal::FirmwareError;

/// Writes the units that an earlier write, which was dropped or has failed, has left erased.
pub(super) async fn write_rest<F: NorFlash, const STAGE: usize>(
    flash: &mut F,
    at: u32,
    bytes: &[u8],
) -> Result<(), FirmwareError> {
    let mut buffer = Aligned::<STAGE>::ERASED;
    let mut at = at;
    for unit in bytes.chunks(F::WRITE_SIZE) {
        let found = buffer.from(0).get_mut(..unit.len()).unwrap_or_default();
        flash.read(at, found).await.map_err(|_| FLASH_FAILED)?;
        if found != unit {
            if !erased(found) {
                return Err(FLASH_FAILED);
            }
            // Through the buffer, because the stage's units need not begin at a word.
            buffer.put(0, unit);
            let written = flash.write(at, buffer.first(unit.len())).await;
            written.map_err(|_| FLASH_FAILED)?;
        }
        at = at.saturating_add(F::WRITE_SIZE as u32);
    }
    Ok(())
}
