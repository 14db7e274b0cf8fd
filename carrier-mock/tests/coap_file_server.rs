//! The CoAP file server, asked with literal datagrams. What is expected is from RFC 7252 and RFC 7959.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed test panics"
)]

mod device;

use core::cell::RefCell;
use core::net::SocketAddr;

use carrier_mock::executor;
use carrier_mock::server::firmware::{CoapFault, CoapFileServer, Image, Release, When};
use carrier_mock::server::{Credentials, Psk, ServerNode};
use carrier_mock::world::{Guard, World};
use lwm2m_carrier::hal::{
    CredentialKind, Expect, Link, OpenRequest, Received, Security, SecurityTag, SessionId, Sessions,
};
use lwm2m_core::time::{Duration, Instant};
use lwm2m_core::wire::coap::{Code, Kind, option};

use device::{Got, Sent, at, empty};

const LEN: usize = 300;
const ETAG: &str = "v1";

fn byte(offset: u32) -> u8 {
    (offset % 251) as u8
}

fn image() -> Vec<u8> {
    (0..LEN as u32).map(byte).collect()
}

fn peer() -> SocketAddr {
    "10.0.0.1:50000".parse().unwrap()
}

fn server(faults: &[CoapFault]) -> CoapFileServer<'static> {
    let release = Release::new(Image::made(LEN as u32, byte), ETAG);
    let mut server = CoapFileServer::new(1, "/fw?v=1", release);
    for fault in faults {
        assert!(server.add_fault(*fault));
    }
    server
}

/// Everything that the server sends now.
fn all(server: &mut CoapFileServer<'_>, now: Instant) -> Vec<Vec<u8>> {
    let mut buf = [0; 1280];
    core::iter::from_fn(|| {
        let transmit = server.poll(now, &mut buf)?;
        assert_eq!(transmit.to, peer());
        Some(buf[..transmit.len].to_vec())
    })
    .collect()
}

fn ask(server: &mut CoapFileServer<'_>, now: Instant, request: &[u8]) -> Vec<Got> {
    server.handle(now, peer(), request);
    let sent = all(server, now);
    sent.iter().map(|datagram| Got::parse(datagram)).collect()
}

/// A confirmable GET of a block: number, and size exponent.
fn get(message_id: u16, num: u32, szx: u32) -> Vec<u8> {
    let value = (num << 4 | szx).to_be_bytes();
    let value = &value[value.iter().take_while(|byte| **byte == 0).count()..];
    Sent::request(Code::GET, "/fw", &["v=1"], message_id)
        .option(option::BLOCK2, value)
        .bytes()
}

fn one(server: &mut CoapFileServer<'_>, request: &[u8]) -> Got {
    let mut answers = ask(server, at(0), request);
    assert_eq!(answers.len(), 1);
    answers.remove(0)
}

/// Number, more, and size exponent of an answer's Block2.
fn block(answer: &Got) -> (u32, bool, u8) {
    let (_, value) = answer
        .options
        .iter()
        .find(|(number, _)| *number == option::BLOCK2)
        .unwrap();
    let value = value
        .iter()
        .fold(0, |sum, byte| sum << 8 | u32::from(*byte));
    (value >> 4, value & 8 != 0, (value & 7) as u8)
}

/// RFC 7252, sections 3 and 5.10; RFC 7959, sections 2.1 and 4.
#[test]
fn the_first_and_the_last_block_byte_for_byte() {
    let mut server = server(&[]);
    // CON, GET, token AA, Uri-Path fw, Uri-Query v=1, Block2 0/0/128.
    let request = b"\x41\x01\x12\x34\xAA\xB2fw\x43v=1\x81\x03";
    server.handle(at(0), peer(), request);
    // ACK, 2.05, ETag v1, Content-Format 42, Block2 0/1/128, Size2 300.
    let mut expected = b"\x61\x45\x12\x34\xAA\x42v1\x81\x2A\xB1\x0B\x52\x01\x2C\xFF".to_vec();
    expected.extend_from_slice(&image()[..128]);
    assert_eq!(all(&mut server, at(0)), [expected]);
    // NON, Block2 2/0/128: 44 bytes are left, and no Size2 was asked for.
    let request = b"\x51\x01\x12\x35\xAB\xB2fw\x43v=1\x81\x23";
    server.handle(at(0), peer(), request);
    let sent = all(&mut server, at(0));
    let [answer] = sent.as_slice() else {
        panic!("{sent:?}");
    };
    assert_eq!(&answer[..2], b"\x51\x45");
    assert_eq!(
        &answer[4..],
        [b"\xAB\x42v1\x81\x2A\xB1\x23\xFF", &image()[256..]].concat()
    );
    assert_eq!(server.statistics().body_bytes, 128 + 44);
}

