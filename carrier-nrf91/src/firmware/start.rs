//! What follows when the modem has not started.

use lwm2m_carrier::hal::{RecordId, Storage, StorageError};
use lwm2m_core::time::Duration;

use super::note::{ANNOUNCED, FAILED, Note, SCHEDULED};

/// Longest wait before the device restarts: an hour.
pub const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// Why the modem has not started, as its library's initialisation tells.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum StartFailure {
    /// An update is pending, and the voltage is too low for it. The modem tries again at its next start.
    VoltageLow,
    /// An update has failed, or the modem has crashed while it started.
    UpdateFailed,
    /// Something else.
    Other,
}

impl StartFailure {
    /// By what `nrf_modem_init` has returned: a number of `nrf_errno.h`, negative.
    #[must_use]
    pub const fn from_returned(number: i32) -> Self {
        match number {
            // -NRF_EAGAIN
            -11 => Self::VoltageLow,
            // -NRF_EIO
            -5 => Self::UpdateFailed,
            _ => Self::Other,
        }
    }
}

/// The starts of the modem, noted across restarts of the device.
///
/// The modem's library can be initialised once only after a start of the processor. A modem that has not started is
/// therefore of no use, with updates and with everything else, until the device restarts; and one that goes on failing must
/// not make it restart all the time.
#[derive(Debug)]
pub struct ModemStarts<S> {
    storage: S,
    update: RecordId,
    failures: RecordId,
}

impl<S: Storage> ModemStarts<S> {
    /// Starts that are noted in two records of `storage`: `update`, which is that of
    /// [`DeltaFirmware`](super::DeltaFirmware), and `failures`. The ids up to 15 are the library's.
    pub const fn new(storage: S, update: RecordId, failures: RecordId) -> Self {
        Self {
            storage,
            update,
            failures,
        }
    }

    /// The modem has started.
    pub async fn succeeded(&mut self) {
        // Should it fail, the next wait is too long.
        let _ = self.storage.delete(self.failures).await;
    }

    /// The modem has not started; how long to wait before the device restarts.
    ///
    /// A failed update is noted, once, and the device can restart at once: the old firmware runs then, and
    /// [`DeltaFirmware`](super::DeltaFirmware) tells how it ended. Otherwise the wait doubles with each start that fails, up
    /// to [an hour](LONGEST_WAIT): from a minute on while the voltage is low, so that a battery can recover or be charged,
    /// and from ten seconds on for all else. It is an hour where the storage fails.
    pub async fn failed(&mut self, failure: StartFailure) -> Duration {
        self.note(failure).await.unwrap_or(LONGEST_WAIT)
    }

    async fn note(&mut self, failure: StartFailure) -> Result<Duration, StorageError> {
        if failure == StartFailure::UpdateFailed
            && let Some(note) = Note::load(&mut self.storage, self.update).await?
            && matches!(note.progress, ANNOUNCED | SCHEDULED)
        {
            let record = Note::record(FAILED, &note.before);
            self.storage.store(self.update, &record).await?;
            self.storage.delete(self.failures).await?;
            return Ok(Duration::ZERO);
        }
        let mut count = [0];
        let _ = self.storage.load(self.failures, &mut count).await?;
        let [failures] = count;
        let next = [failures.saturating_add(1)];
        self.storage.store(self.failures, &next).await?;
        let first: u64 = if failure == StartFailure::VoltageLow {
            60
        } else {
            10
        };
        // No bit is lost: it is an hour long before that.
        let wait = first.checked_shl(failures.min(16).into()).unwrap_or(0);
        Ok(Duration::from_secs(wait).min(LONGEST_WAIT))
    }
}
