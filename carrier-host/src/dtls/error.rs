//! Why a DTLS session is not, or no longer, usable.

use core::fmt;

use crate::net::NetError;

/// Why a DTLS session, or one call on it, failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum DtlsError {
    /// The identity or the key is empty, or longer than 65,535 bytes.
    InvalidCredentials,
    /// A time or size of the configuration is out of its range.
    InvalidConfig,
    /// Nobody has answered within the time for the handshake.
    NoAnswer,
    /// The peer has answered, but the handshake was not finished in time: many peers silently drop what they cannot
    /// decrypt because the keys differ.
    HandshakeTimeout,
    /// The peer sent a fatal alert with this number (RFC 5246, section 7.2).
    Alert(u8),
    /// The peer's proof that it knows the key is wrong.
    WrongKey,
    /// A record could not be encrypted or decrypted.
    BadRecord,
    /// The peer broke the protocol, or offers nothing that both sides support.
    Protocol,
    /// The handshake is not finished.
    NotConnected,
    /// The session was closed by either side.
    Closed,
    /// The data does not fit one record of 16,384 bytes.
    RecordTooLong,
    /// The socket under the session failed.
    Net(NetError),
}

impl From<NetError> for DtlsError {
    fn from(error: NetError) -> Self {
        Self::Net(error)
    }
}

impl From<dimpl::Error> for DtlsError {
    fn from(error: dimpl::Error) -> Self {
        use dimpl::{Error, SecurityError};
        log::debug!("dtls: {error}");
        match error {
            Error::Timeout(_) => Self::HandshakeTimeout,
            Error::SecurityError(SecurityError::FatalAlert { description }) => {
                Self::Alert(description)
            }
            Error::SecurityError(SecurityError::ServerFinishedVerificationFailed) => Self::WrongKey,
            Error::CryptoError(_) => Self::BadRecord,
            Error::ConfigError(_) => Self::InvalidConfig,
            Error::ConnectionClosed => Self::Closed,
            _ => Self::Protocol,
        }
    }
}

/// The name of an alert, for those that a PSK handshake meets (RFC 5246, section 7.2; RFC 4279, section 2).
const fn alert_name(description: u8) -> &'static str {
    match description {
        10 => "unexpected_message",
        20 => "bad_record_mac",
        40 => "handshake_failure",
        47 => "illegal_parameter",
        50 => "decode_error",
        51 => "decrypt_error",
        70 => "protocol_version",
        71 => "insufficient_security",
        80 => "internal_error",
        115 => "unknown_psk_identity",
        _ => "see the TLS alert registry",
    }
}

impl fmt::Display for DtlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InvalidCredentials => "the PSK identity and key must each have 1 to 65,535 bytes",
            Self::InvalidConfig => "a DTLS time or size is out of range",
            Self::NoAnswer => "the server does not answer",
            Self::HandshakeTimeout => {
                "the DTLS handshake was not finished in time: most likely the keys differ"
            }
            Self::Alert(description) => {
                let name = alert_name(*description);
                return write!(f, "the server sent the DTLS alert {description} ({name})");
            }
            Self::WrongKey => "the server does not know the key",
            Self::BadRecord => "a DTLS record could not be encrypted or decrypted",
            Self::Protocol => "the server does not speak DTLS 1.2 with TLS_PSK_WITH_AES_128_CCM_8",
            Self::NotConnected => "the DTLS handshake is not finished",
            Self::Closed => "the DTLS session is closed",
            Self::RecordTooLong => "the data is longer than one DTLS record",
            Self::Net(error) => return error.fmt(f),
        })
    }
}

impl core::error::Error for DtlsError {}

impl embedded_io_async::Error for DtlsError {
    fn kind(&self) -> embedded_io_async::ErrorKind {
        use embedded_io_async::ErrorKind;
        match self {
            Self::Net(error) => embedded_io_async::Error::kind(error),
            Self::InvalidCredentials | Self::InvalidConfig | Self::RecordTooLong => {
                ErrorKind::InvalidInput
            }
            Self::NoAnswer | Self::HandshakeTimeout => ErrorKind::TimedOut,
            Self::Alert(_) => ErrorKind::ConnectionAborted,
            Self::WrongKey => ErrorKind::PermissionDenied,
            Self::BadRecord | Self::Protocol => ErrorKind::InvalidData,
            Self::NotConnected => ErrorKind::NotConnected,
            Self::Closed => ErrorKind::BrokenPipe,
        }
    }
}
