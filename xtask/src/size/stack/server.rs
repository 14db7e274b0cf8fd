//! The servers' side of a session: what a device does in its life, once each.

use carrier_mock::server::{MODE_NO_SEC, SecurityAccount, security_tlv, server_tlv};
use lwm2m_core::wire::{
    coap::{Builder, Code, Kind, Message, Token, option},
    writer::Writer,
};

/// Content formats.
const OPAQUE: u32 = 42;
const SENML_CBOR: u32 = 112;
const TEXT: u32 = 0;
const TLV: u32 = 11542;

/// What carries datagrams to the device and back.
pub(super) trait Chip {
    /// The next datagram of the device, with the number of its session.
    fn receive(&mut self) -> Result<(u8, Vec<u8>), String>;

    /// Sends a datagram in a session.
    fn send(&mut self, session: u8, datagram: &[u8]) -> Result<(), String>;

    /// Has the application set the battery level.
    fn set_battery_level(&mut self, percent: u8) -> Result<(), String>;
}

/// A server with one device.
pub(super) struct Server<'c, C> {
    chip: &'c mut C,
    session: u8,
    message_id: u16,
}

/// The token of everything but the observation.
const TOKEN: &[u8] = b"tokn";
const OBSERVATION: &[u8] = b"obsv";

/// Options of a request, with numbers in ascending order.
type Options<'o> = &'o [(u16, u32)];

impl<'c, C: Chip> Server<'c, C> {
    /// A server that waits for a device.
    pub(super) const fn new(chip: &'c mut C) -> Self {
        Self {
            chip,
            session: 0,
            message_id: 0,
        }
    }

    /// Hands the device an account by TLV.
    pub(super) fn bootstrap(&mut self) -> Result<(), String> {
        self.request(Code::POST, "bs", Code::CHANGED)?;
        let account = SecurityAccount {
            uri: "coap://server.example",
            mode: MODE_NO_SEC,
            identity: b"",
            key: b"",
            short_server_id: Some(1),
        };
        let (mut security, mut server) = ([0; 128], [0; 64]);
        let security = security_tlv(&mut security, &account).unwrap_or_default();
        let server = server_tlv(&mut server, 1, 86_400).unwrap_or_default();
        let tlv = &[(option::CONTENT_FORMAT, TLV)];
        self.ask(Code::DELETE, "/", &[], b"", Code::DELETED)?;
        self.ask(Code::PUT, "/0/1", tlv, security, Code::CHANGED)?;
        self.ask(Code::PUT, "/1/0", tlv, server, Code::CHANGED)?;
        self.ask(Code::POST, "/bs", &[], b"", Code::CHANGED)?;
        Ok(())
    }

    /// Waits for the Register, then does what any server does: discovers, reads, writes, executes, observes.
    pub(super) fn manage(&mut self) -> Result<(), String> {
        self.request(Code::POST, "rd", Code::CREATED)?;
        let (tlv, text) = ([(option::ACCEPT, TLV)], [(option::ACCEPT, TEXT)]);
        self.ask(Code::GET, "/3", &[(option::ACCEPT, 40)], b"", Code::CONTENT)?;
        self.ask(Code::GET, "/3/0", &tlv, b"", Code::CONTENT)?;
        self.ask(Code::GET, "/3/0/0", &text, b"", Code::CONTENT)?;
        let lifetime = (option::CONTENT_FORMAT, TLV);
        let written = b"\xc2\x01\x0e\x10";
        self.ask(Code::POST, "/1/0", &[lifetime], written, Code::CHANGED)?;
        self.request(Code::POST, "rd", Code::CHANGED)?;
        self.ask(Code::POST, "/1/0/8", &[], b"", Code::CHANGED)?;
        self.request(Code::POST, "rd", Code::CHANGED)?;
        self.observe("/3/0/9", TLV)
    }

    /// What a server of LwM2M 1.1 does besides.
    pub(super) fn manage_more(&mut self) -> Result<(), String> {
        let cbor = [(option::ACCEPT, SENML_CBOR)];
        self.ask(Code::GET, "/3/0", &cbor, b"", Code::CONTENT)?;
        // Blocks of 16 bytes, of which this is the second.
        let block = [(option::ACCEPT, TLV), (option::BLOCK2, 0x10)];
        self.ask(Code::GET, "/3", &block, b"", Code::CONTENT)?;
        self.ask_attributes("/3/0/9", "pmax=300")?;
        let lifetime = b"\x81\xa2\x00\x66/1/0/1\x02\x19\x0e\x11";
        let format = [(option::CONTENT_FORMAT, SENML_CBOR)];
        self.ask(Code::POST, "/1/0", &format, lifetime, Code::CHANGED)?;
        self.request(Code::POST, "rd", Code::CHANGED)?;
        self.observe("/3/0/9", SENML_CBOR)
    }

