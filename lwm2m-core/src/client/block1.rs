//! Long opaque values that arrive in blocks (RFC 7959, section 2.5): each is handed on as it comes.
//!
//! One value streams at a time. What is not a single opaque value has to fit into one message, else it is refused
//! with the size that would.

use super::connection::session_of;
use super::management::{Done, definition_in, locate, object_of_mut, payload_format};
use super::output::SessionId;
use super::request::Request;
use super::separate::Separate;
use super::{Client, Context};
use crate::message::exchange::Purpose;
use crate::model::{ContentFormat, DataType, Error, Level, Objects, Outcome, Path, Target, Ticket};
use crate::time::Instant;
use crate::wire::coap::{Block, Code};
#[cfg(feature = "tlv")]
use crate::wire::tlv;

/// Bytes of a message beside its payload, as far as can be told beforehand.
pub(super) const OVERHEAD: usize = 128;

/// A value of which some blocks have come.
#[derive(Debug)]
pub(super) struct Transfer {
    session: SessionId,
    path: Path,
    /// Message id of the first block: a late copy of it does not begin the value anew.
    first: u16,
    /// Bytes of the payload that have come.
    received: usize,
    /// Bytes of the payload in front of the value: a TLV header.
    header: usize,
    /// Bytes of the whole payload, where the TLV header tells.
    total: Option<usize>,
    /// The last block has come.
    complete: bool,
    /// What answers the block that came last, until it does.
    pending: Option<Ticket>,
    /// When it counts as abandoned; not before the block that came last is answered, and not known yet right after.
    expires: Option<Instant>,
}

impl Transfer {
    /// Whether `block` has been taken. A first block tells by its message id, as it may also begin the value anew.
    fn has_taken(&self, block: Block, len: usize, message_id: u16) -> bool {
        if block.num == 0 {
            return message_id == self.first;
        }
        block.more != self.complete && block.offset().saturating_add(len) == self.received
    }
}

