//! Groups 10 to 12: messages that come twice (RFC 7252, section 4.5), and the memory for them.

use lwm2m_core::SessionId;
use lwm2m_core::model::{Error, Outcome, Ticket};
use lwm2m_core::wire::coap::{Code, Kind, option};

use crate::common::{
    Answer, Device, Out, Owned, Request, SERVER, delete, get, post, put, sent, two_servers,
};

/// The first datagram of what came out.
fn first(out: &[Out]) -> Answer {
    let Some(Out::Transmit(_, datagram, _)) = out.first() else {
        panic!("{out:?}");
    };
    Answer::new(datagram)
}

/// Sends a request three times; the answers must be the same.
fn thrice(device: &mut Device, request: &Request) -> Answer {
    let answer = first(&device.receive(&request.bytes()));
    device.settle();
    for _ in 0..2 {
        let again = device.receive(&request.bytes());
        assert_eq!(sent(&again), answer, "{request:?}");
    }
    answer
}

#[test]
fn g10_a_repeated_read_is_answered_again() {
    let mut device = Device::registered();
    let request = get("/3/0/9").accept(0);
    assert_eq!(thrice(&mut device, &request).text(), "100");
}

#[test]
fn g10_a_repeated_write_is_written_once() {
    let mut device = Device::registered();
    let answer = thrice(&mut device, &put("/3/0/14").text("+01:00"));
    assert_eq!(answer.code(), Code::CHANGED);
    assert_eq!(device.objects.device.writes, 1);
}

#[test]
fn g10_a_repeated_execute_is_executed_once() {
    let mut device = Device::registered();
    assert_eq!(thrice(&mut device, &post("/3/0/4")).code(), Code::CHANGED);
    assert_eq!(device.objects.device.executed.len(), 1);
    assert_eq!(device.client.statistics().duplicates, 2);
}

#[test]
fn g10_a_repeated_execute_that_failed_fails_the_same_way() {
    let mut device = Device::registered();
    device.objects.test.refusal = Some(Error::Internal);
    let answer = thrice(&mut device, &post("/26241/1/9"));
    assert_eq!(answer.code(), Code::INTERNAL_SERVER_ERROR);
    assert_eq!(device.objects.test.executed.len(), 1);
}

#[test]
fn g10_a_repeated_create_creates_one_instance() {
    let mut device = Device::registered();
    let answer = thrice(&mut device, &post("/26241").tlv("c30074776fc10102"));
    assert_eq!(answer.code(), Code::CREATED);
    assert_eq!(answer.strings(option::LOCATION_PATH), ["26241", "0"]);
    assert_eq!(device.objects.test.created, 1);
    assert_eq!(device.objects.test.instances.len(), 2);
}

#[test]
fn g10_a_repeated_delete_is_not_a_second_one() {
    let mut device = Device::registered();
    let answer = thrice(&mut device, &delete("/26241/1"));
    assert_eq!(answer.code(), Code::DELETED);
    assert_eq!(device.objects.test.deleted, 1);
}

#[test]
fn g10_a_repeated_write_attributes_is_answered_the_same() {
    let mut device = Device::registered();
    let request = put("/3/0/9").query("pmin=10");
    assert_eq!(thrice(&mut device, &request).code(), Code::CHANGED);
}

#[test]
fn g10_a_repeated_request_under_way_is_acknowledged_again() {
    let mut device = Device::registered();
    device.objects.test.outcome = Outcome::Later(Ticket(3));
    let request = post("/26241/1/9");
    let ack = thrice(&mut device, &request);
    assert_eq!(
        (ack.kind(), ack.code(), ack.id()),
        (Kind::Ack, Code::EMPTY, request.id)
    );
    device.client.answer(Ticket(3), Ok(()));
    let response = sent(&device.drain());
    assert_eq!(
        (response.kind(), response.code()),
        (Kind::Con, Code::CHANGED)
    );
    // The acknowledgement was lost, not the response: the request is acknowledged as before.
    assert_eq!(sent(&device.receive(&request.bytes())), ack);
    assert_eq!(device.receive(&response.empty(Kind::Ack)), []);
    assert_eq!(sent(&device.receive(&request.bytes())), ack);
    assert_eq!(device.objects.test.executed.len(), 1);
}

