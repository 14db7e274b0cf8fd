//! What a server has seen and been answered, for tests to look at.

use core::fmt;

use heapless::{Deque, String, Vec};
use lwm2m_core::time::Instant;
use lwm2m_core::wire::coap::{Code, Message, option};

use super::request::Request;

/// The longest endpoint name that a server knows, in bytes.
pub const MAX_ENDPOINT: usize = 64;
/// Bytes of a payload that a record keeps.
pub const MAX_BODY: usize = 1024;
/// Records that a server keeps; the oldest make room.
pub const MAX_RECORDS: usize = 16;

/// The name of a device's endpoint.
pub(super) type EndpointName = String<MAX_ENDPOINT>;

/// A payload, block by block.
#[derive(Clone, PartialEq, Eq, Default)]
pub(super) struct Body {
    bytes: Vec<u8, MAX_BODY>,
    cut: bool,
}

impl Body {
    pub(super) fn append(&mut self, part: &[u8]) {
        for byte in part {
            self.cut |= self.bytes.push(*byte).is_err();
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.bytes.len())
    }
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordKind {
    /// The device registered; the body is its object list.
    Registered,
    /// The device updated its registration; the body is its object list, if it sent one.
    Updated,
    /// The device de-registered.
    Deregistered,
    /// The lifetime ended without an Update.
    Expired,
    /// A request of the device was refused with [`Record::code`].
    Refused,
    /// A request of the device was left without an answer, as the server was told.
    Ignored,
    /// The device asked for a bootstrap.
    BootstrapRequested,
    /// The device accepted Bootstrap-Finish.
    BootstrapFinished,
    /// The bootstrap ended before its Finish: a request was refused or not answered.
    BootstrapFailed,
    /// The device answered [`Record::request`].
    Answered,
    /// The device reset [`Record::request`].
    Reset,
    /// The device did not answer [`Record::request`] in time.
    Unanswered,
    /// The device notified of the observation that [`Record::request`] began.
    Notified,
    /// The device sent data of its own accord (Send).
    Sent,
}

/// One entry of a server's record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record<'s> {
    at: Instant,
    kind: RecordKind,
    endpoint: EndpointName,
    request: Option<Request<'s>>,
    code: Code,
    content_format: Option<u16>,
    observe: Option<u32>,
    confirmable: bool,
    body: Body,
}

impl<'s> Record<'s> {
    pub(super) fn new(at: Instant, kind: RecordKind, endpoint: &str) -> Self {
        let mut name = EndpointName::new();
        let _ = name.push_str(endpoint);
        Self {
            at,
            kind,
            endpoint: name,
            request: None,
            code: Code::EMPTY,
            content_format: None,
            observe: None,
            confirmable: false,
            body: Body::default(),
        }
    }

    pub(super) const fn request_was(mut self, request: Request<'s>) -> Self {
        self.request = Some(request);
        self
    }

    pub(super) const fn code_was(mut self, code: Code) -> Self {
        self.code = code;
        self
    }

    /// Takes code, options and payload of a message.
    pub(super) fn message_was(mut self, message: &Message<'_>) -> Self {
        let uint = |number| message.option(number).and_then(|o| o.uint().ok());
        self.code = message.code();
        self.content_format =
            uint(option::CONTENT_FORMAT).and_then(|format| u16::try_from(format).ok());
        self.observe = uint(option::OBSERVE);
        self.confirmable = message.kind() == lwm2m_core::wire::coap::Kind::Con;
        self.body.append(message.payload());
        self
    }

    pub(super) fn body_was(mut self, body: Body) -> Self {
        self.body = body;
        self
    }

    /// When it happened.
    #[must_use]
    pub const fn at(&self) -> Instant {
        self.at
    }

    /// What happened.
    #[must_use]
    pub const fn kind(&self) -> RecordKind {
        self.kind
    }

    /// The device's endpoint name; empty where the request named none.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The server's request that this is about.
    #[must_use]
    pub const fn request(&self) -> Option<&Request<'s>> {
        self.request.as_ref()
    }

    /// The code of the device's answer, or of the server's refusal.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }

    /// The content format of the body.
    #[must_use]
    pub const fn content_format(&self) -> Option<u16> {
        self.content_format
    }

    /// The value of the Observe option: the number of a notification.
    #[must_use]
    pub const fn observe(&self) -> Option<u32> {
        self.observe
    }

    /// Whether the message was confirmable.
    #[must_use]
    pub const fn is_confirmable(&self) -> bool {
        self.confirmable
    }

    /// The payload, all blocks of it.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body.bytes
    }

    /// Whether the payload was longer than [`MAX_BODY`].
    #[must_use]
    pub const fn is_cut(&self) -> bool {
        self.body.cut
    }
}

/// The latest records.
#[derive(Debug, Default)]
pub(super) struct Log<'s> {
    records: Deque<Record<'s>, MAX_RECORDS>,
}

impl<'s> Log<'s> {
    pub(super) fn add(&mut self, record: Record<'s>) {
        if self.records.is_full() {
            self.records.pop_front();
        }
        let _ = self.records.push_back(record);
    }

    pub(super) fn take(&mut self) -> Option<Record<'s>> {
        self.records.pop_front()
    }
}
