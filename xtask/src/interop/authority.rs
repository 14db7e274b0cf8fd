//! A certificate authority of the bench's own.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::failure::Failure;

/// An authority, made anew for each run.
pub(super) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(super) fn new(name: &str) -> Result<Self, Failure> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let issuer = KeyPair::generate()
            .and_then(|key| CertifiedIssuer::self_signed(params, key))
            .map_err(failure)?;
        Ok(Self(issuer))
    }

    /// Its certificate.
    pub(super) fn pem(&self) -> String {
        self.0.pem()
    }

    /// A server's certificate and its key, for a DNS name or an address.
    pub(super) fn issue(
        &self,
        name: &str,
    ) -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>), Failure> {
        let params = CertificateParams::new(vec![name.to_owned()]).map_err(failure)?;
        let key = KeyPair::generate().map_err(failure)?;
        let certificate = params.signed_by(&key, &self.0).map_err(failure)?;
        let key = PrivateKeyDer::try_from(key.serialize_der());
        let key = key.map_err(|error| Failure::new(format!("no private key: {error}")))?;
        Ok((certificate.der().clone(), key))
    }
}

#[allow(
    clippy::needless_pass_by_value,
    reason = "errors are mapped by this function"
)]
fn failure(error: rcgen::Error) -> Failure {
    Failure::new(format!("no certificate: {error}"))
}
