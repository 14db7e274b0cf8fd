//! What an application and a Security object tell each other of a server.

use core::fmt;

/// How the messages to a server are protected (resource 2).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum SecurityMode {
    /// Pre-shared key.
    Psk = 0,
    /// Raw public key.
    RawPublicKey = 1,
    /// X.509 certificate.
    Certificate = 2,
    /// Not at all.
    #[default]
    NoSec = 3,
    /// X.509 certificate, enrolled by EST.
    CertificateEst = 4,
}

impl SecurityMode {
    /// The mode with this number.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::Psk,
            1 => Self::RawPublicKey,
            2 => Self::Certificate,
            3 => Self::NoSec,
            4 => Self::CertificateEst,
            _ => return None,
        })
    }

    /// The number of the mode in the Security object.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }
}

/// What the Security object says of one server, bootstrap servers included. `Debug` leaves out the keys.
#[derive(Clone, Copy, Default)]
#[non_exhaustive]
pub struct SecurityInstance<'a> {
    /// Address of the server, such as `coaps://server.example:5684` (resource 0).
    pub uri: &'a str,
    /// Whether it is a bootstrap server (resource 1).
    pub bootstrap: bool,
    /// How messages are protected (resource 2).
    pub mode: SecurityMode,
    /// PSK identity, or the client's public key or certificate (resource 3).
    pub identity: &'a [u8],
    /// The server's public key or certificate (resource 4).
    pub server_key: &'a [u8],
    /// PSK, or the client's private key (resource 5).
    pub key: &'a [u8],
    /// The id by which the Server object names the same server, 1 to 65534 (resource 10).
    pub short_server_id: Option<u16>,
    /// Seconds to wait before a bootstrap (resource 11).
    pub hold_off: Option<u32>,
    /// Seconds after which the account of a bootstrap server is to be removed; 0 is never (resource 12).
    pub account_timeout: Option<u32>,
}

impl<'a> SecurityInstance<'a> {
    /// A server without protection.
    #[must_use]
    pub fn no_sec(uri: &'a str) -> Self {
        Self {
            uri,
            ..Self::default()
        }
    }

    /// A server with a pre-shared key.
    #[must_use]
    pub fn psk(uri: &'a str, identity: &'a [u8], key: &'a [u8]) -> Self {
        Self {
            uri,
            mode: SecurityMode::Psk,
            identity,
            key,
            ..Self::default()
        }
    }

    /// The same, as a bootstrap server that is asked `hold_off` seconds after the need arises.
    #[must_use]
    pub const fn bootstrap(mut self, hold_off: u32) -> Self {
        self.bootstrap = true;
        self.hold_off = Some(hold_off);
        self
    }

    /// The same, with a short server id, 1 to 65534.
    #[must_use]
    pub const fn short_server_id(mut self, id: u16) -> Self {
        self.short_server_id = Some(id);
        self
    }
}

impl fmt::Debug for SecurityInstance<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecurityInstance")
            .field("uri", &self.uri)
            .field("bootstrap", &self.bootstrap)
            .field("mode", &self.mode)
            .field("short_server_id", &self.short_server_id)
            .finish_non_exhaustive()
    }
}
