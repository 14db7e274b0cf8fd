//! Certificates and private keys, in PEM or DER, as they lie in the key store.

use rustls::RootCertStore;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::ParsedCertificate;

/// The certificates of `credential`, one after the other; `None` when there is none, or something else.
pub(super) fn certificates(credential: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let certificates = if is_der(credential) {
        split(credential)?
    } else {
        let certificates = CertificateDer::pem_slice_iter(credential);
        certificates.collect::<Result<Vec<_>, _>>().ok()?
    };
    (!certificates.is_empty()).then_some(certificates)
}

/// The private key: PKCS #8, PKCS #1 or SEC 1.
pub(super) fn private_key(credential: &[u8]) -> Option<PrivateKeyDer<'static>> {
    if is_der(credential) {
        let key = PrivateKeyDer::try_from(credential).ok()?;
        Some(key.clone_key())
    } else {
        PrivateKeyDer::from_pem_slice(credential).ok()
    }
}

/// `certificates` as the only ones that are trusted; `None` when one of them cannot be.
pub(super) fn roots(
    certificates: impl IntoIterator<Item = CertificateDer<'static>>,
) -> Option<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        roots.add(certificate).ok()?;
    }
    Some(roots)
}

/// Whether `credential` is certificates that can be trusted.
pub(crate) fn is_ca_chain(credential: &[u8]) -> bool {
    certificates(credential).and_then(roots).is_some()
}

/// Whether `credential` is a certificate, with those that lead to its CA behind it.
pub(crate) fn is_certificate_chain(credential: &[u8]) -> bool {
    certificates(credential).is_some_and(|certificates| {
        let mut certificates = certificates.iter();
        certificates.all(|certificate| ParsedCertificate::try_from(certificate).is_ok())
    })
}

/// Whether `credential` is a private key of a kind that can sign here.
pub(crate) fn is_private_key(credential: &[u8]) -> bool {
    private_key(credential).is_some_and(|key| any_supported_type(&key).is_ok())
}

/// Tag of a SEQUENCE, which certificates and keys are (X.690, section 8.9).
const SEQUENCE: u8 = 0x30;

/// Whether this begins as DER does, and as no text does: the tag is the letter 0, but the length that follows is not
/// ASCII in anything that is longer than 127 bytes, as certificates are; nor is the one of a short key printable.
fn is_der(credential: &[u8]) -> bool {
    matches!(credential, [SEQUENCE, length, ..] if *length >= 0x80 || usize::from(*length) == credential.len() - 2)
}

/// Takes DER structures that stand one after the other apart.
fn split(mut bytes: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let mut certificates = Vec::new();
    while !bytes.is_empty() {
        let (certificate, rest) = bytes.split_at_checked(der_len(bytes)?)?;
        certificates.push(CertificateDer::from(certificate.to_vec()));
        bytes = rest;
    }
    Some(certificates)
}

/// Bytes of the SEQUENCE at the start of `bytes`, with tag and length (X.690, section 8.1.3).
fn der_len(bytes: &[u8]) -> Option<usize> {
    let (head, len) = match bytes {
        [SEQUENCE, 0x81, a, ..] => (3, usize::from(*a)),
        [SEQUENCE, 0x82, a, b, ..] => (4, usize::from(u16::from_be_bytes([*a, *b]))),
        _ => return None,
    };
    Some(head + len)
}
