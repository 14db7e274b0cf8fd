//! CoAP as coap-message-implementations does it, without a heap. The crate has no header and no token: those eight bytes
//! are read and written here.

use coap_message::{MessageOption as _, MinimalWritableMessage as _, ReadableMessage as _};
use coap_message_implementations::inmemory::{Message, MessageMut};

use super::{Get, Register};

const OBSERVE: u16 = 6;
const URI_PATH: u16 = 11;
const CONTENT_FORMAT: u16 = 12;
const URI_QUERY: u16 = 15;
const ACCEPT: u16 = 17;
const GET: u8 = 1;
const POST: u8 = 2;
/// Header and token.
const FRONT: usize = 8;

/// Reads a message: header, token, every option and the payload.
#[must_use]
pub fn parse(datagram: &[u8]) -> usize {
    let Some((&[_, code, high, low], rest)) = datagram.split_first_chunk() else {
        return 0;
    };
    let Some((token, rest)) = rest.split_at_checked(4) else {
        return 0;
    };
    let message = Message::new_from_slice(code, rest);
    let options = message.options().map(|option| option.value().len());
    let header = usize::from(u16::from_be_bytes([high, low])) + token.len();
    header + options.sum::<usize>() + message.payload().len()
}

fn write(
    buffer: &mut [u8],
    message_id: u16,
    method: u8,
    options: &[(u16, &[u8])],
    payload: &[u8],
) -> usize {
    let [high, low] = message_id.to_be_bytes();
    let Some((front, tail)) = buffer.split_at_mut_checked(FRONT) else {
        return 0;
    };
    front.copy_from_slice(&[0x44, method, high, low, b't', b'o', b'k', b'n']);
    let mut code = 0;
    let mut message = MessageMut::new_in_slice(&mut code, tail);
    message.set_code(method);
    for (number, value) in options {
        if message.add_option(*number, value).is_err() {
            return 0;
        }
    }
    if message.set_payload(payload).is_err() {
        return 0;
    }
    FRONT + message.finish().0
}

/// Writes [`GET`](super::GET).
pub fn build_get(buffer: &mut [u8], get: &Get) -> usize {
    let [object, instance] = get.path;
    let accept = get.accept.to_be_bytes();
    let options: [(u16, &[u8]); 4] = [
        (OBSERVE, b""),
        (URI_PATH, object),
        (URI_PATH, instance),
        (ACCEPT, &accept),
    ];
    write(buffer, get.message_id, GET, &options, b"")
}

/// Writes [`REGISTER`](super::REGISTER).
pub fn build_register(buffer: &mut [u8], register: &Register) -> usize {
    let mut endpoint = [0; 40];
    let name = register.endpoint.as_bytes();
    let (Some((prefix, rest)), len) = (endpoint.split_at_mut_checked(3), 3 + name.len()) else {
        return 0;
    };
    prefix.copy_from_slice(b"ep=");
    let Some(rest) = rest.get_mut(..name.len()) else {
        return 0;
    };
    rest.copy_from_slice(name);
    let [lifetime, version, binding] = register.queries;
    let options: [(u16, &[u8]); 6] = [
        (URI_PATH, b"rd"),
        (CONTENT_FORMAT, &[40]),
        (URI_QUERY, endpoint.get(..len).unwrap_or_default()),
        (URI_QUERY, lifetime),
        (URI_QUERY, version),
        (URI_QUERY, binding),
    ];
    let id = register.message_id;
    write(buffer, id, POST, &options, register.links)
}
