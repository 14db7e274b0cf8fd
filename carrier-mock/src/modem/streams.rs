//! The device's streams: what its sockets do with them.

use core::net::SocketAddr;

use lwm2m_carrier::errno;
use lwm2m_carrier::hal::{
    CredentialKind, OpenRequest, Opened, Received, Security, SecurityTag, SessionError,
    SessionErrorKind, SessionId,
};
use lwm2m_core::time::Instant;

use super::stream::{ENDED, LINK_LOST, Phase, STREAM_GIVE_UP, Stream, Tls};
use crate::random::Pcg32;
use crate::recorder::Entry;
use crate::server::Connection;
use crate::world::World;
use crate::world::listener::StreamGuard;

/// Streams that a world can have at a time; one that only its server takes for open makes room.
pub const MAX_STREAMS: usize = 2;

/// The stream is not open.
const CLOSED: SessionError = SessionError::new(SessionErrorKind::Closed, errno::ENOTCONN);

/// All streams.
#[derive(Debug)]
pub(crate) struct StreamTable {
    pub(super) streams: [Option<Stream>; MAX_STREAMS],
    pub(super) next_connection: u32,
    /// Decides where what is received is cut.
    random: Pcg32,
}

impl StreamTable {
    pub(crate) const fn new(random: Pcg32) -> Self {
        Self {
            streams: [const { None }; MAX_STREAMS],
            next_connection: 1,
            random,
        }
    }

    fn find(&mut self, id: SessionId) -> Option<&mut Stream> {
        let mut streams = self.streams.iter_mut().flatten();
        streams.find(|stream| stream.session == Some(id))
    }

    /// When something happens to a stream by itself, what the servers do left aside.
    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        let streams = self.streams.iter().flatten();
        streams.filter_map(Stream::next_timeout).min()
    }

    /// The connections on which a server may send now.
    pub(crate) fn writable(&self) -> impl Iterator<Item = (SocketAddr, Connection)> {
        let streams = self.streams.iter().flatten();
        let writable = streams.filter(|stream| stream.phase == Phase::Open && stream.window() > 0);
        writable.filter_map(|stream| Some((stream.server, stream.connection?)))
    }
}

