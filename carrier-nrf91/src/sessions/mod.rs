//! Sessions over the modem's sockets, secured by the modem.

mod cache;
mod settings;
mod slot;
mod table;

use core::ffi::CStr;
use core::fmt;
use core::future::poll_fn;
use core::net::SocketAddr;
use core::pin::pin;
use core::task::{Context, Poll};

use lwm2m_carrier::errno;
use lwm2m_carrier::hal::{
    Clock, ConnectionId, Expect, OpenRequest, Opened, Received, Security, SessionError,
    SessionErrorKind, SessionId, Sessions, Transport,
};
use lwm2m_core::time::Duration;

use crate::net::{
    Descriptor, Errno, Family, LONGEST_SECURED, MOST_TAGS, Protocol, ReleaseAssistance,
    SocketOption, Sockets, Status, address, poll_send,
};
use crate::race::{First, race};
pub use cache::SessionCache;
pub use settings::{AEAD_SUITES, SessionSettings};
use slot::{CLOSED, Phase, Slot};
use table::Table;

/// Longest name of a server (RFC 1035, section 2.3.4), and a byte that ends it.
const NAME: usize = 256;

/// The modem gives up a DTLS handshake by itself; should it not, it is given up so much later.
const GRACE: Duration = Duration::from_secs(10);

/// Sessions over the modem: datagrams and streams, plain or secured by the modem with the credentials under security tags.
///
/// * `SESSIONS`: sessions with a number below this can be opened; each has a socket, of which the modem has
///   [8](crate::net::MOST_SOCKETS)
///
/// A session that is secured, or a stream, opens while others go on; the modem makes one handshake at a time, and further
/// ones wait for their turn. A name is resolved by the modem, **which waits** up to the resolver's own limit.
///
/// Under one tag lies either a pre-shared key or a certificate: the modem takes what it finds. The peer's certificate must be
/// that of the host that was asked for. The modem sends the name that it looks for to the peer as well, which must not be an
/// address (RFC 6066, section 3); so it has none for a host that is one, and what lies under the tag alone vouches for the
/// peer. Only where CA certificates, which vouch for many hosts, are all there is, the address is looked for nevertheless.
///
/// The modem does not tell whether a TLS stream has ended by the peer's close_notify, without which anybody on the way can end
/// it: each end is one without, [`SessionErrorKind::Reset`], so what has no length of its own is not taken for whole.
///
/// The modem does not tell a datagram that fills the buffer from one that was cut to it, and neither is returned; a buffer of 1,281 bytes or
/// more takes datagrams where they are to lie. Into a shorter one they go by way of the stack, on which they take as
/// much; then one of more than 1,280 bytes is not returned. One without content is taken for nothing over UDP, because anybody can
/// send it, and for the end of the connection over DTLS.
pub struct ModemSessions<'t, S: Sockets, C, const SESSIONS: usize> {
    table: Table<S, SESSIONS>,
    clock: C,
    cache: &'t SessionCache,
    settings: &'t SessionSettings,
}

impl<'t, S: Sockets, C: Clock, const SESSIONS: usize> ModemSessions<'t, S, C, SESSIONS> {
    /// Sessions over `sockets`, with a clock for their limits; `cache` is told of changed keys.
    pub const fn new(
        sockets: S,
        clock: C,
        cache: &'t SessionCache,
        settings: &'t SessionSettings,
    ) -> Self {
        Self {
            table: Table::new(sockets),
            clock,
            cache,
            settings,
        }
    }

    /// Makes a socket and tells it how to connect.
    fn prepare(
        &self,
        protocol: Protocol,
        peer: SocketAddr,
        security: &Security,
        name: Option<&CStr>,
    ) -> Result<Slot, Errno> {
        let socket = self.table.sockets.open(Family::of(peer.ip()), protocol)?;
        if protocol.is_secured()
            && let Err(error) = self.secure(socket, protocol, security, name)
        {
            let _ = self.table.sockets.close(socket);
            return Err(error);
        }
        let limit = match protocol {
            Protocol::Dtls => {
                let handshake = self.settings.handshake_timeout.as_secs();
                Duration::from_secs(handshake.into()) + GRACE
            }
            _ => self.settings.connect_timeout,
        };
        Ok(Slot::new(socket, protocol, peer, limit))
    }

