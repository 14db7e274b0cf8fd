//! Groups 26, 27 and 30: values that arrive in blocks (RFC 7959, sections 2.2 to 2.5 and 2.9).

use lwm2m_core::SessionId;
use lwm2m_core::model::{Outcome, Ticket};
use lwm2m_core::wire::coap::{Block, Code, Kind, option};

use crate::common::{
    Answer, Device, Out, Owned, Request, delete, get, outputs, post, put, sent, two_servers,
};

const SECOND: SessionId = SessionId::new(1);

/// A registered device whose test object takes opaque values of up to 10,000 bytes.
fn device() -> Device {
    let mut device = Device::registered();
    device.objects.test.capacity = 10_000;
    device
}

fn block(num: u32, more: bool, szx: u8) -> u32 {
    Block::new(num, more, szx).unwrap().to_uint()
}

/// Bytes that tell where they belong.
fn body(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at % 251) as u8).collect()
}

/// One block of `body` for /26241/1/5, as an opaque value.
fn part(body: &[u8], num: u32, szx: u8) -> Request {
    let size = 16 << szx;
    let start = usize::try_from(num).unwrap() * size;
    let end = (start + size).min(body.len());
    put("/26241/1/5")
        .with(42, &body[start..end])
        .uint(option::BLOCK1, block(num, end < body.len(), szx))
}

fn value(device: &Device) -> &[u8] {
    match device.objects.test.get(1, 5) {
        Some(Owned::Bytes(bytes)) => bytes,
        other => panic!("{other:?}"),
    }
}

/// Code and Block1 of the answer.
fn told(answer: &Answer) -> (Code, Option<u32>) {
    (answer.code(), answer.uint(option::BLOCK1))
}

#[test]
fn g26_a_value_is_put_together() {
    for szx in 0..=6 {
        for len in [1, 16, 17, 1024, 1025, 3000] {
            let mut device = device();
            let body = body(len);
            let blocks = u32::try_from(len.div_ceil(16 << szx)).unwrap();
            for num in 0..blocks {
                let answer = device.ask(&part(&body, num, szx));
                let more = num + 1 < blocks;
                let code = if more { Code::CONTINUE } else { Code::CHANGED };
                assert_eq!(told(&answer), (code, Some(block(num, more, szx))));
            }
            assert_eq!(value(&device), body);
        }
    }
}

/// What has come of a value goes with its instance, also when there is a new one of the same id.
#[test]
fn g26_a_value_ends_with_its_instance() {
    let body = body(48);
    let mut device = device();
    assert_eq!(device.code(&part(&body, 0, 0)), Code::CONTINUE);
    device.receive(&delete("/26241/1").bytes());
    assert!(!device.objects.test.instances.contains_key(&1));
    device.objects.test.instances.insert(1, Default::default());
    let code = device.code(&part(&body, 1, 0));
    assert_eq!(code, Code::REQUEST_ENTITY_INCOMPLETE);

    // The application has deleted it.
    assert_eq!(device.code(&part(&body, 0, 0)), Code::CONTINUE);
    device.objects.test.instances.remove(&1);
    assert_eq!(device.code(&part(&body, 1, 0)), Code::NOT_FOUND);
    assert_eq!(device.objects.test.parts.len(), 2);
}

#[test]
fn g26_a_tlv_value_is_put_together() {
    let mut device = device();
    let body = body(300);
    let payload = [&[0xd0, 0x05, 0x01, 0x2c][..], &body].concat();
    for num in 0..5 {
        let mut request = part(&payload, num, 2);
        request = put("/26241/1/5")
            .with(11542, request.body())
            .uint(option::BLOCK1, block(num, num < 4, 2));
        let code = device.ask(&request).code();
        assert_eq!(
            code,
            if num < 4 {
                Code::CONTINUE
            } else {
                Code::CHANGED
            }
        );
    }
    assert_eq!(value(&device), body);
}

