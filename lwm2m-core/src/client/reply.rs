//! Building messages: answers, notifications, and the blocks of large ones.

use core::num::NonZeroU32;

#[cfg(feature = "bootstrap")]
use super::request::Origin;
use super::request::{Block, is_from_start};
use crate::message::deduplication::Created;
use crate::model::{ContentFormat, Error};
use crate::wire::coap::{Builder, Code, Kind, Message, Token, option};
use crate::wire::writer::{Writer, Written};

/// Bytes that a block needs beside its size, see [`Writer::window`].
#[cfg(feature = "block")]
const WINDOW_SLACK: usize = 8;

/// What stands in front of the payload.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head {
    pub(crate) kind: Kind,
    pub(crate) code: Code,
    pub(crate) message_id: u16,
    pub(crate) token: Token,
    #[cfg(feature = "block")]
    pub(crate) etag: Option<u32>,
    pub(crate) observe: Option<u32>,
    /// Object and instance of a Create.
    pub(crate) created: Created,
    pub(crate) format: Option<ContentFormat>,
    #[cfg(feature = "block")]
    pub(crate) block2: Option<Block>,
    pub(crate) block1: Option<Block>,
    /// Largest request that would be taken.
    pub(crate) size1: Option<NonZeroU32>,
}

impl Head {
    #[inline(never)]
    pub(crate) const fn new(kind: Kind, code: Code, message_id: u16, token: Token) -> Self {
        Self {
            kind,
            code,
            message_id,
            token,
            #[cfg(feature = "block")]
            etag: None,
            observe: None,
            created: None,
            format: None,
            #[cfg(feature = "block")]
            block2: None,
            block1: None,
            size1: None,
        }
    }

    /// The answer to a request: piggybacked on the acknowledgement of a confirmable request, else a message of its own
    /// under `message_id`.
    #[inline(never)]
    pub(crate) fn answer(request: &Message<'_>, code: Code, message_id: u16) -> Self {
        let (kind, id) = match request.kind() {
            Kind::Con => (Kind::Ack, request.message_id()),
            _ => (Kind::Non, message_id),
        };
        Self::new(kind, code, id, request.token())
    }

    /// The same where only that of the request is known.
    #[cfg(feature = "bootstrap")]
    pub(crate) const fn answer_to(origin: &Origin, code: Code, message_id: u16) -> Self {
        match origin.kind {
            Kind::Con => Self::new(Kind::Ack, code, origin.message_id, origin.token),
            _ => Self::new(Kind::Non, code, message_id, origin.token),
        }
    }

    /// Writes header and options, and the payload marker when a payload is to follow, to the front of `buf`; their length,
    /// whether they fit or not.
    fn write(&self, buf: &mut [u8], payload: bool) -> usize {
        let mut writer = Writer::new(buf);
        let mut builder = Builder::new(
            &mut writer,
            self.kind,
            self.code,
            self.message_id,
            self.token,
        );
        #[cfg(feature = "block")]
        if let Some(etag) = self.etag {
            builder.option(option::ETAG, &etag.to_be_bytes());
        }
        if let Some(observe) = self.observe {
            builder.option_uint(option::OBSERVE, observe);
        }
        #[cfg(feature = "create")]
        if let Some((object, instance)) = self.created {
            for id in [object, instance] {
                let mut digits = [0; 5];
                let mut text = Writer::new(&mut digits);
                crate::model::write_id(&mut text, id);
                let len = text.finish().stored;
                builder.option(option::LOCATION_PATH, digits.get(..len).unwrap_or(&[]));
            }
        }
        if let Some(format) = self.format {
            builder.option_uint(option::CONTENT_FORMAT, u32::from(format.number()));
        }
        #[cfg(feature = "block")]
        if let Some(block) = self.block2 {
            builder.option_uint(option::BLOCK2, block.to_uint());
        }
        #[cfg(feature = "block")]
        if let Some(block) = self.block1 {
            builder.option_uint(option::BLOCK1, block.to_uint());
        }
        if let Some(size) = self.size1 {
            builder.option_uint(option::SIZE1, size.get());
        }
        if payload {
            builder.payload();
        }
        writer.len()
    }

