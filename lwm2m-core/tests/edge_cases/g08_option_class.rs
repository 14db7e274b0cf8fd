//! Group 8, as far as the message tells: repeated options, and the classes of options.

use lwm2m_core::wire::coap::{Builder, Code, Kind, Message, Token, option};
use lwm2m_core::wire::writer::Writer;

/// RFC 7252 section 5.4.5: the second Accept is to be handled like an option that is not known, so it must be seen.
#[test]
fn g08_repeated_options_are_all_seen_in_their_order() {
    let datagram = b"\x40\x01\x12\x34\xb1a\x01b\x61\x3c\x01\x70";
    let message = Message::parse(datagram).unwrap();
    let options: Vec<_> = message
        .options()
        .map(|option| (option.number, option.value))
        .collect();
    assert_eq!(
        options,
        [
            (option::URI_PATH, &b"a"[..]),
            (option::URI_PATH, b"b"),
            (option::ACCEPT, &[60]),
            (option::ACCEPT, &[112]),
        ]
    );
    // What asks for one gets the first.
    assert_eq!(message.option(option::ACCEPT).unwrap().uint(), Ok(60));
}

/// RFC 7252 section 5.4.6: the lowest bit of the number says whether an option is critical.
#[test]
fn g08_unknown_options_tell_whether_they_are_critical() {
    let message = Message::parse(b"\x40\x01\x12\x34\xe0\xfe\xf1\x10").unwrap();
    let options: Vec<_> = message
        .options()
        .map(|option| (option.number, option.is_critical()))
        .collect();
    assert_eq!(options, [(65534, false), (65535, true)]);
}

/// Descending options cannot be expressed: the difference of two numbers has no sign.
#[test]
fn g08_options_out_of_order_are_not_written() {
    let mut buf = [0; 32];
    let mut writer = Writer::new(&mut buf);
    let mut builder = Builder::new(&mut writer, Kind::Con, Code::GET, 0x1234, Token::EMPTY);
    builder
        .option(option::ACCEPT, &[60])
        .option(option::URI_PATH, b"3")
        .option(option::SIZE1, &[1]);
    assert!(!builder.is_complete());
    let len = writer.finish().stored;
    let message = Message::parse(&buf[..len]).unwrap();
    let numbers: Vec<_> = message.options().map(|option| option.number).collect();
    assert_eq!(numbers, [option::ACCEPT, option::SIZE1]);
}
