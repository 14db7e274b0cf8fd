//! What the client hands out, and what is handed back to it about sessions.

use crate::model::Path;
use crate::time::Instant;

/// Names a session: the way to one server, opened by the driver on request.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SessionId(u8);

impl SessionId {
    /// The session with this number; numbers are small and dense, so a driver may index a table by them.
    #[must_use]
    pub const fn new(number: u8) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    /// The number as an index.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// What is expected to come back for a datagram: a hint for a modem's release assistance (RAI).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[allow(
    clippy::exhaustive_enums,
    reason = "these are the hints that 3GPP release assistance knows"
)]
pub enum Expect {
    /// Nothing: the radio may be released.
    Nothing,
    /// One datagram, then nothing.
    Reply,
    /// Further exchanges.
    More,
}

/// What the driver is to do next.
#[derive(Debug)]
#[non_exhaustive]
pub enum Output<'b> {
    /// Send a datagram. It lies at the start of the buffer that was lent.
    Transmit {
        /// Where to.
        session: SessionId,
        /// What.
        datagram: &'b [u8],
        /// What is expected to come back.
        expect: Expect,
    },
    /// Open a session to the server of a Security instance, then call
    /// [`Client::handle_session`](super::Client::handle_session).
    Open {
        /// The session to open.
        session: SessionId,
        /// Security instance: URI, mode and credentials.
        account: u16,
    },
    /// Close a session; nothing is to be reported.
    Close {
        /// The session to close.
        session: SessionId,
    },
    /// Something that the application or the carrier policy may want to know.
    Event(Event),
    /// Nothing until `until` unless something is handed in; [`Instant::FAR_FUTURE`] when there is no deadline.
    Idle {
        /// When to call again.
        until: Instant,
    },
}

/// What happened to a session.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum SessionEvent {
    /// It is open.
    Open {
        /// The security context of an earlier session lives on (connection id, session resumption), or there is none
        /// (no security): registrations stay valid.
        resumed: bool,
    },
    /// It could not be opened.
    Failed(SessionFailure),
    /// The peer or the network has closed it.
    Closed,
}

/// Why a session could not be opened.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum SessionFailure {
    /// The server's name does not resolve, or no route leads to it.
    NoRoute,
    /// The server refuses, or the security handshake fails.
    Refused,
}

/// Why a bootstrap or a registration failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Failure {
    /// No session could be opened.
    Session(SessionFailure),
    /// The session was closed meanwhile.
    Closed,
    /// The server did not answer.
    Timeout,
    /// The server reset the message.
    Reset,
    /// The server answered with this code.
    Code(crate::wire::coap::Code),
    /// The Location of the registration does not fit.
    Location,
    /// No Bootstrap-Finish came within the idle limit.
    Incomplete,
    /// The configuration that the bootstrap server left is inconsistent.
    Inconsistent,
    /// The application refused the configuration, for instance because it could not be stored.
    Refused,
    /// There is no account of such a server.
    NoAccount,
}

impl core::fmt::Display for SessionFailure {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::NoRoute => "no way to the server",
            Self::Refused => "session refused",
        })
    }
}

impl core::error::Error for SessionFailure {}

impl core::fmt::Display for Failure {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Session(failure) => return failure.fmt(f),
            Self::Code(code) => {
                f.write_str("answered with ")?;
                return code.fmt(f);
            }
            Self::Closed => "session closed",
            Self::Timeout => "no answer",
            Self::Reset => "message reset",
            Self::Location => "the location of the registration is too long",
            Self::Incomplete => "the bootstrap server did not finish",
            Self::Inconsistent => "the bootstrap server left an inconsistent configuration",
            Self::Refused => "the configuration was refused by the application",
            Self::NoAccount => "no account of such a server",
        })
    }
}

impl core::error::Error for Failure {}

/// Something that happened.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Event {
    /// The bootstrap server has ended its work and the configuration is consistent.
    /// [`Client::finish_bootstrap`](super::Client::finish_bootstrap) must follow, once the configuration is safe from
    /// a power loss.
    BootstrapFinishing,
    /// The bootstrap is over and its session closed. [`Client::start`](super::Client::start) registers.
    Bootstrapped,
    /// A bootstrap failed; everything is as it was before.
    BootstrapFailed {
        /// Why.
        failure: Failure,
        /// When the next attempt begins.
        retry_at: Instant,
    },
    /// A server has accepted a Register.
    Registered {
        /// Short server id.
        server: u16,
    },
    /// A server has accepted an Update.
    Updated {
        /// Short server id.
        server: u16,
    },
    /// A registration has ended on request: De-register, or Disable.
    Deregistered {
        /// Short server id.
        server: u16,
        /// Whether the server has confirmed it.
        confirmed: bool,
    },
    /// A Register failed, or a registration was lost; the client tries again by itself.
    RegistrationFailed {
        /// Short server id.
        server: u16,
        /// Why.
        failure: Failure,
        /// When the next attempt begins.
        retry_at: Instant,
        /// Whether the retries of the Server object are used up.
        exhausted: bool,
    },
    /// The answer to an operation with [`Outcome::AfterResponse`](crate::model::Outcome::AfterResponse) has been
    /// handed out: its effect may begin.
    Answered {
        /// The resource that was written or executed.
        path: Path,
    },
    /// A server has changed its own account (object 1), which therefore should be stored.
    AccountChanged {
        /// Short server id.
        server: u16,
    },
}