    fn secure(
        &self,
        socket: Descriptor,
        protocol: Protocol,
        security: &Security,
        name: Option<&CStr>,
    ) -> Result<(), Errno> {
        let settings = self.settings;
        let set = |option| self.table.sockets.set_option(socket, option);
        let mut tags = [0; MOST_TAGS];
        set(SocketOption::SecurityTags(tag_list(security, &mut tags)))?;
        set(SocketOption::PeerVerification(settings.peer_verification))?;
        if let Some(name) = name {
            set(SocketOption::HostName(name))?;
        }
        if !settings.cipher_suites.is_empty() {
            set(SocketOption::CipherSuites(settings.cipher_suites))?;
        }
        if self.cache.is_stale() {
            // Where there is no cache there is nothing to forget; where it cannot be purged it must not be used.
            if set(SocketOption::PurgeSessionCache).is_ok() {
                self.cache.purged();
            }
        }
        let cached = settings.session_cache && !self.cache.is_stale();
        // Only more costly without.
        let _ = set(SocketOption::SessionCache(cached));
        if protocol == Protocol::Dtls {
            let _ = set(SocketOption::HandshakeTimeout(settings.handshake_timeout));
            let _ = set(SocketOption::ConnectionId(settings.connection_id));
        }
        Ok(())
    }

    /// Opens, without waiting; nothing of it is kept for longer than the call.
    fn open_now(
        &mut self,
        session: SessionId,
        request: &OpenRequest<'_>,
        context: &Context<'_>,
    ) -> Result<Opened, SessionError> {
        self.table.end(session.index());
        if session.index() >= SESSIONS {
            return Err(NO_ROOM);
        }
        let secured = match request.security {
            Security::None => false,
            Security::Tag(_) | Security::CaTags(_) => true,
            _ => return Err(SessionError::UNSUPPORTED),
        };
        let protocol = match (request.transport, secured) {
            (Transport::Datagram, false) => Protocol::Udp,
            (Transport::Datagram, true) => Protocol::Dtls,
            (Transport::Stream, false) => Protocol::Tcp,
            (Transport::Stream, true) => Protocol::Tls,
            _ => return Err(SessionError::UNSUPPORTED),
        };
        if secured && tag_list(&request.security, &mut [0; MOST_TAGS]).is_empty() {
            // The modem would take the peer for trusted.
            return Err(SessionError::new(
                SessionErrorKind::Handshake,
                errno::ENOENT,
            ));
        }
        let mut name = [0; NAME];
        let name = terminated(request.host, &mut name).ok_or(UNRESOLVED)?;
        let begin = |this: &mut Self, address, name| {
            let peer = SocketAddr::new(address, request.port);
            let slot = this.prepare(protocol, peer, &request.security, name);
            let slot = slot.map_err(|error| error.on_open(secured))?;
            this.begin(session, slot, context)
        };
        if let Some(address) = address::parse(request.host.as_bytes()) {
            let name = matches!(request.security, Security::CaTags(_)).then_some(name);
            return begin(self, address, name);
        }
        let mut failure = UNRESOLVED;
        for family in self.settings.families {
            let address = match self.table.sockets.resolve(request.host, *family) {
                Ok(address) => address,
                Err(error) if error.0 > 0 => {
                    failure = error.on_open(false);
                    continue;
                }
                Err(_) => continue,
            };
            match begin(self, address, Some(name)) {
                Err(error) if error.kind == SessionErrorKind::NoRoute => failure = error,
                other => return other,
            }
        }
        Err(failure)
    }

    /// Begins to connect.
    fn begin(
        &mut self,
        session: SessionId,
        slot: Slot,
        context: &Context<'_>,
    ) -> Result<Opened, SessionError> {
        let (now, free) = (self.clock.now(), self.table.is_free());
        let Some(place) = self.table.slots.get_mut(session.index()) else {
            let _ = self.table.sockets.close(slot.socket);
            return Err(NO_ROOM);
        };
        let slot = place.insert(slot);
        match slot.poll_open(&self.table.sockets, now, free, context) {
            Poll::Ready(Ok(resumed)) => Ok(Opened::Ready { resumed }),
            Poll::Ready(Err(error)) => {
                self.table.end(session.index());
                Err(error)
            }
            Poll::Pending => Ok(Opened::Pending),
        }
    }