#[test]
fn g10_a_repeated_non_confirmable_request_is_ignored() {
    let mut device = Device::registered();
    for request in [post("/26241/1/9").non(), get("/3/0/9").non()] {
        let answer = sent(&device.receive(&request.bytes()));
        assert_eq!(answer.kind(), Kind::Non);
        assert_eq!(answer.token(), request.token());
        assert_eq!(device.receive(&request.bytes()), []);
    }
    assert_eq!(device.objects.test.executed.len(), 1);
}

/// EXCHANGE_LIFETIME is 247 s, NON_LIFETIME 145 s.
#[test]
fn g10_a_duplicate_is_known_for_the_lifetime_of_its_message_id() {
    for (request, lifetime) in [(post("/26241/1/9"), 247), (post("/26241/1/9").non(), 145)] {
        let mut device = Device::registered();
        device.receive(&request.bytes());
        device.wait(lifetime - 1);
        device.receive(&request.bytes());
        assert_eq!(device.objects.test.executed.len(), 1);
        device.wait(1);
        device.receive(&request.bytes());
        assert_eq!(device.objects.test.executed.len(), 2, "{lifetime}");
    }
}

#[test]
fn g11_the_same_id_from_another_server_is_another_message() {
    let mut device = two_servers();
    let request = post("/26241/1/9");
    for session in [0, 1] {
        let answer = device.ask_from(SessionId::new(session), &request);
        assert_eq!(answer.code(), Code::CHANGED);
    }
    assert_eq!(device.objects.test.executed.len(), 2);
}

/// A peer that opens a new session may begin with any message id.
#[test]
fn g11_a_new_session_forgets_the_old_ids() {
    use lwm2m_core::client::SessionEvent;
    let mut device = Device::registered();
    let request = post("/26241/1/9");
    device.ask(&request);
    device.session(SERVER, SessionEvent::Closed);
    device.client.update(false);
    assert_eq!(device.drain(), [Out::Open(SERVER, 0)]);
    let update = sent(&device.open(SERVER));
    device.receive(&update.reply(Code::CHANGED));
    assert_eq!(device.ask(&request).code(), Code::CHANGED);
    assert_eq!(device.objects.test.executed.len(), 2);
}

/// Eight requests are remembered.
#[test]
fn g12_a_full_memory_drops_the_oldest() {
    let mut device = Device::registered();
    let requests: Vec<_> = (0..9).map(|_| post("/26241/1/9")).collect();
    for request in &requests {
        device.wait(1);
        device.ask(request);
    }
    assert_eq!(device.objects.test.executed.len(), 9);
    for request in &requests[1..] {
        device.ask(request);
    }
    assert_eq!(device.objects.test.executed.len(), 9);
    device.ask(&requests[0]);
    assert_eq!(device.objects.test.executed.len(), 10);
}

/// Reads have no effect: they need no memory, and do not push out what has.
#[test]
fn g12_reads_do_not_push_out_an_execute() {
    let mut device = Device::registered();
    let request = post("/26241/1/9");
    device.ask(&request);
    for _ in 0..20 {
        device.wait(1);
        device.ask(&get("/3/0/9"));
    }
    device.ask(&request);
    assert_eq!(device.objects.test.executed.len(), 1);
}

/// An answer is not stored: one of any size can be repeated.
#[test]
fn g12_a_large_answer_is_repeated_whole() {
    let mut device = Device::registered();
    device
        .objects
        .device
        .set(0, 0, Owned::Text("x".repeat(900)));
    let answer = thrice(&mut device, &get("/3/0/0").accept(0));
    assert_eq!(answer.payload().len(), 900);
}
