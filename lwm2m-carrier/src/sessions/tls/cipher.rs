//! The cipher suite, which looks at what it has decrypted before the TLS library does.

use aes_gcm_010::{
    Aes128Gcm, KeyInit,
    aead::{
        self, AeadCore, AeadInPlace, Key, KeySizeUser, Nonce, Tag,
        consts::{U0, U12, U16},
    },
};
use embedded_tls::{Aes128GcmSha256, TlsCipherSuite};

use super::records::additional_data;

/// Content types, which stand behind the content of a protected record (RFC 8446, section 5.2).
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;
/// The only handshake message that is of no use but harmless after the handshake (section 4.6.1).
const NEW_SESSION_TICKET: u8 = 4;

/// `TLS_AES_128_GCM_SHA256` with [`Guarded`] records.
pub(super) struct Suite;

impl TlsCipherSuite for Suite {
    const CODE_POINT: u16 = Aes128GcmSha256::CODE_POINT;
    type Cipher = Guarded;
    type KeyLen = <Aes128GcmSha256 as TlsCipherSuite>::KeyLen;
    type IvLen = <Aes128GcmSha256 as TlsCipherSuite>::IvLen;
    type Hash = <Aes128GcmSha256 as TlsCipherSuite>::Hash;
    type LabelBufferSize = <Aes128GcmSha256 as TlsCipherSuite>::LabelBufferSize;
}

/// AES-128-GCM that fails for a record whose content is not allowed where it comes.
///
/// embedded-tls 0.19 panics at most handshake messages after the handshake, and at a record without content.
pub(super) struct Guarded(Aes128Gcm);

impl KeySizeUser for Guarded {
    type KeySize = U16;
}

impl KeyInit for Guarded {
    fn new(key: &Key<Self>) -> Self {
        Self(Aes128Gcm::new(key))
    }
}

impl AeadCore for Guarded {
    type NonceSize = U12;
    type TagSize = U16;
    type CiphertextOverhead = U0;
}

impl AeadInPlace for Guarded {
    fn encrypt_in_place_detached(
        &self,
        nonce: &Nonce<Self>,
        associated_data: &[u8],
        buffer: &mut [u8],
    ) -> aead::Result<Tag<Self>> {
        self.0
            .encrypt_in_place_detached(nonce, associated_data, buffer)
    }

    fn decrypt_in_place_detached(
        &self,
        nonce: &Nonce<Self>,
        associated_data: &[u8],
        buffer: &mut [u8],
        tag: &Tag<Self>,
    ) -> aead::Result<()> {
        let (data, after_handshake) = additional_data(associated_data).ok_or(aead::Error)?;
        self.0
            .decrypt_in_place_detached(nonce, &data, buffer, tag)?;
        if after_handshake {
            check_data(buffer)
        } else {
            check_handshake(buffer)
        }
    }
}

/// The content of a record and its type, without padding.
fn inner(plaintext: &[u8]) -> Option<(&[u8], u8)> {
    let end = plaintext.iter().rposition(|byte| *byte != 0)?;
    Some((plaintext.get(..end)?, *plaintext.get(end)?))
}

fn check_handshake(plaintext: &[u8]) -> aead::Result<()> {
    match inner(plaintext) {
        Some((_, HANDSHAKE | ALERT)) => Ok(()),
        _ => Err(aead::Error),
    }
}

/// A session ticket becomes an empty record of data: nothing here resumes a session.
fn check_data(plaintext: &mut [u8]) -> aead::Result<()> {
    match inner(plaintext) {
        Some((_, APPLICATION_DATA | ALERT)) => Ok(()),
        Some(([NEW_SESSION_TICKET, ..], HANDSHAKE)) => {
            plaintext.fill(0);
            if let Some(kind) = plaintext.first_mut() {
                *kind = APPLICATION_DATA;
            }
            Ok(())
        }
        _ => Err(aead::Error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARKED: [u8; 5] = [23, 3, 0xff, 0, 0];
    const PLAIN: [u8; 5] = [23, 3, 3, 0, 0];

    /// Whether a record with this plaintext is taken, and what becomes of it.
    fn decrypt<const N: usize>(header: [u8; 5], plaintext: [u8; N]) -> Option<[u8; N]> {
        let cipher = Guarded::new(&[7; 16].into());
        let nonce = [9; 12].into();
        let mut buffer = plaintext;
        // The server authenticates the version that it writes.
        let tag = cipher
            .encrypt_in_place_detached(&nonce, &PLAIN, &mut buffer)
            .unwrap();
        let decrypted = cipher.decrypt_in_place_detached(&nonce, &header, &mut buffer, &tag);
        decrypted.is_ok().then_some(buffer)
    }

    #[test]
    fn handshake_messages_come_through_in_the_handshake_only() {
        // EncryptedExtensions; its type, and padding.
        let record = [8, 0, 0, 2, 0, 0, HANDSHAKE, 0, 0];
        assert_eq!(decrypt(PLAIN, record), Some(record));
        assert_eq!(decrypt(MARKED, record), None);
        // ServerHello, Certificate, CertificateRequest, Finished, KeyUpdate.
        for message in [2, 11, 13, 20, 24] {
            assert_eq!(decrypt(MARKED, [message, 0, 0, 1, 0, HANDSHAKE]), None);
        }
    }

    #[test]
    fn data_comes_through_after_the_handshake_only() {
        let record = [b'x', 0, APPLICATION_DATA, 0];
        assert_eq!(decrypt(MARKED, record), Some(record));
        assert_eq!(decrypt(PLAIN, record), None);
        assert_eq!(
            decrypt(MARKED, [APPLICATION_DATA]),
            Some([APPLICATION_DATA])
        );
        let goodbye = [1, 0, ALERT];
        assert_eq!(decrypt(MARKED, goodbye), Some(goodbye));
    }

    #[test]
    fn a_ticket_becomes_an_empty_record() {
        let ticket = [NEW_SESSION_TICKET, 0, 0, 1, 5, HANDSHAKE];
        assert_eq!(
            decrypt(MARKED, ticket),
            Some([APPLICATION_DATA, 0, 0, 0, 0, 0])
        );
    }

    #[test]
    fn a_record_without_content_is_refused() {
        for header in [PLAIN, MARKED] {
            assert_eq!(decrypt(header, []), None);
            assert_eq!(decrypt(header, [0; 3]), None);
            // A handshake record must not be empty (RFC 8446, section 5.1), nor may its type be unknown.
            assert_eq!(decrypt(header, [24]), None);
        }
        assert_eq!(decrypt(MARKED, [HANDSHAKE]), None);
    }
}