/// What the header of the value says must come, not more and not less.
#[test]
fn g26_a_tlv_value_of_another_length_than_announced_is_refused() {
    let mut device = device();
    // 50 bytes announced behind a header of 3; the second block ends behind 40.
    let payload = [&[0xc8, 0x05, 50][..], &body(50)].concat();
    let first = put("/26241/1/5")
        .with(11542, &payload[..32])
        .uint(option::BLOCK1, block(0, true, 1));
    assert_eq!(device.code(&first), Code::CONTINUE);
    let second = put("/26241/1/5")
        .with(11542, &payload[32..40])
        .uint(option::BLOCK1, block(1, false, 1));
    assert_eq!(device.code(&second), Code::BAD_REQUEST);
    // The header of another resource.
    let other = [&[0xc8, 0x06, 50][..], &body(50)].concat();
    let first = put("/26241/1/5")
        .with(11542, &other[..32])
        .uint(option::BLOCK1, block(0, true, 1));
    assert_eq!(device.code(&first), Code::BAD_REQUEST);
}

#[test]
fn g26_a_gap_is_incomplete() {
    let mut device = device();
    let body = body(200);
    device.ask(&part(&body, 0, 2));
    for num in [2, 3] {
        let answer = device.ask(&part(&body, num, 2));
        assert_eq!(answer.code(), Code::REQUEST_ENTITY_INCOMPLETE);
    }
    assert_eq!(device.objects.test.parts, [(0, 64, false)]);
}

#[test]
fn g26_a_transfer_begins_with_block_zero() {
    let mut device = device();
    let body = body(200);
    for num in [1, 3, 2] {
        assert_eq!(
            device.code(&part(&body, num, 2)),
            Code::REQUEST_ENTITY_INCOMPLETE
        );
    }
    assert_eq!(device.objects.test.parts, []);
}

/// The same message again is answered from memory; a new one with the same block, too, is not written twice.
#[test]
fn g26_a_repeated_block_is_taken_once() {
    let mut device = device();
    let body = body(200);
    for num in 0..4 {
        let request = part(&body, num, 2);
        let answer = device.ask(&request);
        assert_eq!(device.ask(&request), answer);
        // Block 0 would begin anew.
        if num == 1 || num == 2 {
            assert_eq!(told(&device.ask(&request.anew())), told(&answer));
        }
    }
    assert_eq!(device.objects.test.parts.len(), 4);
    assert_eq!(value(&device), body);
}

#[test]
fn g26_block_zero_begins_anew() {
    let mut device = device();
    let (old, new) = (vec![1; 200], body(150));
    device.ask(&part(&old, 0, 2));
    device.ask(&part(&old, 1, 2));
    for num in 0..3 {
        device.ask(&part(&new, num, 2));
    }
    assert_eq!(value(&device), new);
}

#[test]
fn g26_the_size_may_change_where_blocks_meet() {
    let mut device = device();
    let body = body(300);
    // 0-63 in one block, 64-95 in two of 16, 96-127 in one of 32, 128-255 in one of 128, the rest in one of 64.
    for (num, szx) in [(0, 2), (4, 0), (5, 0), (3, 1), (1, 3), (4, 2)] {
        assert_eq!(
            device.ask(&part(&body, num, szx)).code().class(),
            2,
            "{num} {szx}"
        );
    }
    assert_eq!(value(&device), body);
    // Growing to where no block of that size begins.
    device.ask(&part(&body, 0, 2));
    assert_eq!(
        device.code(&part(&body, 1, 3)),
        Code::REQUEST_ENTITY_INCOMPLETE
    );
    assert_eq!(device.code(&part(&body, 0, 3)), Code::CONTINUE);
}

/// All blocks but the last are full (RFC 7959, section 2.2).
#[test]
fn g26_a_short_block_with_more_to_come_is_refused() {
    let mut device = device();
    for len in [0, 1, 63, 65] {
        let request = put("/26241/1/5")
            .with(42, &body(len))
            .uint(option::BLOCK1, block(0, true, 2));
        assert_eq!(device.code(&request), Code::BAD_REQUEST, "{len}");
    }
    assert_eq!(device.objects.test.parts, []);
}

#[test]
fn g26_an_empty_last_block_ends_the_value() {
    let mut device = device();
    let body = body(64);
    let first = put("/26241/1/5")
        .with(42, &body)
        .uint(option::BLOCK1, block(0, true, 2));
    assert_eq!(device.code(&first), Code::CONTINUE);
    let last = put("/26241/1/5")
        .with(42, &[])
        .uint(option::BLOCK1, block(1, false, 2));
    assert_eq!(device.code(&last), Code::CHANGED);
    assert_eq!(value(&device), body);
}

