//! A device driven by hand: it builds its messages and takes the servers' apart.

#![allow(dead_code, reason = "each test file takes what it needs")]

use core::net::SocketAddr;

use carrier_mock::server::{BootstrapServer, ManagementServer, Record, RecordKind};
use lwm2m_core::time::Instant;
use lwm2m_core::wire::coap::{Builder, Code, Kind, Message, Token, option, write_empty};
use lwm2m_core::wire::writer::Writer;

const DEVICE: SocketAddr = SocketAddr::new(
    core::net::IpAddr::V4(core::net::Ipv4Addr::new(10, 0, 0, 1)),
    50000,
);

pub(crate) fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

/// A message of the device.
pub(crate) struct Sent {
    kind: Kind,
    code: Code,
    message_id: u16,
    token: Vec<u8>,
    options: Vec<(u16, Vec<u8>)>,
    payload: Vec<u8>,
}

impl Sent {
    pub(crate) fn new(kind: Kind, code: Code, message_id: u16, token: &[u8]) -> Self {
        Self {
            kind,
            code,
            message_id,
            token: token.to_vec(),
            options: Vec::new(),
            payload: Vec::new(),
        }
    }

    pub(crate) fn request(code: Code, path: &str, queries: &[&str], message_id: u16) -> Self {
        let mut sent = Self::new(Kind::Con, code, message_id, &[0xD0, message_id as u8]);
        for segment in path.split('/').skip(1) {
            sent = sent.option(option::URI_PATH, segment.as_bytes());
        }
        for query in queries {
            sent = sent.option(option::URI_QUERY, query.as_bytes());
        }
        sent
    }

    /// An answer to a request of the server, piggybacked.
    pub(crate) fn answer(request: &Got, code: Code) -> Self {
        Self::new(Kind::Ack, code, request.message_id, &request.token)
    }

    pub(crate) fn option(mut self, number: u16, value: &[u8]) -> Self {
        self.options.push((number, value.to_vec()));
        self
    }

    pub(crate) fn payload(mut self, format: u8, payload: &[u8]) -> Self {
        self.payload = payload.to_vec();
        self.option(option::CONTENT_FORMAT, &[format])
    }

    pub(crate) fn bytes(mut self) -> Vec<u8> {
        let mut buf = [0; 1280];
        let mut writer = Writer::new(&mut buf);
        let token = Token::new(&self.token).unwrap();
        let mut builder = Builder::new(&mut writer, self.kind, self.code, self.message_id, token);
        self.options.sort_by_key(|(number, _)| *number);
        for (number, value) in &self.options {
            builder.option(*number, value);
        }
        if !self.payload.is_empty() {
            builder.payload().bytes(&self.payload);
        }
        let len = writer.finish().stored;
        buf[..len].to_vec()
    }
}

pub(crate) fn empty(kind: Kind, message_id: u16) -> Vec<u8> {
    let mut buf = [0; 4];
    write_empty(&mut Writer::new(&mut buf), kind, message_id);
    buf.to_vec()
}

/// A message of a server.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Got {
    pub(crate) kind: Kind,
    pub(crate) code: Code,
    pub(crate) message_id: u16,
    pub(crate) token: Vec<u8>,
    /// Segments of Uri-Path or Location-Path, each after a slash.
    pub(crate) path: String,
    pub(crate) queries: Vec<String>,
    pub(crate) options: Vec<(u16, Vec<u8>)>,
    pub(crate) payload: Vec<u8>,
}

impl Got {
    pub(crate) fn parse(datagram: &[u8]) -> Self {
        let message = Message::parse(datagram).unwrap();
        let text = |number| {
            let options = message.options().filter(move |o| o.number == number);
            options.map(|o| o.str().unwrap().to_owned())
        };
        let path = text(option::URI_PATH).chain(text(option::LOCATION_PATH));
        Self {
            kind: message.kind(),
            code: message.code(),
            message_id: message.message_id(),
            token: message.token().as_bytes().to_vec(),
            path: path.map(|segment| format!("/{segment}")).collect(),
            queries: text(option::URI_QUERY).collect(),
            options: message
                .options()
                .map(|o| (o.number, o.value.to_vec()))
                .collect(),
            payload: message.payload().to_vec(),
        }
    }

    pub(crate) fn has(&self, number: u16, value: &[u8]) -> bool {
        self.options.contains(&(number, value.to_vec()))
    }

    pub(crate) fn has_not(&self, number: u16) -> bool {
        self.options.iter().all(|(other, _)| *other != number)
    }
}

/// Either server: what the tests need of both.
pub(crate) trait Server<'s> {
    fn take(&mut self, now: Instant, datagram: &[u8]);
    fn give(&mut self, now: Instant) -> Option<Vec<u8>>;
    fn record(&mut self) -> Option<Record<'s>>;

    /// Everything that the server sends now.
    fn all(&mut self, now: Instant) -> Vec<Got> {
        core::iter::from_fn(|| self.give(now).map(|datagram| Got::parse(&datagram))).collect()
    }

    /// Hands in a message; everything that the server sends then.
    fn tell(&mut self, now: Instant, message: Sent) -> Vec<Got> {
        self.take(now, &message.bytes());
        self.all(now)
    }

    fn kinds(&mut self) -> Vec<RecordKind> {
        core::iter::from_fn(|| self.record().map(|record| record.kind())).collect()
    }

    fn last_record(&mut self) -> Record<'s> {
        core::iter::from_fn(|| self.record()).last().unwrap()
    }
}

macro_rules! server {
    ($server:ident) => {
        impl<'s> Server<'s> for $server<'s> {
            fn take(&mut self, now: Instant, datagram: &[u8]) {
                self.handle(now, DEVICE, datagram);
            }

            fn give(&mut self, now: Instant) -> Option<Vec<u8>> {
                let mut buf = [0; 1280];
                let transmit = self.poll(now, &mut buf)?;
                assert_eq!(transmit.to, DEVICE);
                Some(buf[..transmit.len].to_vec())
            }

            fn record(&mut self) -> Option<Record<'s>> {
                self.take_record()
            }
        }
    };
}

server!(ManagementServer);
server!(BootstrapServer);
