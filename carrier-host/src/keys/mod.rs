//! The key store: credentials in memory, kept in a storage.

mod record;
mod ring;

use lwm2m_carrier::errno;
use lwm2m_carrier::hal::{
    CredentialKind, KeyStore, KeyStoreError, KeyStoreErrorKind, RecordId, SecurityTag, Storage,
    StorageError, StorageErrorKind,
};
use zeroize::Zeroizing;

use ring::Credentials;
pub use ring::KeyRing;

/// The record that all credentials are kept in; `lwm2m-carrier` uses the ids up to 15.
const RECORD: RecordId = RecordId(16);

/// The longest record.
const LONGEST: usize = 3072;

/// The longest credential, in bytes.
const LONGEST_CREDENTIAL: usize = 512;

/// Pre-shared keys and their identities, all in one record of a [`Storage`], so that each change is atomic.
///
/// Writing them needs no link cycle. The storage must keep them from other users: they are not encrypted.
#[derive(Debug)]
pub struct HostKeys<S> {
    ring: KeyRing,
    storage: S,
}

/// The record of the credentials is damaged.
const DAMAGED: KeyStoreError = KeyStoreError::new(KeyStoreErrorKind::Io, errno::EIO);

impl<S: Storage> HostKeys<S> {
    /// The credentials that lie in `storage`.
    ///
    /// # Errors
    /// [`KeyStoreErrorKind::Io`] when they cannot be read or are damaged; they are left as they are.
    pub async fn load(mut storage: S) -> Result<Self, KeyStoreError> {
        let mut buffer = Zeroizing::new(vec![0; LONGEST]);
        let loaded = storage.load(RECORD, &mut buffer).await.map_err(failure)?;
        let credentials = match loaded {
            Some(len) => buffer.get(..len).and_then(record::decode).ok_or(DAMAGED)?,
            None => Credentials::default(),
        };
        Ok(Self {
            ring: KeyRing::new(credentials),
            storage,
        })
    }

    /// The same credentials, for sessions to look up.
    #[must_use]
    pub fn ring(&self) -> KeyRing {
        self.ring.clone()
    }

    /// Stores what `change` makes of the credentials, then makes it valid.
    async fn change(&mut self, change: impl FnOnce(&mut Credentials)) -> Result<(), KeyStoreError> {
        let mut changed = self.ring.all();
        change(&mut changed);
        let record = record::encode(&changed);
        if record.len() > LONGEST {
            return Err(KeyStoreError::new(KeyStoreErrorKind::Full, errno::ENOSPC));
        }
        self.storage.store(RECORD, &record).await.map_err(failure)?;
        self.ring.replace(changed);
        Ok(())
    }
}

impl<S: Storage> KeyStore for HostKeys<S> {
    async fn write(
        &mut self,
        tag: SecurityTag,
        kind: CredentialKind,
        credential: &[u8],
    ) -> Result<(), KeyStoreError> {
        self.check(kind, credential)?;
        if self.ring.holds(tag, kind, credential) {
            return Ok(());
        }
        let credential = Zeroizing::new(credential.to_vec());
        self.change(|all| {
            all.insert((tag, record::number(kind)), credential);
        })
        .await
    }

    async fn delete(
        &mut self,
        tag: SecurityTag,
        kind: CredentialKind,
    ) -> Result<(), KeyStoreError> {
        if !self.exists(tag, kind).await? {
            return Ok(());
        }
        self.change(|all| {
            all.remove(&(tag, record::number(kind)));
        })
        .await
    }

    async fn exists(
        &mut self,
        tag: SecurityTag,
        kind: CredentialKind,
    ) -> Result<bool, KeyStoreError> {
        Ok(self.ring.has(tag, kind))
    }

    fn requires_offline(&self) -> bool {
        false
    }

    /// Pre-shared keys and identities of 1 to 512 bytes.
    fn check(&self, kind: CredentialKind, credential: &[u8]) -> Result<(), KeyStoreError> {
        match kind {
            CredentialKind::Psk | CredentialKind::PskIdentity => {}
            _ => {
                return Err(KeyStoreError::new(
                    KeyStoreErrorKind::Unsupported,
                    errno::EOPNOTSUPP,
                ));
            }
        }
        if credential.is_empty() || credential.len() > LONGEST_CREDENTIAL {
            return Err(KeyStoreError::new(
                KeyStoreErrorKind::Invalid,
                errno::EINVAL,
            ));
        }
        Ok(())
    }
}

fn failure(error: StorageError) -> KeyStoreError {
    let kind = match error.kind {
        StorageErrorKind::Full => KeyStoreErrorKind::Full,
        _ => KeyStoreErrorKind::Io,
    };
    KeyStoreError::new(kind, error.errno)
}
