//! What a socket or the resolver answered instead of success.

use core::fmt;
use std::io;

use embedded_nal::{TcpError, TcpErrorKind};

/// A failed socket or resolver call: what kind of failure, and the operating system's number for it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NetError {
    kind: NetErrorKind,
    errno: Option<i32>,
}

/// The kinds of failure that a caller tells apart.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum NetErrorKind {
    /// The peer's host answered that nobody listens on the port (`ECONNREFUSED`; on UDP an ICMP port unreachable
    /// that arrived for an earlier datagram of a connected socket).
    Refused,
    /// There is no way to the peer: no route, no network, or its host does not answer.
    Unreachable,
    /// The peer did not answer in time.
    TimedOut,
    /// The peer broke the connection off.
    Reset,
    /// The connection is closed in the direction that was asked for.
    Closed,
    /// The socket is not connected or not bound, as the call needs it to be.
    NotConnected,
    /// The local port is taken by another socket.
    AddressInUse,
    /// The local address does not belong to this host.
    AddressNotAvailable,
    /// This host does not speak the address's family, or the socket is of the other family.
    AddressFamily,
    /// The operating system forbids it.
    PermissionDenied,
    /// The datagram is too long to be sent, or longer than the caller's buffer.
    MessageTooLong,
    /// The name has no address of the family that was asked for, or no resolver answered.
    NameNotResolved,
    /// The host offers no such service.
    Unsupported,
    /// Anything else; see the number.
    Other,
}

impl NetError {
    /// A failure that no system call reported.
    pub(crate) const fn new(kind: NetErrorKind) -> Self {
        Self { kind, errno: None }
    }

    /// The failure `errno`, found by this crate rather than by the operating system.
    pub(crate) const fn with_errno(kind: NetErrorKind, errno: i32) -> Self {
        Self {
            kind,
            errno: Some(errno),
        }
    }

    /// What kind of failure it is.
    #[must_use]
    pub const fn kind(&self) -> NetErrorKind {
        self.kind
    }

    /// The operating system's error number (`errno`), where a system call reported the failure.
    #[must_use]
    pub const fn errno(&self) -> Option<i32> {
        self.errno
    }
}

impl From<io::Error> for NetError {
    fn from(error: io::Error) -> Self {
        Self {
            kind: NetErrorKind::of(&error),
            errno: error.raw_os_error(),
        }
    }
}

/// Linux numbers that `io::ErrorKind` does not tell apart on every supported toolchain.
const EMSGSIZE: i32 = 90;
const EAFNOSUPPORT: i32 = 97;
const ENETDOWN: i32 = 100;

impl NetErrorKind {
    fn of(error: &io::Error) -> Self {
        match error.raw_os_error() {
            Some(EMSGSIZE) => return Self::MessageTooLong,
            Some(EAFNOSUPPORT) => return Self::AddressFamily,
            Some(ENETDOWN) => return Self::Unreachable,
            _ => {}
        }
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Self::Refused,
            io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::NetworkDown => Self::Unreachable,
            io::ErrorKind::TimedOut => Self::TimedOut,
            io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => Self::Reset,
            io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof => Self::Closed,
            io::ErrorKind::NotConnected => Self::NotConnected,
            io::ErrorKind::AddrInUse => Self::AddressInUse,
            io::ErrorKind::AddrNotAvailable => Self::AddressNotAvailable,
            io::ErrorKind::PermissionDenied => Self::PermissionDenied,
            io::ErrorKind::Unsupported => Self::Unsupported,
            _ => Self::Other,
        }
    }

    const fn sentence(self) -> &'static str {
        match self {
            Self::Refused => "the peer refuses the connection",
            Self::Unreachable => "the peer cannot be reached",
            Self::TimedOut => "the peer did not answer in time",
            Self::Reset => "the peer broke the connection off",
            Self::Closed => "the connection is closed",
            Self::NotConnected => "the socket is not connected",
            Self::AddressInUse => "the local port is in use",
            Self::AddressNotAvailable => "the local address does not belong to this host",
            Self::AddressFamily => "the address family is not supported",
            Self::PermissionDenied => "the operating system forbids it",
            Self::MessageTooLong => "the datagram is too long",
            Self::NameNotResolved => "the name does not resolve to a suitable address",
            Self::Unsupported => "the operation is not supported",
            Self::Other => "the network call failed",
        }
    }
}

impl fmt::Display for NetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.sentence())?;
        match self.errno {
            Some(errno) => write!(f, " (error {errno})"),
            None => Ok(()),
        }
    }
}

impl core::error::Error for NetError {}

impl embedded_io_async::Error for NetError {
    fn kind(&self) -> embedded_io_async::ErrorKind {
        use embedded_io_async::ErrorKind;
        match self.kind {
            NetErrorKind::Refused => ErrorKind::ConnectionRefused,
            NetErrorKind::TimedOut => ErrorKind::TimedOut,
            NetErrorKind::Reset => ErrorKind::ConnectionReset,
            NetErrorKind::Closed => ErrorKind::BrokenPipe,
            NetErrorKind::NotConnected => ErrorKind::NotConnected,
            NetErrorKind::AddressInUse => ErrorKind::AddrInUse,
            NetErrorKind::AddressNotAvailable => ErrorKind::AddrNotAvailable,
            NetErrorKind::PermissionDenied => ErrorKind::PermissionDenied,
            NetErrorKind::NameNotResolved => ErrorKind::NotFound,
            NetErrorKind::AddressFamily | NetErrorKind::Unsupported => ErrorKind::Unsupported,
            NetErrorKind::MessageTooLong => ErrorKind::InvalidInput,
            NetErrorKind::Unreachable | NetErrorKind::Other => ErrorKind::Other,
        }
    }
}

impl TcpError for NetError {
    fn kind(&self) -> TcpErrorKind {
        match self.kind {
            NetErrorKind::Closed | NetErrorKind::Reset => TcpErrorKind::PipeClosed,
            _ => TcpErrorKind::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Linux, `include/uapi/asm-generic/errno*.h`.
    #[test]
    fn linux_numbers_map_to_kinds() {
        let expected = [
            (111, NetErrorKind::Refused),
            (113, NetErrorKind::Unreachable),
            (101, NetErrorKind::Unreachable),
            (100, NetErrorKind::Unreachable),
            (110, NetErrorKind::TimedOut),
            (104, NetErrorKind::Reset),
            (32, NetErrorKind::Closed),
            (107, NetErrorKind::NotConnected),
            (98, NetErrorKind::AddressInUse),
            (99, NetErrorKind::AddressNotAvailable),
            (97, NetErrorKind::AddressFamily),
            (13, NetErrorKind::PermissionDenied),
            (90, NetErrorKind::MessageTooLong),
            (12, NetErrorKind::Other),
        ];
        for (errno, kind) in expected {
            let error = NetError::from(io::Error::from_raw_os_error(errno));
            assert_eq!((error.kind(), error.errno()), (kind, Some(errno)));
        }
    }

    #[test]
    fn the_sentence_carries_the_number() {
        let error = NetError::from(io::Error::from_raw_os_error(111));
        assert_eq!(
            error.to_string(),
            "the peer refuses the connection (error 111)"
        );
    }
}
