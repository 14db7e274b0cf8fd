//! Checks of [`KeyStore`].

use lwm2m_carrier::hal::{CredentialKind, KeyStore, KeyStoreErrorKind, SecurityTag};

use super::breach::{Breach, Rule};

const WRITE: Rule = Rule::new("key_store::write", "a credential that was written exists");
const REPLACE: Rule = Rule::new(
    "key_store::replace",
    "a write puts the new credential in the place of the old one",
);
const DELETE: Rule = Rule::new(
    "key_store::delete",
    "a credential that was deleted is none, and deleting none is a success",
);
const APART: Rule = Rule::new(
    "key_store::apart",
    "credentials of different tags and kinds do not touch each other",
);
const ONLINE: Rule = Rule::new(
    "key_store::online",
    "while the link is up, a store that requires_offline() refuses with Online and changes nothing, any other writes",
);
const CHECK: Rule = Rule::new(
    "key_store::check",
    "check() says what write() would say, and changes nothing",
);
const REOPEN: Rule = Rule::new("key_store::reopen", "credentials survive a restart");

/// Two credentials of a kind that the store takes.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_structs, reason = "made by every port's test")]
pub struct Sample<'a> {
    /// The kind.
    pub kind: CredentialKind,
    /// One credential.
    pub first: &'a [u8],
    /// Another one.
    pub second: &'a [u8],
}

/// A pre-shared key and its identity, which every store should take.
pub const SAMPLES: &[Sample<'static>] = &[
    Sample {
        kind: CredentialKind::PskIdentity,
        first: b"urn:imei:490154203237518",
        second: b"another",
    },
    Sample {
        kind: CredentialKind::Psk,
        first: &[
            0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD,
            0xEE, 0xFF,
        ],
        second: &[0xFF; 16],
    },
];

/// The key store, as a test of the port offers it.
#[allow(
    async_fn_in_trait,
    reason = "the drivers run on one thread; no Send is promised"
)]
pub trait Bench {
    /// The key store.
    type Keys<'k>: KeyStore
    where
        Self: 'k;

    /// The key store as after a restart, with what was written before.
    async fn open(&mut self) -> Self::Keys<'_>;

    /// Brings the link up or takes it down. A store that can be written at any time needs none.
    async fn set_link(&mut self, up: bool) {
        let _ = up;
    }

    /// Two credentials of each kind that the store takes.
    fn samples(&self) -> &[Sample<'_>] {
        SAMPLES
    }

    /// Two tags that the checks may overwrite.
    fn tags(&self) -> [SecurityTag; 2] {
        [SecurityTag(2_000_001), SecurityTag(2_000_002)]
    }

    /// A tag that the store refuses to write under, because it is somebody else's; `None` where it takes any.
    fn foreign_tag(&self) -> Option<SecurityTag> {
        None
    }

    /// Whether exactly this credential lies there, where the test can tell behind the store's back.
    fn holds(&self, tag: SecurityTag, kind: CredentialKind, credential: &[u8]) -> Option<bool> {
        let _ = (tag, kind, credential);
        None
    }
}

/// All checks; nothing lies under the bench's tags afterwards.
///
/// # Errors
/// The first breach.
pub async fn all<B: Bench>(bench: &mut B) -> Result<(), Breach> {
    bench.set_link(false).await;
    for number in 0..bench.samples().len() {
        replace(bench, number).await?;
        online(bench, number).await?;
    }
    check(bench).await?;
    foreign(bench).await?;
    apart(bench).await?;
    clear(bench).await
}

/// The sample with this number, as the bench's own.
macro_rules! sample {
    ($bench:ident, $number:ident, $buffers:ident) => {{
        let Some(sample) = $bench.samples().get($number).copied() else {
            return Ok(());
        };
        (
            sample.kind,
            $buffers.0.copy(sample.first),
            $buffers.1.copy(sample.second),
        )
    }};
}

/// Bytes of the longest sample.
pub const LONGEST: usize = 4096;

/// A copy of a credential, so that the bench is free to open the store.
struct Copy([u8; LONGEST]);

impl Copy {
    fn copy(&mut self, credential: &[u8]) -> &[u8] {
        let to = self.0.get_mut(..credential.len()).unwrap_or_default();
        for (to, from) in to.iter_mut().zip(credential) {
            *to = *from;
        }
        to
    }
}

