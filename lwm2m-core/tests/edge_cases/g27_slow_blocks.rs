//! Group 27: blocks whose answers take their time, and what repeats, silence, other servers and lost sessions do to them
//! (RFC 7959, sections 2.3, 2.5 and 2.9; RFC 7252, sections 4.5 and 5.2.2).

use lwm2m_core::SessionId;
use lwm2m_core::client::SessionEvent;
use lwm2m_core::model::{Error, Outcome, Ticket};
use lwm2m_core::wire::coap::{Block, Code, Kind, option};

use crate::common::{
    Answer, Device, Owned, Request, SERVER, TestRandom, get, outputs, post, put, sent, two_servers,
};

const SECOND: SessionId = SessionId::new(1);
const TICKET: Ticket = Ticket(4);

fn block(num: u32, more: bool, szx: u8) -> u32 {
    Block::new(num, more, szx).unwrap().to_uint()
}

/// Bytes that tell where they belong.
fn body(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at % 251) as u8).collect()
}

/// One block of 64 bytes of `body` for /26241/1/5.
fn part(body: &[u8], num: u32) -> Request {
    let start = usize::try_from(num).unwrap() * 64;
    let end = (start + 64).min(body.len());
    put("/26241/1/5")
        .with(42, &body[start..end])
        .uint(option::BLOCK1, block(num, end < body.len(), 2))
}

/// Two servers, and an object that takes its time for each block.
fn slow() -> Device {
    let mut device = two_servers();
    device.objects.test.capacity = 10_000;
    device.objects.test.outcome = Outcome::Later(TICKET);
    device
}

/// Sends a request that is acknowledged, and not answered yet.
fn begin(device: &mut Device, request: &Request) {
    let ack = sent(&device.receive(&request.bytes()));
    assert_eq!(
        (ack.kind(), ack.code(), ack.id()),
        (Kind::Ack, Code::EMPTY, request.id)
    );
}

/// The object has taken the block: the response.
fn finish(device: &mut Device, result: Result<(), Error>) -> Answer {
    device.client.answer(TICKET, result);
    let answer = sent(&device.drain());
    assert_eq!(answer.kind(), Kind::Con);
    answer
}

/// Sends a block and lets it be taken, acknowledgement and all.
fn whole(device: &mut Device, request: &Request) -> Code {
    begin(device, request);
    let answer = finish(device, Ok(()));
    assert_eq!(answer.token(), request.token());
    assert_eq!(device.receive(&answer.empty(Kind::Ack)), []);
    answer.code()
}

fn value(device: &Device) -> &[u8] {
    match device.objects.test.get(1, 5) {
        Some(Owned::Bytes(bytes)) => bytes,
        other => panic!("{other:?}"),
    }
}

/// The empty acknowledgement was lost: the request comes again, and only it is repeated.
#[test]
fn g27_a_retransmitted_block_is_acknowledged_again() {
    let mut device = slow();
    let body = body(100);
    for num in 0..2 {
        let request = part(&body, num);
        begin(&mut device, &request);
        begin(&mut device, &request);
        assert_eq!(outputs(&device.wait(5)), []);
        begin(&mut device, &request);
        let answer = finish(&mut device, Ok(()));
        // Also when its acknowledgement and the response have crossed.
        begin(&mut device, &request);
        assert_eq!(device.receive(&answer.empty(Kind::Ack)), []);
        begin(&mut device, &request);
    }
    assert_eq!(device.objects.test.parts.len(), 2);
    assert_eq!(value(&device), body);
    assert_eq!(outputs(&device.wait(100)), []);
}

/// A server that sends the block as a new message has given up the old one: the new one gets the one answer.
#[test]
fn g27_a_block_that_is_repeated_while_it_is_taken_is_answered_once() {
    let mut device = slow();
    let body = body(150);
    whole(&mut device, &part(&body, 0));
    for (num, code) in [(1, Code::CONTINUE), (2, Code::CHANGED)] {
        let request = part(&body, num);
        begin(&mut device, &request);
        let again = request.anew().with_token(b"again");
        begin(&mut device, &again);
        let answer = finish(&mut device, Ok(()));
        assert_eq!((answer.code(), &answer.token()[..]), (code, &b"again"[..]));
        assert_eq!(answer.uint(option::BLOCK1), Some(block(num, num == 1, 2)));
        assert_eq!(device.receive(&answer.empty(Kind::Ack)), []);
    }
    assert_eq!(device.objects.test.parts.len(), 3);
    assert_eq!(value(&device), body);
    assert_eq!(outputs(&device.wait(100)), []);
}

