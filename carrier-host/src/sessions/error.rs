//! Failures of sockets and of DTLS as those of sessions.

use lwm2m_carrier::errno;
use lwm2m_carrier::hal::{SessionError, SessionErrorKind};

use crate::dtls::DtlsError;
use crate::net::{NetError, NetErrorKind};

pub(super) fn of_net(error: NetError) -> SessionError {
    log::debug!("{error}");
    let (kind, number) = match error.kind() {
        NetErrorKind::Refused => (SessionErrorKind::Refused, errno::ECONNREFUSED),
        NetErrorKind::Unreachable
        | NetErrorKind::AddressFamily
        | NetErrorKind::AddressNotAvailable => (SessionErrorKind::NoRoute, errno::ENETUNREACH),
        NetErrorKind::TimedOut => (SessionErrorKind::Timeout, errno::ETIMEDOUT),
        NetErrorKind::Reset => (SessionErrorKind::Closed, errno::ECONNRESET),
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