/// RFC 7959, section 3.1: a client without Block2 gets the largest blocks, and may ask for smaller ones later.
#[test]
fn the_client_decides_about_the_size() {
    let release = Release::new(Image::made(3000, byte), "");
    let mut large = CoapFileServer::new(1, "/fw", release);
    let answer = one(&mut large, &Sent::request(Code::GET, "/fw", &[], 1).bytes());
    assert_eq!((block(&answer), answer.payload.len()), ((0, true, 6), 1024));
    assert!(answer.has_not(option::ETAG));
    let request = Sent::request(Code::GET, "/fw", &[], 2).option(option::BLOCK2, &[0x42]);
    let answer = one(&mut large, &request.bytes());
    assert_eq!((block(&answer), answer.payload.len()), ((4, true, 2), 64));
    assert_eq!(answer.payload[0], byte(256));
    // What fits in one message needs no Block2 (section 2.4).
    let request = Sent::request(Code::GET, "/fw", &["v=1"], 3).bytes();
    let answer = one(&mut server(&[]), &request);
    assert!(answer.has_not(option::BLOCK2));
    assert_eq!(answer.payload, image());
}

#[test]
fn who_asks_for_something_else_or_wrongly_is_refused() {
    let request = |code, path, queries: &[&str]| Sent::request(code, path, queries, 7);
    for (request, code) in [
        (request(Code::GET, "/fw", &[]), Code::NOT_FOUND),
        (request(Code::GET, "/fw/1", &["v=1"]), Code::NOT_FOUND),
        (request(Code::GET, "/fw", &["v=1", "w"]), Code::NOT_FOUND),
        (
            request(Code::PUT, "/fw", &["v=1"]),
            Code::METHOD_NOT_ALLOWED,
        ),
        (
            request(Code::GET, "/fw", &["v=1"]).option(option::ACCEPT, &[60]),
            Code::NOT_ACCEPTABLE,
        ),
        // Size exponent 7 is reserved (RFC 7959, section 2.2).
        (
            request(Code::GET, "/fw", &["v=1"]).option(option::BLOCK2, &[7]),
            Code::BAD_REQUEST,
        ),
        // Behind the end.
        (
            request(Code::GET, "/fw", &["v=1"]).option(option::BLOCK2, &[0x36]),
            Code::BAD_REQUEST,
        ),
        (
            request(Code::GET, "/fw", &["v=1"]).option(option::IF_MATCH, b"v1"),
            Code::BAD_OPTION,
        ),
    ] {
        let answer = one(&mut server(&[]), &request.bytes());
        assert_eq!((answer.kind, answer.code), (Kind::Ack, code));
    }
    // RFC 7252, section 4.2: a ping is reset.
    let pong = one(&mut server(&[]), &empty(Kind::Con, 9));
    assert_eq!((pong.kind, pong.message_id), (Kind::Rst, 9));
}

/// RFC 7252, section 5.10.6.2.
#[test]
fn who_has_the_image_is_told_so() {
    let with_tag = |tag: &[u8]| {
        Sent::request(Code::GET, "/fw", &["v=1"], 1)
            .option(option::ETAG, tag)
            .bytes()
    };
    let answer = one(&mut server(&[]), &with_tag(b"v1"));
    assert_eq!(answer.code, Code::VALID);
    assert!(answer.payload.is_empty() && answer.has(option::ETAG, b"v1"));
    assert_eq!(one(&mut server(&[]), &with_tag(b"v0")).code, Code::CONTENT);
}

