//! The key store over a storage that outlives it.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed test panics"
)]

use carrier_host::keys::HostKeys;
use carrier_host::storage::{MemoryStore, SharedStorage};
use lwm2m_carrier::errno;
use lwm2m_carrier::hal::{
    CredentialKind, KeyStore, KeyStoreErrorKind, RecordId, SecurityTag, Storage, StorageError,
    StorageErrorKind,
};
use rcgen::{CertificateParams, DnType, KeyPair};

const TAG: SecurityTag = SecurityTag(25);

#[tokio::test]
async fn credentials_outlive_the_key_store() {
    let storage = SharedStorage::new(MemoryStore::new());
    let mut keys = HostKeys::load(storage.clone()).await.unwrap();
    let ring = keys.ring();
    keys.write(TAG, CredentialKind::PskIdentity, b"me")
        .await
        .unwrap();
    assert!(ring.psk(TAG).is_none());
    keys.write(TAG, CredentialKind::Psk, b"secret")
        .await
        .unwrap();
    assert_eq!(ring.psk(TAG).unwrap().identity(), b"me");

    let mut keys = HostKeys::load(storage).await.unwrap();
    assert_eq!(keys.exists(TAG, CredentialKind::Psk).await, Ok(true));
    assert_eq!(keys.ring().psk(TAG).unwrap().identity(), b"me");
    keys.delete(TAG, CredentialKind::Psk).await.unwrap();
    keys.delete(TAG, CredentialKind::Psk).await.unwrap();
    assert_eq!(keys.exists(TAG, CredentialKind::Psk).await, Ok(false));
    assert!(keys.ring().psk(TAG).is_none());
}

#[tokio::test]
async fn what_cannot_be_used_is_refused_before_it_is_written() {
    let keys = HostKeys::load(MemoryStore::new()).await.unwrap();
    let kind = |kind, credential| keys.check(TAG, kind, credential).unwrap_err().kind;
    assert_eq!(
        kind(CredentialKind::CaChain, b"certificate"),
        KeyStoreErrorKind::Invalid
    );
    assert_eq!(kind(CredentialKind::Psk, b""), KeyStoreErrorKind::Invalid);
    assert_eq!(
        kind(CredentialKind::Psk, &[0; 513]),
        KeyStoreErrorKind::Invalid
    );
    assert_eq!(keys.check(TAG, CredentialKind::Psk, &[0; 512]), Ok(()));

    let one = certificates(1);
    for (kind, credential) in [
        (CredentialKind::CaChain, one.as_bytes()),
        (CredentialKind::CaChain, certificates(4).as_bytes()),
        (CredentialKind::ClientCertificate, one.as_bytes()),
        (CredentialKind::PrivateKey, private_key().as_bytes()),
    ] {
        assert_eq!(keys.check(TAG, kind, credential), Ok(()), "{kind:?}");
    }
    for (wrong, credential) in [
        (CredentialKind::CaChain, private_key()),
        (CredentialKind::ClientCertificate, private_key()),
        (CredentialKind::PrivateKey, one.clone()),
        (CredentialKind::CaChain, String::new()),
        (CredentialKind::CaChain, one.replacen("MII", "MIA", 1)),
        (CredentialKind::CaChain, one[..one.len() / 2].to_owned()),
        (CredentialKind::CaChain, certificates(30)),
    ] {
        let refused = keys
            .check(TAG, wrong, credential.as_bytes())
            .unwrap_err()
            .kind;
        assert_eq!(
            refused,
            KeyStoreErrorKind::Invalid,
            "{wrong:?} {credential}"
        );
    }
}

/// Certificates of so many authorities, each of about 500 bytes.
fn certificates(count: usize) -> String {
    let certificate = |n| {
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::CommonName, format!("Authority {n}"));
        params
            .self_signed(&KeyPair::generate().unwrap())
            .unwrap()
            .pem()
    };
    (0..count).map(certificate).collect()
}

fn private_key() -> String {
    KeyPair::generate().unwrap().serialize_pem()
}

#[tokio::test]
async fn certificates_of_any_length_outlive_the_key_store() {
    let storage = SharedStorage::new(MemoryStore::new());
    let mut keys = HostKeys::load(storage.clone()).await.unwrap();
    let (few, many, key) = (certificates(1), certificates(12), private_key());
    keys.write(TAG, CredentialKind::PrivateKey, key.as_bytes())
        .await
        .unwrap();
    // More often than there are records for pieces: the old ones are given up.
    for chain in [&few, &many].repeat(8) {
        keys.write(TAG, CredentialKind::CaChain, chain.as_bytes())
            .await
            .unwrap();
        let mut again = HostKeys::load(storage.clone()).await.unwrap();
        // Found to be there already, down to the last byte: nothing is written.
        again
            .write(TAG, CredentialKind::CaChain, chain.as_bytes())
            .await
            .unwrap();
        assert_eq!(
            again.exists(TAG, CredentialKind::PrivateKey).await,
            Ok(true)
        );
    }
    keys.delete(TAG, CredentialKind::CaChain).await.unwrap();
    let mut keys = HostKeys::load(storage).await.unwrap();
    assert_eq!(keys.exists(TAG, CredentialKind::CaChain).await, Ok(false));
    assert_eq!(keys.exists(TAG, CredentialKind::PrivateKey).await, Ok(true));
}

