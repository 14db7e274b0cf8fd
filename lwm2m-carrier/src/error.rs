//! What can fail in a way that the application is told of.

use core::fmt;

use lwm2m_core::client::Failure;

use crate::{
    endpoint::EndpointError,
    era::Era,
    errno,
    fota::VerifierError,
    hal::{FirmwareError, KeyStoreError, LinkError, SessionError, StorageError},
};

/// A failure, as [`Event::Error`](crate::Event::Error) tells it and as initialisation returns it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Error {
    /// What failed.
    pub kind: ErrorKind,
    /// Why.
    pub cause: Cause,
}

/// What failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ErrorKind {
    /// Bringing the link up. Tried again.
    ConnectFail,
    /// Taking the link down. Tried again.
    DisconnectFail,
    /// The bootstrap: credentials could not be written, or the configuration could not be kept. Tried again.
    Bootstrap,
    /// The firmware package was refused.
    FotaPackage,
    /// The firmware server does not speak as it should.
    FotaProtocol,
    /// The firmware server could not be reached, refuses, or is not trusted.
    FotaConnection,
    /// The connection to the firmware server was lost.
    FotaConnectionLost,
    /// The firmware update failed otherwise.
    FotaFail,
    /// The configuration is not usable: the application has to change it. Where nothing can be begun with it, `init()`
    /// returns the same error.
    Configuration,
    /// Initialisation.
    Init,
    /// Something inside the device, such as its storage. The library works on as far as it can.
    Internal,
}

/// Why something failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Cause {
    /// The application has answered an event with this number.
    Application(i32),
    /// The link.
    Link(LinkError),
    /// The key store.
    KeyStore(KeyStoreError),
    /// A session.
    Session(SessionError),
    /// The storage.
    Storage(StorageError),
    /// The protocol.
    Protocol(Failure),
    /// A record in the storage is damaged or of an unknown version; it was discarded.
    Record,
    /// The profile or the objects do not fit together.
    Configuration(ConfigurationError),
    /// The endpoint client name cannot be made.
    Endpoint(EndpointError),
    /// The firmware slot.
    Firmware(FirmwareError),
    /// The verifier has refused the firmware package.
    Package(VerifierError),
    /// The download of a firmware package.
    Download(DownloadError),
}

/// Why a firmware package could not be had from its server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum DownloadError {
    /// The scheme of the URI is not supported.
    Scheme,
    /// The URI is malformed or too long.
    Uri,
    /// There are no credentials for the server.
    Credentials,
    /// The server has no such package.
    NotFound,
    /// The server does not let the device have it.
    Refused,
    /// It is too large to be handed out.
    TooLarge,
    /// A part of it is longer than the firmware buffer.
    Memory,
    /// The server has given the update up.
    Cancelled,
    /// The server does not do as the protocol says.
    Protocol,
    /// Redirected too often.
    Redirects,
    /// The server cannot answer now.
    Unavailable,
    /// Nothing has come for too long.
    Timeout,
    /// The server ends connections before anything has come.
    Closed,
}

impl DownloadError {
    const fn errno(self) -> i32 {
        match self {
            Self::Scheme => errno::EOPNOTSUPP,
            Self::Uri => errno::EINVAL,
            Self::Credentials | Self::NotFound => errno::ENOENT,
            Self::Refused => errno::EACCES,
            Self::TooLarge => errno::EFBIG,
            Self::Memory => errno::ENOMEM,
            Self::Cancelled => errno::ECANCELED,
            Self::Protocol => errno::EBADR,
            Self::Redirects => errno::ELOOP,
            Self::Unavailable => errno::EBUSY,
            Self::Timeout => errno::ETIMEDOUT,
            Self::Closed => errno::ECONNRESET,
        }
    }
}

/// What is wrong with the configuration.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ConfigurationError {
    /// The server's URI is missing or malformed.
    Uri,
    /// A text is longer than its place: the server's URI or the identity of its key in object 0, or the endpoint client
    /// name, which has at most 255 bytes.
    TooLong,
    /// The URI asks for security, and there are no credentials; or the other way round. Also: the key store has no key
    /// under the profile's tag; once one is put there, the next attempt uses it.
    Credentials,
    /// Object 0 (Security) or 1 (Server) is not among the objects, or too small.
    Objects,
    /// The message buffer is too small for a record, or the firmware buffer smaller than the message buffer.
    Buffer,
}

