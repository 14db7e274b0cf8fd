//! The download: one block after the other (RFC 7959, section 2.4), and the messages around them (RFC 7252, section 4).

use heapless::Deque;
use lwm2m_core::{
    client::{Expect, Transmission},
    random::Random,
    time::Instant,
    wire::{
        coap::{Block, Kind, Message, write_empty},
        writer::Writer,
    },
};

use super::{
    exchange::Exchange,
    request,
    response::{Refusal, Response},
};
use crate::fota::{
    download::{Failure, Progress, Sink, Step, Taken},
    uri::PackageUri,
};

/// Acknowledgements and resets that wait for being sent; the peer repeats what one more would be for.
const OWED: usize = 4;

/// A download in one session.
#[derive(Debug)]
pub(crate) struct Download {
    transmission: Transmission,
    /// The size exponent of the blocks that are asked for.
    szx: u8,
    state: State,
    /// The last message id, once there is one.
    message_id: Option<u16>,
    /// Acknowledgements and resets to send.
    owed: Deque<(Kind, u16), OWED>,
    /// The id of the confirmable response that was acknowledged last: it may come again.
    acknowledged: Option<u16>,
    /// Another package was found once: a server that has yet another is given up.
    changed: bool,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Nothing is under way.
    Idle,
    /// This request is.
    Asked(Exchange),
    /// There is nothing more to ask.
    Over,
}

impl Download {
    /// A download by blocks of `16 << szx` bytes, at most 1,024, or smaller ones where the server wants.
    pub(crate) const fn new(szx: u8, transmission: Transmission) -> Self {
        Self {
            transmission,
            szx: if szx > Block::MAX_SZX {
                Block::MAX_SZX
            } else {
                szx
            },
            state: State::Idle,
            message_id: None,
            owed: Deque::new(),
            acknowledged: None,
            changed: false,
        }
    }

    /// What to do now. `room` is what the sink still takes, 0 while it is lent away: a block is asked for when it has
    /// room, which the sink should keep until the block has come. What is sent is written to `out`.
    ///
    /// When the download has ended, an acknowledgement may still be sent: until there is nothing but waiting.
    ///
    /// # Errors
    /// [`Failure::Timeout`] when a request was sent for the last time and nothing has come; [`Failure::TooLarge`] when
    /// the block has no number any more; [`Failure::Protocol`] when `out` has no room for what is sent.
    pub(crate) fn poll(
        &mut self,
        now: Instant,
        uri: &PackageUri<'_>,
        progress: &Progress,
        room: usize,
        out: &mut [u8],
        random: &mut dyn Random,
    ) -> Result<Step, Failure> {
        if let Some((kind, message_id)) = self.owed.pop_front() {
            let mut writer = Writer::new(out);
            write_empty(&mut writer, kind, message_id);
            let expect = match self.state {
                State::Over => Expect::Nothing,
                State::Idle | State::Asked(_) => Expect::More,
            };
            let written = writer.finish();
            if !written.is_whole() {
                return Err(Failure::Protocol);
            }
            return Ok(Step::Send {
                len: written.stored,
                expect,
            });
        }
        let exchange = match &mut self.state {
            State::Over => {
                return Ok(Step::Wait {
                    until: Instant::FAR_FUTURE,
                });
            }
            State::Asked(exchange) if now < exchange.due => {
                return Ok(Step::Wait {
                    until: exchange.due,
                });
            }
            State::Asked(exchange) => {
                if !exchange.is_sent_again(now, &self.transmission) {
                    return Err(Failure::Timeout);
                }
                *exchange
            }
            State::Idle => {
                let num = progress.offset >> (4 + self.szx);
                let block = Block::new(num, false, self.szx).ok_or(Failure::TooLarge)?;
                if room < block.size() {
                    return Ok(Step::Wait {
                        until: Instant::FAR_FUTURE,
                    });
                }
                self.ask(block, now, random)
            }
        };
        let len = request::write(out, uri, &exchange).ok_or(Failure::Protocol)?;
        let end = exchange.block.offset() + exchange.block.size();
        let is_last = progress.size.is_some_and(|size| end >= size as usize);
        let expect = if is_last { Expect::Reply } else { Expect::More };
        Ok(Step::Send { len, expect })
    }

    /// Begins the request for a block.
    fn ask(&mut self, block: Block, now: Instant, random: &mut dyn Random) -> Exchange {
        let asks_size = self.message_id.is_none();
        let message_id = match self.message_id {
            Some(last) => last.wrapping_add(1),
            None => {
                let mut first = [0; 2];
                random.public(&mut first);
                u16::from_be_bytes(first)
            }
        };
        self.message_id = Some(message_id);
        let exchange = Exchange::new(
            message_id,
            block,
            asks_size,
            now,
            &self.transmission,
            random,
        );
        self.state = State::Asked(exchange);
        exchange
    }