#[test]
fn blocks_are_smaller_or_wrong() {
    let small = CoapFault::SmallerBlocks { szx: 1 };
    // The block of 64 bytes with number 2 begins at byte 128, as does the one of 32 bytes with number 4.
    let answer = one(&mut server(&[small]), &get(1, 2, 2));
    assert_eq!((block(&answer), answer.payload[0]), ((4, true, 1), 128));
    assert_eq!(answer.payload.len(), 32);
    let shifted = CoapFault::ShiftsNumber { by: 1, times: 1 };
    let mut shifting = server(&[shifted]);
    let answer = one(&mut shifting, &get(1, 2, 2));
    assert_eq!((block(&answer), answer.payload[0]), ((3, true, 2), 128));
    assert_eq!(block(&one(&mut shifting, &get(2, 2, 2))), (2, true, 2));
    let early = CoapFault::EndsEarly { at: 130, times: 1 };
    let mut ending = server(&[early]);
    assert_eq!(block(&one(&mut ending, &get(1, 1, 2))), (1, true, 2));
    assert_eq!(block(&one(&mut ending, &get(2, 2, 2))), (2, false, 2));
    let mut endless = server(&[CoapFault::GoesOn]);
    let last = one(&mut endless, &get(1, 4, 2));
    assert_eq!((block(&last), last.payload.len()), ((4, true, 2), 44));
    assert_eq!(one(&mut endless, &get(2, 5, 2)).code, Code::BAD_REQUEST);
    let cut = CoapFault::CutsBlocks { by: 5, times: 1 };
    let answer = one(&mut server(&[cut]), &get(1, 0, 2));
    assert_eq!((block(&answer), answer.payload.len()), ((0, true, 2), 59));
}

#[test]
fn sizes_are_left_out_or_wrong() {
    let answer = one(&mut server(&[CoapFault::OmitsSize]), &get(1, 0, 2));
    assert!(answer.has_not(option::SIZE2));
    let longer = CoapFault::ChangesSize { by: 1 };
    let request = Sent::request(Code::GET, "/fw", &["v=1"], 1)
        .option(option::BLOCK2, &[0x12])
        .option(option::SIZE2, &[]);
    let answer = one(&mut server(&[longer]), &request.bytes());
    assert!(answer.has(option::SIZE2, &[0x01, 0x2D]));
    assert!(one(&mut server(&[longer]), &get(1, 0, 2)).has(option::SIZE2, &[0x01, 0x2C]));
}

#[test]
fn refusals_are_as_many_as_told() {
    let later = CoapFault::Answers {
        code: Code::SERVICE_UNAVAILABLE,
        max_age: Some(120),
        times: 1,
    };
    let mut busy = server(&[later, CoapFault::Resets { times: 1 }]);
    let reset = one(&mut busy, &get(1, 0, 2));
    assert_eq!((reset.kind, reset.message_id), (Kind::Rst, 1));
    let answer = one(&mut busy, &get(2, 0, 2));
    assert_eq!(answer.code, Code::SERVICE_UNAVAILABLE);
    assert!(answer.has(option::MAX_AGE, &[120]) && answer.payload.is_empty());
    assert_eq!(one(&mut busy, &get(3, 0, 2)).code, Code::CONTENT);
}

/// RFC 7252, sections 4.2 and 5.2.2.
#[test]
fn a_separate_response_is_sent_until_it_is_acknowledged() {
    let separate = CoapFault::Separate {
        after: Duration::from_secs(5),
        times: 1,
    };
    let mut slow = server(&[separate]);
    let acknowledged = one(&mut slow, &get(1, 0, 2));
    assert_eq!(
        (acknowledged.kind, acknowledged.code),
        (Kind::Ack, Code::EMPTY)
    );
    // A copy of the request is acknowledged again, and changes nothing.
    assert_eq!(one(&mut slow, &get(1, 0, 2)), acknowledged);
    assert_eq!(slow.next_timeout(at(1000)), Some(at(5000)));
    let sent = all(&mut slow, at(5000));
    let response = Got::parse(&sent[0]);
    assert_eq!((response.kind, response.code), (Kind::Con, Code::CONTENT));
    assert_eq!((sent.len(), response.token.as_slice()), (1, &[0xD0, 1][..]));
    let again = slow.next_timeout(at(5000)).unwrap();
    assert!((at(7000)..=at(8000)).contains(&again));
    assert_eq!(all(&mut slow, again), sent);
    let acknowledgement = empty(Kind::Ack, response.message_id);
    assert_eq!(ask(&mut slow, again, &acknowledgement), []);
    assert_eq!(slow.next_timeout(again), None);
    assert_eq!(slow.statistics().retransmissions, 1);
    assert_eq!(one(&mut slow, &get(2, 0, 2)).kind, Kind::Ack);
}

