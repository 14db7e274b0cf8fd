//! What a TLS session takes from the key ring.

use std::sync::Arc;

use lwm2m_carrier::errno;
use lwm2m_carrier::hal::{CaTags, CredentialKind, SecurityTag, SessionError, SessionErrorKind};
use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls::crypto::ring;

use super::credentials::{certificates, private_key, roots};
use crate::keys::KeyRing;

/// Whom a session trusts, and as whom it shows itself.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Trust {
    /// The CA certificates under these tags, where there are any; the device shows none.
    CaTags(CaTags),
    /// Those under this tag; the device shows the certificate there, if there is one.
    Tag(SecurityTag),
}

/// There is no such credential under the tag.
const MISSING: SessionError = SessionError::new(SessionErrorKind::Handshake, errno::ENOENT);

/// The credential cannot be used.
const UNUSABLE: SessionError = SessionError::new(SessionErrorKind::Handshake, errno::EINVAL);

/// The configuration of a session with these credentials.
///
/// Nothing is remembered between sessions: each shows its certificate again, to those who are trusted then.
///
/// # Errors
/// [`SessionErrorKind::Handshake`] with `ENOENT` when no CA certificate lies under the tags, or only one of certificate
/// and private key; with `EINVAL` when one of them cannot be used.
pub(crate) fn client_config(
    keys: &KeyRing,
    trust: Trust,
) -> Result<Arc<ClientConfig>, SessionError> {
    let tags: Vec<_> = match trust {
        Trust::CaTags(tags) => tags.iter().collect(),
        Trust::Tag(tag) => vec![tag],
    };
    let mut trusted = Vec::new();
    for tag in tags {
        if let Some(chain) = keys.get(tag, CredentialKind::CaChain) {
            trusted.extend(certificates(&chain).ok_or(UNUSABLE)?);
        }
    }
    if trusted.is_empty() {
        return Err(MISSING);
    }
    let roots = roots(trusted).ok_or(UNUSABLE)?;
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|_| UNUSABLE)?
        .with_root_certificates(roots);
    let own = match trust {
        Trust::Tag(tag) => (
            keys.get(tag, CredentialKind::ClientCertificate),
            keys.get(tag, CredentialKind::PrivateKey),
        ),
        Trust::CaTags(_) => (None, None),
    };
    let mut config = match own {
        (None, None) => builder.with_no_client_auth(),
        (Some(certificate), Some(key)) => {
            let chain = certificates(&certificate).ok_or(UNUSABLE)?;
            let key = private_key(&key).ok_or(UNUSABLE)?;
            let config = builder.with_client_auth_cert(chain, key);
            config.map_err(|_| UNUSABLE)?
        }
        _ => return Err(MISSING),
    };
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}