/// A storage whose power fails before the write with number `left`, counted from 0.
struct Failing {
    storage: SharedStorage<MemoryStore>,
    left: usize,
}

const POWER: StorageError = StorageError::new(StorageErrorKind::Io, errno::EIO);

impl Storage for Failing {
    async fn load(
        &mut self,
        id: RecordId,
        buffer: &mut [u8],
    ) -> Result<Option<usize>, StorageError> {
        self.storage.load(id, buffer).await
    }

    async fn store(&mut self, id: RecordId, record: &[u8]) -> Result<(), StorageError> {
        self.left = self.left.checked_sub(1).ok_or(POWER)?;
        self.storage.store(id, record).await
    }

    async fn delete(&mut self, id: RecordId) -> Result<(), StorageError> {
        self.left = self.left.checked_sub(1).ok_or(POWER)?;
        self.storage.delete(id).await
    }
}

/// Which of the chains lies in `storage`: the store writes nothing that is there already.
async fn chain_in(storage: &SharedStorage<MemoryStore>, chains: &[&str]) -> Vec<bool> {
    let mut held = Vec::new();
    for chain in chains {
        let storage = storage.clone();
        let mut keys = HostKeys::load(Failing { storage, left: 0 }).await.unwrap();
        let written = keys
            .write(TAG, CredentialKind::CaChain, chain.as_bytes())
            .await;
        held.push(written.is_ok());
    }
    held
}

#[tokio::test]
async fn a_power_loss_leaves_the_old_certificates_or_the_new_ones() {
    let (old, new) = (certificates(9), certificates(8));
    let (mut olds, mut news) = (0, 0);
    for left in 0.. {
        let storage = SharedStorage::new(MemoryStore::new());
        let mut keys = HostKeys::load(storage.clone()).await.unwrap();
        keys.write(TAG, CredentialKind::CaChain, old.as_bytes())
            .await
            .unwrap();
        let failing = Failing {
            storage: storage.clone(),
            left,
        };
        let mut keys = HostKeys::load(failing).await.unwrap();
        let written = keys
            .write(TAG, CredentialKind::CaChain, new.as_bytes())
            .await;
        let held = chain_in(&storage, &[&old, &new]).await;
        match held[..] {
            [true, false] => olds += 1,
            [false, true] => news += 1,
            _ => panic!("{held:?} after {left} writes"),
        }
        assert_eq!(written.is_ok(), held[1]);
        // However it ended, there is room to write it again.
        let mut keys = HostKeys::load(storage).await.unwrap();
        keys.write(TAG, CredentialKind::CaChain, new.as_bytes())
            .await
            .unwrap();
        if news == 4 {
            break;
        }
    }
    // Two or three pieces, then the record.
    assert!((3..=4).contains(&olds), "{olds}");
}

#[tokio::test]
async fn a_full_key_store_keeps_what_it_has() {
    let mut keys = HostKeys::load(MemoryStore::new()).await.unwrap();
    let mut written = 0;
    let refused = loop {
        match keys
            .write(SecurityTag(written), CredentialKind::Psk, &[1; 512])
            .await
        {
            Ok(()) => written += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(refused.kind, KeyStoreErrorKind::Full);
    // Room for the profile's key and three more accounts at least.
    assert!(written >= 4);
    let last = SecurityTag(written - 1);
    assert_eq!(keys.exists(last, CredentialKind::Psk).await, Ok(true));
    let refused = SecurityTag(written);
    assert_eq!(keys.exists(refused, CredentialKind::Psk).await, Ok(false));
}

#[tokio::test]
async fn a_damaged_record_is_an_error_and_stays() {
    let mut storage = SharedStorage::new(MemoryStore::new());
    storage.store(RecordId(16), b"\x01\x00").await.unwrap();
    let refused = HostKeys::load(storage.clone()).await.unwrap_err();
    assert_eq!(refused.kind, KeyStoreErrorKind::Io);
    assert_eq!(storage.load(RecordId(16), &mut [0; 8]).await, Ok(Some(2)));
}