    /// Takes a datagram. What is to be sent for it is sent by the next [`poll`](Self::poll).
    ///
    /// A block that finds no room in the sink counts as lost: the server or the download repeats it.
    #[inline(never)]
    pub(crate) fn handle(
        &mut self,
        now: Instant,
        datagram: &[u8],
        progress: &mut Progress,
        sink: &mut Sink<'_>,
    ) -> Taken {
        let message = match Message::parse(datagram) {
            Ok(message) => message,
            Err(error) => {
                if let Some(message_id) = error.reset() {
                    self.owe(Kind::Rst, message_id);
                }
                return Taken::More;
            }
        };
        let (kind, message_id) = (message.kind(), message.message_id());
        let exchange = match &mut self.state {
            State::Asked(exchange) => Some(exchange),
            State::Idle | State::Over => None,
        };
        if message.code().is_response() {
            let answered = exchange.filter(|exchange| {
                exchange.token == message.token()
                    && (kind != Kind::Ack || exchange.message_id == message_id)
            });
            let Some(&mut Exchange { block, .. }) = answered else {
                self.refuse(kind, message_id);
                return Taken::More;
            };
            return self.answer(&message, block, progress, sink);
        }
        match (kind, exchange) {
            (Kind::Ack, Some(exchange)) if exchange.message_id == message_id => {
                exchange.acknowledge(now, &self.transmission);
            }
            // The server cannot make anything of the request: it may have lost the session.
            (Kind::Rst, Some(exchange)) if exchange.message_id == message_id => {
                self.state = State::Over;
                return Taken::Failed(Failure::Unavailable { retry_after: 0 });
            }
            // A ping, or a request to a server that is none.
            (Kind::Con, _) => self.owe(Kind::Rst, message_id),
            _ => {}
        }
        Taken::More
    }

    /// A response that nothing waits for: one that came before is acknowledged again, any other rejected.
    fn refuse(&mut self, kind: Kind, message_id: u16) {
        if kind == Kind::Con {
            let again = self.acknowledged == Some(message_id);
            self.owe(if again { Kind::Ack } else { Kind::Rst }, message_id);
        }
    }

    #[inline(never)]
    fn owe(&mut self, kind: Kind, message_id: u16) {
        // The peer repeats what is not answered, so nothing is lost with what has no place.
        _ = self.owed.push_back((kind, message_id));
    }

    /// Takes the response to the request for `asked`.
    fn answer(
        &mut self,
        message: &Message<'_>,
        asked: Block,
        progress: &mut Progress,
        sink: &mut Sink<'_>,
    ) -> Taken {
        let response = Response::read(message);
        if let Ok(response) = &response
            && response.block.is_some()
            && response.payload.len() > sink.room()
        {
            return Taken::More;
        }
        if message.kind() == Kind::Con {
            let rejected = matches!(response, Err(Refusal::Rejected));
            let answer = if rejected { Kind::Rst } else { Kind::Ack };
            self.owe(answer, message.message_id());
            self.acknowledged = (!rejected).then_some(message.message_id());
        }
        self.state = State::Over;
        match response {
            Err(Refusal::Rejected) => Taken::Failed(Failure::Protocol),
            Err(Refusal::Failed(failure)) => Taken::Failed(failure),
            Ok(response) => self
                .take(&response, asked, progress, sink)
                .unwrap_or_else(Taken::Failed),
        }
    }

    /// Takes a part of the package, or the whole.
    fn take(
        &mut self,
        response: &Response<'_>,
        asked: Block,
        progress: &mut Progress,
        sink: &mut Sink<'_>,
    ) -> Result<Taken, Failure> {
        let payload = response.payload;
        let (start, more) = place(response, asked)?;
        if let Some(block) = response.block {
            self.szx = block.szx;
        }
        let end = start.checked_add(payload.len()).ok_or(Failure::TooLarge)?;
        let end = u32::try_from(end).map_err(|_| Failure::TooLarge)?;
        // The M flag knows; the size is an estimate (RFC 7959, section 4).
        let size = if more {
            response.size.filter(|size| *size > end)
        } else {
            Some(end)
        };
        let new = usize::try_from(progress.offset)
            .ok()
            .and_then(|offset| payload.get(offset.checked_sub(start)?..));
        let other = is_other(response, progress) || new.is_none() && !more;
        let (new, room) = match new {
            // Of another package only its start is of use.
            _ if other && start == 0 => (payload, sink.bytes.len()),
            Some(new) if !other => (new, sink.room()),
            // What is wanted lies behind a block that is smaller than was asked for.
            _ => (Default::default(), 0),
        };
        // Nothing has been changed so far, and from here on nothing fails.
        if new.len() > room || other && self.changed {
            return Err(Failure::Protocol);
        }
        let len = u32::try_from(new.len()).map_err(|_| Failure::TooLarge)?;
        if other {
            self.changed = true;
            *progress = Progress::default();
            sink.len = 0;
        }
        if progress.offset == 0 || progress.validator.is_empty() {
            progress.set_validator(response.etag);
        }
        sink.put(new);
        progress.offset = progress.offset.saturating_add(len);
        let known = progress.size.filter(|size| *size > progress.offset);
        progress.size = size.or(known);
        self.state = State::Idle;
        if other {
            return Ok(Taken::Changed);
        }
        if more {
            return Ok(Taken::More);
        }
        self.state = State::Over;
        Ok(Taken::Complete)
    }
}

/// Where in the package a response begins, and whether more of it follows. A block may be smaller than was asked for, but
/// begins where it was to; and it is full, unless it is the last (RFC 7959, sections 2.2 and 2.4). Without Block2 it is
/// the whole.
fn place(response: &Response<'_>, asked: Block) -> Result<(usize, bool), Failure> {
    let Some(block) = response.block else {
        return Ok((0, false));
    };
    let len = response.payload.len();
    let fits = len == block.size() || !block.more && len < block.size();
    if !fits || block.szx > asked.szx || block.offset() != asked.offset() {
        return Err(Failure::Protocol);
    }
    Ok((block.offset(), block.more))
}

/// Whether a response is of another package than the one that was begun: by its ETag (RFC 7959, section 2.4); or by its
/// size, where there is no ETag to tell.
fn is_other(response: &Response<'_>, progress: &Progress) -> bool {
    let (known, told) = (progress.validator.as_slice(), response.etag);
    if progress.offset == 0 {
        return false;
    }
    if !known.is_empty() && !told.is_empty() {
        return known != told;
    }
    let sizes = progress.size.zip(response.size);
    sizes.is_some_and(|(old, new)| old != new)
}
