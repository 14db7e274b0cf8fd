//! The modem's sockets: the calls, and IP stacks over them.
//!
//! [`Sockets`] is the surface that is called; on the chip `modem::ModemSockets` stands behind it, in tests a double. What is
//! built on it runs on any computer: [`ModemStack`] for embedded-nal-async, [`NbModemStack`] for embedded-nal, and the
//! [sessions](crate::sessions).

pub(crate) mod address;
mod errno;
mod nb_stack;
mod socket;
mod stack;

use core::ffi::CStr;
use core::net::{IpAddr, SocketAddr};
use core::task::Waker;

pub use errno::Errno;
pub use nb_stack::{NbModemStack, NbTcpSocket, NbUdpSocket};
pub(crate) use socket::{poll_connect, poll_receive, poll_send};
pub use stack::{ModemStack, ModemTcp, ModemUdp};

/// Sockets that the modem has at most.
pub const MOST_SOCKETS: usize = 8;

/// Security tags that a socket takes at most.
pub const MOST_TAGS: usize = 7;

/// Bytes of the longest TLS or DTLS message that the modem takes or gives.
pub const LONGEST_SECURED: usize = 2048;

/// The modem's sockets: one call each. None of them waits, except [`resolve`](Self::resolve); sockets do not block.
///
/// Errors are the modem library's numbers, whatever they are: no number may lead to a panic.
pub trait Sockets {
    /// Makes a socket that does not block.
    ///
    /// # Errors
    /// [`Errno`]
    fn open(&self, family: Family, protocol: Protocol) -> Result<Descriptor, Errno>;

    /// Begins to connect; with a secured protocol that includes the handshake.
    ///
    /// # Errors
    /// [`Errno::INPROGRESS`] and [`Errno::ALREADY`] while it goes on, [`Errno::ISCONN`] when it is done.
    fn connect(&self, socket: Descriptor, peer: SocketAddr) -> Result<(), Errno>;

    /// Gives the socket a local address.
    ///
    /// # Errors
    /// [`Errno`]
    fn bind(&self, socket: Descriptor, local: SocketAddr) -> Result<(), Errno>;

    /// Sends to the peer of a connected socket; how much was taken.
    ///
    /// # Errors
    /// [`Errno::AGAIN`] when nothing was.
    fn send(&self, socket: Descriptor, bytes: &[u8]) -> Result<usize, Errno>;

    /// Sends one datagram from a socket that is not connected.
    ///
    /// # Errors
    /// [`Errno::AGAIN`] when it was not taken.
    fn send_to(&self, socket: Descriptor, bytes: &[u8], peer: SocketAddr) -> Result<usize, Errno>;

    /// Receives from the peer of a connected socket. 0 is the end of a stream, or a datagram without content; of a datagram
    /// that is longer than `buffer` the rest is lost, and nothing tells so.
    ///
    /// # Errors
    /// [`Errno::AGAIN`] when there is nothing.
    fn receive(&self, socket: Descriptor, buffer: &mut [u8]) -> Result<usize, Errno>;

    /// Receives one datagram on a socket that is not connected.
    ///
    /// # Errors
    /// As [`receive`](Self::receive).
    fn receive_from(
        &self,
        socket: Descriptor,
        buffer: &mut [u8],
    ) -> Result<(usize, SocketAddr), Errno>;

    /// Sets an option.
    ///
    /// # Errors
    /// Many, among them [`Errno::NOPROTOOPT`] for what the modem's firmware does not know.
    fn set_option(&self, socket: Descriptor, option: SocketOption<'_>) -> Result<(), Errno>;

    /// Reads a status.
    ///
    /// # Errors
    /// As [`set_option`](Self::set_option).
    fn status(&self, socket: Descriptor, status: Status) -> Result<i32, Errno>;

    /// Closes the socket, whose number may be given to another one then.
    ///
    /// # Errors
    /// [`Errno`]; the socket is gone all the same.
    fn close(&self, socket: Descriptor) -> Result<(), Errno>;

    /// Resolves a name. **Waits**: the modem has no other way.
    ///
    /// # Errors
    /// [`Errno`]; negative: the resolver's own (`nrf_gai_errors.h`).
    fn resolve(&self, host: &str, family: Family) -> Result<IpAddr, Errno>;

    /// Has `waker` woken once when something happens to the socket that `interest` is in. Called before the call whose
    /// [`Errno::AGAIN`] it is to wait for, so that nothing is missed.
    fn watch(&self, socket: Descriptor, interest: Interest, waker: &Waker);
}

/// A socket's number.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[allow(clippy::exhaustive_structs, reason = "a plain number")]
pub struct Descriptor(pub i32);

/// Which addresses a socket is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[allow(clippy::exhaustive_enums, reason = "there is no third")]
pub enum Family {
    /// IPv4
    Ipv4,
    /// IPv6
    Ipv6,
}

impl Family {
    /// That of an address.
    #[must_use]
    pub const fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(_) => Self::Ipv4,
            IpAddr::V6(_) => Self::Ipv6,
        }
    }
}

/// What a socket speaks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[allow(clippy::exhaustive_enums, reason = "the four that sessions need")]
pub enum Protocol {
    /// Datagrams.
    Udp,
    /// A stream.
    Tcp,
    /// Datagrams, secured by the modem.
    Dtls,
    /// A stream, secured by the modem.
    Tls,
}

