//! Groups 13 and 14: acknowledgements, responses and resets that are lost, late, early or wrong.

use lwm2m_core::SessionId;
use lwm2m_core::client::{Event, Failure, SessionEvent};
use lwm2m_core::model::{Outcome, Ticket};
use lwm2m_core::time::Duration;
use lwm2m_core::wire::coap::{Code, Kind, option};

use crate::common::{
    Answer, Device, Out, Request, SERVER, empty, events, get, outputs, post, sent, two_servers,
};

const REGISTERED: [Out; 1] = [Out::Event(Event::Registered { server: 1 })];

/// A device whose Register is on its way.
fn registering() -> (Device, Answer) {
    let mut device = Device::new();
    device.start();
    let register = sent(&device.open(SERVER));
    (device, register)
}

/// 2.01 with a Location, as a message of its own.
fn created(register: &Answer, kind: Kind, id: u16) -> Vec<u8> {
    let mut response = Request::new(Code::CREATED, "")
        .id(id)
        .with_token(&register.token());
    response.kind = kind;
    response
        .option(option::LOCATION_PATH, b"rd")
        .option(option::LOCATION_PATH, b"x")
        .bytes()
}

#[test]
fn g13_a_lost_request_is_sent_again_and_its_answer_taken() {
    let (mut device, register) = registering();
    let again = device.wait(3);
    assert_eq!(sent(&outputs(&again)), register);
    assert_eq!(device.receive(&register.created("/rd/x")), REGISTERED);
    // Its answer may come twice, too.
    assert_eq!(device.receive(&register.created("/rd/x")), []);
}

#[test]
fn g13_after_an_empty_acknowledgement_the_separate_response_is_acknowledged() {
    let (mut device, register) = registering();
    assert_eq!(device.receive(&register.empty(Kind::Ack)), []);
    // Nothing is sent again while the server works.
    assert_eq!(device.wait(100), []);
    let response = created(&register, Kind::Con, 0x7001);
    let out = device.receive(&response);
    assert_eq!(sent(&out).datagram(), empty(Kind::Ack, 0x7001));
    assert_eq!(out[1..], REGISTERED);
    // The acknowledgement was lost: only that is repeated.
    let out = device.receive(&response);
    assert_eq!(sent(&out).datagram(), empty(Kind::Ack, 0x7001));
    assert_eq!(events(&out), []);
}

#[test]
fn g13_a_separate_response_may_be_non_confirmable() {
    let (mut device, register) = registering();
    device.receive(&register.empty(Kind::Ack));
    assert_eq!(
        device.receive(&created(&register, Kind::Non, 0x7001)),
        REGISTERED
    );
}

/// RFC 7252, section 4.2 and figure 5: the response implies the acknowledgement that was lost or is late.
#[test]
fn g13_a_response_before_its_acknowledgement_is_taken() {
    let (mut device, register) = registering();
    let out = device.receive(&created(&register, Kind::Con, 0x7001));
    assert_eq!(sent(&out).datagram(), empty(Kind::Ack, 0x7001));
    assert_eq!(out[1..], REGISTERED);
    assert_eq!(device.receive(&register.empty(Kind::Ack)), []);
    assert_eq!(device.client.statistics().unexpected, 1);
    assert_eq!(device.wait(100), []);
}

/// After an empty acknowledgement the response may take as long as the exchange lives: 247 s.
#[test]
fn g13_an_acknowledgement_and_then_nothing_is_a_timeout() {
    let (mut device, register) = registering();
    device.wait(1);
    device.receive(&register.empty(Kind::Ack));
    let at = device.now + Duration::from_secs(247);
    assert_eq!(device.until, at);
    let out = outputs(&device.wait_until(at));
    let failed = Event::RegistrationFailed {
        server: 1,
        failure: Failure::Timeout,
        retry_at: at + Duration::from_secs(60),
        exhausted: false,
    };
    assert_eq!(out, [Out::Event(failed), Out::Close(SERVER)]);
}

/// A second empty acknowledgement, to a retransmission, does not extend the wait.
#[test]
fn g13_a_repeated_acknowledgement_changes_nothing() {
    let (mut device, register) = registering();
    device.receive(&register.empty(Kind::Ack));
    let until = device.until;
    device.wait(10);
    device.receive(&register.empty(Kind::Ack));
    assert_eq!(device.until, until);
}

#[test]
fn g13_an_acknowledgement_with_another_id_is_ignored() {
    let (mut device, register) = registering();
    let until = device.until;
    let other = register.id().wrapping_add(1);
    assert_eq!(device.receive(&empty(Kind::Ack, other)), []);
    assert_eq!(device.receive(&created(&register, Kind::Ack, other)), []);
    assert_eq!(device.until, until);
    assert_eq!(device.client.statistics().unexpected, 2);
    assert_eq!(device.receive(&register.created("/rd/x")), REGISTERED);
}

#[test]
fn g13_a_piggybacked_response_with_another_token_is_ignored() {
    let (mut device, register) = registering();
    let token = register.token();
    for wrong in [
        vec![],
        vec![token[0]],
        vec![token[0], token[1], 0],
        vec![token[0] ^ 1, token[1]],
    ] {
        let mut response = Request::new(Code::CREATED, "")
            .id(register.id())
            .with_token(&wrong);
        response.kind = Kind::Ack;
        let response = response.option(option::LOCATION_PATH, b"rd");
        assert_eq!(device.receive(&response.bytes()), []);
    }
    assert!(!device.client.is_registered(1));
    assert_eq!(sent(&outputs(&device.wait(3))), register);
}

