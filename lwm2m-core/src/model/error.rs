//! Why an object refuses an operation.

use core::fmt;

/// Why an operation on an object fails; each cause has its CoAP response code (Core 1.1.1 / Transport 1.1.1, section 6.7).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Error {
    /// The value is of the wrong kind or out of range, or an argument is wrong: 4.00.
    BadRequest,
    /// The server has no right to this: 4.01.
    Unauthorized,
    /// No such object, instance or resource: 4.04.
    NotFound,
    /// The operation does not apply here: 4.05.
    MethodNotAllowed,
    /// The content format asked for is not available: 4.06.
    NotAcceptable,
    /// Earlier parts of the value are not there, or not any more; it has to begin anew: 4.08.
    Incomplete,
    /// The value does not fit: 4.13.
    TooLarge,
    /// The content format of the payload is not understood: 4.15.
    UnsupportedContentFormat,
    /// Something in the device failed: 5.00.
    Internal,
    /// The device is busy with something that excludes this: 5.03.
    Busy,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BadRequest => "bad request",
            Self::Unauthorized => "unauthorized",
            Self::NotFound => "not found",
            Self::MethodNotAllowed => "method not allowed",
            Self::NotAcceptable => "content format not available",
            Self::Incomplete => "value incomplete",
            Self::TooLarge => "value too large",
            Self::UnsupportedContentFormat => "content format not understood",
            Self::Internal => "internal error",
            Self::Busy => "busy",
        })
    }
}

impl core::error::Error for Error {}
