//! The request of a download: GET of a block, with the options that a URI means (RFC 7252, section 6.4).

use lwm2m_core::wire::{
    coap::{Builder, Code, Kind, option},
    writer::Writer,
};

use super::exchange::Exchange;
use crate::fota::{
    download::URI,
    uri::{PackageUri, is_ipv4, next_part},
};

/// Writes the request to the start of `out` and returns its length; `None` when it has no room.
///
/// The datagram goes to the port that the URI names, so there is no Uri-Port; and to the address, if it names one, so
/// there is a Uri-Host only for a name.
pub(super) fn write(out: &mut [u8], uri: &PackageUri<'_>, exchange: &Exchange) -> Option<usize> {
    let mut writer = Writer::new(out);
    let mut request = Builder::new(
        &mut writer,
        Kind::Con,
        Code::GET,
        exchange.message_id,
        exchange.token,
    );
    let mut room = [0; URI];
    if !uri.is_ipv6() && !is_ipv4(uri.host) {
        let len = decode(uri.host, &mut room);
        let host = room.get_mut(..len).unwrap_or_default();
        host.make_ascii_lowercase();
        request.option(option::URI_HOST, host);
    }
    // Neither an empty path nor a single slash is an option; a slash at the end of another is an empty one.
    let path = uri.path().strip_prefix('/').filter(|path| !path.is_empty());
    let parts = [
        (option::URI_PATH, path, b"/"),
        (option::URI_QUERY, uri.query(), b"&"),
    ];
    for (number, mut rest, separator) in parts {
        while let Some(part) = next_part(&mut rest, separator) {
            let len = decode(part, &mut room);
            request.option(number, room.get(..len).unwrap_or_default());
        }
    }
    request.option_uint(option::BLOCK2, exchange.block.to_uint());
    if exchange.asks_size {
        request.option_uint(option::SIZE2, 0);
    }
    let written = writer.finish();
    written.is_whole().then_some(written.stored)
}

/// Puts text without its percent-encoding (RFC 3986, section 2.1) into `room`, and returns its length.
fn decode(text: &str, room: &mut [u8; URI]) -> usize {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let mut rest = text.as_bytes();
    let mut len = 0;
    for slot in room {
        let encoded = match rest {
            [b'%', high, low, behind @ ..] => digit(*high)
                .zip(digit(*low))
                .map(|(high, low)| ((high << 4 | low) as u8, behind)),
            _ => None,
        };
        let plain = || rest.split_first().map(|(byte, behind)| (*byte, behind));
        let Some((byte, behind)) = encoded.or_else(plain) else {
            break;
        };
        *slot = byte;
        rest = behind;
        len += 1;
    }
    len
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::vec::Vec;

    use lwm2m_core::{
        client::Transmission,
        random::Random,
        time::Instant,
        wire::coap::{Block, Message},
    };

    use super::*;

    struct Zero;

    impl Random for Zero {
        fn public(&mut self, bytes: &mut [u8]) {
            bytes.fill(0);
        }

        fn private(&mut self, bytes: &mut [u8]) {
            bytes.fill(0);
        }
    }

    fn exchange(num: u32, asks_size: bool) -> Exchange {
        let block = Block::new(num, false, 6).unwrap();
        let parameters = Transmission::DEFAULT;
        Exchange::new(
            0x7d34,
            block,
            asks_size,
            Instant::ZERO,
            &parameters,
            &mut Zero,
        )
    }

    fn options(uri: &str) -> Vec<(u16, Vec<u8>)> {
        let mut out = [0; 512];
        let uri = PackageUri::parse(uri).unwrap();
        let len = write(&mut out, &uri, &exchange(0, false)).unwrap();
        let message = Message::parse(&out[..len]).unwrap();
        assert_eq!((message.kind(), message.code()), (Kind::Con, Code::GET));
        let options = message.options();
        options
            .filter(|option| option.number != option::BLOCK2)
            .map(|option| (option.number, option.value.to_vec()))
            .collect()
    }

    /// RFC 7252, section 6.3: the same resource in three ways; section 6.4, and its numbers 3, 11, 15 of section 5.10.
    #[test]
    fn a_uri_becomes_options() {
        let sensors = [
            (3, b"example.com".to_vec()),
            (11, b"~sensors".to_vec()),
            (11, b"temp.xml".to_vec()),
        ];
        for uri in [
            "coap://example.com:5683/~sensors/temp.xml",
            "coap://EXAMPLE.com/%7Esensors/temp.xml",
            "coap://EXAMPLE.com:/%7esensors/temp.xml",
        ] {
            assert_eq!(options(uri), sensors, "{uri}");
        }
        assert_eq!(options("coap://192.0.2.1"), []);
        assert_eq!(options("coap://[2001:db8::1]:61616/"), []);
        assert_eq!(
            options("coap://[::1]/a//b%2Fc/?x=%26&%E2%82%AC&"),
            [
                (11, b"a".to_vec()),
                (11, b"".to_vec()),
                (11, b"b/c".to_vec()),
                (11, b"".to_vec()),
                (15, b"x=&".to_vec()),
                (15, "€".as_bytes().to_vec()),
                (15, b"".to_vec()),
            ]
        );
        assert_eq!(options("coap://a.B%2d"), [(3, b"a.b-".to_vec())]);
    }

    /// Block2 (23) of number 2 with 1,024 bytes is 0x26 (RFC 7959, section 2.2), Size2 (28) of 0 has no bytes.
    #[test]
    fn block_and_size_stand_behind_the_uri() {
        let uri = PackageUri::parse("coap://192.0.2.1/fw").unwrap();
        let mut out = [0; 64];
        let len = write(&mut out, &uri, &exchange(2, true)).unwrap();
        assert_eq!(&out[..len], b"\x44\x01\x7d\x34\0\0\0\0\xb2fw\xc1\x26\x50");
        for short in 0..len {
            assert_eq!(write(&mut out[..short], &uri, &exchange(2, true)), None);
        }
    }
}