/// RFC 7959, section 2.2: the size exponent 7 is reserved.
#[test]
fn g26_the_reserved_size_is_refused() {
    let mut device = device();
    for value in [0x07, 0x0f, 0x1f] {
        let request = put("/26241/1/5")
            .with(42, &body(16))
            .uint(option::BLOCK1, value);
        assert_eq!(device.code(&request), Code::BAD_REQUEST);
        assert_eq!(
            device.code(&get("/3/0").uint(option::BLOCK2, value)),
            Code::BAD_REQUEST
        );
    }
}

/// What is not one opaque value has to fit into a message, whose size is told (RFC 7959, section 2.9.3).
#[test]
fn g26_other_values_do_not_come_in_blocks() {
    let mut device = device();
    for (path, format) in [
        ("/26241/1/0", 0),
        ("/26241/1", 11542),
        ("/26241/1/8", 11542),
        ("/26241/1/5", 0),
    ] {
        let request = put(path)
            .with(format, &[0x30; 64])
            .uint(option::BLOCK1, block(0, true, 2));
        let answer = device.ask(&request);
        assert_eq!(answer.code(), Code::REQUEST_ENTITY_TOO_LARGE, "{path}");
        let size = answer.uint(option::SIZE1).unwrap();
        assert!((1024..=1280).contains(&size), "{size}");
    }
    assert_eq!(device.objects.test.writes, 0);
    assert_eq!(device.objects.test.parts, []);
}

#[test]
fn g26_blocks_obey_the_rights_of_the_resource() {
    let mut device = device();
    for (path, code) in [
        ("/0/0/3", Code::UNAUTHORIZED),
        ("/26241/1/10", Code::METHOD_NOT_ALLOWED),
        ("/26241/7/5", Code::NOT_FOUND),
        ("/26241/1/99", Code::NOT_FOUND),
        ("/77/0/5", Code::NOT_FOUND),
    ] {
        let request = put(path)
            .with(42, &body(64))
            .uint(option::BLOCK1, block(0, true, 2));
        assert_eq!(device.code(&request), code, "{path}");
    }
}

/// The object may give up at any block: the transfer ends, and the size that it had is of no use.
#[test]
fn g28_a_value_that_becomes_too_large_is_refused_when_it_does() {
    let mut device = device();
    device.objects.test.capacity = 100;
    let body = body(200);
    assert_eq!(device.code(&part(&body, 0, 2)), Code::CONTINUE);
    assert_eq!(
        device.code(&part(&body, 1, 2)),
        Code::REQUEST_ENTITY_TOO_LARGE
    );
    assert_eq!(
        device.code(&part(&body, 2, 2)),
        Code::REQUEST_ENTITY_INCOMPLETE
    );
}

/// Size1 is a hint (RFC 7959, section 4): a lie changes nothing.
#[test]
fn g28_a_size_that_lies_changes_nothing() {
    for size in [0, 1, 100_000, u32::MAX] {
        let mut device = device();
        let body = body(200);
        for num in 0..4 {
            let request = part(&body, num, 2).uint(option::SIZE1, size);
            assert_eq!(device.ask(&request).code().class(), 2);
        }
        assert_eq!(value(&device), body);
    }
}

#[test]
fn g27_a_second_server_waits_for_the_first() {
    let mut device = two_servers();
    device.objects.test.capacity = 1000;
    let body = body(200);
    device.ask(&part(&body, 0, 2));
    for num in [0, 1] {
        let answer = device.ask_from(SECOND, &part(&[9; 200], num, 2));
        assert_eq!(answer.code(), Code::SERVICE_UNAVAILABLE);
    }
    for num in 1..4 {
        device.ask(&part(&body, num, 2));
    }
    assert_eq!(value(&device), body);
    let answer = device.ask_from(SECOND, &part(&[9; 200], 0, 2));
    assert_eq!(answer.code(), Code::CONTINUE);
}

