//! Where firmware packages go, and how they take effect.

use core::fmt;

/// The place for one firmware package, and what makes it the running firmware.
///
/// A modem's own update interface is one; for an image of the application, a slot in flash that a boot loader swaps
/// in. A device that takes no firmware
/// has [`NoFirmware`].
///
/// The library calls [`begin`](Self::begin), then [`write`](Self::write) with ascending offsets without gaps, then
/// [`finish`](Self::finish); one call at a time, while sessions go on meanwhile: erases may take seconds. After a power
/// loss, `begin` is called again and says where to go on.
#[allow(
    async_fn_in_trait,
    reason = "the drivers run on one thread; no Send is promised"
)]
pub trait Firmware {
    /// Makes ready for a package. With `resume` it is the one that was begun last, and what was written of it should be
    /// kept; otherwise what is there is given up. `size` is its length in bytes, where that is known beforehand.
    ///
    /// Returns the offset at which writing goes on: everything before it is safe from a power loss. 0 is always right.
    ///
    /// # Errors
    /// The update fails: [`Full`](FirmwareErrorKind::Full) is result 2 (not enough flash), every other kind as there.
    async fn begin(&mut self, size: Option<u32>, resume: bool) -> Result<u32, FirmwareError>;

    /// Takes the next part of the package. When it returns, the port may still hold some of the bytes in RAM;
    /// [`finish`](Self::finish) makes them durable.
    ///
    /// # Errors
    /// As [`begin`](Self::begin). What is not a package at all should be refused as soon as its first bytes tell:
    /// [`Unsupported`](FirmwareErrorKind::Unsupported) is result 6.
    async fn write(&mut self, offset: u32, part: &[u8]) -> Result<(), FirmwareError>;

    /// The package is complete, with `size` bytes; all of it is durable afterwards.
    ///
    /// # Errors
    /// As [`write`](Self::write); [`Integrity`](FirmwareErrorKind::Integrity) is result 5.
    async fn finish(&mut self, size: u32) -> Result<(), FirmwareError>;

    /// Reads the package back, from `offset` on and for the length of `buffer`, so that it can be
    /// [verified](crate::fota::Verifier) where it lies.
    ///
    /// # Errors
    /// [`Unsupported`](FirmwareErrorKind::Unsupported), the default: it cannot be read back, and the port verifies it
    /// itself. Every other error is result 5.
    async fn read(&mut self, offset: u32, buffer: &mut [u8]) -> Result<(), FirmwareError> {
        let _ = (offset, buffer);
        Err(FirmwareError::UNSUPPORTED)
    }

    /// Gives up the package. None is a success.
    ///
    /// # Errors
    /// Ignored: the next [`begin`](Self::begin) gives it up again.
    async fn discard(&mut self) -> Result<(), FirmwareError>;

    /// Makes the complete package the one that takes effect with the restart that is returned. Must be repeatable:
    /// power may fail before the library has noted that it was done.
    ///
    /// # Errors
    /// Result 8.
    async fn apply(&mut self) -> Result<Applied, FirmwareError>;

    /// Restarts the modem with the package, the link being down, after [`Applied::ModemRestart`]; returns when the modem
    /// runs again. [`outcome`](Self::outcome) then tells how it went.
    ///
    /// # Errors
    /// Result 8. The default is [`Unsupported`](FirmwareErrorKind::Unsupported).
    async fn restart_modem(&mut self) -> Result<(), FirmwareError> {
        Err(FirmwareError::UNSUPPORTED)
    }

    /// Whether the package that was [applied](Self::apply) is the one that runs now. Asked after the restart, once or
    /// several times; a boot loader that waits for a confirmation gets it in here. It is also asked at a start without a
    /// record of an update, where nothing but the confirmation comes of it.
    ///
    /// # Errors
    /// It cannot be told now, or the confirmation has failed: asked again, three times. Then the device is to be restarted,
    /// so that a boot loader without a confirmation brings the old firmware back. An error behind that restart is result 8.
    async fn outcome(&mut self) -> Result<Installed, FirmwareError>;
}

/// What must happen for a package to take effect.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[allow(clippy::exhaustive_enums, reason = "there is nothing else to restart")]
pub enum Applied {
    /// The modem restarts, the application goes on: the library takes the link down and up around it.
    ModemRestart,
    /// The device restarts: the application gets [`Event::Reboot`](crate::Event::Reboot).
    RebootRequired,
}

/// How an update has ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[allow(
    clippy::exhaustive_enums,
    reason = "the package runs, it does not, or it has not been tried"
)]
pub enum Installed {
    /// The package runs: result 1.
    Yes,
    /// It does not, and the old firmware is back: result 8.
    Failed,
    /// It was not tried yet, because the power failed before: it is applied again.
    NotYet,
}

/// Why firmware is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum FirmwareErrorKind {
    /// The package is longer than the slot: result 2.
    Full,
    /// Not enough memory to work with it: result 3.
    Memory,
    /// It is damaged or not trusted: result 5.
    Integrity,
    /// The kind of package is not supported: result 6.
    Unsupported,
    /// The flash or the modem fails, or refuses to apply the package: result 8.
    Io,
}

/// A failure of the firmware slot.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct FirmwareError {
    /// What failed.
    pub kind: FirmwareErrorKind,
    /// The port's number for it, passed on to the application.
    pub errno: i32,
}

impl FirmwareError {
    /// Not supported by this port.
    pub const UNSUPPORTED: Self = Self {
        kind: FirmwareErrorKind::Unsupported,
        errno: crate::errno::EOPNOTSUPP,
    };

    /// An error of this kind.
    #[must_use]
    pub const fn new(kind: FirmwareErrorKind, errno: i32) -> Self {
        Self { kind, errno }
    }
}

impl fmt::Display for FirmwareError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            FirmwareErrorKind::Full => "package longer than its slot",
            FirmwareErrorKind::Memory => "not enough memory for the package",
            FirmwareErrorKind::Integrity => "package damaged or not trusted",
            FirmwareErrorKind::Unsupported => "kind of package not supported",
            FirmwareErrorKind::Io => "firmware memory failure",
        })
    }
}

impl core::error::Error for FirmwareError {}

/// Takes no firmware.
#[derive(Clone, Copy, Debug, Default)]
#[allow(clippy::exhaustive_structs, reason = "it has no content")]
pub struct NoFirmware;

impl Firmware for NoFirmware {
    async fn begin(&mut self, _size: Option<u32>, _resume: bool) -> Result<u32, FirmwareError> {
        Err(FirmwareError::UNSUPPORTED)
    }

    async fn write(&mut self, _offset: u32, _part: &[u8]) -> Result<(), FirmwareError> {
        Err(FirmwareError::UNSUPPORTED)
    }

    async fn finish(&mut self, _size: u32) -> Result<(), FirmwareError> {
        Err(FirmwareError::UNSUPPORTED)
    }

    async fn discard(&mut self) -> Result<(), FirmwareError> {
        Ok(())
    }

    async fn apply(&mut self) -> Result<Applied, FirmwareError> {
        Err(FirmwareError::UNSUPPORTED)
    }

    async fn outcome(&mut self) -> Result<Installed, FirmwareError> {
        Ok(Installed::Failed)
    }
}
