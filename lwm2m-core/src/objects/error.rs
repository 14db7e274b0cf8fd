//! Why an application cannot configure an object as it wants.

use core::fmt;

/// Why an application's value or instance is not taken; nothing has changed then.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum SetError {
    /// The value is not one that the OMA registry allows.
    OutOfRange,
    /// The value is longer than the object's capacity for it.
    TooLong,
    /// The instance exists already.
    InUse,
    /// There is no room for one more.
    Full,
    /// There is nothing of the kind that is to be changed.
    Missing,
}

impl fmt::Display for SetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OutOfRange => "value out of range",
            Self::TooLong => "value longer than the capacity",
            Self::InUse => "instance exists already",
            Self::Full => "no room for one more",
            Self::Missing => "nothing there to be changed",
        })
    }
}

impl core::error::Error for SetError {}