    /// Pushes a package in blocks of 1,024 bytes.
    pub(super) fn push(&mut self, package: &[u8]) -> Result<(), String> {
        const MORE: u32 = 8;
        const LARGEST: u32 = 6;
        let count = package.len().div_ceil(1024);
        for (number, part) in (0..).zip(package.chunks(1024)) {
            let is_last = number + 1 == count as u32;
            let block = number << 4 | if is_last { 0 } else { MORE } | LARGEST;
            let options = [(option::CONTENT_FORMAT, OPAQUE), (option::BLOCK1, block)];
            let expected = if is_last {
                Code::CHANGED
            } else {
                Code::CONTINUE
            };
            self.ask(Code::PUT, "/5/0/0", &options, part, expected)?;
        }
        Ok(())
    }

    fn observe(&mut self, path: &str, format: u32) -> Result<(), String> {
        let asked = |builder: &mut Builder<'_, '_>| {
            builder.option_uint(option::OBSERVE, 0);
            builder.path_options(option::URI_PATH, path);
            builder.option_uint(option::ACCEPT, format);
        };
        self.chip.set_battery_level(40)?;
        self.exchange(Code::GET, path, OBSERVATION, asked, b"", Code::CONTENT)?;
        for percent in [50, 60] {
            self.chip.set_battery_level(percent)?;
            self.answered(path, OBSERVATION, Code::CONTENT)?;
        }
        Ok(())
    }

    /// Write-Attributes.
    fn ask_attributes(&mut self, path: &str, query: &str) -> Result<(), String> {
        let asked = |builder: &mut Builder<'_, '_>| {
            builder.path_options(option::URI_PATH, path);
            builder.option(option::URI_QUERY, query.as_bytes());
        };
        self.exchange(Code::PUT, path, TOKEN, asked, b"", Code::CHANGED)
    }

    /// A request of the server, which is to be answered so.
    fn ask(
        &mut self,
        code: Code,
        path: &str,
        options: Options<'_>,
        payload: &[u8],
        expected: Code,
    ) -> Result<(), String> {
        let asked = |builder: &mut Builder<'_, '_>| {
            builder.path_options(option::URI_PATH, path);
            for &(number, value) in options {
                builder.option_uint(number, value);
            }
        };
        self.exchange(code, path, TOKEN, asked, payload, expected)
    }

    fn exchange(
        &mut self,
        code: Code,
        path: &str,
        token: &[u8],
        options: impl FnOnce(&mut Builder<'_, '_>),
        payload: &[u8],
        expected: Code,
    ) -> Result<(), String> {
        self.message_id = self.message_id.wrapping_add(1);
        let token = Token::new(token).unwrap_or(Token::EMPTY);
        let mut datagram = [0; 1280];
        let mut writer = Writer::new(&mut datagram);
        let mut builder = Builder::new(&mut writer, Kind::Con, code, self.message_id, token);
        options(&mut builder);
        if !payload.is_empty() {
            builder.payload().bytes(payload);
        }
        let len = writer.finish().stored;
        let datagram = datagram.get(..len).unwrap_or_default();
        self.chip.send(self.session, datagram)?;
        self.answered(path, token.as_bytes(), expected)
    }

    /// Waits for a response or a notification with this token; an empty acknowledgement may come before.
    fn answered(&mut self, path: &str, token: &[u8], expected: Code) -> Result<(), String> {
        let waiting = |error| format!("waiting for an answer to {path}: {error}");
        loop {
            let (session, datagram) = self.chip.receive().map_err(waiting)?;
            let message = parse(&datagram)?;
            if message.kind() == Kind::Con {
                self.acknowledge(session, &message, Code::EMPTY)?;
            }
            if message.token().as_bytes() != token || message.code() == Code::EMPTY {
                continue;
            }
            let code = message.code();
            if code == expected {
                return Ok(());
            }
            let (class, detail) = (code.class(), code.detail());
            return Err(format!("{path} is answered {class}.{detail:02}"));
        }
    }

    /// Waits for a request of the device, below `path`, and answers it so.
    fn request(&mut self, code: Code, path: &str, answer: Code) -> Result<(), String> {
        let waiting = |error| format!("waiting for a request to /{path}: {error}");
        let (session, datagram) = self.chip.receive().map_err(waiting)?;
        let message = parse(&datagram)?;
        let first = message.option(option::URI_PATH);
        if message.code() != code || first.is_none_or(|first| first.value != path.as_bytes()) {
            return Err(format!("expected a request to /{path}, got {message:?}"));
        }
        self.session = session;
        self.acknowledge(session, &message, answer)
    }

    fn acknowledge(
        &mut self,
        session: u8,
        message: &Message<'_>,
        code: Code,
    ) -> Result<(), String> {
        let mut datagram = [0; 64];
        let mut writer = Writer::new(&mut datagram);
        let token = if code == Code::EMPTY {
            Token::EMPTY
        } else {
            message.token()
        };
        let mut builder = Builder::new(&mut writer, Kind::Ack, code, message.message_id(), token);
        if code == Code::CREATED {
            builder.option(option::LOCATION_PATH, b"rd");
            builder.option(option::LOCATION_PATH, b"5a3f");
        }
        let len = writer.finish().stored;
        self.chip
            .send(session, datagram.get(..len).unwrap_or_default())
    }
}

fn parse(datagram: &[u8]) -> Result<Message<'_>, String> {
    Message::parse(datagram).map_err(|error| format!("{error:?}: {datagram:02x?}"))
}
