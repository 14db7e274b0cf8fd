//! The key store over a storage that outlives it.

#![allow(clippy::unwrap_used, reason = "a failed test panics")]

use carrier_host::keys::HostKeys;
use carrier_host::storage::{MemoryStore, SharedStorage};
use lwm2m_carrier::hal::{
    CredentialKind, KeyStore, KeyStoreErrorKind, RecordId, SecurityTag, Storage,
};

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
    let kind = |kind, credential| keys.check(kind, credential).unwrap_err().kind;
    assert_eq!(
        kind(CredentialKind::CaChain, b"certificate"),
        KeyStoreErrorKind::Unsupported
    );
    assert_eq!(kind(CredentialKind::Psk, b""), KeyStoreErrorKind::Invalid);
    assert_eq!(
        kind(CredentialKind::Psk, &[0; 513]),
        KeyStoreErrorKind::Invalid
    );
    assert_eq!(keys.check(CredentialKind::Psk, &[0; 512]), Ok(()));
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
