//! What the driver does with the firmware slot, beside the loop of messages.

use core::fmt;

use crate::hal::{Applied, Firmware, FirmwareError, Installed};

/// An operation on the firmware slot, with the memory that it needs.
///
/// It is taken from the carrier and carried out while messages come and go; the memory is lent to it, so nothing more is
/// taken in until it is handed back. That is what holds a sender back that is faster than the flash.
pub struct Job<'r> {
    operation: Operation,
    buffer: Option<&'r mut [u8]>,
}

/// What is to be done; the methods of [`Firmware`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Operation {
    /// [`Firmware::begin`]
    Begin {
        /// Bytes of the package, where they are known.
        size: Option<u32>,
        /// Whether what is there is a part of it.
        resume: bool,
    },
    /// [`Firmware::write`]: the first bytes of the memory.
    Write {
        /// Where to.
        offset: u32,
        /// How many.
        len: usize,
    },
    /// [`Firmware::finish`]
    Finish {
        /// Bytes of the package.
        size: u32,
    },
    /// [`Firmware::read`], to the start of the memory.
    Read {
        /// Where from.
        offset: u32,
        /// How many.
        len: usize,
    },
    /// [`Firmware::discard`]
    Discard,
    /// [`Firmware::apply`]
    Apply,
    /// [`Firmware::restart_modem`]
    RestartModem,
    /// [`Firmware::outcome`]
    Outcome,
}

/// What came of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Done {
    /// It is done.
    Done,
    /// [`Operation::Begin`]: writing goes on here.
    At(u32),
    /// [`Operation::Apply`]: what must be restarted.
    Applied(Applied),
    /// [`Operation::Outcome`]: how the update has ended.
    Installed(Installed),
}

impl<'r> Job<'r> {
    #[cfg(feature = "fota")]
    pub(crate) const fn new(operation: Operation, buffer: Option<&'r mut [u8]>) -> Self {
        Self { operation, buffer }
    }

    /// What is to be done.
    #[must_use]
    pub const fn operation(&self) -> Operation {
        self.operation
    }

    #[cfg(feature = "fota")]
    pub(crate) fn into_buffer(self) -> Option<&'r mut [u8]> {
        self.buffer
    }

    /// Does it. When the future is dropped, the same job may be carried out again.
    ///
    /// # Errors
    /// Those of the slot.
    pub async fn carry_out<F: Firmware>(&mut self, slot: &mut F) -> Result<Done, FirmwareError> {
        let memory = self.buffer.as_deref_mut().unwrap_or_default();
        match self.operation {
            Operation::Begin { size, resume } => slot.begin(size, resume).await.map(Done::At),
            Operation::Write { offset, len } => {
                let part = memory.get(..len).unwrap_or_default();
                slot.write(offset, part).await.map(|()| Done::Done)
            }
            Operation::Finish { size } => slot.finish(size).await.map(|()| Done::Done),
            Operation::Read { offset, len } => {
                let part = memory.get_mut(..len).unwrap_or_default();
                slot.read(offset, part).await.map(|()| Done::Done)
            }
            Operation::Discard => slot.discard().await.map(|()| Done::Done),
            Operation::Apply => slot.apply().await.map(Done::Applied),
            Operation::RestartModem => slot.restart_modem().await.map(|()| Done::Done),
            Operation::Outcome => slot.outcome().await.map(Done::Installed),
        }
    }
}

impl fmt::Debug for Job<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Job").field(&self.operation).finish()
    }
}
