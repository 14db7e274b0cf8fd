//! What is stored of an update across the restart.

use lwm2m_carrier::hal::{RecordId, Storage, StorageError};

use super::interface::UUID;

/// The modem may or may not have been told.
pub(super) const ANNOUNCED: u8 = 1;
/// The modem has been told.
pub(super) const SCHEDULED: u8 = 2;
/// The package is complete.
pub(super) const COMPLETE: u8 = 3;
/// The modem has tried, and has failed.
pub(super) const FAILED: u8 = 4;

const RECORD: usize = UUID + 1;

/// How far an update has come, and the firmware that ran before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Note {
    pub(super) progress: u8,
    pub(super) before: [u8; UUID],
}

impl Note {
    pub(super) async fn load(
        storage: &mut impl Storage,
        id: RecordId,
    ) -> Result<Option<Self>, StorageError> {
        let mut record = [0; RECORD];
        if storage.load(id, &mut record).await? != Some(RECORD) {
            return Ok(None);
        }
        let [progress, before @ ..] = record;
        Ok(Some(Self { progress, before }))
    }

    /// The record of a note: whoever stores it keeps that alone while it waits.
    pub(super) fn record(progress: u8, before: &[u8; UUID]) -> [u8; RECORD] {
        let mut record = [progress; RECORD];
        if let Some((_, place)) = record.split_first_mut() {
            place.copy_from_slice(before);
        }
        record
    }
}
