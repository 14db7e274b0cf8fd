//! The credentials as bytes: a version, then for each its tag (4 bytes), kind (1), length (2) and bytes, all numbers
//! with the most significant byte first. Where the highest bit of the kind is set, the bytes are the ids of the records
//! that the credential lies in.

use lwm2m_carrier::hal::{CredentialKind, SecurityTag};
use zeroize::Zeroizing;

use super::pieces::Pieces;
use super::ring::Credentials;

/// Changes with the layout.
const VERSION: u8 = 1;

/// Set in the kind of a credential that lies in pieces.
const IN_PIECES: u8 = 0x80;

/// The number of a kind in the record.
pub(super) const fn number(kind: CredentialKind) -> u8 {
    match kind {
        CredentialKind::CaChain => 0,
        CredentialKind::ClientCertificate => 1,
        CredentialKind::PrivateKey => 2,
        CredentialKind::Psk => 3,
        CredentialKind::PskIdentity => 4,
        _ => u8::MAX,
    }
}

/// `pieces` says where those lie that are not in the record itself.
pub(super) fn encode(credentials: &Credentials, pieces: &Pieces) -> Zeroizing<Vec<u8>> {
    let entries = || {
        credentials
            .iter()
            .map(|((tag, kind), bytes)| match pieces.get(&(*tag, *kind)) {
                Some(ids) => (tag, kind | IN_PIECES, ids.as_slice()),
                None => (tag, *kind, bytes.as_slice()),
            })
    };
    let len = entries()
        .map(|(_, _, bytes)| 7 + bytes.len())
        .sum::<usize>();
    // With all the room at once, no copy of a key stays behind in a smaller buffer.
    let mut record = Zeroizing::new(Vec::with_capacity(1 + len));
    record.push(VERSION);
    for (tag, kind, bytes) in entries() {
        record.extend(tag.0.to_be_bytes());
        record.push(kind);
        record.extend((bytes.len() as u16).to_be_bytes());
        record.extend_from_slice(bytes);
    }
    record
}

/// The credentials in the record, and where the others lie; `None` when it is not such a record.
pub(super) fn decode(record: &[u8]) -> Option<(Credentials, Pieces)> {
    let (&VERSION, mut rest) = record.split_first()? else {
        return None;
    };
    let mut credentials = Credentials::new();
    let mut pieces = Pieces::new();
    while !rest.is_empty() {
        let (tag, tail) = rest.split_first_chunk()?;
        let (kind, tail) = tail.split_first()?;
        let (len, tail) = tail.split_first_chunk()?;
        let (bytes, tail) = tail.split_at_checked(usize::from(u16::from_be_bytes(*len)))?;
        let key = (SecurityTag(u32::from_be_bytes(*tag)), *kind & !IN_PIECES);
        if *kind & IN_PIECES == 0 {
            credentials.insert(key, Zeroizing::new(bytes.to_vec()));
        } else {
            pieces.insert(key, bytes.to_vec());
        }
        rest = tail;
    }
    Some((credentials, pieces))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_laid_out_as_documented() {
        let mut credentials = Credentials::new();
        credentials.insert((SecurityTag(0x0102), 4), Zeroizing::new(b"id".to_vec()));
        credentials.insert((SecurityTag(0x0102), 3), Zeroizing::new(vec![0xFF]));
        let record = encode(&credentials, &Pieces::new());
        assert_eq!(
            record.as_slice(),
            b"\x01\x00\x00\x01\x02\x03\x00\x01\xff\x00\x00\x01\x02\x04\x00\x02id"
        );
        assert_eq!(decode(&record), Some((credentials, Pieces::new())));
        assert_eq!(decode(&[VERSION]), Some(Default::default()));
    }

    #[test]
    fn what_lies_in_pieces_is_named() {
        let key = (SecurityTag(7), 0);
        let credentials = Credentials::from([(key, Zeroizing::new(b"long".to_vec()))]);
        let pieces = Pieces::from([(key, vec![17, 18])]);
        let record = encode(&credentials, &pieces);
        assert_eq!(
            record.as_slice(),
            b"\x01\x00\x00\x00\x07\x80\x00\x02\x11\x12"
        );
        assert_eq!(decode(&record), Some((Credentials::new(), pieces)));
    }

    #[test]
    fn what_is_no_record_is_refused() {
        for bytes in [
            &b""[..],
            b"\x02",
            b"\x01\x00\x00\x00\x01\x03\x00",
            b"\x01\x00\x00\x00\x01\x03\x00\x02x",
        ] {
            assert_eq!(decode(bytes), None);
        }
    }
}
