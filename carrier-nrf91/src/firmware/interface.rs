//! The modem's interface for delta updates.

use lwm2m_carrier::hal::{FirmwareError, FirmwareErrorKind};

use crate::net::Errno;

/// Length of the text that names a firmware of the modem.
pub const UUID: usize = 36;

/// What [`DeltaInterface::offset`] answers when the area must be erased first.
pub const DIRTY: u32 = 2_621_440;

/// The modem's interface for delta updates: one call each, none of which waits.
///
/// On the chip these are the functions `nrf_modem_delta_dfu_…` of the modem library.
pub trait DeltaInterface {
    /// Names the firmware that runs.
    ///
    /// # Errors
    /// [`DeltaError`]
    fn uuid(&mut self) -> Result<[u8; UUID], DeltaError>;

    /// How much of a package lies in the area, in bytes; [`DIRTY`] when it must be erased.
    ///
    /// # Errors
    /// [`DeltaError::ERASE_PENDING`] while it is being erased.
    fn offset(&mut self) -> Result<u32, DeltaError>;

    /// Size of the area in bytes.
    ///
    /// # Errors
    /// [`DeltaError`]
    fn area(&mut self) -> Result<u32, DeltaError>;

    /// Makes ready to receive, from the offset on.
    ///
    /// # Errors
    /// [`DeltaError::ALREADY`] when it is ready.
    fn write_init(&mut self) -> Result<(), DeltaError>;

    /// Takes the next part.
    ///
    /// # Errors
    /// [`DeltaError`]
    fn write(&mut self, part: &[u8]) -> Result<(), DeltaError>;

    /// Ends receiving; what was written stays.
    ///
    /// # Errors
    /// [`DeltaError`]
    fn write_done(&mut self) -> Result<(), DeltaError>;

    /// Begins to erase the area; [`offset`](Self::offset) tells when that is done.
    ///
    /// # Errors
    /// [`DeltaError`]
    fn erase(&mut self) -> Result<(), DeltaError>;

    /// Has the package applied when the modem starts the next time.
    ///
    /// # Errors
    /// [`DeltaError`]
    fn update(&mut self) -> Result<(), DeltaError>;
}

/// What a call of the interface returns: a number of the modem when positive, an errno of the modem library when
/// negative.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[allow(clippy::exhaustive_structs, reason = "a plain number")]
pub struct DeltaError(pub i32);

impl DeltaError {
    /// The area is being erased.
    pub const ERASE_PENDING: Self = Self(17);
    /// Not permitted; the modem's library is not initialised: `-NRF_EPERM`.
    pub const PERM: Self = Self(-1);
    /// Receiving has begun already: `-NRF_EALREADY`.
    pub const ALREADY: Self = Self(-120);
}

impl From<DeltaError> for FirmwareError {
    /// The modem's numbers stay, those of its library become Linux's.
    // Not inlined: there are a dozen `?`.
    #[inline(never)]
    fn from(error: DeltaError) -> Self {
        let kind = match error.0 {
            // Out of memory; block too large.
            1 | 2 => FirmwareErrorKind::Memory,
            // Invalid header; for another firmware than the one that runs.
            3 | 9 => FirmwareErrorKind::Unsupported,
            // Invalid data; incomplete.
            5 | 19 => FirmwareErrorKind::Integrity,
            _ => FirmwareErrorKind::Io,
        };
        let number = match error.0 {
            ..0 => Errno(error.0.saturating_neg()).to_linux(),
            modem => modem,
        };
        Self::new(kind, number)
    }
}
