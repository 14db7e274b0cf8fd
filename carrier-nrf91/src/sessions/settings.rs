//! How sessions are opened.

use lwm2m_core::time::Duration;

use crate::net::{Family, HandshakeTimeout, PeerVerification};

/// How [`ModemSessions`](super::ModemSessions) open.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SessionSettings {
    /// The families in which a name is asked for, the best one first: IPv4, then IPv6 by default.
    pub families: &'static [Family],
    /// How long a stream may take to open, its handshake included: 60 seconds by default.
    pub connect_timeout: Duration,
    /// How long the modem tries a DTLS handshake: 63 seconds by default.
    pub handshake_timeout: HandshakeTimeout,
    /// How long the modem may take to accept what is sent: 30 seconds by default.
    pub send_timeout: Duration,
    /// How the peer's certificate is looked at: required by default. It means nothing for pre-shared keys.
    pub peer_verification: PeerVerification,
    /// The cipher suites to offer, by their IANA numbers, best first; all that the modem has when empty, which is the
    /// default. Only those with CCM or GCM can be [saved](lwm2m_carrier::hal::Sessions::save): see [`AEAD_SUITES`].
    pub cipher_suites: &'static [i32],
    /// Whether a connection id is offered: yes by default. A modem that knows none (nRF9160 before 1.3.5) goes without.
    pub connection_id: bool,
    /// Whether handshakes may be shortened by earlier ones: yes by default.
    pub session_cache: bool,
    /// Whether the network is told when nothing more follows: yes by default. `AT%RAI=1` or the subscription may be needed
    /// as well; a modem that knows none goes without.
    pub release_assistance: bool,
}

impl SessionSettings {
    /// The defaults.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            families: &[Family::Ipv4, Family::Ipv6],
            connect_timeout: Duration::from_secs(60),
            handshake_timeout: HandshakeTimeout::Secs63,
            send_timeout: Duration::from_secs(30),
            peer_verification: PeerVerification::Required,
            cipher_suites: &[],
            connection_id: true,
            session_cache: true,
            release_assistance: true,
        }
    }
}

impl Default for SessionSettings {
    fn default() -> Self {
        Self::new()
    }
}

/// The modem's suites for datagrams with which a connection can be saved: `TLS_PSK_WITH_AES_128_CCM_8` and
/// `TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256`.
pub const AEAD_SUITES: &[i32] = &[0xC0A8, 0xC02B];