impl World<'_> {
    /// Sets about opening a stream.
    pub(super) fn open_stream(
        &self,
        id: SessionId,
        remote: SocketAddr,
        request: &OpenRequest<'_>,
        give_up: Instant,
    ) -> Result<Opened, SessionError> {
        let tls = match request.security {
            Security::None => Tls::Absent,
            Security::Tag(tag) => self.tls(remote, [tag]),
            Security::CaTags(tags) => self.tls(remote, tags.iter()),
            _ => return Err(SessionError::UNSUPPORTED),
        };
        let rebindings = self.network().borrow().rebindings();
        let mut table = self.streams.borrow_mut();
        let mut slots = table.streams.iter_mut();
        let free = slots.find(|slot| slot.as_ref().is_none_or(|stream| stream.session.is_none()));
        let Some(slot) = free else {
            return Err(SessionError::new(
                SessionErrorKind::Resources,
                errno::ENOMEM,
            ));
        };
        if let Some(old) = slot {
            self.leave_server(old);
        }
        let stream = slot.insert(Stream::new(id, remote, tls, rebindings, give_up));
        self.begin_round_trip(stream);
        Ok(Opened::Pending)
    }

    /// How a TLS handshake with a server ends: the chain that vouches for it must lie under one of the tags.
    fn tls(&self, remote: SocketAddr, tags: impl IntoIterator<Item = SecurityTag>) -> Tls {
        let keys = self.keys.borrow();
        let vouches = |ca| {
            let mut tags = tags.into_iter();
            tags.any(|tag| keys.bytes(tag, CredentialKind::CaChain) == Some(ca))
        };
        match self.stream_guard(remote) {
            Some(StreamGuard::Tls(ca)) if !vouches(ca) => Tls::Untrusted,
            Some(StreamGuard::Plain) => Tls::Untrusted,
            // Where nobody listens, TCP is refused before.
            _ => Tls::Trusted,
        }
    }

    /// Whether the session is a stream.
    pub(super) fn is_stream(&self, id: SessionId) -> bool {
        self.streams.borrow_mut().find(id).is_some()
    }

    /// Sends the first bytes that there is room for, and says how many, and when there will be more room.
    pub(super) fn send_on_stream(
        &self,
        id: SessionId,
        bytes: &[u8],
    ) -> Result<(usize, Instant), SessionError> {
        let now = self.now();
        let mut table = self.streams.borrow_mut();
        let stream = table.find(id).ok_or(CLOSED)?;
        match (stream.phase, stream.ended) {
            // Nobody takes them any more; the library hears of the end when it has read what is there.
            (Phase::Open, Some(ENDED)) => return Ok((bytes.len(), now)),
            (Phase::Open, None) => {}
            _ => {
                drop(table);
                self.close_stream(id);
                return Err(CLOSED);
            }
        }
        let mut sent = 0;
        while let Some(part) = bytes.get(sent..).filter(|rest| !rest.is_empty()) {
            let part = part.get(..stream.up.room(0)).unwrap_or(part);
            if part.is_empty() {
                break;
            }
            let give_up = now + STREAM_GIVE_UP;
            let due = self.carry(stream.server, true, part.len(), give_up);
            if due.is_none() && stream.device_gives_up.is_none() {
                stream.device_gives_up = Some(give_up);
            }
            stream.up.send(part, due.unwrap_or(give_up));
            sent += part.len();
        }
        stream.sent = stream.sent.saturating_add(sent as u64);
        Ok((sent, stream.up.next_due().unwrap_or(now)))
    }

    /// Takes one segment to its server, or from it; `None`: it is lost for good by the time `give_up`.
    pub(super) fn carry(
        &self,
        server: SocketAddr,
        uplink: bool,
        len: usize,
        give_up: Instant,
    ) -> Option<Instant> {
        let mut network = self.network().borrow_mut();
        network.carry(self.now(), uplink, server, len, give_up)
    }

    /// The next thing that the streams have for the library.
    pub(super) fn receive_from_streams(&self, buffer: &mut [u8]) -> Option<(SessionId, Received)> {
        let known_at = self.now() + self.network().borrow().uplink_delay();
        let mut table = self.streams.borrow_mut();
        let StreamTable {
            streams, random, ..
        } = &mut *table;
        let mut streams = streams.iter_mut().flatten();
        let stream = streams.find(|stream| stream.has_news())?;
        let session = stream.session?;
        if core::mem::take(&mut stream.opened) {
            return Some((session, Received::Opened { resumed: false }));
        }
        let there = stream.down.arrived().min(buffer.len());
        if there > 0 {
            let cut = random.between(1, there as u64) as usize;
            let len = if random.chance(500) { there } else { cut };
            let part = buffer.get_mut(..len).unwrap_or_default();
            let len = stream.read(part, known_at);
            return Some((session, Received::Datagram(len)));
        }
        let error = stream.ended?;
        let closed = closed(stream, Some(error));
        table.tidy();
        drop(table);
        if let Some(entry) = closed {
            self.record(entry);
        }
        Some((session, Received::Closed(error)))
    }

    pub(super) fn hold_stream(&self, id: SessionId, held: bool) {
        if let Some(stream) = self.streams.borrow_mut().find(id) {
            stream.held = held;
        }
    }

    /// The library closes a stream.
    pub(super) fn close_stream(&self, id: SessionId) {
        let give_up = self.now() + STREAM_GIVE_UP;
        let mut table = self.streams.borrow_mut();
        let Some(stream) = table.find(id) else {
            return;
        };
        if stream.connection.is_some() {
            let due = self.carry(stream.server, true, 0, give_up);
            let due = due.unwrap_or(give_up);
            let behind = stream.up.last_due().unwrap_or(due);
            stream.left_at = Some(due.max(behind));
        }
        let closed = closed(stream, None);
        table.tidy();
        drop(table);
        if let Some(entry) = closed {
            self.record(entry);
        }
    }

    /// The device has lost its streams, with its link or its power; their servers hear of it soon.
    pub(crate) fn drop_streams(&self) {
        let now = self.now();
        for index in 0..MAX_STREAMS {
            let mut table = self.streams.borrow_mut();
            let Some(Some(stream)) = table.streams.get_mut(index) else {
                continue;
            };
            stream.up.clear();
            stream.left_at = Some(now);
            let closed = closed(stream, Some(LINK_LOST));
            table.tidy();
            drop(table);
            if let Some(entry) = closed {
                self.record(entry);
            }
        }
    }
}

/// Ends the device's side; what there is to record of it.
fn closed(stream: &mut Stream, error: Option<SessionError>) -> Option<Entry> {
    let session = stream.session.take()?;
    stream.opened = false;
    Some(Entry::StreamClosed {
        session,
        server: stream.server,
        sent: stream.sent,
        received: stream.received,
        error,
    })
}

impl StreamTable {
    /// Frees what nobody uses any more.
    pub(super) fn tidy(&mut self) {
        for slot in &mut self.streams {
            slot.take_if(|stream| stream.is_over());
        }
    }
}
