//! What the carrier asks of its driver, and what the driver answers.

use lwm2m_core::{
    client::{Expect, SessionId},
    time::Instant,
};

use crate::{
    endpoint::{EndpointError, EndpointFormat},
    event::Event,
    hal::{
        CredentialKind, KeyStoreError, LinkError, OpenRequest, Opened, RecordId, SecurityTag,
        SessionError, StorageError,
    },
    response::Response,
};

/// What the driver is to do. Each but [`Wait`](Self::Wait) is answered by [`Carrier::complete`](super::Carrier::complete),
/// and asked for again until it is.
#[derive(Debug)]
#[non_exhaustive]
pub enum Action<'b> {
    /// Hand the event to the application: [`Completion::Response`].
    Event(Event),
    /// Bring the link up.
    LinkUp,
    /// Take the link down.
    LinkDown,
    /// Ask the key store whether it could take a credential.
    CheckKey {
        /// Where to.
        tag: SecurityTag,
        /// What it is.
        kind: CredentialKind,
        /// The credential.
        credential: Secret<'b>,
    },
    /// Write a credential to the key store.
    WriteKey {
        /// Where to.
        tag: SecurityTag,
        /// What it is.
        kind: CredentialKind,
        /// The credential.
        credential: Secret<'b>,
    },
    /// Look whether a credential is in the key store: [`Completion::Found`].
    FindKey {
        /// Where.
        tag: SecurityTag,
        /// What it is.
        kind: CredentialKind,
    },
    /// Ask the modem for what the endpoint client name is made of, and write the name: [`Completion::Identified`].
    Identify {
        /// What it is made of.
        format: EndpointFormat,
        /// Where to, from its start on.
        buffer: &'b mut [u8],
    },
    /// Delete a credential from the key store.
    DeleteKey {
        /// Where from.
        tag: SecurityTag,
        /// What it is.
        kind: CredentialKind,
    },
    /// Open a session: [`Completion::Opened`].
    Open {
        /// Which one.
        session: SessionId,
        /// Where to, and how.
        request: OpenRequest<'b>,
    },
    /// Send a datagram.
    Send {
        /// Over which session.
        session: SessionId,
        /// The datagram.
        datagram: &'b [u8],
        /// What is expected to come back.
        expect: Expect,
    },
    /// Hold a session back, or no longer: [`Sessions::hold`](crate::hal::Sessions::hold).
    Hold {
        /// Which one.
        session: SessionId,
        /// Whether it is held back.
        held: bool,
    },
    /// Close a session.
    Close {
        /// Which one.
        session: SessionId,
    },
    /// Load a record: [`Completion::Loaded`].
    Load {
        /// Which one.
        id: RecordId,
        /// Where to, from its start on.
        buffer: &'b mut [u8],
    },
    /// Store a record.
    Store {
        /// Which one.
        id: RecordId,
        /// Its content, which may hold keys.
        record: Secret<'b>,
    },
    /// Delete a record.
    Delete {
        /// Which one.
        id: RecordId,
    },
    /// Restart the device.
    Reboot,
    /// Nothing, until something is handed in or this time has come; [`Instant::FAR_FUTURE`] when there is no deadline.
    Wait {
        /// When to poll again.
        until: Instant,
        /// Where a datagram goes that comes meanwhile.
        buffer: &'b mut [u8],
    },
}

/// Bytes that `Debug` does not show.
#[derive(Clone, Copy, Eq, PartialEq)]
#[allow(clippy::exhaustive_structs, reason = "bytes, and nothing else")]
pub struct Secret<'b>(pub &'b [u8]);

impl core::fmt::Debug for Secret<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Secret")
    }
}

/// How an action went.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Completion {
    /// It is done.
    Done,
    /// The application has answered the event.
    Response(Response),
    /// The session is open, or will be.
    Opened(Opened),
    /// The record has this length; there is none.
    Loaded(Option<usize>),
    /// Whether the credential is there.
    Found(bool),
    /// The name has this length; or why there is none.
    Identified(Result<usize, EndpointError>),
    /// The link has failed.
    LinkFailed(LinkError),
    /// The key store has failed.
    KeyStoreFailed(KeyStoreError),
    /// The session has failed.
    SessionFailed(SessionError),
    /// The storage has failed.
    StorageFailed(StorageError),
}

/// An action that waits for its completion, without what it borrows.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pending {
    Event(Event),
    LinkUp,
    LinkDown,
    CheckKey(SecurityTag, Credential),
    WriteKey(SecurityTag, Credential),
    FindKey(SecurityTag, CredentialKind),
    Identify,
    DeleteKey(SecurityTag, CredentialKind),
    Open(SessionId, u16),
    #[cfg(feature = "fota")]
    OpenFirmware(SessionId),
    #[cfg(feature = "fota")]
    Hold(SessionId, bool),
    Send(SessionId, usize, Expect),
    Close(SessionId),
    Load(RecordId),
    Store(RecordId, usize),
    /// The record that begins behind so many bytes of the buffer, where an answer lies, and has such a length.
    #[cfg(feature = "fota")]
    StoreBehind(RecordId, usize, usize),
    Delete(RecordId),
    Reboot,
}

/// Where a credential is to be read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Credential {
    /// The profile's.
    Profile(CredentialKind),
    /// That of a Security instance.
    Account(u16, CredentialKind),
}

impl Credential {
    pub(super) const fn kind(self) -> CredentialKind {
        match self {
            Self::Profile(kind) | Self::Account(_, kind) => kind,
        }
    }
}
