//! A registered client of the example device, and what it is asked to do.

use lwm2m_core::Client;
use lwm2m_core::client::{Config, Output, Resources, SessionEvent, SessionId};
use lwm2m_core::model::{Object, Path};
use lwm2m_core::objects::{Device, Security, SecurityInstance, Server, ServerInstance};
use lwm2m_core::time::Instant;
use lwm2m_core::wire::coap::{Builder, Code, Kind, Message, Token, option};
use lwm2m_core::wire::writer::Writer;

use crate::{Counter, device, work};

const SESSION: SessionId = SessionId::new(0);
const BATTERY_LEVEL: Path = Path::resource(3, 0, 9);

/// What a client and its objects lie in.
pub struct Memory {
    resources: Resources<1, 4, 4, 4>,
    security: Security<1>,
    server: Server<1>,
    device: Device<'static>,
}

impl Memory {
    /// One server, lifetime 86,400 s, and the device of the example.
    ///
    /// # Panics
    /// When the fixture is wrong.
    #[must_use]
    pub fn new() -> Self {
        let mut security = Security::new();
        let account = SecurityInstance::no_sec("coap://127.0.0.1:5683").short_server_id(1);
        assert_eq!(security.add(0, &account), Ok(()));
        let mut server = Server::new();
        let account = ServerInstance::new(1).lifetime(86_400);
        assert_eq!(server.add(0, &account), Ok(()));
        Self {
            resources: Resources::new(),
            security,
            server,
            device: device(),
        }
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

/// A registered client with memory of its own, which is never given back: for harnesses that want a value.
///
/// # Panics
/// When the fixture is wrong.
#[cfg(feature = "peers")]
#[must_use]
pub fn registered() -> Registered<'static> {
    Registered::new(Box::leak(Box::new(Memory::new())))
}

/// The same, with an observation of /3/0/9 that has been notified once.
///
/// # Panics
/// When the fixture is wrong.
#[cfg(feature = "peers")]
#[must_use]
pub fn observed() -> Registered<'static> {
    let mut registered = registered();
    registered.observe();
    registered
}

/// A registered client.
pub struct Registered<'m> {
    client: Client<'m>,
    security: &'m mut Security<1>,
    server: &'m mut Server<1>,
    device: &'m mut Device<'static>,
    random: Counter,
    buffer: [u8; 1280],
    message_id: u16,
    full: bool,
}

impl<'m> Registered<'m> {
    /// Registers a client.
    ///
    /// # Panics
    /// When the fixture is wrong.
    #[must_use]
    pub fn new(memory: &'m mut Memory) -> Self {
        let mut random = Counter(7);
        let config = Config::new(work::ENDPOINT);
        let client = Client::new(&mut memory.resources, config, &mut random);
        let mut registered = Self {
            client,
            security: &mut memory.security,
            server: &mut memory.server,
            device: &mut memory.device,
            random,
            buffer: [0; 1280],
            message_id: 0,
            full: true,
        };
        registered.register();
        registered
    }

    fn register(&mut self) {
        let mut turn = self.turn();
        let started = turn.client.start(Instant::ZERO, &mut turn.objects);
        assert_eq!(started, Ok(()));
        assert!(turn.poll().is_empty(), "a session is asked for first");
        turn.open();
        let Ok(request) = Message::parse(turn.poll()) else {
            panic!("no Register")
        };
        let (id, token) = (request.message_id(), request.token());
        let len = self.put(Kind::Ack, Code::CREATED, id, token, |answer| {
            answer
                .option(option::LOCATION_PATH, b"rd")
                .option(option::LOCATION_PATH, b"5a3f");
        });
        let _ = self.turn().answer(len);
        assert!(self.client.is_registered(1));
    }

    /// Puts a message into the buffer, as a network would.
    fn put(
        &mut self,
        kind: Kind,
        code: Code,
        message_id: u16,
        token: Token,
        options: impl FnOnce(&mut Builder<'_, '_>),
    ) -> usize {
        let mut writer = Writer::new(&mut self.buffer);
        let mut builder = Builder::new(&mut writer, kind, code, message_id, token);
        options(&mut builder);
        writer.finish().stored
    }

