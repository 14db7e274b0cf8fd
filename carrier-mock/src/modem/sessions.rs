//! The modem's sockets: plain and simulated secure sessions over the lossy network. Streams have files of their own.

use core::future::poll_fn;
use core::net::{IpAddr, SocketAddr};
use core::task::Poll;

use heapless::Deque;
use lwm2m_carrier::errno;
use lwm2m_carrier::hal::{
    Expect, LinkState, OpenRequest, Opened, Received, Security, SecurityTag, SessionError,
    SessionErrorKind, SessionId, Sessions, Transport,
};
use lwm2m_core::time::{Duration, Instant};

use crate::recorder::{Direction, Entry};
use crate::world::listener::{ALERT, APPLICATION_DATA, Door, FLIGHTS, HANDSHAKE};
use crate::world::{DATAGRAM, World};

/// Sessions that can be open at a time; their numbers are below this.
pub const MAX_SESSIONS: usize = 8;

/// Received things that wait for the library; datagrams beyond that are lost, as in a full socket.
const QUEUE: usize = 6;

/// First retransmission of a flight, doubled for each further one (RFC 6347, section 4.2.4.1).
const FLIGHT_TIMEOUT: Duration = Duration::from_secs(1);

/// First port of the device; each session gets one of its own.
const FIRST_PORT: u16 = 49152;

/// The session is not open.
const CLOSED: SessionError = SessionError::new(SessionErrorKind::Closed, errno::ENOTCONN);
/// The peer's host answers that nobody listens.
const REFUSED: SessionError = SessionError::new(SessionErrorKind::Refused, errno::ECONNREFUSED);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Waiting for the answer to this flight.
    Handshake {
        flight: u8,
        timeout: Duration,
        retry_at: Instant,
        give_up: Instant,
    },
    Open,
}

#[derive(Debug, Clone, Copy)]
struct Session {
    remote: SocketAddr,
    port: u16,
    tag: Option<SecurityTag>,
    phase: Phase,
}

/// Something that the library has not yet received.
#[derive(Debug)]
struct Arrival {
    session: SessionId,
    /// `None` once the session was closed.
    what: Option<Received>,
    data: [u8; DATAGRAM],
}

/// All sessions.
#[derive(Debug)]
pub(crate) struct SessionTable {
    sessions: [Option<Session>; MAX_SESSIONS],
    arrivals: Deque<Arrival, QUEUE>,
    next_port: u16,
    handshake_timeout: Duration,
}

impl Default for SessionTable {
    fn default() -> Self {
        Self {
            sessions: [None; MAX_SESSIONS],
            arrivals: Deque::new(),
            next_port: FIRST_PORT,
            handshake_timeout: Duration::from_secs(60),
        }
    }
}

impl SessionTable {
    fn session(&self, id: SessionId) -> Option<Session> {
        self.sessions.get(id.index()).copied().flatten()
    }

    fn set(&mut self, id: SessionId, session: Option<Session>) {
        if let Some(slot) = self.sessions.get_mut(id.index()) {
            *slot = session;
        }
    }

    /// The sockets are gone, and all that was waiting in them.
    pub(crate) fn clear(&mut self) {
        self.sessions = [None; MAX_SESSIONS];
        self.arrivals.clear();
    }

    /// The tag that the session with this number presents.
    pub(crate) fn tag(&self, number: u8) -> Option<SecurityTag> {
        self.session(SessionId::new(number))?.tag
    }

    /// Whether a session is open from this port to this server.
    pub(crate) fn is_open(&self, port: u16, server: SocketAddr) -> bool {
        self.sessions.iter().flatten().any(|session| {
            session.port == port && session.remote == server && session.phase == Phase::Open
        })
    }

    fn forget_arrivals(&mut self, id: SessionId) {
        for arrival in self.arrivals.iter_mut().filter(|a| a.session == id) {
            arrival.what = None;
        }
    }

    fn arrive(&mut self, session: SessionId, what: Received, bytes: &[u8]) {
        let mut data = [0; DATAGRAM];
        for (to, from) in data.iter_mut().zip(bytes) {
            *to = *from;
        }
        let what = Some(what);
        let _ = self.arrivals.push_back(Arrival {
            session,
            what,
            data,
        });
    }

    fn fail(&mut self, id: SessionId, error: SessionError) {
        self.set(id, None);
        self.arrive(id, Received::Closed(error), &[]);
    }

    /// When a handshake has something to do.
    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        let phases = self.sessions.iter().flatten().map(|session| session.phase);
        phases
            .filter_map(|phase| match phase {
                Phase::Handshake {
                    retry_at, give_up, ..
                } => Some(retry_at.min(give_up)),
                Phase::Open => None,
            })
            .min()
    }
}

