//! The modem's key store, in two kinds, with failures and power cuts at any write.

use core::fmt;
use core::ops::RangeInclusive;

use heapless::Vec;
use lwm2m_carrier::errno;
use lwm2m_carrier::hal::{
    CredentialKind, KeyStore, KeyStoreError, KeyStoreErrorKind, LinkState, SecurityTag,
};

use crate::recorder::{Actor, Entry};
use crate::world::World;

/// Credentials that the key store holds.
pub const MAX_CREDENTIALS: usize = 24;
/// Bytes of the longest credential.
pub const MAX_CREDENTIAL_SIZE: usize = 256;
/// Bytes of the longest pre-shared key, unless [`ModemKeys::set_psk_limit`] says otherwise.
pub const DEFAULT_PSK_LIMIT: usize = 64;

/// When a key store can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum KeyStoreMode {
    /// Always.
    Online,
    /// Only while the link is down, as with most modems.
    #[default]
    OfflineOnly,
}

/// What a power cut in a key write leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyCut {
    /// The old credential.
    Before,
    /// None.
    Torn,
    /// The new credential; the writer never heard of it.
    After,
}

#[derive(Clone)]
struct Credential {
    tag: SecurityTag,
    kind: CredentialKind,
    bytes: Vec<u8, MAX_CREDENTIAL_SIZE>,
}

/// The credentials themselves; they survive a reboot.
pub(crate) struct KeyTable {
    mode: KeyStoreMode,
    credentials: Vec<Credential, MAX_CREDENTIALS>,
    psk_limit: usize,
    tags: RangeInclusive<u32>,
    writes: u32,
    failure: Option<(u32, KeyStoreError)>,
    cut: Option<(u32, KeyCut)>,
}

impl Default for KeyTable {
    fn default() -> Self {
        Self {
            mode: KeyStoreMode::default(),
            credentials: Vec::new(),
            psk_limit: DEFAULT_PSK_LIMIT,
            tags: 0..=u32::MAX,
            writes: 0,
            failure: None,
            cut: None,
        }
    }
}

impl KeyTable {
    fn find(&self, tag: SecurityTag, kind: CredentialKind) -> Option<&Credential> {
        self.credentials
            .iter()
            .find(|c| c.tag == tag && c.kind == kind)
    }

    fn remove(&mut self, tag: SecurityTag, kind: CredentialKind) {
        self.credentials.retain(|c| c.tag != tag || c.kind != kind);
    }

    /// The credential under this tag.
    pub(crate) fn bytes(&self, tag: SecurityTag, kind: CredentialKind) -> Option<&[u8]> {
        self.find(tag, kind).map(|c| c.bytes.as_slice())
    }

    fn check(
        &self,
        tag: SecurityTag,
        kind: CredentialKind,
        credential: &[u8],
    ) -> Result<(), KeyStoreError> {
        if !self.tags.contains(&tag.0) {
            return Err(KeyStoreError::new(
                KeyStoreErrorKind::Invalid,
                errno::EACCES,
            ));
        }
        let limit = match kind {
            CredentialKind::Psk => self.psk_limit,
            _ => MAX_CREDENTIAL_SIZE,
        };
        if credential.is_empty() || credential.len() > limit {
            return Err(KeyStoreError::new(
                KeyStoreErrorKind::Invalid,
                errno::EINVAL,
            ));
        }
        Ok(())
    }

    fn store(
        &mut self,
        tag: SecurityTag,
        kind: CredentialKind,
        credential: &[u8],
    ) -> Result<(), KeyStoreError> {
        let full = KeyStoreError::new(KeyStoreErrorKind::Full, errno::ENOMEM);
        self.check(tag, kind, credential)?;
        let mut bytes = Vec::new();
        bytes.extend_from_slice(credential).map_err(|_| full)?;
        if self.find(tag, kind).is_none() && self.credentials.is_full() {
            return Err(full);
        }
        self.remove(tag, kind);
        self.credentials
            .push(Credential { tag, kind, bytes })
            .map_err(|_| full)
    }
}

impl fmt::Debug for KeyTable {
    /// Shows where credentials lie, not what they are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = self.credentials.iter().map(|c| (c.tag, c.kind));
        f.debug_list().entries(places).finish()
    }
}

/// The key store as a [`KeyStore`], and the script of what befalls it.
#[derive(Debug, Clone, Copy)]
pub struct ModemKeys<'a, 'w> {
    world: &'a World<'w>,
}

impl<'a, 'w> ModemKeys<'a, 'w> {
    pub(crate) const fn new(world: &'a World<'w>) -> Self {
        Self { world }
    }

    /// Sets when the key store can be written.
    pub fn set_mode(&self, mode: KeyStoreMode) {
        self.world.keys.borrow_mut().mode = mode;
    }

    /// Refuses pre-shared keys longer than this many bytes.
    pub fn set_psk_limit(&self, bytes: usize) {
        self.world.keys.borrow_mut().psk_limit = bytes;
    }