    /// A session that is open.
    fn slot(&mut self, session: SessionId) -> Result<(&mut Slot, &S, &mut C), SessionError> {
        let slot = self
            .table
            .slots
            .get_mut(session.index())
            .and_then(Option::as_mut);
        let open = slot.filter(|slot| matches!(slot.phase, Phase::Open | Phase::Saved));
        Ok((open.ok_or(CLOSED)?, &self.table.sockets, &mut self.clock))
    }
}

impl<S: Sockets, C: Clock, const SESSIONS: usize> Sessions for ModemSessions<'_, S, C, SESSIONS> {
    async fn open(
        &mut self,
        session: SessionId,
        request: &OpenRequest<'_>,
    ) -> Result<Opened, SessionError> {
        poll_fn(|context| Poll::Ready(self.open_now(session, request, context))).await
    }

    async fn send(
        &mut self,
        session: SessionId,
        datagram: &[u8],
        expect: Expect,
    ) -> Result<(), SessionError> {
        let assists = self.settings.release_assistance;
        let until = self.clock.now() + self.settings.send_timeout;
        if self.slot(session)?.0.phase == Phase::Saved {
            self.load(session).await?;
        }
        let (slot, sockets, clock) = self.slot(session)?;
        while let Some(rest) = datagram.get(slot.written..).filter(|it| !it.is_empty()) {
            // The modem takes no more for one record.
            let (rest, expect) = match slot.protocol {
                Protocol::Tls => rest
                    .get(..LONGEST_SECURED)
                    .map_or((rest, expect), |part| (part, Expect::More)),
                _ => (rest, expect),
            };
            let socket = slot.socket;
            let send = pin!(poll_fn(|context| {
                // It counts for the next send alone, also where the modem has no room for that.
                if assists {
                    let _ = sockets.set_option(socket, release_assistance(expect));
                }
                poll_send(sockets, socket, rest, context)
            }));
            let first = race(send, pin!(clock.wait(until))).await;
            let sent = match first {
                First::Left(sent) => sent,
                First::Right(()) if clock.now() < until => continue,
                First::Right(()) => Err(Errno::TIMEDOUT),
            };
            let error = match sent {
                Ok(len) if slot.protocol.is_stream() && len > 0 => {
                    slot.written = slot.written.saturating_add(len);
                    continue;
                }
                Ok(len) if len == rest.len() => break,
                // Of a datagram a part.
                Ok(_) => Errno::MSGSIZE,
                Err(error) => error,
            };
            let begun = core::mem::take(&mut slot.written) > 0;
            return Err(match error.on_session() {
                // What follows would not fit to what has left.
                error if begun && error.kind != SessionErrorKind::Closed => {
                    SessionError::new(SessionErrorKind::Reset, error.errno)
                }
                // Nobody listens there, for now.
                error
                    if slot.protocol == Protocol::Udp
                        && error.kind == SessionErrorKind::Refused =>
                {
                    SessionError::new(SessionErrorKind::Io, error.errno)
                }
                error => error,
            });
        }
        slot.written = 0;
        Ok(())
    }

    async fn close(&mut self, session: SessionId) {
        self.table.end(session.index());
    }

    async fn receive(&mut self, buffer: &mut [u8]) -> (SessionId, Received) {
        let Self { table, clock, .. } = self;
        loop {
            let now = clock.now();
            let deadline = table.deadline();
            let first = {
                let event = pin!(poll_fn(|context| table.poll(buffer, now, context)));
                race(event, pin!(clock.wait(deadline))).await
            };
            if let First::Left(event) = first {
                return event;
            }
        }
    }

    fn hold(&mut self, session: SessionId, held: bool) {
        if let Some(slot) = self
            .table
            .slots
            .get_mut(session.index())
            .and_then(Option::as_mut)
            && slot.protocol.is_stream()
        {
            slot.held = held;
        }
    }

    fn connection_id(&self, session: SessionId) -> ConnectionId {
        let slot = self
            .table
            .slots
            .get(session.index())
            .and_then(Option::as_ref);
        let Some(slot) = slot.filter(|slot| slot.protocol == Protocol::Dtls) else {
            return ConnectionId::Unsupported;
        };
        // The peer knows the device by the id in what the device sends.
        match self.table.sockets.status(slot.socket, Status::ConnectionId) {
            Ok(2 | 3) => ConnectionId::Used,
            Ok(_) => ConnectionId::Unused,
            Err(_) => ConnectionId::Unsupported,
        }
    }

    /// # Errors
    /// [`SessionErrorKind::Unsupported`] for what is not DTLS, not open, or has a suite without CCM or GCM;
    /// [`SessionErrorKind::Resources`] while bytes are on their way, without memory, or with four saved already. The session
    /// stays as it is.
    async fn save(&mut self, session: SessionId) -> Result<(), SessionError> {
        let (slot, sockets, _) = self.slot(session)?;
        if slot.protocol != Protocol::Dtls {
            return Err(SessionError::UNSUPPORTED);
        }
        if slot.phase == Phase::Open {
            let saved = sockets.set_option(slot.socket, SocketOption::SaveConnection);
            saved.map_err(packing)?;
            slot.phase = Phase::Saved;
        }
        Ok(())
    }

    /// # Errors
    /// As [`save`](Self::save). The session is closed then: the modem takes nothing on it any more.
    async fn load(&mut self, session: SessionId) -> Result<(), SessionError> {
        let (slot, sockets, _) = self.slot(session)?;
        if slot.phase != Phase::Saved {
            return Err(SessionError::UNSUPPORTED);
        }
        let loaded = sockets.set_option(slot.socket, SocketOption::LoadConnection);
        if loaded.is_ok() {
            slot.phase = Phase::Open;
        } else {
            self.table.end(session.index());
        }
        loaded.map_err(packing)
    }
}

