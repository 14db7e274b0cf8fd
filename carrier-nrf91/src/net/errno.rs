//! The modem library's error numbers.

use core::fmt;

use embedded_io_async::ErrorKind;
use lwm2m_carrier::errno;
use lwm2m_carrier::hal::{SessionError, SessionErrorKind};

/// An error number of the modem library (`nrf_errno.h`), positive; from its resolver (`nrf_gai_errors.h`), negative.
///
/// The numbers are not those of Linux: from 35 on most of them differ.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[allow(clippy::exhaustive_structs, reason = "a plain number")]
pub struct Errno(pub i32);

impl Errno {
    /// Not permitted.
    pub const PERM: Self = Self(1);
    /// No such file or directory.
    pub const NOENT: Self = Self(2);
    /// Input or output error.
    pub const IO: Self = Self(5);
    /// Not a socket that is open.
    pub const BADF: Self = Self(9);
    /// Nothing there yet, or no room yet.
    pub const AGAIN: Self = Self(11);
    /// No memory.
    pub const NOMEM: Self = Self(12);
    /// Permission denied.
    pub const ACCES: Self = Self(13);
    /// Busy; of a connect: another handshake is under way.
    pub const BUSY: Self = Self(16);
    /// Invalid argument.
    pub const INVAL: Self = Self(22);
    /// Too many sockets in the system.
    pub const NFILE: Self = Self(23);
    /// Too many sockets.
    pub const MFILE: Self = Self(24);
    /// The stream has ended.
    pub const PIPE: Self = Self(32);
    /// Protocol error; of a send: the DTLS connection is saved.
    pub const PROTO: Self = Self(71);
    /// Not supported.
    pub const OPNOTSUPP: Self = Self(95);
    /// Protocol family not supported.
    pub const PFNOSUPPORT: Self = Self(96);
    /// Reset by the peer.
    pub const CONNRESET: Self = Self(104);
    /// No buffer.
    pub const NOBUFS: Self = Self(105);
    /// The modem has no address of this family.
    pub const AFNOSUPPORT: Self = Self(106);
    /// The option is not known.
    pub const NOPROTOOPT: Self = Self(109);
    /// The modem was shut down.
    pub const SHUTDOWN: Self = Self(110);
    /// Refused.
    pub const CONNREFUSED: Self = Self(111);
    /// Aborted.
    pub const CONNABORTED: Self = Self(113);
    /// No way to the network.
    pub const NETUNREACH: Self = Self(114);
    /// The packet data connection is gone.
    pub const NETDOWN: Self = Self(115);
    /// Timed out.
    pub const TIMEDOUT: Self = Self(116);
    /// The host is down.
    pub const HOSTDOWN: Self = Self(117);
    /// No way to the host.
    pub const HOSTUNREACH: Self = Self(118);
    /// Connecting has begun.
    pub const INPROGRESS: Self = Self(119);
    /// Connecting goes on.
    pub const ALREADY: Self = Self(120);
    /// Too long.
    pub const MSGSIZE: Self = Self(122);
    /// Protocol not supported.
    pub const PROTONOSUPPORT: Self = Self(123);
    /// Type of socket not supported.
    pub const SOCKTNOSUPPORT: Self = Self(124);
    /// The address is not there.
    pub const ADDRNOTAVAIL: Self = Self(125);
    /// Aborted by the network.
    pub const NETRESET: Self = Self(126);
    /// Connected.
    pub const ISCONN: Self = Self(127);
    /// Not connected.
    pub const NOTCONN: Self = Self(128);
    /// Not supported.
    pub const NOTSUP: Self = Self(134);
    /// Cancelled, for instance by the access point's limit of the rate.
    pub const CANCELED: Self = Self(140);

    /// The same error as Linux numbers it, where it is one that [`errno`] has; else the number as it is.
    #[must_use]
    pub const fn to_linux(self) -> i32 {
        match self {
            Self::OPNOTSUPP
            | Self::NOTSUP
            | Self::NOPROTOOPT
            | Self::PROTONOSUPPORT
            | Self::SOCKTNOSUPPORT
            | Self::PFNOSUPPORT => errno::EOPNOTSUPP,
            Self::CONNRESET => errno::ECONNRESET,
            Self::NOBUFS => errno::ENOMEM,
            Self::CONNREFUSED => errno::ECONNREFUSED,
            Self::NETUNREACH | Self::AFNOSUPPORT | Self::ADDRNOTAVAIL => errno::ENETUNREACH,
            Self::NETDOWN | Self::NETRESET | Self::SHUTDOWN => errno::ENETDOWN,
            Self::TIMEDOUT => errno::ETIMEDOUT,
            Self::HOSTUNREACH | Self::HOSTDOWN => errno::EHOSTUNREACH,
            Self::MSGSIZE => errno::EMSGSIZE,
            Self::NOTCONN => errno::ENOTCONN,
            Self::CANCELED => errno::ECANCELED,
            Self(other) => other,
        }
    }