impl Error {
    /// An error of this kind.
    #[must_use]
    pub const fn new(kind: ErrorKind, cause: Cause) -> Self {
        Self { kind, cause }
    }

    /// A number for it: the one that the part that failed has given, or one of [`errno`](crate::errno).
    #[must_use]
    pub const fn errno(&self) -> i32 {
        match self.cause {
            Cause::Application(errno) => errno,
            Cause::Link(error) => error.errno,
            Cause::KeyStore(error) => error.errno,
            Cause::Session(error) => error.errno,
            Cause::Storage(error) => error.errno,
            Cause::Protocol(Failure::Timeout | Failure::Incomplete) => errno::ETIMEDOUT,
            Cause::Protocol(_) => errno::EBADR,
            Cause::Record => errno::EIO,
            Cause::Configuration(ConfigurationError::Uri) => errno::EINVAL,
            Cause::Configuration(ConfigurationError::TooLong)
            | Cause::Endpoint(EndpointError::Room) => errno::E2BIG,
            Cause::Endpoint(_) => errno::EFAULT,
            Cause::Configuration(ConfigurationError::Credentials) => errno::ENOENT,
            Cause::Configuration(ConfigurationError::Objects) => errno::EFAULT,
            Cause::Configuration(ConfigurationError::Buffer) => errno::ENOMEM,
            Cause::Firmware(error) => error.errno,
            Cause::Package(VerifierError::Damaged) => errno::EINVAL,
            Cause::Package(VerifierError::Untrusted) => errno::EPERM,
            Cause::Package(VerifierError::Unsupported) => errno::EOPNOTSUPP,
            Cause::Download(error) => error.errno(),
        }
    }
}

impl ErrorKind {
    /// The number that hosts of `era` know the error by; `None` where that era has no such error.
    ///
    /// From 2.4 on `FOTA_FAIL` is the one error of firmware updates, and stands for all five kinds; its value tells them
    /// apart.
    #[must_use]
    pub fn number(self, era: Era) -> Option<u32> {
        // One column per era: 1.1, 1.2, 1.4, 1.6, 1.8, 2.0, 2.4, 2.7.
        era.pick(match self {
            Self::ConnectFail => [0, 1, 1, 1, 1, 1, 1, 1],
            Self::DisconnectFail => [0, 2, 2, 2, 2, 2, 2, 2],
            Self::Bootstrap => [0, 3, 3, 3, 3, 3, 3, 3],
            Self::FotaPackage => [0, 4, 4, 4, 4, 4, 4, 4],
            Self::FotaProtocol => [0, 5, 5, 5, 5, 5, 4, 4],
            Self::FotaConnection => [0, 6, 6, 6, 6, 6, 4, 4],
            Self::FotaConnectionLost => [0, 7, 7, 7, 7, 7, 4, 4],
            Self::FotaFail => [0, 8, 8, 8, 8, 8, 4, 4],
            Self::Configuration => [0, 0, 0, 10, 9, 9, 5, 5],
            Self::Init => [0, 0, 0, 0, 0, 10, 6, 6],
            Self::Internal => [0, 0, 0, 0, 0, 11, 0, 0],
        })
    }