impl World<'_> {
    /// Sends flights again, and ends handshakes that take too long.
    pub(crate) fn poll_handshakes(&self) {
        let now = self.now();
        for number in 0..MAX_SESSIONS as u8 {
            let id = SessionId::new(number);
            let Some(mut session) = self.sessions.borrow().session(id) else {
                continue;
            };
            let Phase::Handshake {
                flight,
                timeout,
                retry_at,
                give_up,
            } = session.phase
            else {
                continue;
            };
            if give_up <= now {
                // Who has answered before, and then not any more, has refused the key.
                let error = if flight == FLIGHTS {
                    SessionError::new(SessionErrorKind::Handshake, errno::ECONNREFUSED)
                } else {
                    SessionError::new(SessionErrorKind::Timeout, errno::ETIMEDOUT)
                };
                self.sessions.borrow_mut().fail(id, error);
                self.call_attention();
            } else if retry_at <= now {
                session.phase = Phase::Handshake {
                    flight,
                    timeout: timeout.saturating_mul(2),
                    retry_at: now + timeout.saturating_mul(2),
                    give_up,
                };
                self.sessions.borrow_mut().set(id, Some(session));
                self.transmit(session.port, session.remote, &[HANDSHAKE, flight, number]);
            }
        }
    }

    /// Takes a datagram that has come to the device.
    pub(crate) fn arrive(&self, from: SocketAddr, port: u16, datagram: &[u8]) {
        let now = self.now();
        let mut table = self.sessions.borrow_mut();
        let found = table.sessions.iter().position(|slot| {
            slot.is_some_and(|session| session.port == port && session.remote == from)
        });
        let Some(number) = found.and_then(|number| u8::try_from(number).ok()) else {
            return;
        };
        let id = SessionId::new(number);
        let Some(mut session) = table.session(id) else {
            return;
        };
        let payload = match (session.tag, session.phase, datagram) {
            (None, Phase::Open, payload) => payload,
            (Some(_), Phase::Open, [APPLICATION_DATA, payload @ ..]) => payload,
            (
                Some(_),
                Phase::Handshake {
                    flight, give_up, ..
                },
                [HANDSHAKE, answered, ..],
            ) if *answered == flight => {
                if flight == FLIGHTS {
                    session.phase = Phase::Open;
                    table.set(id, Some(session));
                    table.arrive(id, Received::Opened { resumed: false }, &[]);
                    drop(table);
                    self.call_attention();
                } else {
                    session.phase = Phase::Handshake {
                        flight: flight + 1,
                        timeout: FLIGHT_TIMEOUT,
                        retry_at: now + FLIGHT_TIMEOUT,
                        give_up,
                    };
                    table.set(id, Some(session));
                    drop(table);
                    self.transmit(
                        session.port,
                        session.remote,
                        &[HANDSHAKE, flight + 1, number],
                    );
                }
                return;
            }
            _ => return,
        };
        table.arrive(id, Received::Datagram(payload.len()), payload);
        drop(table);
        self.call_attention();
        self.record_message(Direction::ToDevice, from, payload);
    }
}

/// The sockets as [`Sessions`].
#[derive(Debug, Clone, Copy)]
pub struct ModemSessions<'a, 'w> {
    world: &'a World<'w>,
}

impl<'a, 'w> ModemSessions<'a, 'w> {
    pub(crate) const fn new(world: &'a World<'w>) -> Self {
        Self { world }
    }

    /// Sets how long a handshake, or a connect, may take: 60 s by default.
    pub fn set_handshake_timeout(&self, timeout: Duration) {
        self.world.sessions.borrow_mut().handshake_timeout = timeout;
    }

    fn resolve(&self, host: &str) -> Result<IpAddr, SessionError> {
        let known = host.parse().ok().or_else(|| self.world.resolve(host));
        known.ok_or(SessionError::new(
            SessionErrorKind::NameResolution,
            errno::ENOENT,
        ))
    }

    fn open_now(&self, id: SessionId, request: &OpenRequest<'_>) -> Result<Opened, SessionError> {
        if self.world.link.borrow().state() != LinkState::Up {
            return Err(SessionError::new(
                SessionErrorKind::NoRoute,
                errno::ENETDOWN,
            ));
        }
        if id.index() >= MAX_SESSIONS {
            return Err(SessionError::new(
                SessionErrorKind::Resources,
                errno::ENOMEM,
            ));
        }
        let (stream, tag) = match (request.transport, request.security) {
            (Transport::Datagram, Security::None) => (false, None),
            (Transport::Datagram, Security::Tag(tag)) => (false, Some(tag)),
            (Transport::Stream, _) => (true, None),
            _ => return Err(SessionError::UNSUPPORTED),
        };
        let remote = SocketAddr::new(self.resolve(request.host)?, request.port);
        match self.world.door(remote) {
            Door::NoRoute => {
                return Err(SessionError::new(
                    SessionErrorKind::NoRoute,
                    errno::EHOSTUNREACH,
                ));
            }
            Door::Refuses if tag.is_some() => return Err(REFUSED),
            _ => {}
        }
        if stream {
            let patience = self.world.sessions.borrow().handshake_timeout;
            let give_up = self.world.now() + patience;
            return self.world.open_stream(id, remote, request, give_up);
        }
        if let Some(tag) = tag
            && !self.world.has_psk(tag)
        {
            return Err(SessionError::new(
                SessionErrorKind::Handshake,
                errno::ENOENT,
            ));
        }
        let now = self.world.now();
        let port = {
            let mut table = self.world.sessions.borrow_mut();
            let port = table.next_port;
            table.next_port = port.checked_add(1).unwrap_or(FIRST_PORT);
            let phase = if tag.is_some() {
                Phase::Handshake {
                    flight: 1,
                    timeout: FLIGHT_TIMEOUT,
                    retry_at: now + FLIGHT_TIMEOUT,
                    give_up: now + table.handshake_timeout,
                }
            } else {
                Phase::Open
            };
            let session = Session {
                remote,
                port,
                tag,
                phase,
            };
            table.set(id, Some(session));
            port
        };
        if tag.is_none() {
            return Ok(Opened::Ready { resumed: true });
        }
        self.world
            .transmit(port, remote, &[HANDSHAKE, 1, id.number()]);
        Ok(Opened::Pending)
    }