#[test]
fn g13_a_separate_response_of_ours_is_sent_until_it_is_acknowledged() {
    let mut device = Device::registered();
    device.objects.test.outcome = Outcome::Later(Ticket(1));
    let request = post("/26241/1/9");
    device.receive(&request.bytes());
    device.client.answer(Ticket(1), Ok(()));
    let response = sent(&device.drain());
    assert_eq!(sent(&outputs(&device.wait(3))), response);
    assert_eq!(device.receive(&response.empty(Kind::Ack)), []);
    assert_eq!(device.wait(100), []);
}

#[test]
fn g13_an_operation_may_answer_with_an_error_later() {
    use lwm2m_core::model::Error;
    let mut device = Device::registered();
    device.objects.test.outcome = Outcome::Later(Ticket(1));
    let request = post("/26241/1/9").non();
    assert_eq!(device.receive(&request.bytes()), []);
    // A ticket that nobody waits for is ignored.
    device.client.answer(Ticket(2), Ok(()));
    assert_eq!(device.drain(), []);
    device.client.answer(Ticket(1), Err(Error::Internal));
    let response = sent(&device.drain());
    // The request was non-confirmable, so is the response (RFC 7252, section 5.2.3).
    assert_eq!(
        (response.kind(), response.code()),
        (Kind::Non, Code::INTERNAL_SERVER_ERROR)
    );
    assert_eq!(response.token(), request.token());
    assert_eq!(device.wait(100), []);
}

/// The third operation that takes its time is refused: two are under way.
#[test]
fn g13_more_operations_under_way_than_slots_are_busy() {
    let mut device = Device::registered();
    for ticket in [1, 2] {
        device.objects.test.outcome = Outcome::Later(Ticket(ticket));
        assert_eq!(
            sent(&device.receive(&post("/26241/1/9").bytes())).code(),
            Code::EMPTY
        );
    }
    device.objects.test.outcome = Outcome::Later(Ticket(3));
    assert_eq!(device.code(&post("/26241/1/9")), Code::SERVICE_UNAVAILABLE);
    assert_eq!(device.objects.test.executed.len(), 2);
}

/// A server that is lost takes its operations with it: their room is for those of another.
#[test]
fn g13_answers_that_nobody_waits_for_leave_their_room() {
    let second = SessionId::new(1);
    let mut device = two_servers();
    for ticket in [1, 2] {
        device.objects.test.outcome = Outcome::Later(Ticket(ticket));
        device.receive(&post("/26241/1/9").bytes());
    }
    device.objects.test.outcome = Outcome::Done;
    device.client.update(false);
    for out in device.drain() {
        if let Out::Transmit(session, update, _) = out
            && session == second
        {
            device.receive_from(second, &Answer::new(&update).reply(Code::CHANGED));
        }
    }
    let out = outputs(&device.wait(93));
    assert!(out.contains(&Out::Close(SERVER)), "{out:?}");
    for ticket in [1, 2] {
        device.client.answer(Ticket(ticket), Ok(()));
    }
    let answer = device.ask_from(second, &post("/26241/1/9"));
    assert_eq!(answer.code(), Code::CHANGED);
}

/// RFC 7252, section 9.1.1: a response belongs to the security context of its request. Message ids do, too.
#[test]
fn g13_a_new_security_context_knows_nothing_of_the_old_one() {
    let mut device = Device::registered();
    let request = post("/26241/1/9");
    device.receive(&request.bytes());
    device.objects.test.outcome = Outcome::Later(Ticket(1));
    device.receive(&post("/26241/1/9").bytes());
    device.lose_and_find_network();
    device.client.answer(Ticket(1), Ok(()));
    let register = sent(&device.session(SERVER, SessionEvent::Open { resumed: false }));
    assert_eq!(device.receive(&register.created("/rd/b")), REGISTERED);
    device.objects.test.outcome = Outcome::Done;
    assert_eq!(device.code(&request), Code::CHANGED);
    assert_eq!(device.objects.test.executed.len(), 3);
}

#[test]
fn g14_a_reset_of_a_request_ends_it() {
    let (mut device, register) = registering();
    let out = device.receive(&register.empty(Kind::Rst));
    let failed = Event::RegistrationFailed {
        server: 1,
        failure: Failure::Reset,
        retry_at: device.now + Duration::from_secs(60),
        exhausted: false,
    };
    assert_eq!(out, [Out::Event(failed), Out::Close(SERVER)]);
}

#[test]
fn g14_a_reset_of_a_separate_response_ends_it() {
    let mut device = Device::registered();
    device.objects.test.outcome = Outcome::Later(Ticket(1));
    device.receive(&post("/26241/1/9").bytes());
    device.client.answer(Ticket(1), Ok(()));
    let response = sent(&device.drain());
    assert_eq!(device.receive(&response.empty(Kind::Rst)), []);
    assert_eq!(device.wait(100), []);
    assert!(device.client.is_registered(1));
}

#[test]
fn g14_a_reset_with_an_unknown_id_is_ignored() {
    let (mut device, register) = registering();
    assert_eq!(device.receive(&empty(Kind::Rst, register.id() ^ 1)), []);
    assert_eq!(device.receive(&register.created("/rd/x")), REGISTERED);
    assert_eq!(device.receive(&register.empty(Kind::Rst)), []);
    assert!(device.client.is_registered(1));
}

/// Resets and acknowledgements are never answered: two peers cannot send each other resets for ever.
#[test]
fn g14_a_storm_of_resets_meets_silence() {
    let mut device = Device::registered();
    for id in 0..=u16::MAX {
        for kind in [Kind::Rst, Kind::Ack] {
            assert_eq!(device.receive(&empty(kind, id)), []);
        }
    }
    assert_eq!(device.client.statistics().unexpected, 2 * 65_536);
    assert!(device.client.is_registered(1));
    assert_eq!(device.ask(&get("/3/0/9")).code(), Code::CONTENT);
}