    /// Puts a confirmable GET with a token of four bytes into the buffer; its length, for [`Turn::answer`].
    pub fn put_get(&mut self, path: &[&[u8]], accept: u32, observe: bool) -> usize {
        self.message_id = self.message_id.wrapping_add(1);
        let token = Token::new(b"tokn").unwrap_or(Token::EMPTY);
        self.put(Kind::Con, Code::GET, self.message_id, token, |request| {
            if observe {
                request.option_uint(option::OBSERVE, 0);
            }
            for segment in path {
                request.option(option::URI_PATH, segment);
            }
            request.option_uint(option::ACCEPT, accept);
        })
    }

    /// A confirmable GET with a token of four bytes; the datagram of the answer.
    pub fn get(&mut self, path: &[&[u8]], accept: u32, observe: bool) -> &[u8] {
        let len = self.put_get(path, accept, observe);
        self.answer(len)
    }

    /// Begins an observation of /3/0/9, and has it notified once.
    ///
    /// # Panics
    /// When the fixture is wrong.
    pub fn observe(&mut self) {
        assert!(!self.get(&[b"3", b"0", b"9"], 11_542, true).is_empty());
        assert!(!self.notify().is_empty());
    }

    /// The battery's level becomes another.
    pub fn change_battery_level(&mut self) {
        self.full = !self.full;
        let level = if self.full { 100 } else { 99 };
        let _ = self.device.set_battery_level(Some(level));
    }

    /// The battery's level becomes another, and the application tells so; the datagram of the notification.
    pub fn notify(&mut self) -> &[u8] {
        self.change_battery_level();
        let len = self.turn().notify().len();
        self.sent(len)
    }

    /// A look at a client that has nothing to do.
    pub fn idle(&mut self) -> bool {
        self.turn().idle()
    }

    fn answer(&mut self, len: usize) -> &[u8] {
        let len = self.turn().answer(len).len();
        self.sent(len)
    }

    fn sent(&self, len: usize) -> &[u8] {
        self.buffer.get(..len).unwrap_or_default()
    }

    /// All that the client's calls take.
    pub fn turn(&mut self) -> Turn<'_, 'm> {
        Turn {
            client: &mut self.client,
            objects: [self.security, self.server, self.device],
            random: &mut self.random,
            buffer: &mut self.buffer,
        }
    }
}

/// A client with all that its calls take: what is measured begins and ends here.
pub struct Turn<'t, 'm> {
    client: &'t mut Client<'m>,
    objects: [&'t mut dyn Object; 3],
    random: &'t mut Counter,
    buffer: &'t mut [u8; 1280],
}

impl Turn<'_, '_> {
    fn open(&mut self) {
        let event = SessionEvent::Open { resumed: true };
        let (objects, random) = (&mut self.objects, &mut *self.random);
        self.client
            .handle_session(Instant::ZERO, SESSION, event, objects, random);
    }

    /// A datagram comes, the first `len` bytes of the buffer; the datagram of the answer.
    pub fn answer(&mut self, len: usize) -> &[u8] {
        let (objects, random) = (&mut self.objects, &mut *self.random);
        self.client
            .handle_datagram(Instant::ZERO, SESSION, self.buffer, len, objects, random);
        self.poll()
    }

    /// The application tells that the battery's level has changed; the datagram of the notification.
    pub fn notify(&mut self) -> &[u8] {
        self.client.changed(BATTERY_LEVEL);
        self.poll()
    }

    /// The buffer, for work that has nothing to do with the client.
    pub const fn buffer(&mut self) -> &mut [u8] {
        self.buffer
    }

    /// A look at a client that has nothing to do; whether it had nothing.
    pub fn idle(&mut self) -> bool {
        let (objects, random) = (&mut self.objects, &mut *self.random);
        let output = self
            .client
            .poll_output(Instant::ZERO, self.buffer, objects, random);
        matches!(output, Output::Idle { .. })
    }

    /// The next datagram; none when the client is idle, or wants a session.
    pub fn poll(&mut self) -> &[u8] {
        loop {
            let (objects, random) = (&mut self.objects, &mut *self.random);
            let output = self
                .client
                .poll_output(Instant::ZERO, self.buffer, objects, random);
            let len = match output {
                Output::Transmit { datagram, .. } => datagram.len(),
                Output::Event(_) => continue,
                _ => 0,
            };
            return self.buffer.get(..len).unwrap_or_default();
        }
    }
}