#[test]
fn requests_are_lost_and_times_are_silent() {
    let mut lossy = server(&[CoapFault::Drops { nth: 3 }]);
    let answered = (1..=7).map(|id| ask(&mut lossy, at(0), &get(id, 0, 2)).len());
    assert_eq!(answered.collect::<Vec<_>>(), [1, 1, 0, 1, 1, 0, 1]);
    assert_eq!(lossy.statistics().dropped, 2);
    let silent = CoapFault::FallsSilent {
        after: 100,
        span: Duration::from_secs(60),
        times: 1,
    };
    let mut falling = server(&[silent]);
    // Byte 100 is in the second block of 64.
    for (millis, id, answers) in [(0, 1, 1), (0, 2, 1), (59_999, 3, 0), (60_000, 4, 1)] {
        let block = u32::from(id) - 1;
        let answered = ask(&mut falling, at(millis), &get(id, block, 2)).len();
        assert_eq!(answered, answers, "{millis}");
    }
    assert_eq!(ask(&mut falling, at(60_000), &get(5, 0, 2)).len(), 1);
}

#[test]
fn another_release_comes_in_the_middle() {
    for when in [When::Sent(128), When::At(at(500))] {
        let mut changing = server(&[]);
        let other = Release::new(Image::new(&[7; 200]), "v2");
        changing.replace(when, other);
        for (id, millis, tag) in [(1, 0, b"v1"), (2, 0, b"v1"), (3, 500, b"v2")] {
            let request = get(id, u32::from(id) - 1, 2);
            let answers = ask(&mut changing, at(millis), &request);
            assert!(answers[0].has(option::ETAG, tag), "{when:?} {id}");
        }
    }
}

#[test]
fn a_client_with_the_right_key_is_served() {
    for (key, expected) in [(&[1, 2, 3][..], true), (&[9][..], false)] {
        let keys = [Psk::new(b"dev", &[1, 2, 3])];
        let secured = server(&[]).with_credentials(Credentials::new(&keys));
        let secured = RefCell::new(secured);
        let world = World::new(5);
        let address = "192.0.2.9:5684".parse().unwrap();
        world
            .add_server("files.example", address, Guard::Psk, &secured)
            .unwrap();
        let (tag, id) = (SecurityTag(5), SessionId::new(2));
        let provision = |kind, bytes| world.keys().provision(tag, kind, bytes).unwrap();
        provision(CredentialKind::PskIdentity, &b"dev"[..]);
        provision(CredentialKind::Psk, key);
        executor::block_on(async {
            world.link().up().await.unwrap();
            let request = OpenRequest::new("files.example", 5684).secured_by(Security::Tag(tag));
            let mut sessions = world.sessions();
            sessions.open(id, &request).await.unwrap();
            world.sleep(Duration::from_secs(90)).await;
            let mut buffer = [0; 1280];
            let (_, opened) = sessions.receive(&mut buffer).await;
            assert_eq!(matches!(opened, Received::Opened { .. }), expected);
            if expected {
                let request = get(1, 0, 2);
                sessions.send(id, &request, Expect::Reply).await.unwrap();
                world.sleep(Duration::from_secs(1)).await;
                let (_, received) = sessions.receive(&mut buffer).await;
                let Received::Datagram(len) = received else {
                    panic!("{received:?}");
                };
                let answer = Got::parse(&buffer[..len]);
                assert_eq!(answer.payload, image()[..64]);
            }
        })
        .unwrap();
    }
}
