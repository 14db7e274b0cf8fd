//! The adapter keeps what the traits ask for, checked by the porting kit.

#![allow(
    clippy::unwrap_used,
    clippy::large_futures,
    reason = "a failed test panics, and has a large stack"
)]

use std::fs;
use std::path::PathBuf;

use carrier_host::clock::HostClock;
use carrier_host::dtls::DtlsConfig;
use carrier_host::firmware::FileFirmware;
use carrier_host::keys::HostKeys;
use carrier_host::link::HostLink;
use carrier_host::random::OsRandom;
use carrier_host::sessions::HostSessions;
use carrier_host::storage::{MemoryStore, RecordStore, SharedStorage};
use carrier_mock::conformance::peer::HostPeer;
use carrier_mock::conformance::sessions::Places;
use carrier_mock::conformance::{clock, firmware, key_store, link, random, sessions, storage};
use carrier_mock::flash::Flash;
use lwm2m_carrier::hal::CredentialKind;
use rcgen::{CertificateParams, KeyPair};

/// Keys, kept in memory beyond the key store.
struct Keys {
    storage: SharedStorage<MemoryStore>,
    credentials: Vec<(CredentialKind, Vec<u8>, Vec<u8>)>,
}

impl key_store::Bench for Keys {
    type Keys<'k> = HostKeys<SharedStorage<MemoryStore>>;

    async fn open(&mut self) -> Self::Keys<'_> {
        HostKeys::load(self.storage.clone()).await.unwrap()
    }

    fn samples(&self) -> Vec<key_store::Sample<'_>> {
        let own = self.credentials.iter();
        let own = own.map(|(kind, first, second)| key_store::Sample {
            kind: *kind,
            first,
            second,
        });
        key_store::SAMPLES.iter().copied().chain(own).collect()
    }
}
