//! Certificates and private keys are too long for the record of the credentials: they lie in pieces, in records of
//! their own, which that record names.
//!
//! Pieces are never overwritten while they are named: new ones are written beside the old ones, then the record that
//! names them, and the old ones go last. A power loss leaves either whole, and at most pieces that nobody names.

use std::collections::BTreeMap;

use lwm2m_carrier::hal::{RecordId, SecurityTag, Storage, StorageError};
use zeroize::Zeroizing;

/// The records of the pieces.
const IDS: core::ops::RangeInclusive<u8> = 17..=28;

/// Bytes of a piece; the last one of a credential may be shorter.
const PIECE: usize = 2048;

/// The records of each credential that lies in pieces, in order.
pub(super) type Pieces = BTreeMap<(SecurityTag, u8), Vec<u8>>;

/// Why a credential could not be written.
pub(super) enum WriteError {
    /// There are no records left.
    Full,
    Storage(StorageError),
}

/// Writes `credential` into records that `named` does not name; which ones.
pub(super) async fn write(
    storage: &mut impl Storage,
    named: &Pieces,
    credential: &[u8],
) -> Result<Vec<u8>, WriteError> {
    let mut free = IDS.filter(|id| !named.values().flatten().any(|named| named == id));
    let mut ids = Vec::new();
    for piece in credential.chunks(PIECE) {
        let id = free.next().ok_or(WriteError::Full)?;
        let stored = storage.store(RecordId(id), piece).await;
        stored.map_err(WriteError::Storage)?;
        ids.push(id);
    }
    Ok(ids)
}

/// The credential in these records; `None` when one is missing.
pub(super) async fn read(
    storage: &mut impl Storage,
    ids: &[u8],
) -> Result<Option<Zeroizing<Vec<u8>>>, StorageError> {
    // With all the room at once, no copy of a key stays behind in a smaller buffer.
    let mut credential = Zeroizing::new(Vec::with_capacity(ids.len() * PIECE));
    let mut piece = Zeroizing::new(vec![0; PIECE]);
    for id in ids {
        let Some(len) = storage.load(RecordId(*id), &mut piece).await? else {
            return Ok(None);
        };
        credential.extend_from_slice(piece.get(..len).unwrap_or_default());
    }
    Ok(Some(credential))
}

/// Removes the pieces of `before` that `now` does not name. One that stays behind is overwritten some time.
pub(super) async fn forget(storage: &mut impl Storage, before: &Pieces, now: &Pieces) {
    for id in before.values().flatten() {
        if !now.values().flatten().any(|named| named == id) {
            let _ = storage.delete(RecordId(*id)).await;
        }
    }
}
