//! A server of streams that says what a test tells it, and what a device does to talk to one.

#![allow(dead_code, reason = "each test file takes what it needs")]

use core::cell::RefCell;
use core::future::{Future, poll_fn};
use core::net::SocketAddr;
use core::pin::pin;
use core::task::Poll;

use carrier_mock::executor;
use carrier_mock::server::{Connection, Outgoing, StreamServer};
use carrier_mock::world::{StreamGuard, World};
use lwm2m_carrier::hal::{
    Link, OpenRequest, Opened, Received, SessionError, SessionErrorKind, SessionId, Sessions,
    Transport,
};
use lwm2m_core::time::Instant;

pub(crate) const ID: SessionId = SessionId::new(1);
pub(crate) const SERVER: &str = "192.0.2.9:80";
pub(crate) const CA: &[u8] = b"certificate of the authority";

pub(crate) fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

pub(crate) fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    executor::block_on(future).expect("a future that nobody wakes")
}

pub(crate) fn request() -> OpenRequest<'static> {
    OpenRequest::new("files.example", 80).over(Transport::Stream)
}

pub(crate) fn closed(kind: SessionErrorKind, errno: i32) -> Received {
    Received::Closed(SessionError::new(kind, errno))
}

/// A world whose link is up since 2 s, and a peer in it.
pub(crate) fn world<'w>(peer: &'w RefCell<Peer>, guard: StreamGuard<'w>) -> World<'w> {
    let world = World::new(7);
    world
        .add_stream_server("files.example", address(SERVER), guard, peer)
        .unwrap();
    block_on(async { world.link().up().await.unwrap() });
    world
}

/// Nothing goes to the server or comes from it.
pub(crate) fn cut_off(world: &World<'_>, from: Instant, until: Instant) {
    let mut network = world.network().borrow_mut();
    network
        .add_server_outage(address(SERVER), from, until)
        .unwrap();
}

pub(crate) fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|n| (n % 251) as u8).collect()
}

/// Says what it is told on every connection, and remembers what it hears.
#[derive(Debug, Default)]
pub(crate) struct Peer {
    text: Vec<u8>,
    said: usize,
    ends_with: Option<Outgoing>,
    pub(crate) received: Vec<u8>,
    pub(crate) accepted: u32,
    pub(crate) closed: u32,
    pub(crate) absent: bool,
    pub(crate) full: bool,
}

impl Peer {
    pub(crate) fn say(&mut self, text: &[u8]) {
        self.text.extend_from_slice(text);
    }

    pub(crate) fn ends_with(&mut self, ending: Outgoing) {
        self.ends_with = Some(ending);
    }

    /// Bytes that it has not said yet.
    pub(crate) fn left(&self) -> usize {
        self.text.len() - self.said
    }
}

impl StreamServer for Peer {
    fn accept(&mut self, _now: Instant, _connection: Connection) -> bool {
        self.accepted += u32::from(!self.full);
        !self.full
    }

    fn receive(&mut self, _now: Instant, _connection: Connection, bytes: &[u8]) {
        self.received.extend_from_slice(bytes);
    }

    fn poll(&mut self, _now: Instant, _connection: Connection, buffer: &mut [u8]) -> Outgoing {
        let len = self.left().min(buffer.len());
        if len == 0 {
            return self.ends_with.take().unwrap_or(Outgoing::Nothing);
        }
        buffer[..len].copy_from_slice(&self.text[self.said..][..len]);
        self.said += len;
        Outgoing::Bytes(len)
    }

    fn next_timeout(&self, now: Instant, _connection: Connection) -> Option<Instant> {
        (self.left() > 0 || self.ends_with.is_some()).then_some(now)
    }

    fn closed(&mut self, _now: Instant, _connection: Connection) {
        self.closed += 1;
    }

    fn is_present(&self) -> bool {
        !self.absent
    }
}

/// What the sockets have next, until a deadline.
pub(crate) async fn next(
    world: &World<'_>,
    buffer: &mut [u8],
    until: Instant,
) -> Option<(SessionId, Received)> {
    let mut sessions = world.sessions();
    let mut receive = pin!(sessions.receive(buffer));
    let mut wait = pin!(world.sleep_until(until));
    poll_fn(|context| {
        if let Poll::Ready(received) = receive.as_mut().poll(context) {
            return Poll::Ready(Some(received));
        }
        wait.as_mut().poll(context).map(|()| None)
    })
    .await
}

/// Opens a stream and waits until it is open.
pub(crate) async fn connect(world: &World<'_>, id: SessionId, request: &OpenRequest<'_>) {
    let opened = world.sessions().open(id, request).await;
    assert_eq!(opened, Ok(Opened::Pending));
    let until = Instant::from_millis(world.now().as_millis() + 600_000);
    let what = next(world, &mut [0; 16], until).await;
    assert_eq!(what, Some((id, Received::Opened { resumed: false })));
}

/// Everything that a stream brings until a deadline, and its end if that comes first.
pub(crate) async fn collect(world: &World<'_>, until: Instant) -> (Vec<u8>, Option<Received>) {
    let (mut buffer, mut bytes) = (vec![0; 1500], Vec::new());
    loop {
        match next(world, &mut buffer, until).await {
            Some((_, Received::Datagram(len))) => bytes.extend_from_slice(&buffer[..len]),
            Some((_, end)) => return (bytes, Some(end)),
            None => return (bytes, None),
        }
    }
}
