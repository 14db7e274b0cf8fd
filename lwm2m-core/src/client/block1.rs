//! Long opaque values that arrive in blocks (RFC 7959, section 2.5): each is handed on as it comes.
//!
//! One value streams at a time. What is not a single opaque value has to fit into one message, else it is refused
//! with the size that would.

use super::connection::session_of;
use super::input::Handled;
use super::management::{Done, definition_of, locate, payload_format};
use super::output::SessionId;
use super::reply::{Head, code_of};
use super::request::{Origin, Request};
use super::{Client, Context};
use crate::message::deduplication::Remembered;
use crate::model::{ContentFormat, DataType, Error, Level, Objects, Outcome, Path, Target};
use crate::time::Instant;
use crate::wire::coap::{Block, Code};
#[cfg(feature = "tlv")]
use crate::wire::tlv;

/// Bytes of a message beside its payload, as far as can be told beforehand.
const OVERHEAD: usize = 128;

/// A value of which some blocks have come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Transfer {
    session: SessionId,
    path: Path,
    /// Bytes of the payload that have come.
    received: usize,
    /// Bytes of the payload in front of the value: a TLV header.
    header: usize,
    /// Bytes of the whole payload, where the TLV header tells.
    total: Option<usize>,
    /// When it counts as abandoned.
    expires: Instant,
}

impl Client<'_> {
    /// Takes one block of a request whose payload does not come in one message.
    pub(super) fn take_block(
        &mut self,
        index: usize,
        path: Path,
        request: &Request<'_>,
        origin: &Origin,
        buffer: &mut [u8],
        cx: &mut Context<'_>,
    ) -> Handled {
        let session = session_of(index);
        let Some(block) = request.block1 else {
            return self.answer_code(origin, Code::BAD_REQUEST, buffer);
        };
        match self.block(session, path, block, request, cx) {
            Ok((code, outcome)) => {
                let done = Done {
                    outcome,
                    ..Done::new(code, path)
                };
                self.answer_done(index, done, request, origin, buffer)
            }
            Err(code) => {
                let id = self.next_message_id();
                let mut head = Head::answer(origin, code, id);
                if code == Code::REQUEST_ENTITY_TOO_LARGE {
                    let room =
                        (buffer.len() + request.message.payload().len()).saturating_sub(OVERHEAD);
                    head.size1 = u32::try_from(room).ok();
                }
                let len = head.alone(buffer);
                Handled {
                    len,
                    remembered: Remembered::Code(code, None),
                    answered: None,
                }
            }
        }
    }

    fn block(
        &mut self,
        session: SessionId,
        path: Path,
        block: Block,
        request: &Request<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(Code, Outcome), Code> {
        let payload = request.message.payload();
        if block.more && payload.len() != block.size() {
            return Err(Code::BAD_REQUEST);
        }
        self.transfer = self.transfer.filter(|transfer| transfer.expires > cx.now);
        let expires = cx.now + self.config.transmission.exchange_lifetime();
        let transfer = match self.transfer {
            // Another server's value is not cut short.
            Some(transfer) if transfer.session != session => return Err(Code::SERVICE_UNAVAILABLE),
            _ if block.num == 0 => {
                self.transfer = None;
                let (header, total) = begin(cx.objects, path, request).map_err(code_of)?;
                Transfer {
                    session,
                    path,
                    received: 0,
                    header,
                    total,
                    expires,
                }
            }
            Some(transfer) if transfer.path == path => transfer,
            _ => return Err(Code::REQUEST_ENTITY_INCOMPLETE),
        };
        let offset = block.offset();
        if block.more && offset + payload.len() == transfer.received {
            // The last block once more, under a new message id: the answer was lost.
            return Ok((Code::CONTINUE, Outcome::Done));
        }
        if offset != transfer.received {
            return Err(Code::REQUEST_ENTITY_INCOMPLETE);
        }
        let end = offset + payload.len();
        if transfer.total.is_some_and(|total| {
            if block.more {
                end >= total
            } else {
                end != total
            }
        }) {
            self.transfer = None;
            return Err(Code::BAD_REQUEST);
        }
        let part = payload
            .get(transfer.header.saturating_sub(offset)..)
            .unwrap_or(&[]);
        let position = u32::try_from(offset.saturating_sub(transfer.header))
            .map_err(|_| Code::REQUEST_ENTITY_TOO_LARGE)?;
        let object = path
            .object_id()
            .and_then(|id| cx.objects.object_mut(id))
            .ok_or(Code::NOT_FOUND)?;
        let target = Target {
            instance: path.instance_id().unwrap_or(0),
            resource: path.resource_id().unwrap_or(0),
            resource_instance: path.resource_instance_id(),
        };
        let result = object.write_part(target, position, part, !block.more);
        self.transfer = match result {
            Ok(_) if block.more => Some(Transfer {
                received: end,
                expires,
                ..transfer
            }),
            _ => None,
        };
        let outcome = result.map_err(code_of)?;
        if block.more {
            return Ok((Code::CONTINUE, outcome));
        }
        #[cfg(feature = "observe")]
        self.changed(path);
        Ok((Code::CHANGED, outcome))
    }
}

/// Whether the value at `path` may stream; the bytes in front of it, and of the whole payload as far as it tells.
fn begin(
    objects: &dyn Objects,
    path: Path,
    request: &Request<'_>,
) -> Result<(usize, Option<usize>), Error> {
    if path.level() < Level::Resource {
        return Err(Error::TooLarge);
    }
    locate(objects, path)?;
    let definition = definition_of(objects, path)?;
    if definition.operations.is_executable() {
        return Err(Error::TooLarge);
    }
    if !definition.operations.is_writable() {
        return Err(Error::MethodNotAllowed);
    }
    let format = payload_format(request)?;
    if definition.data_type != DataType::Opaque
        || definition.multiple != (path.level() == Level::ResourceInstance)
    {
        return Err(Error::TooLarge);
    }
    match format {
        ContentFormat::Opaque => Ok((0, None)),
        #[cfg(feature = "tlv")]
        ContentFormat::Tlv => {
            let (kind, id) = match path.resource_instance_id() {
                Some(id) => (tlv::Kind::ResourceInstance, id),
                None => (tlv::Kind::Resource, definition.id),
            };
            let header = tlv::Header::read(request.message.payload())?;
            if header.kind != kind || header.id != id {
                return Err(Error::BadRequest);
            }
            Ok((header.len, Some(header.len + header.value_len)))
        }
        _ => Err(Error::TooLarge),
    }
}