impl<S: Sockets, C, const SESSIONS: usize> fmt::Debug for ModemSessions<'_, S, C, SESSIONS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModemSessions")
            .field("slots", &self.table.slots)
            .finish_non_exhaustive()
    }
}

const NO_ROOM: SessionError = SessionError::new(SessionErrorKind::Resources, errno::ENOMEM);
const UNRESOLVED: SessionError = SessionError::new(SessionErrorKind::NameResolution, errno::ENOENT);

/// Why a connection could not be saved or loaded.
fn packing(error: Errno) -> SessionError {
    let kind = match error {
        Errno::AGAIN | Errno::NOMEM => SessionErrorKind::Resources,
        _ => SessionErrorKind::Unsupported,
    };
    SessionError::new(kind, error.to_linux())
}

/// The tags by which a session is secured.
fn tag_list<'l>(security: &Security, tags: &'l mut [u32; MOST_TAGS]) -> &'l [u32] {
    let mut count = 0;
    match security {
        Security::Tag(tag) => {
            if let Some(first) = tags.first_mut() {
                *first = tag.0;
                count = 1;
            }
        }
        Security::CaTags(all) => {
            for (to, tag) in tags.iter_mut().zip(all.iter()) {
                *to = tag.0;
                count += 1;
            }
        }
        _ => {}
    }
    tags.get(..count).unwrap_or_default()
}

/// `host` as the modem takes it.
fn terminated<'n>(host: &str, name: &'n mut [u8; NAME]) -> Option<&'n CStr> {
    name.get_mut(..host.len())?.copy_from_slice(host.as_bytes());
    let ended = name.get(..=host.len())?;
    CStr::from_bytes_with_nul(ended)
        .ok()
        .filter(|it| !it.is_empty())
}

const fn release_assistance(expect: Expect) -> SocketOption<'static> {
    SocketOption::ReleaseAssistance(match expect {
        Expect::Nothing => ReleaseAssistance::Last,
        Expect::Reply => ReleaseAssistance::OneResponse,
        _ => ReleaseAssistance::Ongoing,
    })
}
