//! Checks of [`Storage`].

use lwm2m_carrier::hal::{RecordId, Storage, StorageErrorKind};

use super::breach::{Breach, Rule};

const STORE: Rule = Rule::new("storage::replace", "what was stored last is loaded, whole");
const IDS: Rule = Rule::new(
    "storage::ids",
    "records of different ids do not touch each other",
);
const DELETE: Rule = Rule::new(
    "storage::delete",
    "a record that was deleted, or never stored, is none, and deleting none is a success",
);
const SHORT: Rule = Rule::new(
    "storage::short_buffers",
    "a record longer than the buffer is TooLong, and stays",
);
const REOPEN: Rule = Rule::new("storage::reopen", "records survive a restart");
const CUTS: Rule = Rule::new(
    "storage::cuts",
    "after a power loss at any point a record is the old one or the new one, whole",
);

/// Bytes of the longest record that the checks store; the library's own are shorter than its message buffer.
pub const LONGEST: usize = 400;

/// Operations of the memory after which the checks give up.
const OPERATIONS: u32 = 100_000;

const A: RecordId = RecordId(1);
const B: RecordId = RecordId(15);

/// The storage and its memory, as a test of the port offers them.
#[allow(
    async_fn_in_trait,
    reason = "the drivers run on one thread; no Send is promised"
)]
pub trait Bench {
    /// The storage.
    type Storage<'s>: Storage
    where
        Self: 's;

    /// Empties the memory.
    fn clear(&mut self);

    /// The storage on the memory as it is, with power, as after a restart.
    async fn open(&mut self) -> Self::Storage<'_>;

    /// Cuts the power in the write or erase with this number, counted from 0 since now: the call of the storage that is
    /// under way fails, and every one after it until [`open`](Self::open). `false`: the memory knows no power cuts.
    fn cut(&mut self, operation: u32) -> bool;
}

/// All checks; the memory is empty or not afterwards.
///
/// # Errors
/// The first breach.
pub async fn all(bench: &mut impl Bench) -> Result<(), Breach> {
    replace(bench).await?;
    ids(bench).await?;
    delete(bench).await?;
    short_buffers(bench).await?;
    reopen(bench).await?;
    cuts(bench).await
}

/// A record of this version: its length and its bytes tell it from all others.
struct Record {
    bytes: [u8; LONGEST],
    len: usize,
}

impl Record {
    fn new(id: RecordId, version: u8) -> Self {
        let len = 1 + (usize::from(version) * 97 + usize::from(id.0)) % (LONGEST - 1);
        let mut bytes = [0; LONGEST];
        for (index, byte) in (0u8..=255).cycle().zip(bytes.iter_mut().take(len)) {
            *byte = index.wrapping_mul(31) ^ version.wrapping_mul(7) ^ id.0;
        }
        Self { bytes, len }
    }

    fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// Which version of a record lies there.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Version {
    None,
    Of(u8),
    Other,
}

async fn store(
    storage: &mut impl Storage,
    id: RecordId,
    version: u8,
    rule: Rule,
) -> Result<(), Breach> {
    let record = Record::new(id, version);
    rule.done("store", storage.store(id, record.bytes()).await)
}

/// Which of the versions up to `last` lies there.
async fn load(
    storage: &mut impl Storage,
    id: RecordId,
    last: u8,
    rule: Rule,
) -> Result<Version, Breach> {
    // What the buffer held before must not be taken for a part of the record.
    let mut buffer = [0xA5; LONGEST];
    let Some(len) = rule.done("load", storage.load(id, &mut buffer).await)? else {
        return Ok(Version::None);
    };
    let found = buffer.get(..len);
    rule.keep(found.is_some(), "a length beyond the buffer")?;
    let is = |version: &u8| Some(Record::new(id, *version).bytes()) == found;
    Ok((0..=last)
        .rev()
        .find(is)
        .map_or(Version::Other, Version::Of))
}

async fn expect(
    storage: &mut impl Storage,
    id: RecordId,
    version: Version,
    rule: Rule,
) -> Result<(), Breach> {
    let found = load(storage, id, 40, rule).await?;
    if found == version {
        return Ok(());
    }
    rule.keep(false, words(found))
}

const fn words(version: Version) -> &'static str {
    match version {
        Version::None => "no record",
        Version::Of(_) => "a record of another time",
        Version::Other => "a record that was never stored",
    }
}

/// Records of many lengths, one in place of the other, more often than a small memory has room for.
///
/// # Errors
/// A breach.
pub async fn replace(bench: &mut impl Bench) -> Result<(), Breach> {
    bench.clear();
    let mut storage = bench.open().await;
    for version in 0..=40 {
        store(&mut storage, A, version, STORE).await?;
        expect(&mut storage, A, Version::Of(version), STORE).await?;
    }
    // The same once more.
    store(&mut storage, A, 40, STORE).await?;
    expect(&mut storage, A, Version::Of(40), STORE).await
}