    /// The name that sequence charts use.
    #[must_use]
    pub const fn chart_name(self) -> &'static str {
        match self {
            Self::ConnectFail => "LWM2M_CARRIER_ERROR_CONNECT_FAIL",
            Self::DisconnectFail => "LWM2M_CARRIER_ERROR_DISCONNECT_FAIL",
            Self::Bootstrap => "LWM2M_CARRIER_ERROR_BOOTSTRAP",
            Self::FotaPackage => "LWM2M_CARRIER_ERROR_FOTA_PKG",
            Self::FotaProtocol => "LWM2M_CARRIER_ERROR_FOTA_PROTO",
            Self::FotaConnection => "LWM2M_CARRIER_ERROR_FOTA_CONN",
            Self::FotaConnectionLost => "LWM2M_CARRIER_ERROR_FOTA_CONN_LOST",
            Self::FotaFail => "LWM2M_CARRIER_ERROR_FOTA_FAIL",
            Self::Configuration => "LWM2M_CARRIER_ERROR_CONFIGURATION",
            Self::Init => "LWM2M_CARRIER_ERROR_INIT",
            Self::Internal => "LWM2M_CARRIER_ERROR_INTERNAL",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            ErrorKind::ConnectFail => "link up failed: ",
            ErrorKind::DisconnectFail => "link down failed: ",
            ErrorKind::Bootstrap => "bootstrap failed: ",
            ErrorKind::FotaPackage => "firmware package refused: ",
            ErrorKind::FotaProtocol => "firmware server misbehaves: ",
            ErrorKind::FotaConnection => "no connection to the firmware server: ",
            ErrorKind::FotaConnectionLost => "connection to the firmware server lost: ",
            ErrorKind::FotaFail => "firmware update failed: ",
            ErrorKind::Configuration => "configuration not usable: ",
            ErrorKind::Init => "initialisation failed: ",
            ErrorKind::Internal => "internal failure: ",
        })?;
        match &self.cause {
            Cause::Application(errno) => write!(f, "the application answered {errno}"),
            Cause::Link(error) => error.fmt(f),
            Cause::KeyStore(error) => error.fmt(f),
            Cause::Session(error) => error.fmt(f),
            Cause::Storage(error) => error.fmt(f),
            Cause::Protocol(_) => f.write_str("the server does not do its part"),
            Cause::Record => f.write_str("record damaged or of an unknown version"),
            Cause::Configuration(error) => f.write_str(match error {
                ConfigurationError::Uri => "server URI missing or malformed",
                ConfigurationError::TooLong => "server URI, identity or endpoint name too long",
                ConfigurationError::Credentials => "credentials do not fit the server URI",
                ConfigurationError::Objects => "object 0 or 1 missing or too small",
                ConfigurationError::Buffer => "message buffer or firmware buffer too small",
            }),
            Cause::Endpoint(error) => error.fmt(f),
            Cause::Firmware(error) => error.fmt(f),
            Cause::Package(error) => f.write_str(match error {
                VerifierError::Damaged => "damaged",
                VerifierError::Untrusted => "not trusted",
                VerifierError::Unsupported => "for something else",
            }),
            Cause::Download(error) => f.write_str(match error {
                DownloadError::Scheme => "scheme of the URI not supported",
                DownloadError::Uri => "URI malformed",
                DownloadError::Credentials => "no credentials for the server",
                DownloadError::NotFound => "not found",
                DownloadError::Refused => "refused by the server",
                DownloadError::TooLarge => "too large",
                DownloadError::Memory => "a part is longer than the firmware buffer",
                DownloadError::Cancelled => "given up by the server",
                DownloadError::Protocol => "the server does not do as the protocol says",
                DownloadError::Redirects => "redirected too often",
                DownloadError::Unavailable => "the server is not available",
                DownloadError::Timeout => "nothing has come for too long",
                DownloadError::Closed => "connection closed",
            }),
        }
    }
}

impl core::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hal::SessionErrorKind;

    #[test]
    fn numbers_follow_the_era() {
        assert_eq!(ErrorKind::FotaConnection.number(Era::V1_6), Some(6));
        assert_eq!(ErrorKind::FotaConnection.number(Era::V2_4), Some(4));
        assert_eq!(ErrorKind::Configuration.number(Era::V1_6), Some(10));
        assert_eq!(ErrorKind::Configuration.number(Era::V1_8), Some(9));
        assert_eq!(ErrorKind::Configuration.number(Era::V2_7), Some(5));
        assert_eq!(ErrorKind::Bootstrap.number(Era::V1_1), None);
    }

    /// The number of the last chart: connection refused is 111.
    #[test]
    fn the_number_of_the_cause_is_passed_on() {
        let refused = SessionError::new(SessionErrorKind::Refused, errno::ECONNREFUSED);
        let error = Error::new(ErrorKind::FotaConnection, Cause::Session(refused));
        assert_eq!(error.errno(), 111);
    }
}
