//! Credentials in the modem, by `AT%CMNG`.

mod pem;

use core::fmt;
use core::ops::RangeInclusive;

use lwm2m_carrier::errno;
use lwm2m_carrier::hal::{CredentialKind, KeyStore, KeyStoreError, KeyStoreErrorKind, SecurityTag};
use sha2::{Digest, Sha256};
use zeroize::Zeroize;

use crate::SessionCache;
use crate::at::{At, AtError, Fields, Line, ask, ask_mode, hex_digits, nibble, order};

/// What a list of one credential answers, with notifications around it.
const RESPONSE: usize = 320;

/// Room for everything of a write but the credential: `AT%CMNG=0,2147483647,4,""`.
const AROUND: usize = 25;

/// Above are the modem's own tags.
const LARGEST_TAG: u32 = 2_147_483_647;

/// The credential storage of the modem.
///
/// Writing and deleting work only while the link is down. The modem keeps credentials over its own updates and never
/// gives keys back.
///
/// # Security tags
///
/// | tags | whose |
/// | --- | --- |
/// | 25 to 28 | this library's, unless [`with_tags`](Self::with_tags) says otherwise |
/// | up to 2147483647 | the application's; Nordic's examples use 16842753 |
/// | from 2147483648 | the modem's own, which cannot be written |
///
/// Only the library's are written and deleted, so that no error can cost the application its credentials. The profile's key
/// takes the first tag. New keys are written beside those in use, so a bootstrap server may send keys for one account with
/// the four; two accounts take five tags, and each further one two more. Where there are too few, Bootstrap-Finish is
/// answered with 4.06 and the old accounts stay.
pub struct ModemKeys<'b, A> {
    at: A,
    buffer: &'b mut [u8],
    tags: RangeInclusive<u32>,
    cache: Option<&'b SessionCache>,
}

impl<A> fmt::Debug for ModemKeys<'_, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModemKeys")
            .field("tags", &self.tags)
            .finish_non_exhaustive()
    }
}

const INVALID: KeyStoreError = KeyStoreError::new(KeyStoreErrorKind::Invalid, errno::EINVAL);
const FOREIGN: KeyStoreError = KeyStoreError::new(KeyStoreErrorKind::Invalid, errno::EACCES);
const FAILURE: KeyStoreError = KeyStoreError::new(KeyStoreErrorKind::Io, errno::EIO);
const ONLINE: KeyStoreError = KeyStoreError::new(KeyStoreErrorKind::Online, errno::EPERM);

impl<'b, A: At> ModemKeys<'b, A> {
    /// The storage behind `at`. `buffer` holds a command with its credential, so it is 25 bytes longer than the longest
    /// one (a pre-shared key counts twice); 4 KiB hold any certificate that the modem takes.
    pub const fn new(at: A, buffer: &'b mut [u8]) -> Self {
        Self {
            at,
            buffer,
            tags: 25..=28,
            cache: None,
        }
    }

    /// The same, telling the sessions of each credential that changes.
    #[must_use]
    pub const fn with_session_cache(mut self, cache: &'b SessionCache) -> Self {
        self.cache = Some(cache);
        self
    }

    /// The same with other tags to write to.
    #[must_use]
    pub fn with_tags(mut self, tags: RangeInclusive<SecurityTag>) -> Self {
        self.tags = tags.start().0..=tags.end().0;
        self
    }