impl Protocol {
    /// Whether the modem secures it.
    #[must_use]
    pub const fn is_secured(self) -> bool {
        matches!(self, Self::Dtls | Self::Tls)
    }

    /// Whether it is a stream.
    #[must_use]
    pub const fn is_stream(self) -> bool {
        matches!(self, Self::Tcp | Self::Tls)
    }
}

/// What is waited for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[allow(clippy::exhaustive_enums, reason = "sockets know no third")]
pub enum Interest {
    /// Something was received, or the socket has ended.
    Receive,
    /// Something can be sent, or the socket has connected or ended.
    Send,
}

/// Options of a socket.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum SocketOption<'a> {
    /// The tags of the credentials, at most [`MOST_TAGS`].
    SecurityTags(&'a [u32]),
    /// The name that the peer's certificate must have; sent to the peer as well (server name indication, RFC 6066).
    HostName(&'a CStr),
    /// How a peer's certificate is looked at.
    PeerVerification(PeerVerification),
    /// The cipher suites that are offered, by their IANA numbers, best first.
    CipherSuites(&'a [i32]),
    /// Whether the handshake may be shortened by what the modem remembers of an earlier one.
    SessionCache(bool),
    /// The modem forgets all earlier handshakes.
    PurgeSessionCache,
    /// How long a DTLS handshake may take.
    HandshakeTimeout(HandshakeTimeout),
    /// Whether a connection id (RFC 9146) is offered.
    ConnectionId(bool),
    /// The modem packs the DTLS connection up to save memory.
    SaveConnection,
    /// The modem unpacks it.
    LoadConnection,
    /// What follows the next datagram.
    ReleaseAssistance(ReleaseAssistance),
}

/// What can be asked of a socket.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Status {
    /// The error that a connect has ended with, once; 0: none.
    Error,
    /// Whether records carry a connection id: 0 no, 1 those to the modem, 2 those from the modem, 3 both.
    ConnectionId,
    /// How the handshake was: 0 full, 1 shortened.
    Handshake,
}

/// How a peer's certificate is looked at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[allow(clippy::exhaustive_enums, reason = "the modem's three levels")]
pub enum PeerVerification {
    /// Not at all.
    Disabled,
    /// The connection is made whatever comes of it.
    Optional,
    /// Without a trusted certificate there is no connection.
    Required,
}

/// How long the modem tries a DTLS handshake: it sends again after 1, 2, 4 … seconds, and gives up after one of these sums.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[allow(clippy::exhaustive_enums, reason = "the modem's seven values")]
pub enum HandshakeTimeout {
    /// 1 second
    Secs1,
    /// 3 seconds
    Secs3,
    /// 7 seconds
    Secs7,
    /// 15 seconds
    Secs15,
    /// 31 seconds
    Secs31,
    /// 63 seconds
    Secs63,
    /// 123 seconds
    Secs123,
}

impl HandshakeTimeout {
    /// In seconds.
    #[must_use]
    pub const fn as_secs(self) -> u8 {
        match self {
            Self::Secs1 => 1,
            Self::Secs3 => 3,
            Self::Secs7 => 7,
            Self::Secs15 => 15,
            Self::Secs31 => 31,
            Self::Secs63 => 63,
            Self::Secs123 => 123,
        }
    }
}

/// Release assistance (3GPP TS 24.301, section 9.9.4.25): what the modem tells the network, so that the radio is released
/// early.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[allow(clippy::exhaustive_enums, reason = "what a session can tell")]
pub enum ReleaseAssistance {
    /// Nothing follows the next datagram.
    Last,
    /// One answer follows the next datagram.
    OneResponse,
    /// More follows.
    Ongoing,
}

impl<S: Sockets> Sockets for &S {
    fn open(&self, family: Family, protocol: Protocol) -> Result<Descriptor, Errno> {
        S::open(self, family, protocol)
    }

    fn connect(&self, socket: Descriptor, peer: SocketAddr) -> Result<(), Errno> {
        S::connect(self, socket, peer)
    }

    fn bind(&self, socket: Descriptor, local: SocketAddr) -> Result<(), Errno> {
        S::bind(self, socket, local)
    }

    fn send(&self, socket: Descriptor, bytes: &[u8]) -> Result<usize, Errno> {
        S::send(self, socket, bytes)
    }

    fn send_to(&self, socket: Descriptor, bytes: &[u8], peer: SocketAddr) -> Result<usize, Errno> {
        S::send_to(self, socket, bytes, peer)
    }

    fn receive(&self, socket: Descriptor, buffer: &mut [u8]) -> Result<usize, Errno> {
        S::receive(self, socket, buffer)
    }

    fn receive_from(
        &self,
        socket: Descriptor,
        buffer: &mut [u8],
    ) -> Result<(usize, SocketAddr), Errno> {
        S::receive_from(self, socket, buffer)
    }

    fn set_option(&self, socket: Descriptor, option: SocketOption<'_>) -> Result<(), Errno> {
        S::set_option(self, socket, option)
    }

    fn status(&self, socket: Descriptor, status: Status) -> Result<i32, Errno> {
        S::status(self, socket, status)
    }

    fn close(&self, socket: Descriptor) -> Result<(), Errno> {
        S::close(self, socket)
    }

    fn resolve(&self, host: &str, family: Family) -> Result<IpAddr, Errno> {
        S::resolve(self, host, family)
    }

    fn watch(&self, socket: Descriptor, interest: Interest, waker: &Waker) {
        S::watch(self, socket, interest, waker);
    }
}