/// Write, replace, write the same again, restart, delete twice, of the sample with this number. The link must be down.
///
/// # Errors
/// A breach.
pub async fn replace<B: Bench>(bench: &mut B, number: usize) -> Result<(), Breach> {
    let [tag, _] = bench.tags();
    let mut buffers = (Copy([0; LONGEST]), Copy([0; LONGEST]));
    let (kind, first, second) = sample!(bench, number, buffers);
    {
        let mut keys = bench.open().await;
        DELETE.done("delete", keys.delete(tag, kind).await)?;
        absent(&mut keys, tag, kind, DELETE).await?;
        WRITE.done("write", keys.write(tag, kind, first).await)?;
        present(&mut keys, tag, kind, WRITE).await?;
    }
    held(bench, tag, kind, first, WRITE)?;
    for _ in 0..2 {
        let mut keys = bench.open().await;
        present(&mut keys, tag, kind, REOPEN).await?;
        // A second time the same: as after a power loss in the middle.
        REPLACE.done("write", keys.write(tag, kind, second).await)?;
        present(&mut keys, tag, kind, REPLACE).await?;
        drop(keys);
        held(bench, tag, kind, second, REPLACE)?;
    }
    let mut keys = bench.open().await;
    present(&mut keys, tag, kind, REOPEN).await?;
    for _ in 0..2 {
        DELETE.done("delete", keys.delete(tag, kind).await)?;
        absent(&mut keys, tag, kind, DELETE).await?;
    }
    drop(keys);
    absent(&mut bench.open().await, tag, kind, REOPEN).await
}

/// A store that can be written offline alone says so when it is asked while the link is up; one that can be written at any
/// time is. [`KeyStore::check`] and [`KeyStore::exists`] work with the link up. Leaves it down.
///
/// # Errors
/// A breach.
pub async fn online<B: Bench>(bench: &mut B, number: usize) -> Result<(), Breach> {
    let [tag, _] = bench.tags();
    let mut buffers = (Copy([0; LONGEST]), Copy([0; LONGEST]));
    let (kind, first, second) = sample!(bench, number, buffers);
    bench.set_link(false).await;
    let offline = {
        let mut keys = bench.open().await;
        ONLINE.done("write", keys.write(tag, kind, first).await)?;
        keys.requires_offline()
    };
    bench.set_link(true).await;
    {
        let mut keys = bench.open().await;
        CHECK.done("check", keys.check(tag, kind, second))?;
        present(&mut keys, tag, kind, ONLINE).await?;
        let written = keys.write(tag, kind, second).await;
        if offline {
            let kind = written.map_err(|error| error.kind);
            let refused = kind == Err(KeyStoreErrorKind::Online);
            ONLINE.keep(refused, "a write with another answer")?;
        } else {
            ONLINE.done("write", written)?;
        }
        if offline {
            let deleted = keys.delete(tag, kind).await.map_err(|error| error.kind);
            let refused = deleted == Err(KeyStoreErrorKind::Online);
            ONLINE.keep(refused, "a delete with another answer")?;
        }
        present(&mut keys, tag, kind, ONLINE).await?;
    }
    held(
        bench,
        tag,
        kind,
        if offline { first } else { second },
        ONLINE,
    )?;
    bench.set_link(false).await;
    let mut keys = bench.open().await;
    ONLINE.done("delete", keys.delete(tag, kind).await)
}

/// [`KeyStore::check`] answers as [`KeyStore::write`] does, for pre-shared keys and identities of many lengths, none
/// included. A refused write leaves what was there. The link must be down.
///
/// # Errors
/// A breach.
pub async fn check<B: Bench>(bench: &mut B) -> Result<(), Breach> {
    let [tag, _] = bench.tags();
    let bytes = [0x5A; LONGEST];
    for kind in [CredentialKind::Psk, CredentialKind::PskIdentity] {
        for len in [
            0, 1, 16, 32, 63, 64, 65, 128, 256, 257, 512, 513, 1024, LONGEST,
        ] {
            let credential = bytes.get(..len).unwrap_or_default();
            let mut keys = bench.open().await;
            let known = b"known before";
            if keys.check(tag, kind, known).is_err() {
                continue;
            }
            CHECK.done("write", keys.write(tag, kind, known).await)?;
            let checked = keys.check(tag, kind, credential);
            drop(keys);
            held(bench, tag, kind, known, CHECK)?;
            let mut keys = bench.open().await;
            let written = keys.write(tag, kind, credential).await;
            match (checked, written) {
                (Ok(()), Err(error)) => CHECK.keep(
                    error.kind == KeyStoreErrorKind::Full,
                    "a check that passes before a write that is refused",
                )?,
                (Err(_), Ok(())) => {
                    CHECK.keep(false, "a check that refuses before a write that passes")?;
                }
                _ => {}
            }
            present(&mut keys, tag, kind, CHECK).await?;
            drop(keys);
            let now: &[u8] = if written.is_ok() { credential } else { known };
            held(bench, tag, kind, now, CHECK)?;
        }
    }
    Ok(())
}

