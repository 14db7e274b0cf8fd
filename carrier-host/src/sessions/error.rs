//! Failures of sockets, of DTLS and of TLS as those of sessions.

use std::io;

use lwm2m_carrier::errno;
use lwm2m_carrier::hal::{SessionError, SessionErrorKind};
use rustls::AlertDescription;

use crate::dtls::DtlsError;
use crate::net::{NetError, NetErrorKind};

/// The name has no address, or is none.
pub(super) const UNRESOLVED: SessionError =
    SessionError::new(SessionErrorKind::NameResolution, errno::ENOENT);

/// The stream was cut off.
const CUT: SessionError = SessionError::new(SessionErrorKind::Reset, errno::ECONNRESET);

/// The peer is not trusted, or does not trust the device.
const DISTRUST: SessionError = SessionError::new(SessionErrorKind::Handshake, errno::ECONNREFUSED);

pub(super) fn of_net(error: NetError) -> SessionError {
    log::debug!("{error}");
    let (kind, number) = match error.kind() {
        NetErrorKind::Refused => (SessionErrorKind::Refused, errno::ECONNREFUSED),
        NetErrorKind::Unreachable
        | NetErrorKind::AddressFamily
        | NetErrorKind::AddressNotAvailable => (SessionErrorKind::NoRoute, errno::ENETUNREACH),
        NetErrorKind::TimedOut => (SessionErrorKind::Timeout, errno::ETIMEDOUT),
        NetErrorKind::Reset => (SessionErrorKind::Reset, errno::ECONNRESET),
        NetErrorKind::Closed | NetErrorKind::NotConnected => {
            (SessionErrorKind::Closed, errno::ENOTCONN)
        }
        NetErrorKind::MessageTooLong => (SessionErrorKind::TooLong, errno::EMSGSIZE),
        NetErrorKind::NameNotResolved => (SessionErrorKind::NameResolution, errno::ENOENT),
        NetErrorKind::Unsupported => (SessionErrorKind::Unsupported, errno::EOPNOTSUPP),
        NetErrorKind::AddressInUse => (SessionErrorKind::Resources, errno::EBUSY),
        NetErrorKind::PermissionDenied => (SessionErrorKind::Io, errno::EACCES),
        NetErrorKind::Other => (SessionErrorKind::Io, errno::EIO),
    };
    SessionError::new(kind, error.errno().unwrap_or(number))
}

pub(super) fn of_dtls(error: DtlsError) -> SessionError {
    log::info!("{error}");
    let (kind, errno) = match error {
        DtlsError::Net(error) => return of_net(error),
        DtlsError::NoAnswer => (SessionErrorKind::Timeout, errno::ETIMEDOUT),
        DtlsError::Closed => (SessionErrorKind::Closed, errno::ECONNRESET),
        DtlsError::NotConnected => (SessionErrorKind::Closed, errno::ENOTCONN),
        DtlsError::RecordTooLong => (SessionErrorKind::TooLong, errno::EMSGSIZE),
        DtlsError::HandshakeTimeout
        | DtlsError::Alert(_)
        | DtlsError::WrongKey
        | DtlsError::Protocol
        | DtlsError::InvalidCredentials => (SessionErrorKind::Handshake, errno::EACCES),
        DtlsError::BadRecord | DtlsError::InvalidConfig => (SessionErrorKind::Io, errno::EIO),
    };
    SessionError::new(kind, errno)
}

pub(super) fn of_io(error: io::Error) -> SessionError {
    of_net(NetError::from(error))
}

/// A failure before the TLS session was established.
pub(super) fn of_tls_handshake(error: io::Error) -> SessionError {
    if let Some(error) = tls(&error) {
        log::info!("TLS handshake: {error}");
        return DISTRUST;
    }
    of_tls(error)
}

/// A failure of an established TLS session.
pub(super) fn of_tls(error: io::Error) -> SessionError {
    match tls(&error) {
        // In TLS 1.3 the server looks at the device's certificate when the device takes the handshake for finished.
        Some(rustls::Error::AlertReceived(alert)) if is_refusal(*alert) => {
            log::info!("TLS: the server refuses the device: {alert:?}");
            DISTRUST
        }
        Some(error) => {
            log::info!("TLS: {error}");
            CUT
        }
        // Without close_notify (RFC 8446, section 6.1).
        None if error.kind() == io::ErrorKind::UnexpectedEof => CUT,
        None => of_io(error),
    }
}

fn tls(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

/// Whether this alert is about the certificate that the device has shown, or has not (RFC 8446, section 6.2).
const fn is_refusal(alert: AlertDescription) -> bool {
    matches!(
        alert,
        AlertDescription::HandshakeFailure
            | AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied
            | AlertDescription::DecryptError
            | AlertDescription::CertificateRequired
    )
}
