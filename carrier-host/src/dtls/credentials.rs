//! The identity and the key that both ends share.

use core::fmt;

use zeroize::Zeroizing;

use super::error::DtlsError;

/// A pre-shared key with its identity. The key is zeroized when dropped, and never shown.
#[derive(Clone)]
pub struct PskCredentials {
    identity: Vec<u8>,
    key: Zeroizing<Vec<u8>>,
}

impl PskCredentials {
    /// Both as the server knows them: any bytes, 1 to 65,535 of each (RFC 4279, section 2).
    ///
    /// # Errors
    /// [`DtlsError::InvalidCredentials`] when one is empty or too long.
    pub fn new(identity: &[u8], key: &[u8]) -> Result<Self, DtlsError> {
        let sendable = |bytes: &[u8]| !bytes.is_empty() && bytes.len() <= usize::from(u16::MAX);
        if !sendable(identity) || !sendable(key) {
            return Err(DtlsError::InvalidCredentials);
        }
        Ok(Self {
            identity: identity.to_vec(),
            key: Zeroizing::new(key.to_vec()),
        })
    }

    /// The identity, which the handshake sends in the clear.
    #[must_use]
    pub fn identity(&self) -> &[u8] {
        &self.identity
    }

    /// The key, to be handed to a key store; not to be shown or copied elsewhere.
    #[must_use]
    pub fn key(&self) -> &[u8] {
        &self.key
    }
}

impl dimpl::PskResolver for PskCredentials {
    fn resolve(&self, identity: &[u8]) -> Option<Vec<u8>> {
        (identity == self.identity).then(|| self.key.to_vec())
    }
}

impl fmt::Debug for PskCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PskCredentials")
            .field("identity", &self.identity.escape_ascii().to_string())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_never_shown() {
        let credentials = PskCredentials::new(b"dev\x01", b"0123456789abcdef").unwrap();
        let shown = format!("{credentials:?}");
        assert_eq!(shown, r#"PskCredentials { identity: "dev\\x01", .. }"#);
    }

    #[test]
    fn what_cannot_be_sent_is_refused() {
        for (identity, key) in [
            (&b""[..], &b"k"[..]),
            (b"i", b""),
            (&[0; 65_536], b"k"),
            (b"i", &[0; 65_536]),
        ] {
            assert!(matches!(
                PskCredentials::new(identity, key),
                Err(DtlsError::InvalidCredentials)
            ));
        }
        assert!(PskCredentials::new(&[0; 65_535], &[0; 65_535]).is_ok());
    }
}