    /// Lists what lies under `tag`. `response` holds the list, about 100 bytes for each credential.
    ///
    /// # Errors
    /// [`KeyStoreErrorKind::Io`]
    pub async fn list<'r>(
        &mut self,
        tag: SecurityTag,
        response: &'r mut [u8],
    ) -> Result<CredentialList<'r>, KeyStoreError> {
        let mut buffer = [0; AROUND];
        let mut command = Line::new(&mut buffer, "AT%CMNG=1,");
        command.number(tag.0);
        let command = command.finish().ok_or(INVALID)?;
        let response = match ask(&mut self.at, command, response).await {
            Ok(response) => Some(response),
            Err(AtError::Refused(Some(NOT_FOUND))) => None,
            Err(error) => return Err(failure(error)),
        };
        Ok(CredentialList { response })
    }

    /// The SHA-256 of the credential as the modem has it; `None` without one.
    async fn stored(
        &mut self,
        tag: SecurityTag,
        kind: CredentialKind,
    ) -> Result<Option<Option<[u8; 32]>>, KeyStoreError> {
        let number = type_number(kind).ok_or(UNSUPPORTED)?;
        let mut buffer = [0; AROUND];
        let mut command = Line::new(&mut buffer, "AT%CMNG=1,");
        command.number(tag.0).text(",").number(number);
        let mut response = [0; RESPONSE];
        let command = command.finish().ok_or(INVALID)?;
        let response = match ask(&mut self.at, command, &mut response).await {
            Ok(response) => response,
            Err(AtError::Refused(Some(NOT_FOUND))) => return Ok(None),
            Err(error) => return Err(failure(error)),
        };
        let mut found = response.named("%CMNG").filter_map(Stored::read);
        let found = found.find(|it| it.tag == tag && it.kind == kind);
        Ok(found.map(|it| it.sha256))
    }

    /// Whether the library may write under this tag.
    fn owns(&self, tag: SecurityTag) -> bool {
        self.tags.contains(&tag.0) && tag.0 <= LARGEST_TAG
    }

    async fn change(&mut self, command: Command<'_>) -> Result<(), KeyStoreError> {
        let (opcode, tag, kind) = command.target();
        if !self.owns(tag) {
            return Err(FOREIGN);
        }
        let number = type_number(kind).ok_or(UNSUPPORTED)?;
        if let Some(cache) = self.cache {
            cache.purge();
        }
        let buffer = Wiped(self.buffer);
        let mut line = Line::new(buffer.0, "AT%CMNG=");
        line.number(opcode).text(",").number(tag.0).text(",");
        line.number(number);
        if let Command::Write(_, _, credential) = command {
            line.text(",\"");
            match kind {
                CredentialKind::Psk => line.hex(credential),
                _ => line.bytes(credential),
            };
            line.text("\"");
        }
        let result = match line.finish() {
            Some(line) => Some(order(&mut self.at, line).await),
            None => None,
        };
        drop(buffer);
        match result.ok_or(TOO_LONG)? {
            Ok(()) => Ok(()),
            // The number is told only where the application has asked for it; then the mode tells whether that is why.
            Err(AtError::Refused(None)) if self.is_online().await => Err(ONLINE),
            Err(error) => Err(failure(error)),
        }
    }

    /// Whether the modem is in one of the modes in which it refuses to write: full, receive only, LTE active.
    async fn is_online(&mut self) -> bool {
        matches!(ask_mode(&mut self.at).await, Ok(1 | 2 | 21))
    }
}

/// Memory that is wiped in the end, also where the write to the modem is dropped.
struct Wiped<'b>(&'b mut [u8]);

impl Drop for Wiped<'_> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// A change that the modem makes.
#[derive(Clone, Copy)]
enum Command<'c> {
    Write(SecurityTag, CredentialKind, &'c [u8]),
    Delete(SecurityTag, CredentialKind),
}

impl Command<'_> {
    const fn target(&self) -> (u32, SecurityTag, CredentialKind) {
        match *self {
            Self::Write(tag, kind, _) => (0, tag, kind),
            Self::Delete(tag, kind) => (3, tag, kind),
        }
    }
}

const UNSUPPORTED: KeyStoreError =
    KeyStoreError::new(KeyStoreErrorKind::Unsupported, errno::EOPNOTSUPP);
const TOO_LONG: KeyStoreError = KeyStoreError::new(KeyStoreErrorKind::Invalid, errno::E2BIG);

/// The modem's numbers of refusal.
const NOT_FOUND: u16 = 513;
const NO_ACCESS: u16 = 514;
const MEMORY_FULL: u16 = 515;
const NOT_IN_ACTIVE_STATE: u16 = 518;

const fn failure(error: AtError) -> KeyStoreError {
    match error {
        AtError::Refused(Some(NOT_FOUND)) => {
            KeyStoreError::new(KeyStoreErrorKind::Io, errno::ENOENT)
        }
        AtError::Refused(Some(NO_ACCESS)) => {
            KeyStoreError::new(KeyStoreErrorKind::Io, errno::EACCES)
        }
        AtError::Refused(Some(MEMORY_FULL)) => {
            KeyStoreError::new(KeyStoreErrorKind::Full, errno::ENOSPC)
        }
        AtError::Refused(Some(NOT_IN_ACTIVE_STATE)) => ONLINE,
        AtError::Channel(number) => KeyStoreError::new(KeyStoreErrorKind::Io, number),
        _ => FAILURE,
    }
}

const fn type_number(kind: CredentialKind) -> Option<u32> {
    Some(match kind {
        CredentialKind::CaChain => 0,
        CredentialKind::ClientCertificate => 1,
        CredentialKind::PrivateKey => 2,
        CredentialKind::Psk => 3,
        CredentialKind::PskIdentity => 4,
        _ => return None,
    })
}

const fn kind_of(number: u32) -> Option<CredentialKind> {
    Some(match number {
        0 => CredentialKind::CaChain,
        1 => CredentialKind::ClientCertificate,
        2 => CredentialKind::PrivateKey,
        3 => CredentialKind::Psk,
        4 => CredentialKind::PskIdentity,
        _ => return None,
    })
}

