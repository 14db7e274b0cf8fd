//! One answer of the CoAP file server.

use core::net::SocketAddr;

use lwm2m_core::time::Instant;
use lwm2m_core::wire::coap::{Block, Builder, Code, Kind, Token, option, write_empty};
use lwm2m_core::wire::writer::Writer;

use super::image::Image;
use crate::server::transmission::{Due, Transmission};

/// The content format of octet streams (RFC 7252, section 12.3).
pub(super) const OCTET_STREAM: u32 = 42;

/// What is answered.
#[derive(Debug, Clone, Copy)]
pub(super) enum Content<'s> {
    /// Nothing: an acknowledgement, or a reset.
    Empty,
    /// A code without a payload.
    Status { code: Code, max_age: Option<u32> },
    /// The image has not changed.
    Valid { entity_tag: &'s str },
    /// A part of the image.
    Part {
        image: Image<'s>,
        entity_tag: &'s str,
        offset: u32,
        len: u32,
        block: Option<Block>,
        size: Option<u32>,
    },
}

/// An answer that waits to be sent.
#[derive(Debug)]
pub(super) struct Answer<'s> {
    pub(super) to: SocketAddr,
    pub(super) kind: Kind,
    pub(super) message_id: u16,
    pub(super) token: Token,
    pub(super) content: Content<'s>,
    /// The message id of the request, where this is its separate response, and when it is sent.
    pub(super) separate: Option<(u16, Transmission)>,
}

impl Answer<'_> {
    /// When it is to be sent, again if need be.
    pub(super) fn deadline(&self, now: Instant) -> Instant {
        let separate = self.separate.as_ref();
        separate.map_or(now, |(_, transmission)| transmission.deadline())
    }

    /// What is due. One that is not separate is sent once.
    pub(super) fn poll(&mut self, now: Instant) -> Due {
        match &mut self.separate {
            Some((_, transmission)) => transmission.poll(now),
            None => Due::Send,
        }
    }

    /// Writes the message; says how many bytes it has, and how many of them are the image's.
    pub(super) fn encode(&self, buffer: &mut [u8]) -> (usize, u32) {
        let mut writer = Writer::new(buffer);
        let mut image_bytes = 0;
        let builder =
            |writer, code| Builder::new(writer, self.kind, code, self.message_id, self.token);
        match self.content {
            Content::Empty => write_empty(&mut writer, self.kind, self.message_id),
            Content::Status { code, max_age } => {
                let mut builder = builder(&mut writer, code);
                if let Some(seconds) = max_age {
                    builder.option_uint(option::MAX_AGE, seconds);
                }
            }
            Content::Valid { entity_tag } => {
                builder(&mut writer, Code::VALID).option(option::ETAG, entity_tag.as_bytes());
            }
            Content::Part {
                image,
                entity_tag,
                offset,
                len,
                block,
                size,
            } => {
                let mut builder = builder(&mut writer, Code::CONTENT);
                if !entity_tag.is_empty() {
                    builder.option(option::ETAG, entity_tag.as_bytes());
                }
                builder.option_uint(option::CONTENT_FORMAT, OCTET_STREAM);
                if let Some(block) = block {
                    builder.option_uint(option::BLOCK2, block.to_uint());
                }
                if let Some(size) = size {
                    builder.option_uint(option::SIZE2, size);
                }
                if len > 0 {
                    let payload = builder.payload();
                    for byte in (offset..).take(len as usize).map_while(|at| image.byte(at)) {
                        payload.u8(byte);
                        image_bytes += 1;
                    }
                }
            }
        }
        (writer.finish().stored, image_bytes)
    }
}