/// What cannot be written under a [foreign tag](Bench::foreign_tag) is refused by [`KeyStore::check`], too, and is not there
/// afterwards. The link must be down.
///
/// # Errors
/// A breach.
pub async fn foreign<B: Bench>(bench: &mut B) -> Result<(), Breach> {
    let Some(tag) = bench.foreign_tag() else {
        return Ok(());
    };
    for number in 0..bench.samples().len() {
        let mut buffers = (Copy([0; LONGEST]), Copy([0; LONGEST]));
        let (kind, first, _) = sample!(bench, number, buffers);
        let mut keys = bench.open().await;
        let checked = keys.check(tag, kind, first);
        CHECK.keep(checked.is_err(), "a foreign tag passes")?;
        let written = keys.write(tag, kind, first).await;
        CHECK.keep(written.is_err(), "a foreign tag is written")?;
        absent(&mut keys, tag, kind, CHECK).await?;
    }
    Ok(())
}

/// All samples under two tags; one is deleted, and the others stay. The link must be down.
///
/// # Errors
/// A breach.
pub async fn apart<B: Bench>(bench: &mut B) -> Result<(), Breach> {
    clear(bench).await?;
    let [tag, other] = bench.tags();
    for number in 0..bench.samples().len() {
        let mut buffers = (Copy([0; LONGEST]), Copy([0; LONGEST]));
        let (kind, first, second) = sample!(bench, number, buffers);
        let mut keys = bench.open().await;
        APART.done("write", keys.write(tag, kind, first).await)?;
        absent(&mut keys, other, kind, APART).await?;
        APART.done("write", keys.write(other, kind, second).await)?;
        drop(keys);
        held(bench, tag, kind, first, APART)?;
    }
    for number in 0..bench.samples().len() {
        let Some(kind) = bench.samples().get(number).map(|sample| sample.kind) else {
            continue;
        };
        let mut keys = bench.open().await;
        present(&mut keys, tag, kind, APART).await?;
        APART.done("delete", keys.delete(tag, kind).await)?;
        absent(&mut keys, tag, kind, APART).await?;
        present(&mut keys, other, kind, APART).await?;
    }
    Ok(())
}

async fn clear<B: Bench>(bench: &mut B) -> Result<(), Breach> {
    let tags = bench.tags();
    let kinds = [
        CredentialKind::CaChain,
        CredentialKind::ClientCertificate,
        CredentialKind::PrivateKey,
        CredentialKind::Psk,
        CredentialKind::PskIdentity,
    ];
    let mut keys = bench.open().await;
    for (tag, kind) in tags
        .into_iter()
        .flat_map(|tag| kinds.map(|kind| (tag, kind)))
    {
        DELETE.done("delete", keys.delete(tag, kind).await)?;
    }
    Ok(())
}

async fn present(
    keys: &mut impl KeyStore,
    tag: SecurityTag,
    kind: CredentialKind,
    rule: Rule,
) -> Result<(), Breach> {
    let there = rule.done("exists", keys.exists(tag, kind).await)?;
    rule.keep(there, "no credential")
}

async fn absent(
    keys: &mut impl KeyStore,
    tag: SecurityTag,
    kind: CredentialKind,
    rule: Rule,
) -> Result<(), Breach> {
    let there = rule.done("exists", keys.exists(tag, kind).await)?;
    rule.keep(!there, "a credential")
}

fn held<B: Bench>(
    bench: &B,
    tag: SecurityTag,
    kind: CredentialKind,
    credential: &[u8],
    rule: Rule,
) -> Result<(), Breach> {
    let held = bench.holds(tag, kind, credential);
    rule.keep(held != Some(false), "another credential")
}
