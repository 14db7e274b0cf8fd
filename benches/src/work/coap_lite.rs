//! CoAP as coap-lite does it, with a heap.

use coap_lite::{CoapOption, MessageClass, MessageType, Packet, RequestType};

use super::{Get, Register};

/// Reads a message: header, token, every option and the payload.
#[must_use]
pub fn parse(datagram: &[u8]) -> usize {
    let Ok(packet) = Packet::from_bytes(datagram) else {
        return 0;
    };
    let values = packet.options().flat_map(|(_, values)| values);
    let header = usize::from(packet.header.message_id) + packet.get_token().len();
    header + values.map(Vec::len).sum::<usize>() + packet.payload.len()
}

fn request(method: RequestType, message_id: u16) -> Packet {
    let mut packet = Packet::new();
    packet.header.set_type(MessageType::Confirmable);
    packet.header.code = MessageClass::Request(method);
    packet.header.message_id = message_id;
    packet.set_token(b"tokn".to_vec());
    packet
}

fn write(packet: &Packet, buffer: &mut [u8]) -> usize {
    let bytes = packet.to_bytes().unwrap_or_default();
    if let Some(room) = buffer.get_mut(..bytes.len()) {
        room.copy_from_slice(&bytes);
    }
    bytes.len()
}

/// Writes [`GET`](super::GET).
pub fn build_get(buffer: &mut [u8], get: &Get) -> usize {
    let mut packet = request(RequestType::Get, get.message_id);
    packet.set_observe_value(0);
    for segment in get.path {
        packet.add_option(CoapOption::UriPath, segment.to_vec());
    }
    packet.add_option(CoapOption::Accept, get.accept.to_be_bytes().to_vec());
    write(&packet, buffer)
}

/// Writes [`REGISTER`](super::REGISTER).
pub fn build_register(buffer: &mut [u8], register: &Register) -> usize {
    let mut packet = request(RequestType::Post, register.message_id);
    packet.add_option(CoapOption::UriPath, b"rd".to_vec());
    packet.add_option(CoapOption::ContentFormat, vec![40]);
    let endpoint = [b"ep=", register.endpoint.as_bytes()].concat();
    packet.add_option(CoapOption::UriQuery, endpoint);
    for query in register.queries {
        packet.add_option(CoapOption::UriQuery, query.to_vec());
    }
    packet.payload = register.links.to_vec();
    write(&packet, buffer)
}
