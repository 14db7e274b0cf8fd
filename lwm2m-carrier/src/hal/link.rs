//! The network link.

use core::fmt;

/// The way to the network: attach and detach of a modem, or a network interface.
///
/// The library alone decides when the link is brought up and taken down; what the network does in between is told
/// through [`changed`](Self::changed).
#[allow(
    async_fn_in_trait,
    reason = "the drivers run on one thread; no Send is promised"
)]
pub trait Link {
    /// Brings the link up; returns when datagrams can be sent. A link that is up already is a success.
    ///
    /// May take as long as an attach takes; a port gives up after a limit of its own (a few minutes), never waits for
    /// ever.
    ///
    /// # Errors
    /// The application is told (`ERROR` with `CONNECT_FAIL`), and the next attempt follows after the profile's link
    /// back-off.
    async fn up(&mut self) -> Result<(), LinkError>;

    /// Takes the link down, so that credentials can be written. Sessions are closed by then. A link that is down
    /// already is a success.
    ///
    /// # Errors
    /// The application is told (`ERROR` with `DISCONNECT_FAIL`); the step that needed the link down is tried again
    /// after the profile's link back-off.
    async fn down(&mut self) -> Result<(), LinkError>;

    /// The state now.
    fn state(&self) -> LinkState;

    /// Returns the state as soon as it differs from what this trait's methods have last told: the network was lost or
    /// has come back without [`up`](Self::up) or [`down`](Self::down).
    ///
    /// On a loss all sessions are closed and nothing is sent until the link is back; the library does not call
    /// [`up`](Self::up) for that, because a modem attaches again by itself.
    ///
    /// Cancel-safe: a change that was not returned is returned by the next call. A link that never changes by itself
    /// returns [`core::future::pending`].
    async fn changed(&mut self) -> LinkState;
}

/// Whether the network can be used.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[allow(clippy::exhaustive_enums, reason = "there is no third state")]
pub enum LinkState {
    /// Datagrams can be sent.
    Up,
    /// They cannot.
    Down(DetachReason),
}

/// Why the link is down.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum DetachReason {
    /// It was taken down, or has never been up.
    Requested,
    /// Coverage was lost.
    NoService,
    /// The network has detached the device or closed the packet data connection.
    Network,
    /// The SIM card was removed or refused.
    Sim,
    /// The modem has stopped working: overheated, battery low, crashed.
    Modem,
    /// Not known.
    Unknown,
}

/// Why the link could not be brought up or taken down.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum LinkErrorKind {
    /// No SIM card, or a locked one.
    Sim,
    /// No network found in time.
    NoService,
    /// The network refuses the device.
    Rejected,
    /// The packet data connection could not be activated.
    PacketData,
    /// The modem fails.
    Modem,
}

/// A failure of the link.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct LinkError {
    /// What failed.
    pub kind: LinkErrorKind,
    /// The port's number for it, passed on to the application.
    pub errno: i32,
}

impl LinkError {
    /// An error of this kind.
    #[must_use]
    pub const fn new(kind: LinkErrorKind, errno: i32) -> Self {
        Self { kind, errno }
    }
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            LinkErrorKind::Sim => "no usable SIM card",
            LinkErrorKind::NoService => "no network",
            LinkErrorKind::Rejected => "refused by the network",
            LinkErrorKind::PacketData => "no packet data connection",
            LinkErrorKind::Modem => "modem failure",
        })
    }
}

impl core::error::Error for LinkError {}