impl Client<'_> {
    /// Takes one block of a request whose payload does not come in one message.
    ///
    /// # Errors
    /// What the server is to be told.
    // A function of its own, it would be a fifth larger.
    #[inline(always)]
    pub(super) fn take_block(
        &mut self,
        index: usize,
        path: Path,
        request: &Request<'_>,
        cx: &mut Context<'_>,
    ) -> Result<Done, Error> {
        let block = request.block1.ok_or(Error::BadRequest)?;
        let session = session_of(index);
        let payload = request.message.payload();
        let message_id = request.message.message_id();
        if payload.len() > block.size() || block.more && payload.len() < block.size() {
            return Err(Error::BadRequest);
        }
        self.watch_transfer(cx);
        // Another server's value is not cut short, unless that server is gone.
        let known = self.transfer.as_ref();
        if known.is_some_and(|transfer| {
            transfer.session != session && self.is_open(transfer.session.index())
        }) {
            return Err(Error::Busy);
        }
        let done = |more, outcome| {
            let code = if more { Code::CONTINUE } else { Code::CHANGED };
            Done {
                outcome,
                ..Done::new(code, path)
            }
        };
        let mine = known.filter(|transfer| transfer.session == session && transfer.path == path);
        if let Some(transfer) = mine
            && transfer.has_taken(block, payload.len(), message_id)
        {
            // The block once more, under a new message id: the answer was lost, or is still to come.
            let outcome = transfer.pending.map_or(Outcome::Done, Outcome::Later);
            return Ok(done(!transfer.complete, outcome));
        }
        let is_mine = mine.is_some();
        let offset = block.offset();
        let (header, total) = if block.num == 0 {
            begin(cx.objects, path, request)?
        } else {
            let next = |transfer: &&Transfer| !transfer.complete && transfer.received == offset;
            let transfer = mine.filter(next).ok_or(Error::Incomplete)?;
            let frame = (transfer.header, transfer.total);
            // The application may have deleted the instance meanwhile.
            if let Err(error) = locate(cx.objects, path) {
                self.transfer = None;
                return Err(error);
            }
            self.block_has_arrived(index);
            frame
        };
        if self.is_occupied() {
            return Err(Error::Busy);
        }
        let end = offset.saturating_add(payload.len());
        if total.is_some_and(|total| {
            if block.more {
                end >= total
            } else {
                end != total
            }
        }) {
            if offset > 0 {
                self.abandon_transfer(cx.objects);
            }
            return Err(Error::BadRequest);
        }
        let part = payload.get(header.saturating_sub(offset)..).unwrap_or(&[]);
        let position = u32::try_from(offset.saturating_sub(header)).map_err(|_| Error::TooLarge)?;
        let object = object_of_mut(cx.objects, path)?;
        let outcome = object
            .write_part(target_of(path), position, part, !block.more)
            .inspect_err(|error| {
                if *error != Error::Busy && is_mine {
                    self.transfer = None;
                }
            })?;
        if (self.transfer.as_ref()).is_some_and(|transfer| transfer.path != path) {
            self.abandon_transfer(cx.objects);
        }
        let pending = match outcome {
            Outcome::Later(ticket) => Some(ticket),
            _ => None,
        };
        if block.num == 0 {
            self.transfer = Some(Transfer {
                session,
                path,
                first: message_id,
                received: 0,
                header,
                total,
                complete: false,
                pending: None,
                expires: None,
            });
        }
        match &mut self.transfer {
            Some(transfer) if block.more || pending.is_some() => {
                transfer.received = end;
                transfer.complete = !block.more;
                transfer.pending = pending;
                transfer.expires = None;
            }
            _ => self.transfer = None,
        }
        self.watch_transfer(cx);
        #[cfg(feature = "observe")]
        if !block.more {
            self.changed(path);
        }
        Ok(done(block.more, outcome))
    }

    /// The next block has come, so the server has the answer to the one before, even when it has not acknowledged it.
    fn block_has_arrived(&mut self, index: usize) {
        let Some(connection) = self.connections.get_mut(index) else {
            return;
        };
        if let Some(Purpose::Response(slot)) = connection.exchange.map(|exchange| exchange.purpose)
            && self
                .separate
                .get(usize::from(slot))
                .is_some_and(Separate::is_continue)
        {
            connection.exchange = None;
            self.close_separate(slot);
        }
    }

    /// Whether a server may write the whole value at `path`: while another one sends it in blocks, it may not.
    ///
    /// # Errors
    /// [`Error::Busy`].
    pub(super) fn check_transfer(&self, index: usize, path: Path) -> Result<(), Error> {
        match &self.transfer {
            Some(transfer)
                if transfer.path == path
                    && transfer.session != session_of(index)
                    && self.is_open(transfer.session.index()) =>
            {
                Err(Error::Busy)
            }
            _ => Ok(()),
        }
    }

    /// The value at `path` was written as a whole: blocks of an older one are of no use.
    pub(super) fn supersede_transfer(&mut self, path: Path) {
        if (self.transfer.as_ref()).is_some_and(|transfer| transfer.path == path) {
            self.transfer = None;
        }
    }

    /// The instance at `path` is gone, and with it what has come of a value.
    #[cfg(feature = "create")]
    pub(super) fn delete_transfer(&mut self, path: Path) {
        if (self.transfer.as_ref()).is_some_and(|transfer| path.contains(&transfer.path)) {
            self.transfer = None;
        }
    }

    /// The answer to the operation with this ticket is known.
    pub(super) fn transfer_answered(&mut self, ticket: Ticket, is_taken: bool) {
        let Some(transfer) = self
            .transfer
            .as_mut()
            .filter(|transfer| transfer.pending == Some(ticket))
        else {
            return;
        };
        if is_taken && !transfer.complete {
            transfer.pending = None;
        } else {
            self.transfer = None;
        }
    }

    /// The account of this session is gone.
    pub(super) fn forget_transfer(&mut self, session: SessionId) {
        if let Some(transfer) = self
            .transfer
            .as_mut()
            .filter(|transfer| transfer.session == session)
        {
            transfer.pending = None;
            transfer.expires = Some(Instant::ZERO);
        }
    }

    /// Gives up a value whose server has been silent for EXCHANGE_LIFETIME.
    pub(super) fn watch_transfer(&mut self, cx: &mut Context<'_>) {
        let lifetime = self.config.transmission.exchange_lifetime();
        let Some(transfer) = self
            .transfer
            .as_mut()
            .filter(|transfer| transfer.pending.is_none())
        else {
            return;
        };
        if *transfer.expires.get_or_insert(cx.now + lifetime) <= cx.now {
            self.abandon_transfer(cx.objects);
        }
    }

    /// When [`watch_transfer`](Self::watch_transfer) is to look again.
    pub(super) fn transfer_deadline(&self) -> Instant {
        self.transfer
            .as_ref()
            .and_then(|transfer| transfer.expires)
            .unwrap_or(Instant::FAR_FUTURE)
    }

    /// Tells the object that the value stays incomplete.
    fn abandon_transfer(&mut self, objects: &mut dyn Objects) {
        let Some(transfer) = self.transfer.take().filter(|transfer| !transfer.complete) else {
            return;
        };
        if let Ok(object) = object_of_mut(objects, transfer.path) {
            object.abandon(target_of(transfer.path));
        }
    }
}

fn target_of(path: Path) -> Target {
    Target {
        instance: path.instance_id().unwrap_or(0),
        resource: path.resource_id().unwrap_or(0),
        resource_instance: path.resource_instance_id(),
    }
}

/// What a request that leaves no room for its answer is to do: the same in blocks that fit into `room` bytes
/// (RFC 7959, section 2.9.3).
pub(super) fn smaller_block(request: &Request<'_>, room: usize) -> Option<Block> {
    let mut block = request.block1?;
    block.szx = block.szx.min(Block::szx_for(room.saturating_sub(OVERHEAD)));
    Some(block)
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
    let definition = definition_in(locate(objects, path)?, path)?;
    if definition.operations().is_executable() {
        return Err(Error::TooLarge);
    }
    if !definition.operations().is_writable() {
        return Err(Error::MethodNotAllowed);
    }
    let format = payload_format(request)?;
    if definition.data_type != DataType::Opaque
        || definition.is_multiple() != (path.level() == Level::ResourceInstance)
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
