//! The transport.

use core::fmt;

use lwm2m_core::client::{Expect, SessionId};

use super::{CaTags, SecurityTag};

/// The ways to the servers: plain or secure, datagrams or streams, all through one value.
///
/// A device with UDP and TCP sockets takes [`NalSessions`](crate::sessions::NalSessions); DTLS and TLS, from a modem or
/// a library, stand behind this trait.
///
/// Sessions are numbered from 0: one for each of the `SERVERS` of [`Resources`](lwm2m_core::Resources), and, where the device
/// takes firmware, one more behind them for downloads. A number that was closed is opened again. An
/// [`open`](Self::open) with a number for which there is no room fails with [`SessionErrorKind::Resources`].
#[allow(
    async_fn_in_trait,
    reason = "the drivers run on one thread; no Send is promised"
)]
pub trait Sessions {
    /// Opens `session`, which is closed: resolves the name, connects, and for a secure session makes the handshake.
    ///
    /// A session that takes long to open should answer [`Opened::Pending`] and report the outcome through
    /// [`receive`](Self::receive), so that other servers are served meanwhile; a port that can only wait answers when
    /// it is done, within a minute or two. Either way an outcome must come: the library sets no limit of its own, because
    /// only the port knows how long its handshake may take.
    ///
    /// # Errors
    /// The attempt of the client that needed the session has failed: it tries again as the Server object and the
    /// profile's back-off say, and the application gets `DEFERRED`.
    async fn open(
        &mut self,
        session: SessionId,
        request: &OpenRequest<'_>,
    ) -> Result<Opened, SessionError>;

    /// Sends one datagram, or bytes of a stream, on an open session.
    ///
    /// `expect` says what comes back, for a modem's release assistance (3GPP TS 24.301, section 9.9.4.25).
    ///
    /// # Errors
    /// [`SessionErrorKind::Closed`] and [`SessionErrorKind::Reset`] end the session. Every other error is taken as a lost datagram, which the message
    /// layer sends again.
    async fn send(
        &mut self,
        session: SessionId,
        datagram: &[u8],
        expect: Expect,
    ) -> Result<(), SessionError>;

    /// Closes `session` and forgets it. One that is not open, or still opening, is fine too.
    async fn close(&mut self, session: SessionId);

    /// Waits for the next thing that happens to any session. A datagram is put at the start of `buffer`; of one that
    /// is longer than `buffer` nothing is returned.
    ///
    /// Cancel-safe: the future is dropped whenever the driver has something else to do, and what it would have
    /// returned is returned by the next call. Must not return anything for a session that was closed.
    async fn receive(&mut self, buffer: &mut [u8]) -> (SessionId, Received);

    /// While `held`, [`receive`](Self::receive) returns nothing of `session`: what comes stays where it is, in the
    /// window of a stream, because the memory for it is lent elsewhere. `open` and `close` end a hold.
    ///
    /// Only streams are held; a port without them does nothing.
    fn hold(&mut self, session: SessionId, held: bool);

    /// Whether a connection id (RFC 9146) keeps the session alive when the device's address changes. The library does not
    /// ask: for logs, and for what the application has around the port.
    fn connection_id(&self, session: SessionId) -> ConnectionId {
        let _ = session;
        ConnectionId::Unsupported
    }

    /// Puts the security context of `session` aside, so that it can be [loaded](Self::load) after the memory of the
    /// session was given up.
    ///
    /// The library calls neither of them yet: it keeps a server's session open as long as the link is up, and closes it
    /// before it takes the link down, because that may be for long; the device then registers over a new one. They are for a
    /// port, or for an application's layer above it, that gives the memory of sessions back while nothing is sent.
    ///
    /// # Errors
    /// [`SessionErrorKind::Unsupported`] by default; the session then stays as it is.
    async fn save(&mut self, session: SessionId) -> Result<(), SessionError> {
        let _ = session;
        Err(SessionError::UNSUPPORTED)
    }

    /// Takes a security context that was [put aside](Self::save) up again.
    ///
    /// # Errors
    /// [`SessionErrorKind::Unsupported`] by default; the session is then opened anew.
    async fn load(&mut self, session: SessionId) -> Result<(), SessionError> {
        let _ = session;
        Err(SessionError::UNSUPPORTED)
    }
}

/// What is to be opened.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct OpenRequest<'a> {
    /// Name or address of the server, without brackets; at most 255 bytes. Names are resolved anew for each open.
    pub host: &'a str,
    /// Port of the server.
    pub port: u16,
    /// Datagrams or a stream.
    pub transport: Transport,
    /// How the session is secured.
    pub security: Security,
}

