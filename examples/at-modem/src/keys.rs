//! Credentials, which this modem has no use for.

use lwm2m_carrier::errno;
use lwm2m_carrier::hal::{CredentialKind, KeyStore, KeyStoreError, KeyStoreErrorKind, SecurityTag};

const UNSUPPORTED: KeyStoreError =
    KeyStoreError::new(KeyStoreErrorKind::Unsupported, errno::EOPNOTSUPP);

/// Takes no credential: a bootstrap server that sends one is refused, before its account is taken over.
#[derive(Clone, Copy, Debug, Default)]
#[allow(clippy::exhaustive_structs, reason = "it has no content")]
pub struct NoKeys;

impl KeyStore for NoKeys {
    async fn write(
        &mut self,
        _tag: SecurityTag,
        _kind: CredentialKind,
        _credential: &[u8],
    ) -> Result<(), KeyStoreError> {
        Err(UNSUPPORTED)
    }

    async fn delete(
        &mut self,
        _tag: SecurityTag,
        _kind: CredentialKind,
    ) -> Result<(), KeyStoreError> {
        // One that does not exist is a success.
        Ok(())
    }

    async fn exists(
        &mut self,
        _tag: SecurityTag,
        _kind: CredentialKind,
    ) -> Result<bool, KeyStoreError> {
        Ok(false)
    }

    fn requires_offline(&self) -> bool {
        false
    }

    fn check(
        &self,
        _tag: SecurityTag,
        _kind: CredentialKind,
        _credential: &[u8],
    ) -> Result<(), KeyStoreError> {
        Err(UNSUPPORTED)
    }
}