/// Eight records, stored in one order and replaced and deleted in another.
///
/// # Errors
/// A breach.
pub async fn ids(bench: &mut impl Bench) -> Result<(), Breach> {
    const ALL: [u8; 6] = [1, 2, 3, 4, 9, 15];
    bench.clear();
    let mut storage = bench.open().await;
    for id in ALL {
        store(&mut storage, RecordId(id), id, IDS).await?;
    }
    store(&mut storage, RecordId(3), 33, IDS).await?;
    IDS.done("delete", storage.delete(RecordId(9)).await)?;
    for id in ALL {
        let version = match id {
            3 => Version::Of(33),
            9 => Version::None,
            _ => Version::Of(id),
        };
        expect(&mut storage, RecordId(id), version, IDS).await?;
    }
    Ok(())
}

/// Deleting, twice, what is there and what never was, and storing it again.
///
/// # Errors
/// A breach.
pub async fn delete(bench: &mut impl Bench) -> Result<(), Breach> {
    bench.clear();
    let mut storage = bench.open().await;
    expect(&mut storage, A, Version::None, DELETE).await?;
    DELETE.done("delete", storage.delete(A).await)?;
    for version in [1, 2] {
        store(&mut storage, A, version, DELETE).await?;
        for _ in 0..2 {
            DELETE.done("delete", storage.delete(A).await)?;
            expect(&mut storage, A, Version::None, DELETE).await?;
        }
    }
    store(&mut storage, A, 3, DELETE).await?;
    expect(&mut storage, A, Version::Of(3), DELETE).await
}

/// A buffer one byte too short gets [`StorageErrorKind::TooLong`], one that fits gets the record.
///
/// # Errors
/// A breach.
pub async fn short_buffers(bench: &mut impl Bench) -> Result<(), Breach> {
    bench.clear();
    let mut storage = bench.open().await;
    store(&mut storage, A, 1, SHORT).await?;
    let len = Record::new(A, 1).len;
    let mut buffer = [0; LONGEST];
    for short in [0, 1, len - 1] {
        let buffer = buffer.get_mut(..short).unwrap_or_default();
        let refused = storage.load(A, buffer).await.map_err(|error| error.kind);
        let is_refused = refused == Err(StorageErrorKind::TooLong);
        SHORT.keep(is_refused, "another answer")?;
    }
    let exact = buffer.get_mut(..len).unwrap_or_default();
    let loaded = SHORT.done("load", storage.load(A, exact).await)?;
    SHORT.keep(loaded == Some(len), "no record in a buffer that fits")?;
    expect(&mut storage, A, Version::Of(1), SHORT).await
}

/// Stored, replaced and deleted records are so after a restart.
///
/// # Errors
/// A breach.
pub async fn reopen(bench: &mut impl Bench) -> Result<(), Breach> {
    bench.clear();
    {
        let mut storage = bench.open().await;
        store(&mut storage, A, 1, REOPEN).await?;
        store(&mut storage, A, 2, REOPEN).await?;
        store(&mut storage, B, 3, REOPEN).await?;
        store(&mut storage, RecordId(2), 4, REOPEN).await?;
        REOPEN.done("delete", storage.delete(RecordId(2)).await)?;
    }
    for _ in 0..2 {
        let mut storage = bench.open().await;
        expect(&mut storage, A, Version::Of(2), REOPEN).await?;
        expect(&mut storage, B, Version::Of(3), REOPEN).await?;
        expect(&mut storage, RecordId(2), Version::None, REOPEN).await?;
    }
    Ok(())
}

/// What one record may be after a cut: what was acknowledged last, and what was under way.
#[derive(Clone, Copy)]
struct Known {
    before: Version,
    after: Version,
}

const NOTHING: Known = Known {
    before: Version::None,
    after: Version::None,
};

/// A power cut in each write and erase of a while of storing, replacing and deleting: each record is the old one or
/// the new one, and storing goes on. A memory that knows no cuts passes.
///
/// # Errors
/// A breach.
pub async fn cuts(bench: &mut impl Bench) -> Result<(), Breach> {
    for operation in 0..OPERATIONS {
        let rule = CUTS.cut_at(operation);
        bench.clear();
        let (mut a, mut b) = (NOTHING, NOTHING);
        // Some memories are prepared when they are opened first.
        drop(bench.open().await);
        if !bench.cut(operation) {
            return Ok(());
        }
        let whole = live(&mut bench.open().await, &mut a, &mut b).await;
        if whole {
            bench.clear();
            return Ok(());
        }
        let mut storage = bench.open().await;
        for (id, known) in [(A, a), (B, b)] {
            let found = load(&mut storage, id, 40, rule).await?;
            let kept = found == known.before || found == known.after;
            rule.keep(kept, words(found))?;
        }
        for id in [A, B] {
            store(&mut storage, id, 40, rule).await?;
            expect(&mut storage, id, Version::Of(40), rule).await?;
        }
    }
    CUTS.keep(false, "a hundred thousand operations, and no end")
}

/// Stores for a while; whether it came to its end before the power failed.
async fn live(storage: &mut impl Storage, a: &mut Known, b: &mut Known) -> bool {
    for version in 0..24 {
        for (id, known) in [(A, &mut *a), (B, &mut *b)] {
            let deletes = version % 7 == 6;
            known.after = if deletes {
                Version::None
            } else {
                Version::Of(version)
            };
            let record = Record::new(id, version);
            let done = if deletes {
                storage.delete(id).await
            } else {
                storage.store(id, record.bytes()).await
            };
            if done.is_err() {
                return false;
            }
            known.before = known.after;
        }
    }
    true
}
