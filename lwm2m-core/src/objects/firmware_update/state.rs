//! What an update can be: states, results, ways of delivery.

/// State of an update (resource 3).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[allow(
    clippy::exhaustive_enums,
    reason = "the registry says that these are all"
)]
#[repr(u8)]
pub enum FirmwareState {
    /// Nothing is under way.
    #[default]
    Idle = 0,
    /// A package is coming, pushed by the server or from its URI.
    Downloading,
    /// A whole package is there.
    Downloaded,
    /// The package is being installed.
    Updating,
}

impl FirmwareState {
    /// The state with this number.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::Idle,
            1 => Self::Downloading,
            2 => Self::Downloaded,
            3 => Self::Updating,
            _ => return None,
        })
    }

    /// The number of the registry.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }
}

/// How the last download or update went (resource 5).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
#[repr(u8)]
pub enum UpdateResult {
    /// None yet.
    #[default]
    Initial = 0,
    /// The new firmware runs.
    Success = 1,
    /// Not enough flash for the package.
    NoStorage = 2,
    /// Not enough RAM during the download.
    NoMemory = 3,
    /// The connection was lost during the download, or could not be made.
    ConnectionLost = 4,
    /// The integrity check of the package failed.
    Integrity = 5,
    /// The kind of package is not supported.
    PackageType = 6,
    /// The URI is invalid, or its host has no address.
    InvalidUri = 7,
    /// The update failed.
    UpdateFailed = 8,
    /// The protocol of the URI is not supported.
    UnsupportedProtocol = 9,
}

impl UpdateResult {
    /// The result with this number.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::Initial,
            1 => Self::Success,
            2 => Self::NoStorage,
            3 => Self::NoMemory,
            4 => Self::ConnectionLost,
            5 => Self::Integrity,
            6 => Self::PackageType,
            7 => Self::InvalidUri,
            8 => Self::UpdateFailed,
            9 => Self::UnsupportedProtocol,
            _ => return None,
        })
    }

    /// The number of the registry.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }
}

/// How packages come (resource 9).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[allow(
    clippy::exhaustive_enums,
    reason = "the registry says that these are all"
)]
#[repr(u8)]
pub enum DeliveryMethod {
    /// From their URI: a Write of Package is answered 4.05, but for one that resets.
    Pull = 0,
    /// Written by the server: a Write of Package URI is answered 4.05, but for one that resets.
    Push = 1,
    /// Both ways.
    #[default]
    Both = 2,
}