    fn close_now(&self, id: SessionId) {
        self.world.close_stream(id);
        let session = {
            let mut table = self.world.sessions.borrow_mut();
            table.forget_arrivals(id);
            let session = table.session(id);
            table.set(id, None);
            session
        };
        if let Some(session) = session
            && session.tag.is_some()
            && session.phase == Phase::Open
        {
            self.world.transmit(session.port, session.remote, &[ALERT]);
        }
    }

    fn send_now(&self, id: SessionId, datagram: &[u8]) -> Result<(), SessionError> {
        let session = self.world.sessions.borrow().session(id);
        let session = session.filter(|session| session.phase == Phase::Open);
        let session = session.ok_or(CLOSED)?;
        let mut record = [0; DATAGRAM + 1];
        let secured = usize::from(session.tag.is_some());
        let len = datagram.len() + secured;
        if datagram.len() > DATAGRAM {
            return Err(SessionError::new(
                SessionErrorKind::TooLong,
                errno::EMSGSIZE,
            ));
        }
        record[0] = APPLICATION_DATA;
        for (to, from) in record.iter_mut().skip(secured).zip(datagram) {
            *to = *from;
        }
        self.world
            .record_message(Direction::FromDevice, session.remote, datagram);
        if self.world.door(session.remote) == Door::Refuses {
            self.world.sessions.borrow_mut().fail(id, REFUSED);
            self.world.call_attention();
            return Ok(());
        }
        let record = record.get(..len).unwrap_or_default();
        self.world.transmit(session.port, session.remote, record);
        Ok(())
    }
}

impl Sessions for ModemSessions<'_, '_> {
    async fn open(
        &mut self,
        session: SessionId,
        request: &OpenRequest<'_>,
    ) -> Result<Opened, SessionError> {
        self.world.powered().await;
        self.close_now(session);
        let result = self.open_now(session, request);
        self.world.record(Entry::Opened {
            session,
            transport: request.transport,
            security: request.security.into(),
            result,
        });
        result
    }

    async fn send(
        &mut self,
        session: SessionId,
        datagram: &[u8],
        _expect: Expect,
    ) -> Result<(), SessionError> {
        self.world.powered().await;
        if !self.world.is_stream(session) {
            return self.send_now(session, datagram);
        }
        let mut rest = datagram;
        loop {
            let (sent, more_at) = self.world.send_on_stream(session, rest)?;
            rest = rest.get(sent..).unwrap_or_default();
            if rest.is_empty() {
                return Ok(());
            }
            let soon = self.world.now() + Duration::from_millis(1);
            self.world.sleep_until(more_at.max(soon)).await;
        }
    }

    async fn close(&mut self, session: SessionId) {
        self.world.powered().await;
        self.close_now(session);
    }

    fn hold(&mut self, session: SessionId, held: bool) {
        self.world.hold_stream(session, held);
    }

    async fn receive(&mut self, buffer: &mut [u8]) -> (SessionId, Received) {
        poll_fn(|_| {
            if !self.world.is_running() {
                return Poll::Pending;
            }
            let mut table = self.world.sessions.borrow_mut();
            while let Some(arrival) = table.arrivals.pop_front() {
                let len = match arrival.what {
                    Some(Received::Datagram(len)) => len,
                    Some(_) => 0,
                    None => continue,
                };
                let room = buffer.get_mut(..len);
                if let (Some(to), Some(what)) = (room, arrival.what) {
                    for (to, from) in to.iter_mut().zip(&arrival.data) {
                        *to = *from;
                    }
                    return Poll::Ready((arrival.session, what));
                }
            }
            drop(table);
            match self.world.receive_from_streams(buffer) {
                Some(received) => Poll::Ready(received),
                None => Poll::Pending,
            }
        })
        .await
    }
}
