//! The key store: credentials in memory, kept in a storage.

mod pieces;
mod record;
mod ring;

use lwm2m_carrier::errno;
use lwm2m_carrier::hal::{
    CredentialKind, KeyStore, KeyStoreError, KeyStoreErrorKind, RecordId, SecurityTag, Storage,
    StorageError, StorageErrorKind,
};
use zeroize::Zeroizing;

use crate::tls::{is_ca_chain, is_certificate_chain, is_private_key};
use pieces::{Pieces, WriteError};
use ring::Credentials;
pub use ring::KeyRing;

/// The record that names all credentials and holds the short ones; `lwm2m-carrier` uses the ids up to 15.
const RECORD: RecordId = RecordId(16);

/// The longest record.
const LONGEST: usize = 3072;

/// The longest pre-shared key or identity, in bytes.
const LONGEST_KEY: usize = 512;

/// The longest credential of certificates or with a private key, in bytes.
const LONGEST_CERTIFICATES: usize = 8192;

/// Pre-shared keys with their identities, certificates and private keys, named by one record of a [`Storage`], so that
/// each change is atomic. It uses the ids 16 to 28.
///
/// Writing them needs no link cycle. The storage must keep them from other users: they are not encrypted.
#[derive(Debug)]
pub struct HostKeys<S> {
    ring: KeyRing,
    pieces: Pieces,
    storage: S,
}

/// The record of the credentials is damaged.
const DAMAGED: KeyStoreError = KeyStoreError::new(KeyStoreErrorKind::Io, errno::EIO);

/// There is no room.
const FULL: KeyStoreError = KeyStoreError::new(KeyStoreErrorKind::Full, errno::ENOSPC);

impl<S: Storage> HostKeys<S> {
    /// The credentials that lie in `storage`.
    ///
    /// # Errors
    /// [`KeyStoreErrorKind::Io`] when they cannot be read or are damaged; they are left as they are.
    pub async fn load(mut storage: S) -> Result<Self, KeyStoreError> {
        let mut buffer = Zeroizing::new(vec![0; LONGEST]);
        let loaded = storage.load(RECORD, &mut buffer).await.map_err(failure)?;
        let (mut credentials, pieces) = match loaded {
            Some(len) => buffer.get(..len).and_then(record::decode).ok_or(DAMAGED)?,
            None => Default::default(),
        };
        for (key, ids) in &pieces {
            let credential = pieces::read(&mut storage, ids).await.map_err(failure)?;
            credentials.insert(*key, credential.ok_or(DAMAGED)?);
        }
        Ok(Self {
            ring: KeyRing::new(credentials),
            pieces,
            storage,
        })
    }

    /// The same credentials, for sessions to look up.
    #[must_use]
    pub fn ring(&self) -> KeyRing {
        self.ring.clone()
    }

    /// Stores these credentials in place of those that were there, then makes them valid.
    async fn replace(
        &mut self,
        credentials: Credentials,
        pieces: Pieces,
    ) -> Result<(), KeyStoreError> {
        let record = record::encode(&credentials, &pieces);
        if record.len() > LONGEST {
            return Err(FULL);
        }
        self.storage.store(RECORD, &record).await.map_err(failure)?;
        pieces::forget(&mut self.storage, &self.pieces, &pieces).await;
        self.pieces = pieces;
        self.ring.replace(credentials);
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
        self.check(tag, kind, credential)?;
        if self.ring.holds(tag, kind, credential) {
            return Ok(());
        }
        let key = (tag, record::number(kind));
        let mut pieces = self.pieces.clone();
        if is_long(kind) {
            let written = pieces::write(&mut self.storage, &self.pieces, credential).await;
            let ids = written.map_err(|error| match error {
                WriteError::Full => FULL,
                WriteError::Storage(error) => failure(error),
            })?;
            pieces.insert(key, ids);
        }
        let mut credentials = self.ring.all();
        credentials.insert(key, Zeroizing::new(credential.to_vec()));
        self.replace(credentials, pieces).await
    }

    async fn delete(
        &mut self,
        tag: SecurityTag,
        kind: CredentialKind,
    ) -> Result<(), KeyStoreError> {
        if !self.exists(tag, kind).await? {
            return Ok(());
        }
        let key = (tag, record::number(kind));
        let mut pieces = self.pieces.clone();
        pieces.remove(&key);
        let mut credentials = self.ring.all();
        credentials.remove(&key);
        self.replace(credentials, pieces).await
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

    /// Any tag. Pre-shared keys and identities of 1 to 512 bytes; certificates, one or more, and private keys (PKCS #8, PKCS #1,
    /// SEC 1), in PEM or DER, of up to 8,192 bytes.
    fn check(
        &self,
        _tag: SecurityTag,
        kind: CredentialKind,
        credential: &[u8],
    ) -> Result<(), KeyStoreError> {
        let longest = if is_long(kind) {
            LONGEST_CERTIFICATES
        } else {
            LONGEST_KEY
        };
        let usable = match kind {
            CredentialKind::Psk | CredentialKind::PskIdentity => !credential.is_empty(),
            CredentialKind::CaChain => is_ca_chain(credential),
            CredentialKind::ClientCertificate => is_certificate_chain(credential),
            CredentialKind::PrivateKey => is_private_key(credential),
            _ => {
                return Err(KeyStoreError::new(
                    KeyStoreErrorKind::Unsupported,
                    errno::EOPNOTSUPP,
                ));
            }
        };
        if credential.len() > longest || !usable {
            return Err(KeyStoreError::new(
                KeyStoreErrorKind::Invalid,
                errno::EINVAL,
            ));
        }
        Ok(())
    }
}

/// Whether credentials of this kind lie in pieces.
const fn is_long(kind: CredentialKind) -> bool {
    matches!(
        kind,
        CredentialKind::CaChain | CredentialKind::ClientCertificate | CredentialKind::PrivateKey
    )
}

fn failure(error: StorageError) -> KeyStoreError {
    let kind = match error.kind {
        StorageErrorKind::Full => KeyStoreErrorKind::Full,
        _ => KeyStoreErrorKind::Io,
    };
    KeyStoreError::new(kind, error.errno)
}