/// What a list has told.
#[derive(Clone, Copy, Debug)]
pub struct CredentialList<'r> {
    response: Option<crate::at::Response<'r>>,
}

/// One credential of a [list](CredentialList).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Stored {
    /// Under which tag.
    pub tag: SecurityTag,
    /// What it is.
    pub kind: CredentialKind,
    /// The modem's SHA-256 of it.
    pub sha256: Option<[u8; 32]>,
}

impl<'r> CredentialList<'r> {
    /// The credentials; kinds that the library does not know are left out.
    pub fn iter(&self) -> impl Iterator<Item = Stored> + use<'r> {
        let response = self.response;
        response
            .into_iter()
            .flat_map(|it| it.named("%CMNG"))
            .filter_map(Stored::read)
    }
}

impl Stored {
    fn read(mut fields: Fields<'_>) -> Option<Self> {
        Some(Self {
            tag: SecurityTag(fields.number()?),
            kind: kind_of(fields.number()?)?,
            sha256: fields.bytes().and_then(digest),
        })
    }
}

fn digest(text: &[u8]) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    if text.len() != 64 {
        return None;
    }
    for (byte, pair) in digest.iter_mut().zip(text.chunks_exact(2)) {
        let &[high, low] = pair else { return None };
        *byte = nibble(high)? << 4 | nibble(low)?;
    }
    Some(digest)
}

/// Whether `sha256` is that of the credential, in either form that the modem may have hashed a key in.
fn is_hash_of(sha256: [u8; 32], kind: CredentialKind, credential: &[u8]) -> bool {
    let as_text = kind == CredentialKind::Psk && hash(credential, true) == sha256;
    as_text || hash(credential, false) == sha256
}

/// The SHA-256 of the credential, or of its hexadecimal text.
// Byte by byte, so that the digest is in the image once.
#[inline(never)]
fn hash(credential: &[u8], as_text: bool) -> [u8; 32] {
    let mut hash = Sha256::new();
    for byte in credential {
        let pair = hex_digits(*byte);
        hash.update(if as_text {
            &pair
        } else {
            core::slice::from_ref(byte)
        });
    }
    hash.finalize().into()
}

impl<A: At> KeyStore for ModemKeys<'_, A> {
    /// The same credential is not written again: the modem lists the SHA-256 of each. A different one is deleted before
    /// it is written, so a power loss in between leaves none.
    async fn write(
        &mut self,
        tag: SecurityTag,
        kind: CredentialKind,
        credential: &[u8],
    ) -> Result<(), KeyStoreError> {
        self.check(tag, kind, credential)?;
        if let Some(sha256) = self.stored(tag, kind).await? {
            if sha256.is_some_and(|it| is_hash_of(it, kind, credential)) {
                return Ok(());
            }
            self.change(Command::Delete(tag, kind)).await?;
        }
        self.change(Command::Write(tag, kind, credential)).await
    }

    async fn delete(
        &mut self,
        tag: SecurityTag,
        kind: CredentialKind,
    ) -> Result<(), KeyStoreError> {
        if self.stored(tag, kind).await?.is_none() {
            return Ok(());
        }
        self.change(Command::Delete(tag, kind)).await
    }

    async fn exists(
        &mut self,
        tag: SecurityTag,
        kind: CredentialKind,
    ) -> Result<bool, KeyStoreError> {
        self.stored(tag, kind).await.map(|it| it.is_some())
    }

    fn requires_offline(&self) -> bool {
        true
    }

    /// The tag must be the library's. Certificates and private keys must be PEM, a pre-shared key must have a byte, and an identity must be printable
    /// ASCII without a quote, for which the modem knows no escape.
    fn check(
        &self,
        tag: SecurityTag,
        kind: CredentialKind,
        credential: &[u8],
    ) -> Result<(), KeyStoreError> {
        type_number(kind).ok_or(UNSUPPORTED)?;
        if !self.owns(tag) {
            return Err(FOREIGN);
        }
        let len = match kind {
            CredentialKind::Psk => credential.len().saturating_mul(2),
            _ => credential.len(),
        };
        if len.saturating_add(AROUND) > self.buffer.len() {
            return Err(TOO_LONG);
        }
        let valid = match kind {
            CredentialKind::CaChain | CredentialKind::ClientCertificate => {
                pem::is_pem(credential, &["CERTIFICATE"])
            }
            CredentialKind::PrivateKey => pem::is_pem(
                credential,
                &["PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY"],
            ),
            CredentialKind::Psk => !credential.is_empty(),
            _ => {
                let printable = |&byte: &u8| matches!(byte, b' '..=b'~') && byte != b'"';
                !credential.is_empty() && credential.iter().all(printable)
            }
        };
        if valid { Ok(()) } else { Err(INVALID) }
    }
}
