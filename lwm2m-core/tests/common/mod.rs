//! A device on a virtual clock: one client, objects in tables, randomness that repeats; datagrams go in and come out.
#![allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    reason = "each test target uses a part of it"
)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a test fails by a panic"
)]

mod message;
mod store;

pub use message::{Answer, Request, delete, empty, get, hex, post, put};
pub use store::{Objects4, Owned, Store, TEST, device, security, server, test_object};

use lwm2m_core::client::{Client, Config, Event, Expect, Output, Resources, SessionEvent};
use lwm2m_core::model::{Objects, Path};
use lwm2m_core::objects::tables;
use lwm2m_core::random::Random;
use lwm2m_core::time::{Duration, Instant};
use lwm2m_core::{SessionId, wire::coap::Code};

/// The session of the first server.
pub const SERVER: SessionId = SessionId::new(0);
/// Endpoint client name of 24 characters.
pub const ENDPOINT: &str = "urn:imei:490154203237518";

/// Randomness of a test.
#[derive(Debug)]
pub enum TestRandom {
    /// Every byte is this one: 0 for the shortest jitter, 255 for the longest.
    Constant(u8),
    /// Bytes of a linear congruential generator with this state.
    Sequence(u32),
}

impl Random for TestRandom {
    fn public(&mut self, bytes: &mut [u8]) {
        match self {
            Self::Constant(byte) => bytes.fill(*byte),
            Self::Sequence(state) => {
                for byte in bytes {
                    *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    *byte = (*state >> 24) as u8;
                }
            }
        }
    }

    fn private(&mut self, bytes: &mut [u8]) {
        self.public(bytes);
    }
}

/// What the client has handed out.
#[derive(Clone, Debug, PartialEq)]
pub enum Out {
    Transmit(SessionId, Vec<u8>, Expect),
    Open(SessionId, u16),
    Close(SessionId),
    Event(Event),
}

/// The device.
pub struct Device<O = Objects4> {
    pub client: Client<'static>,
    pub objects: O,
    pub random: TestRandom,
    pub now: Instant,
    /// The deadline that the client gave last.
    pub until: Instant,
    buffer: Vec<u8>,
}

impl Device {
    /// A device with the account of one server, no root link, and room for two servers.
    pub fn new() -> Self {
        Self::with(Self::config(), TestRandom::Sequence(1), 1280)
    }

    /// What `new` uses.
    pub fn config() -> Config<'static> {
        let mut config = Config::new(ENDPOINT);
        config.root_link = false;
        config
    }

    /// One that knows its bootstrap server alone.
    pub fn factory_fresh() -> Self {
        let mut device = Self::new();
        device.objects.security = Store::new(&tables::security::DEFINITION)
            .creatable()
            .with(0, 0, "coap://192.0.2.8")
            .with(0, 1, true)
            .with(0, 2, 3);
        device.objects.server = Store::new(&tables::server::DEFINITION).creatable();
        device
    }

    pub fn with(config: Config<'static>, random: TestRandom, buffer: usize) -> Self {
        let objects = Objects4 {
            security: security(),
            server: server(),
            device: device(),
            test: test_object(),
        };
        Self::of(objects, config, random, buffer)
    }

    /// A registered device; its location is `/rd/a1`.
    pub fn registered() -> Self {
        let mut device = Self::new();
        device.register();
        device
    }

    /// The application changes a value of the test object; what comes out.
    pub fn change(&mut self, resource: u16, value: impl Into<Owned>) -> Vec<Out> {
        self.objects.test.set(1, resource, value);
        self.client.changed(Path::resource(TEST, 1, resource));
        self.drain()
    }
}

impl<O: Objects> Device<O> {
    /// A device with these objects.
    pub fn of(objects: O, config: Config<'static>, mut random: TestRandom, buffer: usize) -> Self {
        let resources = Box::leak(Box::new(Resources::<2, 4, 4, 8>::new()));
        let client = Client::new(resources, config, &mut random);
        Self {
            client,
            objects,
            random,
            now: Instant::ZERO,
            until: Instant::ZERO,
            buffer: vec![0; buffer],
        }
    }

    /// Starts, opens the session and accepts the Register.
    pub fn register(&mut self) {
        self.start();
        self.register_opened();
    }

    /// Opens the session and accepts the Register.
    pub fn register_opened(&mut self) {
        let out = self.open(SERVER);
        let register = sent(&out);
        assert_eq!(uri_path(&register), ["rd"]);
        let out = self.receive(&register.created("/rd/a1"));
        assert_eq!(out, [Out::Event(Event::Registered { server: 1 })]);
    }

    /// Calls `start` and returns what comes out.
    pub fn start(&mut self) -> Vec<Out> {
        self.client.start(self.now, &mut self.objects).unwrap();
        self.drain()
    }

    /// Tells that a session is open, without security.
    pub fn open(&mut self, session: SessionId) -> Vec<Out> {
        self.session(session, SessionEvent::Open { resumed: true })
    }

    pub fn session(&mut self, session: SessionId, event: SessionEvent) -> Vec<Out> {
        let Self {
            client,
            objects,
            random,
            now,
            ..
        } = self;
        client.handle_session(*now, session, event, objects, random);
        self.drain()
    }

    /// A datagram of the first server arrives.
    pub fn receive(&mut self, datagram: &[u8]) -> Vec<Out> {
        self.receive_from(SERVER, datagram)
    }

    pub fn receive_from(&mut self, session: SessionId, datagram: &[u8]) -> Vec<Out> {
        self.buffer[..datagram.len()].copy_from_slice(datagram);
        let len = datagram.len();
        self.client.handle_datagram(
            self.now,
            session,
            &mut self.buffer,
            len,
            &mut self.objects,
            &mut self.random,
        );
        self.drain()
    }

