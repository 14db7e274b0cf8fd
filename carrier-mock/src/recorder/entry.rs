//! What is worth recording.

use core::net::SocketAddr;

use heapless::String;
use lwm2m_carrier::hal::{
    CredentialKind, FirmwareError, KeyStoreError, LinkError, LinkState, Opened, RecordId, Security,
    SecurityTag, SessionError, SessionId, StorageError, Transport,
};
use lwm2m_carrier::{Error, Event, Response};
use lwm2m_core::time::Instant;
use lwm2m_core::wire::coap::{Code, Kind, Message, Token, option};

/// Bytes of a path that an entry keeps.
pub const MAX_PATH: usize = 32;

/// Who does something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Actor {
    /// The application, while it handles an event.
    Application,
    /// The carrier library.
    Library,
}

/// Which way a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Direction {
    /// From the device to a server, as it is sent; it may be lost on the way.
    FromDevice,
    /// From a server to the device, as it arrives.
    ToDevice,
}

/// A function of the library that the application calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Call {
    /// `init()`.
    Init,
    /// `run()`, which does not return.
    Run,
}

/// How a session is secured, without the tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecurityKind {
    /// Not at all.
    None,
    /// By the credentials under one tag.
    Tag,
    /// By the certificates of the authorities under some tags.
    CaTags,
    /// In a way that this crate does not know yet.
    Other,
}

impl From<Security> for SecurityKind {
    fn from(security: Security) -> Self {
        match security {
            Security::None => Self::None,
            Security::Tag(_) => Self::Tag,
            Security::CaTags(_) => Self::CaTags,
            _ => Self::Other,
        }
    }
}

/// What the library asks of the firmware slot; see [`Firmware`](lwm2m_carrier::hal::Firmware).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FirmwareOperation {
    /// A package begins, or goes on.
    Begin {
        /// The offset that the slot has answered; 0 when it has failed.
        resumed_at: u32,
    },
    /// A part of it is written.
    Write {
        /// Where the part begins.
        offset: u32,
        /// Its bytes.
        len: usize,
    },
    /// The package is complete.
    Finish {
        /// Its bytes.
        size: u32,
    },
    /// The package is given up.
    Discard,
    /// The package is made the one that runs after the restart.
    Apply,
    /// The modem restarts with it.
    RestartModem,
    /// The library asks how it went.
    Outcome,
}

/// The head of a CoAP message.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MessageHead {
    /// Confirmable, acknowledgement, …
    pub kind: Kind,
    /// Method or response code.
    pub code: Code,
    /// Message id.
    pub message_id: u16,
    /// Token, which a response shares with its request.
    pub token: Token,
    /// Value of the Observe option: 0 begins an observation, 1 ends it; the number of a notification.
    pub observe: Option<u32>,
    /// The segments of Uri-Path, or Location-Path, each after a slash; cut after [`MAX_PATH`] bytes.
    pub path: String<MAX_PATH>,
    /// Bytes of the payload.
    pub payload: usize,
    /// Bytes of the whole message.
    pub len: usize,
}

impl MessageHead {
    /// The head of a datagram, if it is a CoAP message.
    #[must_use]
    pub fn parse(datagram: &[u8]) -> Option<Self> {
        let message = Message::parse(datagram).ok()?;
        let mut path = String::new();
        for segment in message.options() {
            if matches!(segment.number, option::URI_PATH | option::LOCATION_PATH) {
                let _ = path.push('/');
                let text = segment.str().unwrap_or("?");
                for letter in text.chars() {
                    let _ = path.push(letter);
                }
            }
        }
        Some(Self {
            kind: message.kind(),
            code: message.code(),
            message_id: message.message_id(),
            token: message.token(),
            observe: message.option(option::OBSERVE).and_then(|o| o.uint().ok()),
            path,
            payload: message.payload().len(),
            len: datagram.len(),
        })
    }
}

/// An entry and its time.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::exhaustive_structs, reason = "spelled out by tests")]
pub struct Recorded {
    /// The world's time.
    pub at: Instant,
    /// What has happened.
    pub entry: Entry,
}

/// Something that has happened. Credentials are named, never shown.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Entry {
    /// The application calls the library.
    Call(Call),
    /// The call has returned.
    Returned(Call, Result<(), Error>),
    /// The library hands an event to the application.
    Event(Event),
    /// The application answers it.
    Response(Response),
    /// The link is up or down.
    Link(LinkState),
    /// The link could not be brought up or taken down.
    LinkRefused(LinkError),
    /// A credential was written to the key store, or not.
    KeyWrite {
        /// Who writes.
        actor: Actor,
        /// Where.
        tag: SecurityTag,
        /// What.
        kind: CredentialKind,
        /// How it ended.
        result: Result<(), KeyStoreError>,
    },
    /// A credential was deleted from the key store, or not.
    KeyDelete {
        /// Who deletes.
        actor: Actor,
        /// Where.
        tag: SecurityTag,
        /// What.
        kind: CredentialKind,
        /// How it ended.
        result: Result<(), KeyStoreError>,
    },
    /// A session was asked for.
    Opened {
        /// The session.
        session: SessionId,
        /// Datagrams or a stream.
        transport: Transport,
        /// How it is to be secured.
        security: SecurityKind,
        /// How it ended, or that it is under way.
        result: Result<Opened, SessionError>,
    },
    /// A stream that was asked for is open now, its handshake done.
    StreamOpened {
        /// The session.
        session: SessionId,
        /// The server.
        server: SocketAddr,
    },
    /// A stream that was asked for is gone.
    StreamClosed {
        /// The session.
        session: SessionId,
        /// The server.
        server: SocketAddr,
        /// Bytes that the library has sent.
        sent: u64,
        /// Bytes that it has received.
        received: u64,
        /// Why; `None`: the library has closed it.
        error: Option<SessionError>,
    },
    /// A message was sent, or has arrived.
    Message {
        /// Which way.
        direction: Direction,
        /// The server.
        server: SocketAddr,
        /// What it is.
        head: MessageHead,
    },
    /// A record was stored, or not.
    Stored {
        /// Which.
        id: RecordId,
        /// Its length in bytes.
        len: usize,
        /// How it ended.
        result: Result<(), StorageError>,
    },
    /// A record was removed, or not.
    Erased {
        /// Which.
        id: RecordId,
        /// How it ended.
        result: Result<(), StorageError>,
    },
    /// The library has asked something of the firmware slot.
    Firmware {
        /// What.
        operation: FirmwareOperation,
        /// How it ended.
        result: Result<(), FirmwareError>,
    },
    /// The power has failed.
    PowerLost,
    /// The library has restarted the device.
    Reset,
    /// The device boots.
    Boot,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A confirmable GET of /3/0 with Observe 0 (RFC 7252, section 3; RFC 7641, section 2).
    #[test]
    fn a_head_says_what_a_message_is() {
        let head = MessageHead::parse(b"\x41\x01\x12\x34\xAA\x60\x513\x010").unwrap();
        assert_eq!((head.kind, head.code), (Kind::Con, Code::GET));
        assert_eq!(
            (head.message_id, head.token.as_bytes()),
            (0x1234, &[0xAA][..])
        );
        assert_eq!((head.observe, head.path.as_str()), (Some(0), "/3/0"));
        assert_eq!((head.payload, head.len), (0, 10));
        assert_eq!(MessageHead::parse(b"\x17\x03"), None);
    }
}