/// Two operations are under way, which is all; a block that is repeated needs no third slot.
#[test]
fn g27_a_repeated_block_needs_no_room() {
    let mut device = slow();
    let body = body(200);
    whole(&mut device, &part(&body, 0));
    let request = part(&body, 1);
    begin(&mut device, &request);
    device.objects.test.outcome = Outcome::Later(Ticket(5));
    let other = post("/26241/1/9");
    let ack = sent(&device.receive_from(SECOND, &other.bytes()));
    assert_eq!(ack.code(), Code::EMPTY);
    begin(&mut device, &request.anew());
    assert_eq!(finish(&mut device, Ok(())).code(), Code::CONTINUE);
}

/// Long after the first block, when its message id is not remembered any more, a late copy of it comes.
#[test]
fn g27_a_late_copy_of_the_first_block_does_not_begin_anew() {
    let mut device = slow();
    device.objects.test.outcome = Outcome::Done;
    let body = body(64 * 20);
    let first = part(&body, 0);
    device.ask(&first);
    for num in 1..15 {
        device.ask(&part(&body, num));
    }
    assert_eq!(device.ask(&first).code(), Code::CONTINUE);
    for num in 15..20 {
        assert_eq!(device.ask(&part(&body, num)).code().class(), 2);
    }
    assert_eq!(value(&device), body);
}

/// The object refuses a block in the end: the value has to begin anew.
#[test]
fn g27_a_block_that_is_refused_later_ends_the_value() {
    let mut device = slow();
    let body = body(200);
    whole(&mut device, &part(&body, 0));
    begin(&mut device, &part(&body, 1));
    let answer = finish(&mut device, Err(Error::Internal));
    assert_eq!(answer.code(), Code::INTERNAL_SERVER_ERROR);
    device.receive(&answer.empty(Kind::Ack));
    for num in [1, 2] {
        assert_eq!(
            device.code(&part(&body, num)),
            Code::REQUEST_ENTITY_INCOMPLETE
        );
    }
    assert_eq!(device.objects.test.abandoned, []);
    assert_eq!(whole(&mut device, &part(&body, 0)), Code::CONTINUE);
}

/// The acknowledgement of a response was lost. The next block tells that the response has come.
#[test]
fn g27_the_next_block_stands_for_an_acknowledgement() {
    let mut device = slow();
    let body = body(200);
    begin(&mut device, &part(&body, 0));
    finish(&mut device, Ok(()));
    for num in 1..4 {
        begin(&mut device, &part(&body, num));
        // Sent at once, as nothing is on its way any more.
        let answer = finish(&mut device, Ok(()));
        if num == 3 {
            device.receive(&answer.empty(Kind::Ack));
        }
    }
    assert_eq!(value(&device), body);
    assert_eq!(outputs(&device.wait(100)), []);
}

/// The time counts from the answer to a block: a flash may take its time, the server is not to blame for it.
#[test]
fn g27_a_block_that_is_being_taken_is_not_abandoned() {
    let mut device = slow();
    let body = body(200);
    whole(&mut device, &part(&body, 0));
    begin(&mut device, &part(&body, 1));
    assert_eq!(outputs(&device.wait(1000)), []);
    let answer = finish(&mut device, Ok(()));
    device.receive(&answer.empty(Kind::Ack));
    device.wait(246);
    assert_eq!(device.objects.test.abandoned, []);
    begin(&mut device, &part(&body, 2));
    let answer = finish(&mut device, Ok(()));
    device.receive(&answer.empty(Kind::Ack));
    device.wait(247);
    assert_eq!(device.objects.test.abandoned, [(1, 5)]);
    assert_eq!(
        device.code(&part(&body, 3)),
        Code::REQUEST_ENTITY_INCOMPLETE
    );
}

/// The object is told once that a value stays incomplete, and not when it is complete.
#[test]
fn g27_the_object_learns_that_a_value_is_abandoned() {
    let mut device = slow();
    device.objects.test.outcome = Outcome::Done;
    device.objects.test.set(2, 0, "two");
    let body = body(200);
    for num in 0..4 {
        device.ask(&part(&body, num));
    }
    device.wait(300);
    assert_eq!(device.objects.test.abandoned, []);
    device.ask(&part(&body, 0));
    device.ask(&part(&body, 0).to("/26241/2/5"));
    assert_eq!(device.objects.test.abandoned, [(1, 5)]);
    device.wait(300);
    assert_eq!(device.objects.test.abandoned, [(1, 5), (2, 5)]);
}

