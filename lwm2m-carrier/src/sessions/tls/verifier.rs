//! Whether the server is the one that it should be.

use core::time::Duration;

use embedded_tls::{
    CertificateEntryRef, CertificateRef, CertificateVerifyRef, SignatureScheme, TlsCipherSuite,
    TlsError, TlsVerifier,
};
use heapless::Vec;
use p256_013::ecdsa::{Signature, VerifyingKey, signature::Verifier};
use pki_types::{
    AlgorithmIdentifier, CertificateDer, InvalidSignature, ServerName,
    SignatureVerificationAlgorithm, TrustAnchor, UnixTime, alg_id,
};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};

use super::cipher::Suite;
use crate::fmt::info;

/// Most certificates between the server's and the CA's.
const INTERMEDIATES: usize = 4;
/// Bytes of an uncompressed point of P-256.
const POINT: usize = 65;

type Hash = <Suite as TlsCipherSuite>::Hash;

/// Checks the server's certificate as rustls does, by rustls-webpki, and the signature that shows that the key is the
/// server's.
///
/// embedded-tls 0.19 finishes a handshake in which the server shows no certificate at all, or no signature: whether
/// both were checked must be asked [afterwards](Self::is_verified).
pub(super) struct PeerVerifier<'a> {
    pub(super) name: ServerName<'a>,
    pub(super) anchors: &'a [TrustAnchor<'a>],
    pub(super) now: UnixTime,
    pub(super) progress: Progress,
}

/// How far the server has shown who it is.
pub(super) enum Progress {
    Nothing,
    /// The certificate is in order: its key, and the handshake up to it.
    Certificate {
        key: [u8; POINT],
        transcript: Hash,
    },
    /// The server has the key to it.
    Verified,
    Refused,
}

impl PeerVerifier<'_> {
    /// Whether the server is the one that it should be.
    pub(super) const fn is_verified(&self) -> bool {
        matches!(self.progress, Progress::Verified)
    }

    /// The key of the certificate in `entries`, if that is in order.
    fn check(&self, entries: &[CertificateEntryRef<'_>]) -> Option<[u8; POINT]> {
        let mut chain = Vec::<_, { INTERMEDIATES + 1 }>::new();
        for entry in entries {
            let CertificateEntryRef::X509(der) = entry else {
                return None;
            };
            chain.push(CertificateDer::from_slice(der)).ok()?;
        }
        let (first, intermediates) = chain.split_first()?;
        let certificate = EndEntityCert::try_from(first).map_err(refused).ok()?;
        certificate
            .verify_for_usage(
                &[&EcdsaP256Sha256],
                self.anchors,
                intermediates,
                self.now,
                KeyUsage::server_auth(),
                None,
                None,
            )
            .map_err(refused)
            .ok()?;
        certificate
            .verify_is_valid_for_subject_name(&self.name)
            .map_err(refused)
            .ok()?;
        public_key(first)
    }
}

impl TlsVerifier<Suite> for PeerVerifier<'_> {
    fn set_hostname_verification(&mut self, _hostname: &str) -> Result<(), TlsError> {
        Ok(())
    }

    fn verify_certificate(
        &mut self,
        transcript: &Hash,
        certificate: CertificateRef<'_>,
    ) -> Result<(), TlsError> {
        let before = core::mem::replace(&mut self.progress, Progress::Refused);
        let Progress::Nothing = before else {
            return Err(TlsError::InvalidHandshake);
        };
        let key = self
            .check(&certificate.entries)
            .ok_or(TlsError::InvalidCertificate)?;
        self.progress = Progress::Certificate {
            key,
            transcript: transcript.clone(),
        };
        Ok(())
    }

    /// RFC 8446, section 4.4.3.
    fn verify_signature(&mut self, verify: CertificateVerifyRef<'_>) -> Result<(), TlsError> {
        const CONTEXT: &[u8] = b"TLS 1.3, server CertificateVerify\0";
        let before = core::mem::replace(&mut self.progress, Progress::Refused);
        let Progress::Certificate { key, transcript } = before else {
            return Err(TlsError::InvalidHandshake);
        };
        if verify.signature_scheme != SignatureScheme::EcdsaSecp256r1Sha256 {
            return Err(TlsError::InvalidSignatureScheme);
        }
        let mut message = Vec::<u8, 130>::new();
        let parts = [&[b' '; 64][..], CONTEXT, &finish(transcript)];
        for part in parts {
            message
                .extend_from_slice(part)
                .map_err(|_| TlsError::InternalError)?;
        }
        EcdsaP256Sha256
            .verify_signature(&key, &message, verify.signature)
            .map_err(|_| TlsError::InvalidSignature)?;
        self.progress = Progress::Verified;
        Ok(())
    }
}

fn finish(hash: Hash) -> [u8; 32] {
    use p256_013::ecdsa::signature::digest::FixedOutput;

    hash.finalize_fixed().into()
}

/// The date as rustls-webpki has it; `None` before 1970.
pub(super) fn unix_time(now: lwm2m_core::time::UnixTime) -> Option<UnixTime> {
    let secs = u64::try_from(now.as_secs()).ok()?;
    Some(UnixTime::since_unix_epoch(Duration::from_secs(secs)))
}

fn refused(error: webpki::Error) {
    let _ = &error;
    #[cfg(all(feature = "log", not(feature = "defmt")))]
    info!("the server's certificate is refused: {:?}", error);
    #[cfg(not(all(feature = "log", not(feature = "defmt"))))]
    info!("the server's certificate is refused");
}

/// The key of a certificate, if it is one of P-256 (RFC 5480).
fn public_key(certificate: &CertificateDer<'_>) -> Option<[u8; POINT]> {
    /// Algorithm identifier of 19 bytes; BIT STRING of 66, none of whose bits is unused.
    const SEQUENCE: &[u8] = &[0x30, 0x13];
    const BIT_STRING: &[u8] = &[0x03, 0x42, 0x00];
    // There is no other way to the key without a heap; nothing is trusted by it.
    let parts = anchor_from_trusted_cert(certificate).ok()?;
    let key = parts.subject_public_key_info.as_ref();
    let key = key.strip_prefix(SEQUENCE)?;
    let key = key.strip_prefix(alg_id::ECDSA_P256.as_ref())?;
    key.strip_prefix(BIT_STRING)?.try_into().ok()
}

/// ECDSA over P-256 with SHA-256: `ecdsa-with-SHA256` and `ecdsa_secp256r1_sha256`.
#[derive(Debug)]
struct EcdsaP256Sha256;

impl SignatureVerificationAlgorithm for EcdsaP256Sha256 {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        let key = VerifyingKey::from_sec1_bytes(public_key).map_err(|_| InvalidSignature)?;
        let signature = Signature::from_der(signature).map_err(|_| InvalidSignature)?;
        key.verify(message, &signature)
            .map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_P256
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_SHA256
    }
}
