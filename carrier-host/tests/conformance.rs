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
    samples: Vec<key_store::Sample<'static>>,
}

impl key_store::Bench for Keys {
    type Keys<'k> = HostKeys<SharedStorage<MemoryStore>>;

    async fn open(&mut self) -> Self::Keys<'_> {
        HostKeys::load(self.storage.clone()).await.unwrap()
    }

    fn samples(&self) -> &[key_store::Sample<'_>] {
        &self.samples
    }
}

/// A certificate and its key; they live until the process ends.
fn credentials() -> [&'static [u8]; 2] {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::default().self_signed(&key).unwrap();
    [certificate.pem(), key.serialize_pem()].map(|pem| &*pem.into_bytes().leak())
}

#[tokio::test]
async fn keys() {
    let ([certificate, key], [other_certificate, other_key]) = (credentials(), credentials());
    let sample = |kind, first, second| key_store::Sample {
        kind,
        first,
        second,
    };
    let mut samples = key_store::SAMPLES.to_vec();
    samples.extend([
        sample(CredentialKind::CaChain, certificate, other_certificate),
        sample(
            CredentialKind::ClientCertificate,
            certificate,
            other_certificate,
        ),
        sample(CredentialKind::PrivateKey, key, other_key),
    ]);
    let mut keys = Keys {
        storage: SharedStorage::new(MemoryStore::new()),
        samples,
    };
    key_store::all(&mut keys).await.unwrap();
}

/// Five pages of 1,024 bytes.
type RecordFlash = Flash<5, 256>;

struct Records(RecordFlash);

impl storage::Bench for Records {
    type Storage<'s> = RecordStore<&'s mut RecordFlash>;

    fn clear(&mut self) {
        self.0 = Flash::new(1);
    }

    async fn open(&mut self) -> Self::Storage<'_> {
        self.0.power_on();
        RecordStore::open(&mut self.0).await.unwrap()
    }

    fn cut(&mut self, operation: u32) -> bool {
        self.0.cut_at(self.0.operations() + operation, 500);
        true
    }
}

#[tokio::test]
async fn records() {
    storage::all(&mut Records(Flash::new(1))).await.unwrap();
}

/// A slot in a file, of a length that is no multiple of a page. The file itself knows no power cuts; the slot over flash that
/// does is checked where it is made.
struct Slot(PathBuf);

const LIMIT: u32 = 10_001;

impl firmware::Bench for Slot {
    type Firmware<'f> = FileFirmware;

    fn clear(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
        fs::create_dir_all(&self.0).unwrap();
    }

    async fn open(&mut self) -> FileFirmware {
        FileFirmware::open(&self.0.join("slot"), LIMIT)
            .await
            .unwrap()
    }

    fn cut(&mut self, _operation: u32) -> bool {
        false
    }

    fn limit(&self) -> u32 {
        LIMIT
    }
}

#[tokio::test]
async fn firmware_in_a_file() {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("conformance-firmware");
    firmware::all(&mut Slot(path.clone())).await.unwrap();
    fs::remove_dir_all(path).unwrap();
}

#[tokio::test]
async fn sessions_over_sockets() {
    let peer = HostPeer::new().unwrap();
    let keys = HostKeys::load(MemoryStore::new()).await.unwrap();
    let mut host = HostSessions::new(keys.ring(), DtlsConfig::default());
    let places = Places::new("127.0.0.1", peer.udp())
        .with_streams(peer.tcp())
        .with_refused("127.0.0.1", peer.refused());
    let mut clock = HostClock::new();
    sessions::all(&mut host, &mut clock, &places).await.unwrap();
}

#[tokio::test]
async fn link_clock_and_chance() {
    let mut clock = HostClock::new();
    link::all(&mut HostLink::new(), &mut clock).await.unwrap();
    clock::all(&mut clock).await.unwrap();
    random::all(&mut OsRandom::new().unwrap()).unwrap();
    random::boots(|| OsRandom::new().unwrap()).unwrap();
}