impl<'a> OpenRequest<'a> {
    /// A request for a plain session of datagrams.
    #[must_use]
    pub const fn new(host: &'a str, port: u16) -> Self {
        Self {
            host,
            port,
            transport: Transport::Datagram,
            security: Security::None,
        }
    }

    /// The same over another transport.
    #[must_use]
    pub const fn over(mut self, transport: Transport) -> Self {
        self.transport = transport;
        self
    }

    /// The same, secured.
    #[must_use]
    pub const fn secured_by(mut self, security: Security) -> Self {
        self.security = security;
        self
    }
}

/// What a session carries.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Transport {
    /// UDP, or DTLS when secured.
    Datagram,
    /// TCP, or TLS when secured.
    Stream,
}

/// How a session is secured. Credentials are never handed over, only where they lie in the key store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Security {
    /// Not at all.
    None,
    /// By the credentials under this tag: a pre-shared key with its identity, or a certificate with its private key
    /// and the certificates that the peer is checked against.
    Tag(SecurityTag),
    /// The peer shows a certificate that one of the CA chains under these tags must vouch for; the device shows none.
    CaTags(CaTags),
}

/// How far an open has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[allow(
    clippy::exhaustive_enums,
    reason = "a session is open, or it is not yet"
)]
pub enum Opened {
    /// The session is open.
    Ready {
        /// The peer knows the session from before (session resumption, connection id), or it is a plain one: a
        /// registration made over it stays valid. `false` after a full handshake.
        resumed: bool,
    },
    /// [`Received::Opened`] or [`Received::Closed`] will follow.
    Pending,
}

/// What happened to a session.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Received {
    /// That many bytes of a datagram, or of a stream, lie in the buffer.
    Datagram(usize),
    /// A session that was [pending](Opened::Pending) is open.
    Opened {
        /// As in [`Opened::Ready`].
        resumed: bool,
    },
    /// The session could not be opened, or was closed by the peer or the network. It is gone; there is no need to
    /// close it.
    Closed(SessionError),
}

/// Whether a connection id is in use.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ConnectionId {
    /// The port cannot tell or has none.
    Unsupported,
    /// Offered, and not taken up by the peer.
    Unused,
    /// In use.
    Used,
}

/// What went wrong with a session.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum SessionErrorKind {
    /// The transport or the kind of security is not supported here.
    Unsupported,
    /// The name does not resolve.
    NameResolution,
    /// There is no way to the address.
    NoRoute,
    /// The peer refuses the connection.
    Refused,
    /// The handshake fails: wrong credentials, or the peer is not trusted.
    Handshake,
    /// No answer in time.
    Timeout,
    /// Ended by the peer in due form, or not open: all that it has sent has come.
    Closed,
    /// Broken off by the peer or the network, or ended over TLS without close_notify: what is on its way is lost.
    Reset,
    /// The datagram is too long for the network.
    TooLong,
    /// No socket, no memory.
    Resources,
    /// Anything else.
    Io,
}

/// A failure of a session.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct SessionError {
    /// What failed.
    pub kind: SessionErrorKind,
    /// The port's number for it (see [`errno`](crate::errno)), passed on to the application.
    pub errno: i32,
}

impl SessionError {
    /// Not supported by this port.
    pub const UNSUPPORTED: Self = Self {
        kind: SessionErrorKind::Unsupported,
        errno: crate::errno::EOPNOTSUPP,
    };

    /// An error of this kind.
    #[must_use]
    pub const fn new(kind: SessionErrorKind, errno: i32) -> Self {
        Self { kind, errno }
    }
}

impl fmt::Display for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            SessionErrorKind::Unsupported => "transport or security not supported",
            SessionErrorKind::NameResolution => "the server's name does not resolve",
            SessionErrorKind::NoRoute => "no route to the server",
            SessionErrorKind::Refused => "connection refused",
            SessionErrorKind::Handshake => "security handshake failed",
            SessionErrorKind::Timeout => "no answer from the server",
            SessionErrorKind::Closed => "connection closed",
            SessionErrorKind::Reset => "connection broken off",
            SessionErrorKind::TooLong => "datagram too long",
            SessionErrorKind::Resources => "no socket left",
            SessionErrorKind::Io => "transport failure",
        })
    }
}

impl core::error::Error for SessionError {}
