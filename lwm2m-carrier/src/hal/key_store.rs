//! Where credentials live.

use core::fmt;

/// Names a slot of the key store, as modems number them; the credentials of one session share a tag.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[allow(
    clippy::exhaustive_structs,
    reason = "a plain number, chosen by the profile or the application"
)]
pub struct SecurityTag(pub u32);

/// Tags that a secure session may check its peer's certificate against, at most seven (as modems have it).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct CaTags {
    tags: [u32; Self::MAX],
    count: u8,
}

impl CaTags {
    /// Largest number of tags.
    pub const MAX: usize = 7;

    /// These tags; `None` when there are more than [`MAX`](Self::MAX).
    #[must_use]
    pub fn new(tags: &[SecurityTag]) -> Option<Self> {
        let mut all = Self::default();
        let slots = all.tags.get_mut(..tags.len())?;
        for (slot, tag) in slots.iter_mut().zip(tags) {
            *slot = tag.0;
        }
        all.count = u8::try_from(tags.len()).ok()?;
        Some(all)
    }

    /// The tags.
    pub fn iter(&self) -> impl Iterator<Item = SecurityTag> + '_ {
        let used = self.tags.iter().take(self.count.into());
        used.map(|&tag| SecurityTag(tag))
    }
}

/// What a credential is; at most one of each kind lies under a tag.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum CredentialKind {
    /// Certificates that a peer's certificate is checked against.
    CaChain,
    /// The device's own certificate.
    ClientCertificate,
    /// The private key to it.
    PrivateKey,
    /// A pre-shared key, as bytes.
    Psk,
    /// The identity of the pre-shared key (RFC 4279), as bytes.
    PskIdentity,
}

/// Holds credentials and lends them to sessions by tag; most never give them back.
///
/// A modem's credential storage is one; a port whose security runs in software keeps them in flash or RAM and needs
/// no link cycle to write them.
#[allow(
    async_fn_in_trait,
    reason = "the drivers run on one thread; no Send is promised"
)]
pub trait KeyStore {
    /// Stores `credential`, in place of what was there, so that it survives a power loss.
    ///
    /// The same credential may be written again, for instance after a power loss in the middle, and the one for the
    /// first server is written at every boot: a port whose memory wears out compares first.
    ///
    /// # Errors
    /// [`Online`](KeyStoreErrorKind::Online) while the link is up, where the store [requires](Self::requires_offline) it
    /// down; nothing has changed then.
    ///
    /// For a credential of the profile: `ERROR` with `BOOTSTRAP`, next attempt after the profile's bootstrap back-off.
    /// For a credential from the bootstrap server: the old account comes back, then the same.
    async fn write(
        &mut self,
        tag: SecurityTag,
        kind: CredentialKind,
        credential: &[u8],
    ) -> Result<(), KeyStoreError>;

    /// Removes a credential. One that does not exist is a success.
    ///
    /// # Errors
    /// [`Online`](KeyStoreErrorKind::Online) as for [`write`](Self::write). Ignored: a credential that stays behind under an
    /// unused tag does no harm.
    async fn delete(&mut self, tag: SecurityTag, kind: CredentialKind)
    -> Result<(), KeyStoreError>;

    /// Whether there is such a credential. Asked at the start of the device for the key of a profile with
    /// [`Credentials::Tag`](crate::Credentials::Tag).
    ///
    /// # Errors
    /// Taken as no.
    async fn exists(
        &mut self,
        tag: SecurityTag,
        kind: CredentialKind,
    ) -> Result<bool, KeyStoreError>;

    /// Whether [`write`](Self::write) and [`delete`](Self::delete) work only while the link is down, as with most
    /// modems. The library then takes the link down around them.
    fn requires_offline(&self) -> bool;

    /// Whether `credential` could be stored under `tag`: a tag that may be written, length, encoding, free room. Works with
    /// the link up and changes nothing; asked before a Bootstrap-Finish is answered, so that the bootstrap server hears of
    /// a key that does not fit.
    ///
    /// # Errors
    /// Bootstrap-Finish is answered with 4.06 and everything rolled back.
    fn check(
        &self,
        tag: SecurityTag,
        kind: CredentialKind,
        credential: &[u8],
    ) -> Result<(), KeyStoreError>;
}

/// Why the key store refuses.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum KeyStoreErrorKind {
    /// The link is up.
    Online,
    /// Too long, too short or not in the encoding that is asked for.
    Invalid,
    /// This kind of credential is not supported.
    Unsupported,
    /// No room.
    Full,
    /// The memory or the modem fails.
    Io,
}

/// A failure of the key store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct KeyStoreError {
    /// What failed.
    pub kind: KeyStoreErrorKind,
    /// The port's number for it, passed on to the application.
    pub errno: i32,
}

impl KeyStoreError {
    /// An error of this kind.
    #[must_use]
    pub const fn new(kind: KeyStoreErrorKind, errno: i32) -> Self {
        Self { kind, errno }
    }
}

impl fmt::Display for KeyStoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            KeyStoreErrorKind::Online => "credentials cannot be written while the link is up",
            KeyStoreErrorKind::Invalid => "credential refused",
            KeyStoreErrorKind::Unsupported => "kind of credential not supported",
            KeyStoreErrorKind::Full => "key store full",
            KeyStoreErrorKind::Io => "key store failure",
        })
    }
}

impl core::error::Error for KeyStoreError {}
