//! Payloads that a bootstrap server writes: the resources of one Security or Server instance, in TLV.

use core::fmt;

use lwm2m_core::objects::tables::{security, server};
use lwm2m_core::wire::tlv::{self, Kind};
use lwm2m_core::wire::writer::Writer;

/// Security mode 0: a pre-shared key (/0/x/2).
pub const MODE_PSK: u8 = 0;
/// Security mode 3: none (/0/x/2).
pub const MODE_NO_SEC: u8 = 3;

/// The Security object's part of an account.
#[derive(Clone, Copy)]
#[allow(clippy::exhaustive_structs, reason = "spelled out by tests")]
pub struct SecurityAccount<'s> {
    /// `coap://host:port` or `coaps://host:port`.
    pub uri: &'s str,
    /// [`MODE_PSK`] or [`MODE_NO_SEC`].
    pub mode: u8,
    /// Identity of the key; empty without security.
    pub identity: &'s [u8],
    /// Key; empty without security.
    pub key: &'s [u8],
    /// Short server id; `None` for the bootstrap server's own account.
    pub short_server_id: Option<u16>,
}

impl fmt::Debug for SecurityAccount<'_> {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecurityAccount")
            .field("uri", &self.uri)
            .field("short_server_id", &self.short_server_id)
            .finish_non_exhaustive()
    }
}

/// Writes the resources of a Security instance (/0/x): 0 to 5, and 10 where there is a short server id. `None` when
/// `buffer` is too small.
///
/// ```
/// use carrier_mock::server::{MODE_NO_SEC, SecurityAccount, security_tlv};
///
/// let account = SecurityAccount {
///     uri: "coap://a",
///     mode: MODE_NO_SEC,
///     identity: b"",
///     key: b"",
///     short_server_id: Some(1),
/// };
/// let mut buffer = [0; 64];
/// let payload = security_tlv(&mut buffer, &account).unwrap();
/// assert_eq!(&payload[..3], [0xC8, 0, 8]); // resource 0, eight bytes
/// ```
pub fn security_tlv<'b>(buffer: &'b mut [u8], account: &SecurityAccount<'_>) -> Option<&'b [u8]> {
    let mut writer = Writer::new(buffer);
    let w = &mut writer;
    let kind = Kind::Resource;
    tlv::write_bytes(w, kind, security::SERVER_URI, account.uri.as_bytes());
    let is_bootstrap = account.short_server_id.is_none();
    tlv::write_bool(w, kind, security::BOOTSTRAP_SERVER, is_bootstrap);
    tlv::write_i64(w, kind, security::SECURITY_MODE, account.mode.into());
    tlv::write_bytes(w, kind, security::PUBLIC_KEY_OR_IDENTITY, account.identity);
    tlv::write_bytes(w, kind, security::SERVER_PUBLIC_KEY, &[]);
    tlv::write_bytes(w, kind, security::SECRET_KEY, account.key);
    if let Some(id) = account.short_server_id {
        tlv::write_i64(w, kind, security::SHORT_SERVER_ID, id.into());
    }
    written(writer)
}

/// Writes the resources of a Server instance (/1/x): short server id, lifetime in seconds, notification storing, and the
/// binding `U`. `None` when `buffer` is too small.
pub fn server_tlv(buffer: &mut [u8], short_server_id: u16, lifetime: u32) -> Option<&[u8]> {
    let mut writer = Writer::new(buffer);
    let w = &mut writer;
    let kind = Kind::Resource;
    tlv::write_i64(w, kind, server::SHORT_SERVER_ID, short_server_id.into());
    tlv::write_i64(w, kind, server::LIFETIME, lifetime.into());
    tlv::write_bool(
        w,
        kind,
        server::NOTIFICATION_STORING_WHEN_DISABLED_OR_OFFLINE,
        true,
    );
    tlv::write_bytes(w, kind, server::BINDING, b"U");
    written(writer)
}

fn written(writer: Writer<'_>) -> Option<&[u8]> {
    let len = writer.len();
    let stored = writer.into_stored();
    (stored.len() == len).then_some(stored)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// TLV spelled out by hand from Core 1.1.1, section 7.4.3.
    #[test]
    fn accounts_are_resources_in_tlv() {
        let account = SecurityAccount {
            uri: "coaps://s",
            mode: MODE_PSK,
            identity: b"id",
            key: &[1, 2, 3],
            short_server_id: Some(300),
        };
        let mut buffer = [0; 64];
        let expected = b"\xC8\x00\x09coaps://s\xC1\x01\x00\xC1\x02\x00\xC2\x03id\xC0\x04\xC3\x05\x01\x02\x03\xC2\x0A\x01\x2C";
        assert_eq!(
            security_tlv(&mut buffer, &account),
            Some(expected.as_slice())
        );
        let expected = b"\xC1\x00\x01\xC2\x01\x01\x2C\xC1\x06\x01\xC1\x07U";
        assert_eq!(server_tlv(&mut buffer, 1, 300), Some(expected.as_slice()));
        assert_eq!(server_tlv(&mut [0; 12], 1, 300), None);
    }

    #[test]
    fn a_bootstrap_account_has_no_short_server_id() {
        let account = SecurityAccount {
            uri: "coap://b",
            mode: MODE_NO_SEC,
            identity: b"",
            key: b"",
            short_server_id: None,
        };
        let mut buffer = [0; 64];
        let expected = b"\xC8\x00\x08coap://b\xC1\x01\x01\xC1\x02\x03\xC0\x03\xC0\x04\xC0\x05";
        assert_eq!(
            security_tlv(&mut buffer, &account),
            Some(expected.as_slice())
        );
    }
}