    /// A request of the first server, and the answer, which is all that comes out.
    pub fn ask(&mut self, request: &Request) -> Answer {
        self.ask_from(SERVER, request)
    }

    pub fn ask_from(&mut self, session: SessionId, request: &Request) -> Answer {
        let out = self.receive_from(session, &request.bytes());
        assert_eq!(out.len(), 1, "{out:?}");
        let answer = sent(&out);
        assert_eq!(answer.token(), request.token());
        answer
    }

    /// The code of the answer to a request.
    pub fn code(&mut self, request: &Request) -> Code {
        let out = self.receive(&request.bytes());
        let answer = sent(&out);
        assert_eq!(answer.token(), request.token());
        answer.code()
    }

    /// Observes `path` in text; the token, and the Observe number of the answer.
    pub fn observe(&mut self, path: &str) -> (Vec<u8>, u32) {
        let request = get(path).accept(0).uint(6, 0);
        let answer = self.ask(&request);
        assert_eq!(answer.code(), Code::CONTENT);
        (request.token().to_vec(), answer.uint(6).unwrap())
    }

    pub fn finish_bootstrap(&mut self, accepted: bool) -> Vec<Out> {
        assert!(self.client.finish_bootstrap(
            self.now,
            accepted,
            &mut self.buffer,
            &mut self.objects,
            &mut self.random
        ));
        self.drain()
    }

    /// Accepts Updates that are on their way because of what a server did.
    pub fn settle(&mut self) {
        self.client.update(false);
        let mut out = self.drain();
        while let Some(update) = out.iter().find_map(|out| match out {
            Out::Transmit(_, datagram, _) => Some(Answer::new(datagram)),
            _ => None,
        }) {
            out = self.receive(&update.reply(Code::CHANGED));
        }
    }

    /// The network goes away, and is back; its session is gone.
    pub fn lose_and_find_network(&mut self) {
        for online in [false, true] {
            self.client.set_online(self.now, online, &mut self.objects);
            self.drain();
        }
    }

    /// Everything that the client wants now.
    pub fn drain(&mut self) -> Vec<Out> {
        let mut all = Vec::new();
        loop {
            let output = self.client.poll_output(
                self.now,
                &mut self.buffer,
                &mut self.objects,
                &mut self.random,
            );
            all.push(match output {
                Output::Transmit {
                    session,
                    datagram,
                    expect,
                } => Out::Transmit(session, datagram.to_vec(), expect),
                Output::Open { session, account } => Out::Open(session, account),
                Output::Close { session } => Out::Close(session),
                Output::Event(event) => Out::Event(event),
                Output::Idle { until } => {
                    // A deadline that has passed would let a driver spin.
                    assert!(until > self.now, "idle until the past, after {all:?}");
                    self.until = until;
                    return all;
                }
                _ => panic!("an unknown output"),
            });
            if let Some(Out::Transmit(_, datagram, _)) = all.last() {
                // Panics when it is malformed.
                let _ = Answer::new(datagram);
            }
            assert!(all.len() < 100, "no end");
        }
    }

    /// Lets time pass until `at`, deadline by deadline; what came out, and when.
    pub fn wait_until(&mut self, at: Instant) -> Vec<(Instant, Out)> {
        let mut all = Vec::new();
        loop {
            all.extend(self.drain().into_iter().map(|out| (self.now, out)));
            if self.until > at {
                self.now = at;
                return all;
            }
            self.now = self.until;
        }
    }

    /// Lets `secs` seconds pass.
    pub fn wait(&mut self, secs: u64) -> Vec<(Instant, Out)> {
        self.wait_until(self.now + Duration::from_secs(secs))
    }
}

/// A device that is registered with two servers, over sessions 0 and 1.
pub fn two_servers() -> Device {
    let mut device = Device::new();
    let account = [
        (0, Owned::from("coap://192.0.2.2")),
        (1, false.into()),
        (2, 3.into()),
        (10, 2.into()),
    ];
    for (resource, value) in account {
        device.objects.security.set(1, resource, value);
    }
    for (resource, value) in [(0, 2), (1, 86_400)] {
        device.objects.server.set(1, resource, value);
    }
    let out = device.start();
    assert_eq!(out, [Out::Open(SERVER, 0), Out::Open(SessionId::new(1), 1)]);
    for number in [0, 1] {
        let session = SessionId::new(number);
        let register = sent(&device.open(session));
        let out = device.receive_from(session, &register.created("/rd/a1"));
        assert_eq!(
            events(&out),
            [Event::Registered {
                server: u16::from(number) + 1
            }]
        );
    }
    device
}

/// The only datagram among what came out.
pub fn sent(out: &[Out]) -> Answer {
    let mut datagrams = out.iter().filter_map(|out| match out {
        Out::Transmit(_, datagram, _) => Some(datagram),
        _ => None,
    });
    let datagram = datagrams
        .next()
        .unwrap_or_else(|| panic!("no datagram in {out:?}"));
    assert_eq!(datagrams.next(), None, "more than one datagram");
    Answer::new(datagram)
}

/// The events among what came out.
pub fn events(out: &[Out]) -> Vec<Event> {
    let event = |out: &Out| match out {
        Out::Event(event) => Some(*event),
        _ => None,
    };
    out.iter().filter_map(event).collect()
}

/// Without the times.
pub fn outputs(timed: &[(Instant, Out)]) -> Vec<Out> {
    timed.iter().map(|(_, out)| out.clone()).collect()
}

pub fn uri_path(message: &Answer) -> Vec<String> {
    message.strings(11)
}