    /// What it stands for on a session that is open.
    pub(crate) const fn on_session(self) -> SessionError {
        let kind = match self {
            Self::PIPE | Self::NOTCONN | Self::BADF => SessionErrorKind::Closed,
            Self::CONNRESET
            | Self::CONNABORTED
            | Self::NETRESET
            | Self::NETDOWN
            | Self::SHUTDOWN => SessionErrorKind::Reset,
            other => other.kind(),
        };
        SessionError::new(kind, self.to_linux())
    }

    /// What it stands for when a session is opened. The modem does not tell a connection that was refused from a handshake
    /// that was.
    pub(crate) const fn on_open(self, secured: bool) -> SessionError {
        let kind = match self {
            // No such tag, or nothing of use under it, among others.
            Self::CONNREFUSED
            | Self::CONNRESET
            | Self::CONNABORTED
            | Self::PROTO
            | Self::ACCES
            | Self::PERM
            | Self::NOENT
            | Self::INVAL
                if secured =>
            {
                SessionErrorKind::Handshake
            }
            Self::NETDOWN | Self::NETRESET | Self::SHUTDOWN => SessionErrorKind::NoRoute,
            Self::CONNRESET | Self::CONNABORTED => SessionErrorKind::Reset,
            other => other.kind(),
        };
        SessionError::new(kind, self.to_linux())
    }

    const fn kind(self) -> SessionErrorKind {
        match self {
            Self(..0) => SessionErrorKind::NameResolution,
            Self::NOMEM | Self::NOBUFS | Self::BUSY | Self::NFILE | Self::MFILE => {
                SessionErrorKind::Resources
            }
            Self::OPNOTSUPP
            | Self::NOTSUP
            | Self::NOPROTOOPT
            | Self::PROTONOSUPPORT
            | Self::SOCKTNOSUPPORT
            | Self::PFNOSUPPORT => SessionErrorKind::Unsupported,
            Self::AFNOSUPPORT
            | Self::ADDRNOTAVAIL
            | Self::NETUNREACH
            | Self::HOSTUNREACH
            | Self::HOSTDOWN => SessionErrorKind::NoRoute,
            Self::CONNREFUSED => SessionErrorKind::Refused,
            Self::TIMEDOUT => SessionErrorKind::Timeout,
            Self::MSGSIZE => SessionErrorKind::TooLong,
            _ => SessionErrorKind::Io,
        }
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "modem library error {}", self.0)
    }
}

impl core::error::Error for Errno {}

impl embedded_io_async::Error for Errno {
    fn kind(&self) -> ErrorKind {
        match *self {
            Self::CONNREFUSED => ErrorKind::ConnectionRefused,
            Self::CONNRESET | Self::NETRESET | Self::NETDOWN | Self::SHUTDOWN => {
                ErrorKind::ConnectionReset
            }
            Self::CONNABORTED => ErrorKind::ConnectionAborted,
            Self::NOTCONN | Self::BADF => ErrorKind::NotConnected,
            Self::PIPE => ErrorKind::BrokenPipe,
            Self::TIMEDOUT => ErrorKind::TimedOut,
            Self::NOMEM | Self::NOBUFS | Self::NFILE | Self::MFILE => ErrorKind::OutOfMemory,
            Self::INVAL => ErrorKind::InvalidInput,
            Self::AFNOSUPPORT
            | Self::ADDRNOTAVAIL
            | Self::NETUNREACH
            | Self::HOSTUNREACH
            | Self::HOSTDOWN => ErrorKind::AddrNotAvailable,
            Self::OPNOTSUPP
            | Self::NOTSUP
            | Self::NOPROTOOPT
            | Self::PROTONOSUPPORT
            | Self::SOCKTNOSUPPORT
            | Self::PFNOSUPPORT => ErrorKind::Unsupported,
            Self::ACCES | Self::PERM => ErrorKind::PermissionDenied,
            _ => ErrorKind::Other,
        }
    }
}