/// What is refused anyway does not cost the value that is under way.
#[test]
fn g27_a_bad_first_block_leaves_the_value_alone() {
    let mut device = slow();
    device.objects.test.outcome = Outcome::Done;
    let body = body(200);
    device.ask(&part(&body, 0));
    for path in ["/26241/1/10", "/26241/1/0", "/26241/7/5", "/26241/1"] {
        assert_eq!(device.code(&part(&body, 0).to(path)).class(), 4, "{path}");
    }
    for num in 1..4 {
        assert_eq!(device.ask(&part(&body, num)).code().class(), 2);
    }
    assert_eq!(value(&device), body);
    assert_eq!(device.objects.test.abandoned, []);
}

/// The session is lost amid a value. The server may go on when it is there again, also with a block that is being taken.
#[test]
fn g27_a_value_goes_on_over_a_new_session() {
    let mut device = slow();
    let body = body(150);
    whole(&mut device, &part(&body, 0));
    let request = part(&body, 1);
    begin(&mut device, &request);
    device.session(SERVER, SessionEvent::Closed);
    device.client.update(false);
    device.drain();
    let update = sent(&device.open(SERVER));
    device.receive(&update.reply(Code::CHANGED));
    begin(&mut device, &request);
    let answer = finish(&mut device, Ok(()));
    assert_eq!(answer.code(), Code::CONTINUE);
    device.receive(&answer.empty(Kind::Ack));
    assert_eq!(whole(&mut device, &part(&body, 2)), Code::CHANGED);
    assert_eq!(value(&device), body);
}

/// The other server need not wait for one whose session is gone.
#[test]
fn g27_a_closed_session_makes_room_for_another_server() {
    let mut device = slow();
    device.objects.test.outcome = Outcome::Done;
    let (old, new) = (vec![9; 200], body(150));
    device.ask(&part(&old, 0));
    let early = device.ask_from(SECOND, &part(&new, 0));
    assert_eq!(early.code(), Code::SERVICE_UNAVAILABLE);
    device.session(SERVER, SessionEvent::Closed);
    for num in 0..3 {
        let answer = device.ask_from(SECOND, &part(&new, num));
        assert_eq!(answer.code().class(), 2);
    }
    assert_eq!(value(&device), new);
}

/// After `start` the same session may lead to another server, which must not go on with the value.
#[test]
fn g27_a_client_that_starts_anew_has_no_value_under_way() {
    let mut device = slow();
    device.objects.test.outcome = Outcome::Done;
    let body = body(200);
    device.ask(&part(&body, 0));
    device.start();
    assert_eq!(device.objects.test.abandoned, [(1, 5)]);
    device.start();
    sent(&device.open(SERVER));
    assert_eq!(
        sent(&device.receive(&part(&body, 1).bytes())).code(),
        Code::REQUEST_ENTITY_INCOMPLETE
    );
}

/// While one server sends a value in blocks, another one does what it wants beside it.
#[test]
fn g27_another_server_reads_and_writes_while_a_value_comes() {
    let mut device = slow();
    let body = body(200);
    whole(&mut device, &part(&body, 0));
    begin(&mut device, &part(&body, 1));
    device.objects.test.outcome = Outcome::Done;
    let answer = device.ask_from(SECOND, &get("/3/0/9").accept(0));
    assert_eq!(answer.text(), "100");
    let answer = device.ask_from(SECOND, &put("/26241/1/0").text("x"));
    assert_eq!(answer.code(), Code::CHANGED);
    // But for the value itself.
    let answer = device.ask_from(SECOND, &put("/26241/1/5").with(42, &[1]));
    assert_eq!(answer.code(), Code::SERVICE_UNAVAILABLE);
    let answer = finish(&mut device, Ok(()));
    device.receive(&answer.empty(Kind::Ack));
    for num in 2..4 {
        assert_eq!(device.ask(&part(&body, num)).code().class(), 2);
    }
    assert_eq!(value(&device), body);
    let answer = device.ask_from(SECOND, &put("/26241/1/5").with(42, &[1]));
    assert_eq!(answer.code(), Code::CHANGED);
}