#[test]
fn g27_one_server_sends_one_value_at_a_time() {
    let mut device = device();
    let body = body(200);
    let other = |num| part(&body, num, 2).to("/26241/2/5");
    device.objects.test.set(2, 0, "two");
    device.ask(&part(&body, 0, 2));
    assert_eq!(device.code(&other(0)), Code::CONTINUE);
    // The first one has been given up for it.
    assert_eq!(
        device.code(&part(&body, 1, 2)),
        Code::REQUEST_ENTITY_INCOMPLETE
    );
    for num in 1..4 {
        assert_eq!(device.ask(&other(num)).code().class(), 2);
    }
    assert_eq!(device.objects.test.get(2, 5), Some(&Owned::Bytes(body)));
}

/// Half a value is forgotten after EXCHANGE_LIFETIME without a block.
#[test]
fn g27_an_abandoned_transfer_makes_room() {
    let mut device = two_servers();
    device.objects.test.capacity = 1000;
    let body = body(200);
    device.ask(&part(&body, 0, 2));
    device.wait(200);
    device.ask(&part(&body, 1, 2));
    device.wait(246);
    let answer = device.ask_from(SECOND, &part(&[9; 200], 0, 2));
    assert_eq!(answer.code(), Code::SERVICE_UNAVAILABLE);
    device.wait(1);
    let answer = device.ask_from(SECOND, &part(&[9; 200], 0, 2).anew());
    assert_eq!(answer.code(), Code::CONTINUE);
    assert_eq!(device.code(&part(&body, 2, 2)), Code::SERVICE_UNAVAILABLE);
}

/// A slow object answers each block when it has taken it.
#[test]
fn g27_a_block_may_be_answered_later() {
    let mut device = device();
    let body = body(100);
    device.objects.test.outcome = Outcome::Later(Ticket(4));
    for num in 0..2 {
        let request = part(&body, num, 2);
        let ack = sent(&device.receive(&request.bytes()));
        assert_eq!((ack.kind(), ack.code()), (Kind::Ack, Code::EMPTY));
        device.wait(5);
        device.client.answer(Ticket(4), Ok(()));
        let answer = sent(&device.drain());
        let code = if num == 0 {
            Code::CONTINUE
        } else {
            Code::CHANGED
        };
        assert_eq!(told(&answer), (code, Some(block(num, num == 0, 2))));
        assert_eq!(answer.token(), request.token());
        assert_eq!(device.receive(&answer.empty(Kind::Ack)), []);
    }
    assert_eq!(value(&device), body);
    assert_eq!(outputs(&device.wait(100)), []);
}

#[test]
fn g30_block1_on_other_methods() {
    let mut device = device();
    // Nothing comes with a GET or DELETE that could have blocks: the option has no meaning.
    let answer = device.ask(
        &get("/3/0/9")
            .accept(0)
            .uint(option::BLOCK1, block(0, true, 2)),
    );
    assert_eq!(answer.text(), "100");
    let request = post("/26241/1/9")
        .with(0, &[b'0'; 64])
        .uint(option::BLOCK1, block(0, true, 2));
    assert_eq!(device.code(&request), Code::REQUEST_ENTITY_TOO_LARGE);
    assert_eq!(device.objects.test.executed, []);
    // One block is the whole.
    let request = post("/26241/1/9")
        .text("0='a'")
        .uint(option::BLOCK1, block(0, false, 2));
    assert_eq!(
        told(&device.ask(&request)),
        (Code::CHANGED, Some(block(0, false, 2)))
    );
    assert_eq!(device.objects.test.executed.len(), 1);
    let request = delete("/26241/1").uint(option::BLOCK1, block(0, false, 2));
    let out = device.receive(&request.bytes());
    let Some(Out::Transmit(_, answer, _)) = out.first() else {
        panic!("{out:?}");
    };
    assert_eq!(Answer::new(answer).code(), Code::DELETED);
}

#[test]
fn g30_create_does_not_come_in_blocks() {
    let mut device = device();
    let request = post("/26241")
        .with(11542, &[0; 64])
        .uint(option::BLOCK1, block(0, true, 2));
    assert_eq!(device.code(&request), Code::REQUEST_ENTITY_TOO_LARGE);
    assert_eq!(device.objects.test.created, 0);
}
