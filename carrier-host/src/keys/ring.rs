//! The credentials in memory.

use core::cell::RefCell;
use core::fmt;
use std::collections::BTreeMap;
use std::rc::Rc;

use lwm2m_carrier::hal::{CredentialKind, SecurityTag};
use zeroize::Zeroizing;

use super::record;
use crate::dtls::PskCredentials;

/// Credentials by tag and kind.
pub(super) type Credentials = BTreeMap<(SecurityTag, u8), Zeroizing<Vec<u8>>>;

/// The credentials of a key store, as sessions look them up by tag. A copy is the same ring.
#[derive(Clone)]
pub struct KeyRing(Rc<RefCell<Credentials>>);

impl KeyRing {
    pub(super) fn new(credentials: Credentials) -> Self {
        Self(Rc::new(RefCell::new(credentials)))
    }

    /// The pre-shared key and the identity under `tag`; `None` unless both are there.
    #[must_use]
    pub fn psk(&self, tag: SecurityTag) -> Option<PskCredentials> {
        let all = self.0.borrow();
        let get = |kind| all.get(&(tag, record::number(kind)));
        let identity = get(CredentialKind::PskIdentity)?;
        PskCredentials::new(identity, get(CredentialKind::Psk)?).ok()
    }

    /// A copy of the credential of this kind under `tag`.
    pub(crate) fn get(&self, tag: SecurityTag, kind: CredentialKind) -> Option<Zeroizing<Vec<u8>>> {
        self.0.borrow().get(&(tag, record::number(kind))).cloned()
    }

    pub(super) fn has(&self, tag: SecurityTag, kind: CredentialKind) -> bool {
        self.0.borrow().contains_key(&(tag, record::number(kind)))
    }

    pub(super) fn holds(&self, tag: SecurityTag, kind: CredentialKind, credential: &[u8]) -> bool {
        let all = self.0.borrow();
        let held = all.get(&(tag, record::number(kind)));
        held.is_some_and(|held| held.as_slice() == credential)
    }

    pub(super) fn all(&self) -> Credentials {
        self.0.borrow().clone()
    }

    pub(super) fn replace(&self, credentials: Credentials) {
        *self.0.borrow_mut() = credentials;
    }
}

impl fmt::Debug for KeyRing {
    /// Shows which credentials there are, and none of them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.borrow().keys()).finish()
    }
}