#[test]
fn g27_a_value_that_comes_whole_ends_its_blocks() {
    let mut device = slow();
    device.objects.test.outcome = Outcome::Done;
    let body = body(200);
    device.ask(&part(&body, 0));
    let answer = device.ask(&put("/26241/1/5").with(42, &[1]));
    assert_eq!(answer.code(), Code::CHANGED);
    assert_eq!(
        device.code(&part(&body, 1)),
        Code::REQUEST_ENTITY_INCOMPLETE
    );
    assert_eq!(value(&device), [1]);
    assert_eq!(device.objects.test.abandoned, []);
}

/// Non-confirmable requests: no acknowledgement, and responses that are not confirmable (RFC 7252, section 5.2.3).
#[test]
fn g27_blocks_may_be_non_confirmable() {
    let mut device = slow();
    let body = body(200);
    for num in 0..4 {
        let request = part(&body, num).non();
        assert_eq!(device.receive(&request.bytes()), []);
        assert_eq!(device.receive(&request.bytes()), [], "a copy");
        device.client.answer(TICKET, Ok(()));
        let answer = sent(&device.drain());
        assert_eq!(answer.kind(), Kind::Non);
        assert_eq!(answer.uint(option::BLOCK1), Some(block(num, num < 3, 2)));
        assert_eq!(answer.token(), request.token());
    }
    assert_eq!(device.objects.test.parts.len(), 4);
    assert_eq!(value(&device), body);
}

/// RFC 7959, section 3.2, figure 8: 1:0/1/128 is answered 1:0/1/32, and 1:4/1/32 follows.
#[test]
fn g27_smaller_blocks_are_asked_for_with_the_first() {
    for outcome in [Outcome::Done, Outcome::Later(TICKET)] {
        let mut config = Device::config();
        config.block_szx = 1;
        let mut device = Device::with(config, TestRandom::Sequence(1), 1280);
        device.register();
        device.objects.test.capacity = 10_000;
        device.objects.test.outcome = outcome;
        let body = body(200);
        let mut ask = |from: usize, to: usize, num, more, szx| {
            let request = put("/26241/1/5")
                .with(42, &body[from..to])
                .uint(option::BLOCK1, block(num, more, szx));
            let mut answer = sent(&device.receive(&request.bytes()));
            // Where that is lost, the same message is answered the same.
            assert_eq!(sent(&device.receive(&request.bytes())), answer);
            if answer.code() == Code::EMPTY {
                answer = finish(&mut device, Ok(()));
                device.receive(&answer.empty(Kind::Ack));
            }
            (answer.code(), answer.uint(option::BLOCK1))
        };
        let first = ask(0, 128, 0, true, 3);
        assert_eq!(first, (Code::CONTINUE, Some(block(0, true, 1))));
        let second = ask(128, 160, 4, true, 1);
        assert_eq!(second, (Code::CONTINUE, Some(block(4, true, 1))));
        // The last one is not longer than it says.
        let last = ask(160, 200, 5, false, 1);
        assert_eq!(last.0, Code::BAD_REQUEST);
        let third = ask(160, 192, 5, true, 1);
        assert_eq!(third.0, Code::CONTINUE);
        let last = ask(192, 200, 6, false, 1);
        assert_eq!(last, (Code::CHANGED, Some(block(6, false, 1))));
        assert_eq!(value(&device), body);
    }
}

/// A block that leaves no room for an answer is refused with a size that does (RFC 7959, section 2.9.3).
#[test]
fn g28_a_block_as_large_as_the_buffer_is_refused_with_a_smaller_one() {
    let mut device = Device::with(Device::config(), TestRandom::Sequence(1), 560);
    device.register();
    device.objects.test.capacity = 10_000;
    let body = body(2000);
    let request = |size: usize, szx| {
        put("/26241/1/5")
            .with(42, &body[..size])
            .uint(option::BLOCK1, block(0, true, szx))
    };
    let answer = device.ask(&request(512, 5));
    assert_eq!(answer.code(), Code::REQUEST_ENTITY_TOO_LARGE);
    let hint = answer.uint(option::BLOCK1).unwrap();
    assert_eq!(hint & 7, 4);
    assert_eq!(device.code(&request(256, 4)), Code::CONTINUE);
}
