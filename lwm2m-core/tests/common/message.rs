//! Requests of a server, and what the client sends.

use core::sync::atomic::{AtomicU16, Ordering};

use lwm2m_core::wire::coap::{Builder, Code, Kind, Message, Token, option, write_empty};
use lwm2m_core::wire::writer::Writer;

static NEXT_ID: AtomicU16 = AtomicU16::new(1000);

/// A request of a server.
#[derive(Clone, Debug)]
pub struct Request {
    pub kind: Kind,
    pub code: Code,
    pub id: u16,
    token: Vec<u8>,
    options: Vec<(u16, Vec<u8>)>,
    payload: Vec<u8>,
}

/// GET, confirmable, with a message id of its own.
pub fn get(path: &str) -> Request {
    Request::new(Code::GET, path)
}

pub fn put(path: &str) -> Request {
    Request::new(Code::PUT, path)
}

pub fn post(path: &str) -> Request {
    Request::new(Code::POST, path)
}

pub fn delete(path: &str) -> Request {
    Request::new(Code::DELETE, path)
}

impl Request {
    pub fn new(code: Code, path: &str) -> Self {
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        let mut request = Self {
            kind: Kind::Con,
            code,
            id,
            token: id.to_be_bytes().to_vec(),
            options: Vec::new(),
            payload: Vec::new(),
        };
        for segment in path.split('/').filter(|segment| !segment.is_empty()) {
            request = request.option(option::URI_PATH, segment.as_bytes());
        }
        request
    }

    pub fn option(mut self, number: u16, value: &[u8]) -> Self {
        self.options.push((number, value.to_vec()));
        self
    }

    /// An option with an unsigned integer in as few bytes as possible.
    pub fn uint(self, number: u16, value: u32) -> Self {
        let bytes = value.to_be_bytes();
        let skip = bytes.iter().take_while(|&&byte| byte == 0).count();
        self.option(number, &bytes[skip..])
    }

    pub fn accept(self, format: u16) -> Self {
        self.uint(option::ACCEPT, format.into())
    }

    /// Content-Format and payload.
    pub fn with(self, format: u16, payload: &[u8]) -> Self {
        self.uint(option::CONTENT_FORMAT, format.into())
            .payload(payload)
    }

    pub fn text(self, payload: &str) -> Self {
        self.with(0, payload.as_bytes())
    }

    /// TLV in hexadecimal.
    pub fn tlv(self, payload: &str) -> Self {
        self.with(11542, &hex(payload))
    }

    /// SenML CBOR in hexadecimal.
    pub fn cbor(self, payload: &str) -> Self {
        self.with(112, &hex(payload))
    }

    pub fn payload(mut self, payload: &[u8]) -> Self {
        self.payload = payload.to_vec();
        self
    }

    pub fn query(self, text: &str) -> Self {
        self.option(option::URI_QUERY, text.as_bytes())
    }

    pub fn non(mut self) -> Self {
        self.kind = Kind::Non;
        self
    }

    pub fn id(mut self, id: u16) -> Self {
        self.id = id;
        self
    }

    /// The same with another path.
    pub fn to(mut self, path: &str) -> Self {
        self.options
            .retain(|(number, _)| *number != option::URI_PATH);
        self.options.extend(Self::new(self.code, path).options);
        self
    }

    /// The payload.
    pub fn body(&self) -> &[u8] {
        &self.payload
    }

    /// The same request as a new message.
    pub fn anew(&self) -> Self {
        self.clone().id(NEXT_ID.fetch_add(1, Ordering::Relaxed))
    }

    pub fn with_token(mut self, token: &[u8]) -> Self {
        self.token = token.to_vec();
        self
    }

    pub fn token(&self) -> &[u8] {
        &self.token
    }

    /// The datagram.
    pub fn bytes(&self) -> Vec<u8> {
        let mut options = self.options.clone();
        options.sort_by_key(|(number, _)| *number);
        build(
            self.kind,
            self.code,
            self.id,
            &self.token,
            &options,
            &self.payload,
        )
    }
}

