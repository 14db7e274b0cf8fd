//! Whom a TLS session trusts.

use heapless::Vec;
use pki_types::{CertificateDer, TrustAnchor};
use webpki::anchor_from_trusted_cert;

use crate::{
    errno,
    hal::{CaTags, SecurityTag, SessionError, SessionErrorKind},
};

/// Most CA certificates that one session may trust.
const ANCHORS: usize = 8;

/// The CA certificates under security tags.
///
/// In DER: PEM would have to be decoded into memory that lives as long as the session. `openssl x509 -outform DER`
/// makes one of the other. A key store that keeps credentials where the processor can read them lends them from there;
/// certificates that never change are a table in the program:
///
/// ```
/// use lwm2m_carrier::hal::SecurityTag;
/// use lwm2m_carrier::sessions::tls::TrustAnchors;
///
/// # const PRIVATE_CA: &[u8] = &[];
/// let trusted: &[(SecurityTag, &[u8])] = &[(SecurityTag(411), PRIVATE_CA)];
/// assert!(trusted.certificates(SecurityTag(411)).is_some());
/// ```
pub trait TrustAnchors {
    /// The certificates under `tag`, one after the other; at most eight for all tags of a session.
    ///
    /// They are trusted as they are: their dates and extensions are not looked at, other than name constraints.
    fn certificates(&self, tag: SecurityTag) -> Option<&[u8]>;
}

impl TrustAnchors for [(SecurityTag, &[u8])] {
    fn certificates(&self, tag: SecurityTag) -> Option<&[u8]> {
        let mut entries = self.iter();
        entries
            .find(|(known, _)| *known == tag)
            .map(|(_, certificates)| *certificates)
    }
}

impl<T: TrustAnchors + ?Sized> TrustAnchors for &T {
    fn certificates(&self, tag: SecurityTag) -> Option<&[u8]> {
        T::certificates(self, tag)
    }
}

/// The certificates under `tags`.
///
/// # Errors
/// [`SessionErrorKind::Handshake`] with `ENOENT` when there is none, with `EINVAL` when they cannot be taken apart or
/// are too many.
pub(super) fn certificates<'a, A: TrustAnchors + ?Sized>(
    trusted: &'a A,
    tags: &CaTags,
) -> Result<Vec<CertificateDer<'a>, ANCHORS>, SessionError> {
    let mut all = Vec::new();
    for tag in tags.iter() {
        let mut rest = trusted.certificates(tag).unwrap_or_default();
        while !rest.is_empty() {
            let (first, behind) = split_first(rest).ok_or(UNUSABLE)?;
            all.push(CertificateDer::from_slice(first))
                .map_err(|_| UNUSABLE)?;
            rest = behind;
        }
    }
    if all.is_empty() {
        return Err(MISSING);
    }
    Ok(all)
}

/// What is trusted of `certificates`.
///
/// # Errors
/// As [`certificates`].
pub(super) fn anchors<'a>(
    certificates: &'a [CertificateDer<'a>],
) -> Result<Vec<TrustAnchor<'a>, ANCHORS>, SessionError> {
    let mut anchors = Vec::new();
    for certificate in certificates {
        let anchor = anchor_from_trusted_cert(certificate).map_err(|_| UNUSABLE)?;
        anchors.push(anchor).map_err(|_| UNUSABLE)?;
    }
    Ok(anchors)
}

/// There is no certificate under the tags.
const MISSING: SessionError = SessionError::new(SessionErrorKind::Handshake, errno::ENOENT);

/// What lies under the tags cannot be used.
const UNUSABLE: SessionError = SessionError::new(SessionErrorKind::Handshake, errno::EINVAL);

/// Takes the SEQUENCE at the start of `der` (X.690, section 8.1.3) from what is behind it.
fn split_first(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let len = match *der {
        [0x30, 0x81, a, ..] => usize::from(a).checked_add(3)?,
        [0x30, 0x82, a, b, ..] => usize::from(u16::from_be_bytes([a, b])).checked_add(4)?,
        _ => return None,
    };
    der.split_at_checked(len)
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;

    #[test]
    fn certificates_are_taken_apart_by_their_lengths() {
        let short = [&[0x30, 0x81, 0x80][..], &[1; 128]].concat();
        let long = [&[0x30, 0x82, 0x01, 0x00][..], &[2; 256]].concat();
        let both = [short.as_slice(), &long].concat();
        let table: &[(SecurityTag, &[u8])] = &[
            (SecurityTag(1), &both),
            (SecurityTag(2), &both[..9]),
            (SecurityTag(3), b"-----BEGIN CERTIFICATE-----"),
        ];
        let tags = |tags: &[u32]| {
            let tags: std::vec::Vec<_> = tags.iter().copied().map(SecurityTag).collect();
            CaTags::new(&tags).unwrap()
        };
        let found = certificates(table, &tags(&[9, 1])).unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].as_ref(), short);
        assert_eq!(found[1].as_ref(), long);
        assert_eq!(certificates(table, &tags(&[9])), Err(MISSING));
        assert_eq!(certificates(table, &tags(&[])), Err(MISSING));
        assert_eq!(certificates(table, &tags(&[2])), Err(UNUSABLE));
        assert_eq!(certificates(table, &tags(&[3])), Err(UNUSABLE));
        // Ten.
        assert_eq!(certificates(table, &tags(&[1, 1, 1, 1, 1])), Err(UNUSABLE));
        // Neither is a certificate.
        assert_eq!(anchors(&found).unwrap_err(), UNUSABLE);
    }
}