    /// The message without a payload, at the front of `buf`; its length.
    #[inline(never)]
    pub(crate) fn alone(&self, buf: &mut [u8]) -> usize {
        let len = self.write(buf, false);
        // Header and options of an answer are below 64 bytes, which the caller has kept free.
        if len <= buf.len() { len } else { 0 }
    }
}

/// What a payload is made from.
pub(crate) trait Payload {
    /// Writes the payload; may be called several times and must write the same.
    ///
    /// # Errors
    /// Those that the message is not built with.
    fn write(&mut self, out: Writer<'_>) -> Result<Written, Error>;
}

/// Builds a message with a payload at the front of `buf`: whole, or the block that `wanted` names (the first by
/// default) when it is larger than a block. Returns the length.
///
/// # Errors
/// What the payload says; [`Error::BadRequest`] for a block behind the end, [`Error::TooLarge`] when not even the
/// smallest block fits.
pub(crate) fn with_payload(
    buf: &mut [u8],
    head: &mut Head,
    wanted: Option<Block>,
    max_szx: u8,
    payload: &mut dyn Payload,
) -> Result<usize, Error> {
    #[cfg(feature = "block")]
    let szx = wanted.map_or(max_szx, |block| block.szx.min(max_szx));
    #[cfg(not(feature = "block"))]
    let szx = max_szx;
    let size = 16usize << szx;
    if is_from_start(wanted) {
        let start = head.write(buf, true);
        if let Some(space) = buf.get_mut(start..) {
            let len = space.len().min(size);
            let written = payload.write(Writer::new(space.get_mut(..len).unwrap_or(&mut [])))?;
            if written.is_whole() {
                // Without a payload there is no marker either.
                let marker = usize::from(written.total == 0);
                return Ok((start + written.total).saturating_sub(marker));
            }
        }
    }
    block(buf, head, wanted, szx, payload)
}

#[cfg(feature = "block")]
fn block(
    buf: &mut [u8],
    head: &mut Head,
    wanted: Option<Block>,
    mut szx: u8,
    payload: &mut dyn Payload,
) -> Result<usize, Error> {
    let written = payload.write(Writer::counting())?;
    let total = written.total;
    let offset = wanted.map_or(0, |block| block.offset());
    if offset >= total {
        return Err(Error::BadRequest);
    }
    head.etag = Some(written.hash);
    loop {
        let size = 16usize << szx;
        let num = u32::try_from(offset >> (szx + 4)).map_err(|_| Error::BadRequest)?;
        let more = total - offset > size;
        head.block2 = Some(Block::new(num, more, szx).ok_or(Error::BadRequest)?);
        let start = head.write(buf, true);
        if let Some(space) = buf.get_mut(start..start + size + WINDOW_SLACK) {
            let stored = payload.write(Writer::window(space, offset))?.stored;
            return Ok(start + stored.min(size));
        }
        szx = szx.checked_sub(1).ok_or(Error::TooLarge)?;
    }
}

#[cfg(not(feature = "block"))]
fn block(
    _buf: &mut [u8],
    _head: &mut Head,
    _wanted: Option<Block>,
    _szx: u8,
    _payload: &mut dyn Payload,
) -> Result<usize, Error> {
    Err(Error::TooLarge)
}

/// The code that tells a server why an object refused.
pub(crate) const fn code_of(error: Error) -> Code {
    match error {
        Error::BadRequest => Code::BAD_REQUEST,
        Error::Unauthorized => Code::UNAUTHORIZED,
        Error::NotFound => Code::NOT_FOUND,
        Error::MethodNotAllowed => Code::METHOD_NOT_ALLOWED,
        Error::NotAcceptable => Code::NOT_ACCEPTABLE,
        Error::Incomplete => Code::REQUEST_ENTITY_INCOMPLETE,
        Error::TooLarge => Code::REQUEST_ENTITY_TOO_LARGE,
        Error::UnsupportedContentFormat => Code::UNSUPPORTED_CONTENT_FORMAT,
        Error::Internal => Code::INTERNAL_SERVER_ERROR,
        Error::Busy => Code::SERVICE_UNAVAILABLE,
    }
}