fn build(
    kind: Kind,
    code: Code,
    id: u16,
    token: &[u8],
    options: &[(u16, Vec<u8>)],
    payload: &[u8],
) -> Vec<u8> {
    let mut buffer = vec![0; 4096];
    let mut writer = Writer::new(&mut buffer);
    let mut builder = Builder::new(&mut writer, kind, code, id, Token::new(token).unwrap());
    for (number, value) in options {
        builder.option(*number, value);
    }
    if !payload.is_empty() {
        builder.payload().bytes(payload);
    }
    let len = writer.finish().stored;
    buffer.truncate(len);
    buffer
}

/// An empty message.
pub fn empty(kind: Kind, id: u16) -> Vec<u8> {
    let mut buffer = vec![0; 4];
    write_empty(&mut Writer::new(&mut buffer), kind, id);
    buffer
}

/// A message that the client has sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    datagram: Vec<u8>,
}

impl Answer {
    pub fn new(datagram: &[u8]) -> Self {
        let answer = Self {
            datagram: datagram.to_vec(),
        };
        let _ = answer.message();
        answer
    }

    pub fn datagram(&self) -> &[u8] {
        &self.datagram
    }

    fn message(&self) -> Message<'_> {
        Message::parse(&self.datagram).unwrap()
    }

    pub fn kind(&self) -> Kind {
        self.message().kind()
    }

    pub fn code(&self) -> Code {
        self.message().code()
    }

    pub fn id(&self) -> u16 {
        self.message().message_id()
    }

    pub fn token(&self) -> Vec<u8> {
        self.message().token().as_bytes().to_vec()
    }

    pub fn payload(&self) -> &[u8] {
        self.message().payload()
    }

    pub fn text(&self) -> &str {
        core::str::from_utf8(self.payload()).unwrap()
    }

    /// The values of all options with this number.
    pub fn options(&self, number: u16) -> Vec<Vec<u8>> {
        let message = self.message();
        let options = message.options().filter(|item| item.number == number);
        options.map(|item| item.value.to_vec()).collect()
    }

    pub fn strings(&self, number: u16) -> Vec<String> {
        let options = self.options(number).into_iter();
        options
            .map(|value| String::from_utf8(value).unwrap())
            .collect()
    }

    /// The value of an option as an unsigned integer.
    pub fn uint(&self, number: u16) -> Option<u32> {
        let message = self.message();
        let option = message.option(number)?;
        Some(option.uint().unwrap())
    }

    pub fn format(&self) -> Option<u32> {
        self.uint(option::CONTENT_FORMAT)
    }

    /// What the server answers, piggybacked.
    pub fn reply(&self, code: Code) -> Vec<u8> {
        build(Kind::Ack, code, self.id(), &self.token(), &[], &[])
    }

    /// 2.01 with a Location.
    pub fn created(&self, location: &str) -> Vec<u8> {
        let segments = location.split('/').filter(|segment| !segment.is_empty());
        let options: Vec<_> = segments
            .map(|segment| (option::LOCATION_PATH, segment.as_bytes().to_vec()))
            .collect();
        build(
            Kind::Ack,
            Code::CREATED,
            self.id(),
            &self.token(),
            &options,
            &[],
        )
    }

    /// A response of its own under message id `id`.
    pub fn separate(&self, kind: Kind, code: Code, id: u16) -> Vec<u8> {
        build(kind, code, id, &self.token(), &[], &[])
    }

    /// An empty message that speaks of this one.
    pub fn empty(&self, kind: Kind) -> Vec<u8> {
        empty(kind, self.id())
    }
}

/// Bytes from hexadecimal digits.
pub fn hex(digits: &str) -> Vec<u8> {
    let digits: Vec<char> = digits.chars().filter(|c| !c.is_whitespace()).collect();
    assert_eq!(digits.len() % 2, 0);
    let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}
