//! lwm2m-carrier's TLS in software, over the host's sockets, against rustls, against servers that break the rules, and
//! against those who stand in between.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed test panics"
)]
#![allow(
    clippy::large_futures,
    reason = "the engine's memory is that of the test's future"
)]

#[path = "../streams/authority.rs"]
#[allow(
    dead_code,
    reason = "the tests of the host's own sessions ask for more"
)]
mod authority;
mod certificates;
mod flow;
mod local;
mod middle;
mod rogue;
mod rogues;
#[path = "../streams/server.rs"]
#[allow(
    dead_code,
    reason = "the tests of the host's own sessions ask for more"
)]
mod server;

use core::pin::pin;
use std::time::{SystemTime, UNIX_EPOCH};

use carrier_host::clock::HostClock;
use carrier_host::net::AsyncStack;
use carrier_host::random::OsRandom;
use embedded_nal_async::AddrType;
use lwm2m_carrier::hal::{
    CaTags, Clock, OpenRequest, Opened, Received, Security, SecurityTag, SessionErrorKind,
    SessionId, Sessions, Transport,
};
use lwm2m_carrier::sessions::NalSessions;
use lwm2m_carrier::sessions::tls::{READ_BUFFER, TlsChannel, TlsSessions, WRITE_BUFFER};
use lwm2m_core::time::{Instant, UnixTime};

use local::Local;

const FIRST: SessionId = SessionId::new(0);
const SECOND: SessionId = SessionId::new(1);
const TAG: SecurityTag = SecurityTag(411);

/// Most bytes of a stream at once.
const CHUNK: usize = 512;

type Plain<'s> = Local<NalSessions<'s, AsyncStack, 2, CHUNK>>;
type Secured<'s> = TlsSessions<'s, Plain<'s>, TestClock, CHUNK>;

/// The host's clock, with another date.
struct TestClock {
    clock: HostClock,
    date: Option<UnixTime>,
    /// A wait sleeps a millisecond and returns.
    sleeps: bool,
}

impl Clock for TestClock {
    fn now(&self) -> Instant {
        self.clock.now()
    }

    async fn wait(&mut self, until: Instant) {
        if self.sleeps {
            std::thread::sleep(core::time::Duration::from_millis(1));
            return;
        }
        self.clock.wait(until).await;
    }

    fn unix_time(&self) -> Option<UnixTime> {
        self.date
    }
}

/// What the sessions of a test are made with.
struct Setup<'a> {
    trusted: &'a [(SecurityTag, &'a [u8])],
    /// Length of the buffer for records.
    read: usize,
    date: Option<UnixTime>,
    /// Whether the clock sleeps.
    sleeps: bool,
}

impl<'a> Setup<'a> {
    fn new(trusted: &'a [(SecurityTag, &'a [u8])]) -> Self {
        let today = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        Self {
            trusted,
            read: READ_BUFFER,
            sleeps: false,
            date: Some(UnixTime::from_secs(today.as_secs().try_into().unwrap())),
        }
    }

    async fn run<T>(self, test: impl AsyncFnOnce(&mut Secured<'_>) -> T) -> T {
        let (mut read, mut write) = (vec![0; self.read], [0; WRITE_BUFFER]);
        let channel = TlsChannel::<CHUNK>::new();
        let random = OsRandom::new().unwrap();
        let engine = pin!(channel.engine(&mut read, &mut write, self.trusted, random));
        let stack = AsyncStack::new();
        let plain = NalSessions::new(&stack, &[AddrType::IPv4]);
        let clock = TestClock {
            clock: HostClock::new(),
            date: self.date,
            sleeps: self.sleeps,
        };
        test(&mut TlsSessions::new(Local(plain), clock, &channel, engine)).await
    }
}

/// A secured stream to the server on this port, which should be `host`.
fn stream(host: &str, port: u16) -> OpenRequest<'_> {
    OpenRequest::new(host, port)
        .over(Transport::Stream)
        .secured_by(Security::CaTags(CaTags::new(&[TAG]).unwrap()))
}

/// Opens the first session; its outcome.
async fn open(sessions: &mut Secured<'_>, request: &OpenRequest<'_>) -> Received {
    match sessions.open(FIRST, request).await {
        Ok(Opened::Pending) => {}
        Ok(other) => panic!("{other:?}"),
        Err(error) => return Received::Closed(error),
    }
    let (session, received) = sessions.receive(&mut [0; CHUNK]).await;
    assert_eq!(session, FIRST);
    received
}

/// Takes exactly `len` bytes of the first session, `room` at most at once.
async fn read(sessions: &mut Secured<'_>, len: usize, room: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut buffer = vec![0; room];
    while bytes.len() < len {
        let room = room.min(len - bytes.len());
        match sessions.receive(&mut buffer[..room]).await {
            (FIRST, Received::Datagram(len)) => bytes.extend_from_slice(&buffer[..len]),
            other => panic!("{other:?} after {} bytes", bytes.len()),
        }
    }
    bytes
}

/// All that comes of the first session, and how it ends.
async fn read_to_end(sessions: &mut Secured<'_>) -> (Vec<u8>, (SessionErrorKind, i32)) {
    let mut bytes = Vec::new();
    let mut buffer = [0; 700];
    loop {
        match sessions.receive(&mut buffer).await {
            (FIRST, Received::Datagram(len)) => bytes.extend_from_slice(&buffer[..len]),
            (FIRST, ended) => return (bytes, failure(ended)),
            other => panic!("{other:?}"),
        }
    }
}

fn failure(received: Received) -> (SessionErrorKind, i32) {
    match received {
        Received::Closed(error) => (error.kind, error.errno),
        other => panic!("{other:?}"),
    }
}

const OPENED: Received = Received::Opened { resumed: false };

/// Bytes that no other place of the stream has in this order.
fn pattern(from: usize, len: usize) -> Vec<u8> {
    let words = (from / 4..(from + len).div_ceil(4)).flat_map(|word| (word as u32).to_be_bytes());
    words.skip(from % 4).take(len).collect()
}
