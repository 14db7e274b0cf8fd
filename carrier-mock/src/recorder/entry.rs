//! What is worth recording.

use core::net::SocketAddr;

use heapless::String;
use lwm2m_carrier::hal::{
    CredentialKind, FirmwareError, KeyStoreError, LinkError, LinkState, Opened, RecordId,
    SecurityTag, SessionError, SessionId, StorageError,
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

/// What the library does with the firmware slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FirmwareOperation {
    /// It makes ready for a package.
    Begin {
        /// Where writing goes on, in bytes.
        resumed_at: u32,
    },
    /// It writes a part.
    Write {
        /// Where, in bytes.
        offset: u32,
        /// Length in bytes.
        len: usize,
    },
    /// The package is complete.
    Finish {
        /// Its length in bytes.
        size: u32,
    },
    /// It gives up the package.
    Discard,
    /// It makes the package take effect with the next restart.
    Apply,
    /// It restarts the modem.
    RestartModem,
    /// It asks how the update has ended.
    Outcome,
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
        /// How it ended, or that it is under way.
        result: Result<Opened, SessionError>,
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
    /// The firmware slot was used.
    Firmware {
        /// What for.
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
