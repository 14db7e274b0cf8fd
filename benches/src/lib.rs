//! Shared fixtures of the benchmarks: the OMA example device, registered.
#![allow(
    missing_debug_implementations,
    clippy::panic,
    reason = "fixtures that must not go wrong quietly"
)]

pub mod work;

use lwm2m_core::Client;
use lwm2m_core::client::{Config, Output, Resources, SessionEvent, SessionId};
use lwm2m_core::model::{Object, Objects, Path};
use lwm2m_core::objects::{
    Device, PowerSource, Security, SecurityInstance, Server, ServerInstance,
};
use lwm2m_core::random::Random;
use lwm2m_core::time::{Instant, UnixTime};
use lwm2m_core::wire::coap::{Builder, Code, Kind, Message, Token, option};
use lwm2m_core::wire::writer::Writer;

/// /3/0 of the example in Core 1.1.1, section 7.4.3.2, in TLV: 13 resources, 16 values, 121 bytes.
pub const DEVICE_TLV: &[u8] = b"\xc8\x00\x14Open Mobile Alliance\xc8\x01\x16Lightweight M2M Client\
\xc8\x02\x09345000123\xc3\x031.0\x86\x06\x41\x00\x01\x41\x01\x05\x88\x07\x08\x42\x00\x0e\xd8\x42\x01\x13\x88\
\x87\x08\x41\x00\x7d\x42\x01\x03\x84\xc1\x09\x64\xc1\x0a\x0f\x83\x0b\x41\x00\x00\xc4\x0d\x51\x82\x42\x8f\
\xc6\x0e+02:00\xc1\x10U";

/// The same numbers at every run.
#[derive(Debug)]
pub struct Counter(u8);

impl Random for Counter {
    fn public(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_mul(5).wrapping_add(1);
            *byte = self.0;
        }
    }

    fn private(&mut self, bytes: &mut [u8]) {
        self.public(bytes);
    }
}

/// The device of the example.
#[must_use]
pub fn device() -> Device<'static> {
    let mut device = Device::new("U")
        .manufacturer("Open Mobile Alliance")
        .model_number("Lightweight M2M Client")
        .serial_number("345000123")
        .firmware_version("1.0");
    let sources = [
        PowerSource::new(1).voltage(3800).current(125),
        PowerSource::new(5).voltage(5000).current(900),
    ];
    assert_eq!(device.set_power_sources(&sources), Ok(()));
    assert_eq!(device.set_battery_level(Some(100)), Ok(()));
    device.set_memory(Some(15), None);
    device.set_current_time(UnixTime::from_secs(1_367_491_215));
    assert_eq!(device.set_utc_offset("+02:00"), Ok(()));
    device
}

/// A registered client with memory of its own, which is never given back: for harnesses that want a value.
///
/// # Panics
/// When the fixture is wrong.
#[must_use]
pub fn registered() -> Registered<'static, 'static> {
    let mut security = Security::<1>::new();
    let account = SecurityInstance::no_sec("coap://127.0.0.1:5683").short_server_id(1);
    assert_eq!(security.add(0, &account), Ok(()));
    let mut server = Server::<1>::new();
    assert_eq!(
        server.add(0, &ServerInstance::new(1).lifetime(86_400)),
        Ok(())
    );
    let objects: [&'static mut dyn Object; 3] = [
        Box::leak(Box::new(security)),
        Box::leak(Box::new(server)),
        Box::leak(Box::new(device())),
    ];
    let resources = Box::leak(Box::new(Resources::<1, 4, 4, 4>::new()));
    let mut random = Counter(7);
    let client = Client::new(resources, Config::new(work::ENDPOINT), &mut random);
    let mut registered = Registered {
        client,
        objects: Box::leak(Box::new(objects)),
        random,
        buffer: [0; 1280],
        message_id: 0,
    };
    registered.register();
    registered
}

/// The same, with an observation of /3/0/7 that has been notified once.
///
/// # Panics
/// When the fixture is wrong.
#[must_use]
pub fn observed() -> Registered<'static, 'static> {
    let mut registered = registered();
    assert!(!registered.get(&[b"3", b"0", b"7"], 11_542, true).is_empty());
    assert!(!registered.notify().is_empty());
    registered
}

/// A registered client.
pub struct Registered<'r, 'o> {
    client: Client<'r>,
    objects: &'o mut dyn Objects,
    random: Counter,
    buffer: [u8; 1280],
    message_id: u16,
}

impl Registered<'_, '_> {
    const SESSION: SessionId = SessionId::new(0);

    fn register(&mut self) {
        assert_eq!(self.client.start(Instant::ZERO, self.objects), Ok(()));
        let opening = self.poll();
        assert!(opening.is_empty(), "a session is asked for first");
        let event = SessionEvent::Open { resumed: true };
        self.client.handle_session(
            Instant::ZERO,
            Self::SESSION,
            event,
            self.objects,
            &mut self.random,
        );
        let request = self.poll().to_vec();
        let Ok(request) = Message::parse(&request) else {
            panic!("no Register")
        };
        let mut answer = [0; 32];
        let mut writer = Writer::new(&mut answer);
        let mut builder = Builder::new(
            &mut writer,
            Kind::Ack,
            Code::CREATED,
            request.message_id(),
            request.token(),
        );
        builder
            .option(option::LOCATION_PATH, b"rd")
            .option(option::LOCATION_PATH, b"5a3f");
        let len = writer.finish().stored;
        self.receive(answer.get(..len).unwrap_or_default());
        let _ = self.poll();
        assert!(self.client.is_registered(1));
    }

    fn receive(&mut self, datagram: &[u8]) {
        if let Some(room) = self.buffer.get_mut(..datagram.len()) {
            room.copy_from_slice(datagram);
        }
        let (now, len) = (Instant::ZERO, datagram.len());
        self.client.handle_datagram(
            now,
            Self::SESSION,
            &mut self.buffer,
            len,
            self.objects,
            &mut self.random,
        );
    }

    /// The next datagram; none when the client is idle, or wants a session.
    fn poll(&mut self) -> &[u8] {
        loop {
            let output = self.client.poll_output(
                Instant::ZERO,
                &mut self.buffer,
                self.objects,
                &mut self.random,
            );
            let len = match output {
                Output::Transmit { datagram, .. } => datagram.len(),
                Output::Event(_) => continue,
                _ => 0,
            };
            return self.buffer.get(..len).unwrap_or_default();
        }
    }

    /// A confirmable GET with a token of four bytes; the datagram of the answer.
    pub fn get(&mut self, path: &[&[u8]], accept: u32, observe: bool) -> &[u8] {
        self.message_id = self.message_id.wrapping_add(1);
        let mut request = [0; 64];
        let mut writer = Writer::new(&mut request);
        let token = Token::new(b"tokn").unwrap_or(Token::EMPTY);
        let mut builder = Builder::new(&mut writer, Kind::Con, Code::GET, self.message_id, token);
        if observe {
            builder.option_uint(option::OBSERVE, 0);
        }
        for segment in path {
            builder.option(option::URI_PATH, segment);
        }
        builder.option_uint(option::ACCEPT, accept);
        let len = writer.finish().stored;
        self.receive(request.get(..len).unwrap_or_default());
        self.poll()
    }

    /// The application tells that the battery level has changed; the datagram of the notification.
    pub fn notify(&mut self) -> &[u8] {
        // Text and numbers that cannot be compared with the last ones are always worth a notification.
        self.client.changed(Path::resource(3, 0, 7));
        self.poll()
    }

    /// A look at a client that has nothing to do.
    pub fn idle(&mut self) -> bool {
        self.poll().is_empty()
    }
}