    /// Refuses to write under other tags than these, as a modem does for those that are not the application's.
    pub fn set_tags(&self, tags: RangeInclusive<SecurityTag>) {
        self.world.keys.borrow_mut().tags = tags.start().0..=tags.end().0;
    }

    /// Writes begun since the world was made; refused ones count too.
    #[must_use]
    pub fn writes(&self) -> u32 {
        self.world.keys.borrow().writes
    }

    /// Makes write `number` (counted from 0 since the world was made) fail with `error`; nothing is stored then.
    pub fn fail_write(&self, number: u32, error: KeyStoreError) {
        self.world.keys.borrow_mut().failure = Some((number, error));
    }

    /// Cuts the power in write `number`, counted as in [`fail_write`](Self::fail_write).
    pub fn cut_power_at_write(&self, number: u32, cut: KeyCut) {
        self.world.keys.borrow_mut().cut = Some((number, cut));
    }

    /// Whether exactly these bytes lie under the tag.
    #[must_use]
    pub fn holds(&self, tag: SecurityTag, kind: CredentialKind, credential: &[u8]) -> bool {
        self.world.keys.borrow().bytes(tag, kind) == Some(credential)
    }

    /// Credentials that are stored.
    #[must_use]
    pub fn count(&self) -> usize {
        self.world.keys.borrow().credentials.len()
    }

    /// Stores a credential as a factory does: whatever the link's state, not counted and not recorded.
    ///
    /// # Errors
    /// As [`KeyStore::write`], without [`KeyStoreErrorKind::Online`].
    pub fn provision(
        &self,
        tag: SecurityTag,
        kind: CredentialKind,
        credential: &[u8],
    ) -> Result<(), KeyStoreError> {
        self.world.keys.borrow_mut().store(tag, kind, credential)
    }

    /// Refuses while the link is up, if the key store is of that kind.
    fn check_mode(&self) -> Result<(), KeyStoreError> {
        let online = self.world.link.borrow().state() == LinkState::Up;
        if online && self.requires_offline() {
            return Err(KeyStoreError::new(KeyStoreErrorKind::Online, errno::EACCES));
        }
        Ok(())
    }

    fn try_write(
        &self,
        tag: SecurityTag,
        kind: CredentialKind,
        credential: &[u8],
    ) -> Result<(), KeyStoreError> {
        self.check_mode()?;
        let mut keys = self.world.keys.borrow_mut();
        let number = keys.writes;
        keys.writes = number.wrapping_add(1);
        if let Some((_, error)) = keys.failure.take_if(|(at, _)| *at == number) {
            return Err(error);
        }
        match keys.cut.take_if(|(at, _)| *at == number) {
            Some((_, KeyCut::Before)) => self.world.power_off(),
            Some((_, KeyCut::Torn)) => {
                keys.remove(tag, kind);
                self.world.power_off();
            }
            Some((_, KeyCut::After)) => {
                keys.store(tag, kind, credential)?;
                self.world.power_off();
            }
            None => keys.store(tag, kind, credential)?,
        }
        Ok(())
    }
}

impl KeyStore for ModemKeys<'_, '_> {
    async fn write(
        &mut self,
        tag: SecurityTag,
        kind: CredentialKind,
        credential: &[u8],
    ) -> Result<(), KeyStoreError> {
        self.world.powered().await;
        let result = self.try_write(tag, kind, credential);
        self.world.record(Entry::KeyWrite {
            actor: self.actor(),
            tag,
            kind,
            result,
        });
        self.world.powered().await;
        result
    }

    async fn delete(
        &mut self,
        tag: SecurityTag,
        kind: CredentialKind,
    ) -> Result<(), KeyStoreError> {
        self.world.powered().await;
        let result = self.check_mode();
        if result.is_ok() {
            self.world.keys.borrow_mut().remove(tag, kind);
        }
        self.world.record(Entry::KeyDelete {
            actor: self.actor(),
            tag,
            kind,
            result,
        });
        result
    }

    async fn exists(
        &mut self,
        tag: SecurityTag,
        kind: CredentialKind,
    ) -> Result<bool, KeyStoreError> {
        self.world.powered().await;
        Ok(self.world.keys.borrow().find(tag, kind).is_some())
    }

    fn requires_offline(&self) -> bool {
        self.world.keys.borrow().mode == KeyStoreMode::OfflineOnly
    }

    fn check(
        &self,
        tag: SecurityTag,
        kind: CredentialKind,
        credential: &[u8],
    ) -> Result<(), KeyStoreError> {
        self.world.keys.borrow().check(tag, kind, credential)
    }
}

impl ModemKeys<'_, '_> {
    fn actor(&self) -> Actor {
        if self.world.is_application_acting() {
            Actor::Application
        } else {
            Actor::Library
        }
    }
}
