//! CoAP messages against an independent implementation, on random input.

use coap_lite::{CoapOption, MessageClass, MessageType, Packet};
use lwm2m_core::wire::coap::{Builder, Code, Kind, Message, Token};
use lwm2m_core::wire::writer::Writer;
use proptest::collection::vec;
use proptest::prelude::*;

/// A message as values.
#[derive(Clone, Debug)]
struct Parts {
    kind: Kind,
    code: Code,
    message_id: u16,
    token: Vec<u8>,
    options: Vec<(u16, Vec<u8>)>,
    payload: Vec<u8>,
}

fn parts() -> impl Strategy<Value = Parts> {
    let kind = prop_oneof![Just(Kind::Con), Just(Kind::Non)];
    let code = prop_oneof![1..=31u8, 64..=191u8];
    // Mostly small numbers and lengths, some around the steps of the encoding.
    let number = prop_oneof![4 => 0..40u16, 1 => 250..300u16, 1 => any::<u16>()];
    let len = prop_oneof![8 => 0..20usize, 1 => 255..290usize];
    let value = len.prop_flat_map(|len| vec(any::<u8>(), len));
    (
        kind,
        code,
        any::<u16>(),
        vec(any::<u8>(), 0..=8),
        vec((number, value), 0..8),
        vec(any::<u8>(), 0..40),
    )
        .prop_map(|(kind, code, message_id, token, mut options, payload)| {
            options.sort_by_key(|&(number, _)| number);
            Parts {
                kind,
                code: Code(code),
                message_id,
                token,
                options,
                payload,
            }
        })
}

/// The message, written by this crate.
fn build(parts: &Parts) -> Option<Vec<u8>> {
    let mut buf = vec![0; 4096];
    let mut writer = Writer::new(&mut buf);
    let token = Token::new(&parts.token)?;
    let mut builder = Builder::new(&mut writer, parts.kind, parts.code, parts.message_id, token);
    for (number, value) in &parts.options {
        builder.option(*number, value);
    }
    let complete = builder.is_complete();
    if !parts.payload.is_empty() {
        builder.payload().bytes(&parts.payload);
    }
    let written = writer.finish();
    buf.truncate(written.stored);
    (complete && written.is_whole()).then_some(buf)
}

/// The message, written by coap-lite.
fn build_lite(parts: &Parts) -> Option<Vec<u8>> {
    let mut packet = Packet::new();
    packet.header.set_type(match parts.kind {
        Kind::Con => MessageType::Confirmable,
        Kind::Non => MessageType::NonConfirmable,
        Kind::Ack => MessageType::Acknowledgement,
        Kind::Rst => MessageType::Reset,
    });
    packet.header.code = MessageClass::from(parts.code.0);
    packet.header.message_id = parts.message_id;
    packet.set_token(parts.token.clone());
    for (number, value) in &parts.options {
        packet.add_option(CoapOption::from(*number), value.clone());
    }
    packet.payload.clone_from(&parts.payload);
    packet.to_bytes_unlimited().ok()
}

fn options(message: &Message<'_>) -> Vec<(u16, Vec<u8>)> {
    message
        .options()
        .map(|option| (option.number, option.value.to_vec()))
        .collect()
}

fn options_lite(packet: &Packet) -> Vec<(u16, Vec<u8>)> {
    packet
        .options()
        .flat_map(|(&number, values)| values.iter().map(move |value| (number, value.clone())))
        .collect()
}

/// Both refuse the datagram, or both understand the same.
fn compare(datagram: &[u8]) -> Result<(), TestCaseError> {
    match (Message::parse(datagram), Packet::from_bytes(datagram)) {
        (Ok(message), Ok(packet)) => {
            let token = message.token();
            prop_assert_eq!(token.as_bytes(), packet.get_token());
            prop_assert_eq!(options(&message), options_lite(&packet));
            prop_assert_eq!(message.payload(), &packet.payload);
        }
        (Err(_), Err(_)) => {}
        // A marker without payload is a format error (RFC 7252, section 3), which coap-lite does not mind.
        (Err(_), Ok(packet)) => {
            prop_assert!(packet.payload.is_empty());
            prop_assert_eq!(datagram.last(), Some(&0xFF));
        }
        (Ok(message), Err(error)) => prop_assert!(false, "{message:?} but {error:?}"),
    }
    Ok(())
}

proptest! {
    #[test]
    fn what_is_built_is_parsed(parts in parts()) {
        let datagram = build(&parts).unwrap();
        let message = Message::parse(&datagram).unwrap();
        prop_assert_eq!(message.kind(), parts.kind);
        prop_assert_eq!(message.code(), parts.code);
        prop_assert_eq!(message.message_id(), parts.message_id);
        prop_assert_eq!(message.token(), Token::new(&parts.token).unwrap());
        prop_assert_eq!(options(&message), parts.options);
        prop_assert_eq!(message.payload(), &parts.payload);
    }

    #[test]
    fn coap_lite_builds_the_same_bytes(parts in parts()) {
        let datagram = build(&parts);
        prop_assert!(datagram.is_some());
        prop_assert_eq!(datagram, build_lite(&parts));
    }

    /// Messages that were cut, or have a wrong byte; not in the header, which coap-lite does not check.
    #[test]
    fn coap_lite_reads_damaged_messages_alike(
        parts in parts(),
        at in any::<prop::sample::Index>(),
        damage in prop_oneof![any::<u8>().prop_map(Some), Just(None)],
    ) {
        let mut datagram = build(&parts).unwrap();
        if datagram.len() > 4 {
            let at = 4 + at.index(datagram.len() - 4);
            match damage {
                Some(byte) => datagram[at] = byte,
                None => datagram.truncate(at),
            }
        }
        compare(&datagram)?;
    }

    #[test]
    fn coap_lite_reads_random_bytes_alike(
        tkl in 0..16u8,
        rest in vec(prop_oneof![0..0x30u8, any::<u8>()], 0..24),
    ) {
        let mut datagram = vec![0x40 | tkl, 1, 0, 1];
        datagram.extend(rest);
        compare(&datagram)?;
    }

    /// Whatever arrives, reading it ends.
    #[test]
    fn anything_can_be_parsed(datagram in vec(any::<u8>(), 0..64)) {
        if let Ok(message) = Message::parse(&datagram) {
            prop_assert!(message.options().count() <= datagram.len());
            prop_assert!(datagram.ends_with(message.payload()));
        }
    }
}
