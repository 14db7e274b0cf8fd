//! The credentials as bytes: a version, then for each its tag (4 bytes), kind (1), length (2) and bytes, all numbers
//! with the most significant byte first.

use lwm2m_carrier::hal::{CredentialKind, SecurityTag};
use zeroize::Zeroizing;

use super::ring::Credentials;

/// Changes with the layout.
const VERSION: u8 = 1;

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

pub(super) fn encode(credentials: &Credentials) -> Zeroizing<Vec<u8>> {
    let len = credentials
        .values()
        .map(|bytes| 7 + bytes.len())
        .sum::<usize>();
    // With all the room at once, no copy of a key stays behind in a smaller buffer.
    let mut record = Zeroizing::new(Vec::with_capacity(1 + len));
    record.push(VERSION);
    for ((tag, kind), bytes) in credentials {
        record.extend(tag.0.to_be_bytes());
        record.push(*kind);
        record.extend((bytes.len() as u16).to_be_bytes());
        record.extend_from_slice(bytes);
    }
    record
}

/// `None` when it is not such a record.
pub(super) fn decode(record: &[u8]) -> Option<Credentials> {
    let (&VERSION, mut rest) = record.split_first()? else {
        return None;
    };
    let mut credentials = Credentials::new();
    while !rest.is_empty() {
        let (tag, tail) = rest.split_first_chunk()?;
        let (kind, tail) = tail.split_first()?;
        let (len, tail) = tail.split_first_chunk()?;
        let (bytes, tail) = tail.split_at_checked(usize::from(u16::from_be_bytes(*len)))?;
        let key = (SecurityTag(u32::from_be_bytes(*tag)), *kind);
        credentials.insert(key, Zeroizing::new(bytes.to_vec()));
        rest = tail;
    }
    Some(credentials)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_laid_out_as_documented() {
        let mut credentials = Credentials::new();
        credentials.insert((SecurityTag(0x0102), 4), Zeroizing::new(b"id".to_vec()));
        credentials.insert((SecurityTag(0x0102), 3), Zeroizing::new(vec![0xFF]));
        let record = encode(&credentials);
        assert_eq!(
            record.as_slice(),
            b"\x01\x00\x00\x01\x02\x03\x00\x01\xff\x00\x00\x01\x02\x04\x00\x02id"
        );
        assert_eq!(decode(&record), Some(credentials));
        assert_eq!(decode(&[VERSION]), Some(Credentials::new()));
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
