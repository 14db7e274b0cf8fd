//! How patient a handshake is.

use core::time::Duration;

/// Times and sizes of a DTLS session.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct DtlsConfig {
    /// How long the whole handshake may take, from the first datagram sent. At least 1 ns, at most 3,650 days.
    pub handshake_timeout: Duration,
    /// How long the first answer to a flight is waited for before the flight is sent again; doubled each time
    /// (RFC 6347, section 4.2.4.1), with 25 % jitter. At least 1 ns, at most 3,650 days.
    pub first_retransmission: Duration,
    /// The longest datagram of the handshake, in bytes; at least 64. Application data is never split.
    pub mtu: usize,
}

impl Default for DtlsConfig {
    /// 40 s for the handshake, 1 s to the first retransmission, datagrams of 1,152 bytes (RFC 7252, section 4.6).
    fn default() -> Self {
        Self {
            handshake_timeout: Duration::from_secs(40),
            first_retransmission: Duration::from_secs(1),
            mtu: 1152,
        }
    }
}
