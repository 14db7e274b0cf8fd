//! The management server against a device driven by hand: answers, order, timing, copies.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a failed test panics"
)]

mod device;

use carrier_mock::server::{Conduct, ManagementServer, NotificationReply, RecordKind, Request};
use lwm2m_core::time::{Duration, Instant};
use lwm2m_core::wire::coap::{Block, Code, Kind, option};

use device::{Got, Sent, Server, at, empty};

fn register(message_id: u16) -> Sent {
    Sent::request(
        Code::POST,
        "/rd",
        &["ep=dev", "lt=300", "lwm2m=1.1"],
        message_id,
    )
    .payload(40, b"</1/0>,</3/0>")
}

/// Registers; what the server sends beside its answer.
fn registered(server: &mut ManagementServer<'_>, now: Instant, message_id: u16) -> Vec<Got> {
    let mut sent = server.tell(now, register(message_id));
    assert_eq!(sent.remove(0).code, Code::CREATED);
    sent
}

#[test]
fn register_update_deregister() {
    let mut server = ManagementServer::new(1, &[]);
    let answer = server.tell(at(0), register(7)).remove(0);
    assert_eq!((answer.kind, answer.code), (Kind::Ack, Code::CREATED));
    assert_eq!((answer.message_id, answer.token), (7, vec![0xD0, 7]));
    assert_eq!(answer.path, "/rd/1");
    let record = server.take_record().unwrap();
    assert_eq!(record.kind(), RecordKind::Registered);
    assert_eq!(
        (record.endpoint(), record.body()),
        ("dev", &b"</1/0>,</3/0>"[..])
    );
    let registration = server.registration("dev").unwrap();
    assert_eq!(registration.lifetime(), 300);
    assert_eq!(registration.expires(), at(300_000));

    let update = Sent::request(Code::POST, "/rd/1", &["lt=600"], 8);
    let answer = server.tell(at(100_000), update).remove(0);
    assert_eq!((answer.kind, answer.code), (Kind::Ack, Code::CHANGED));
    let registration = server.registration("dev").unwrap();
    assert_eq!(registration.expires(), at(700_000));

    let deregister = Sent::request(Code::DELETE, "/rd/1", &[], 9);
    let answer = server.tell(at(101_000), deregister).remove(0);
    assert_eq!((answer.kind, answer.code), (Kind::Ack, Code::DELETED));
    assert_eq!(server.registrations().count(), 0);
    let update = Sent::request(Code::POST, "/rd/1", &[], 10);
    assert_eq!(server.tell(at(102_000), update)[0].code, Code::NOT_FOUND);
    let statistics = server.statistics();
    assert_eq!((statistics.registers, statistics.updates), (1, 1));
    assert_eq!((statistics.deregisters, statistics.refusals), (1, 1));
}

#[test]
fn bad_registers_are_refused() {
    let mut server = ManagementServer::new(1, &[]);
    let mut message_id = 0;
    let mut code = |queries: &[&str], list: &[u8]| {
        message_id += 1;
        let request = Sent::request(Code::POST, "/rd", queries, message_id).payload(40, list);
        server.tell(at(0), request)[0].code
    };
    let list = b"</1/0>";
    assert_eq!(code(&["lt=60", "lwm2m=1.1"], list), Code::BAD_REQUEST);
    assert_eq!(code(&["ep=", "lwm2m=1.1"], list), Code::BAD_REQUEST);
    assert_eq!(code(&["ep=a"], list), Code::BAD_REQUEST);
    assert_eq!(
        code(&["ep=a", "lwm2m=7.0"], list),
        Code::PRECONDITION_FAILED
    );
    assert_eq!(
        code(&["ep=a", "lwm2m=1.1", "lt=x"], list),
        Code::BAD_REQUEST
    );
    assert_eq!(
        code(&["ep=a", "lwm2m=1.1", "b=UQ"], list),
        Code::BAD_REQUEST
    );
    assert_eq!(code(&["ep=a", "lwm2m=1.1"], b"/1/0"), Code::BAD_REQUEST);
    assert_eq!(code(&["ep=a", "lwm2m=1.1"], b""), Code::BAD_REQUEST);
    assert_eq!(
        code(&["ep=a", "lwm2m=1.1"], b"</4>;ver=\"1.3\",</4/0>"),
        Code::BAD_REQUEST
    );
    assert_eq!(
        code(&["ep=a", "lwm2m=1.1"], b"</4>;ver=1.3,</4/0>"),
        Code::CREATED
    );
    assert_eq!(code(&["ep=b", "lwm2m=1.0", "b=UQ"], list), Code::CREATED);
    assert_eq!(
        code(&["ep=c", "lwm2m=1.1", "b=U", "Q"], list),
        Code::CREATED
    );
    let queued: Vec<bool> = server.registrations().map(|r| r.queue_mode()).collect();
    assert_eq!(queued, [false, true, true]);
}

#[test]
fn a_registration_ends_with_its_lifetime() {
    let mut server = ManagementServer::new(1, &[]);
    registered(&mut server, at(0), 1);
    assert_eq!(server.next_timeout(at(0)), Some(at(300_000)));
    assert!(server.all(at(299_999)).is_empty());
    assert_eq!(server.registrations().count(), 1);
    assert!(server.all(at(300_000)).is_empty());
    assert_eq!(server.registrations().count(), 0);
    assert_eq!(
        server.kinds(),
        [RecordKind::Registered, RecordKind::Expired]
    );
    let update = Sent::request(Code::POST, "/rd/1", &[], 2);
    assert_eq!(server.tell(at(300_001), update)[0].code, Code::NOT_FOUND);
}

#[test]
fn registering_again_replaces_and_a_restart_forgets() {
    let mut server = ManagementServer::new(1, &[]);
    registered(&mut server, at(0), 1);
    registered(&mut server, at(10), 2);
    assert_eq!(server.registrations().count(), 1);
    let old = Sent::request(Code::POST, "/rd/1", &[], 3);
    assert_eq!(server.tell(at(20), old)[0].code, Code::NOT_FOUND);
    let new = Sent::request(Code::POST, "/rd/2", &[], 4);
    assert_eq!(server.tell(at(30), new)[0].code, Code::CHANGED);
    server.restart();
    let new = Sent::request(Code::POST, "/rd/2", &[], 5);
    assert_eq!(server.tell(at(40), new)[0].code, Code::NOT_FOUND);
}

#[test]
fn a_copy_is_answered_alike_and_handled_once() {
    let mut server = ManagementServer::new(1, &[]);
    let first = server.tell(at(0), register(1));
    let copy = server.tell(at(2500), register(1));
    assert_eq!(first, copy);
    assert_eq!(server.statistics().registers, 1);
    assert_eq!(server.message_statistics().duplicates, 1);
    // After EXCHANGE_LIFETIME (247 s) the message id is a new one.
    let later = server.tell(at(247_000), register(1));
    assert_eq!(later[0].path, "/rd/2");
}

#[test]
fn the_message_layer_answers_pings_and_rejects_what_it_cannot_read() {
    let mut server = ManagementServer::new(1, &[]);
    // RFC 7252 section 4.3: a ping is a confirmable empty message; the answer is a reset.
    server.take(at(0), &[0x40, 0x00, 0x12, 0x34]);
    assert_eq!(server.give(at(0)).unwrap(), [0x70, 0x00, 0x12, 0x34]);
    // A confirmable message with a format error (token length 15) is reset as well.
    server.take(at(0), &[0x4F, 0x01, 0x12, 0x35]);
    assert_eq!(server.give(at(0)).unwrap(), [0x70, 0x00, 0x12, 0x35]);
    // Another version is ignored, and so is an unexpected acknowledgement.
    server.take(at(0), &[0x80, 0x01, 0x12, 0x36]);
    server.take(at(0), &[0x60, 0x00, 0x12, 0x37]);
    assert_eq!(server.give(at(0)), None);
    // An unknown critical option (If-Match) is 4.02, an unknown path 4.04.
    let request = register(2).option(option::IF_MATCH, &[1]);
    assert_eq!(server.tell(at(0), request)[0].code, Code::BAD_OPTION);
    let request = Sent::request(Code::POST, "/nowhere", &[], 3);
    assert_eq!(server.tell(at(0), request)[0].code, Code::NOT_FOUND);
}

#[test]
fn silence_and_refusal_end_when_they_are_told_to() {
    let mut server = ManagementServer::new(1, &[]);
    server.set_conduct_for(Conduct::Silent, 1);
    assert!(server.tell(at(0), register(1)).is_empty());
    assert!(server.tell(at(2000), register(1)).is_empty());
    server.set_conduct_for(Conduct::Refuse(Code::FORBIDDEN), 1);
    let answer = server.tell(at(3000), register(2)).remove(0);
    assert_eq!((answer.code, answer.path.as_str()), (Code::FORBIDDEN, ""));
    registered(&mut server, at(4000), 3);
    server.set_conduct(Conduct::Silent);
    let update = || Sent::request(Code::POST, "/rd/1", &[], 4);
    assert!(server.tell(at(5000), update()).is_empty());
    assert_eq!(server.next_timeout(at(5000)), None);
    server.set_conduct(Conduct::Serve);
    // A server that was not there takes the copy for the first one.
    assert_eq!(server.tell(at(7000), update())[0].code, Code::CHANGED);
}

#[test]
fn the_script_goes_out_in_order_one_request_at_a_time() {
    let script = [
        Request::read("/3/0/0").accept(0),
        Request::write("/1/0/1", 0, b"120").after(Duration::from_secs(5)),
        Request::write_attributes("/3/0/9", "pmin=10&pmax=60"),
        Request::execute("/3/0/4", ""),
        Request::execute("/5/0/2", "0='a'"),
        Request::create("/3303", 112, &[0x80]),
        Request::delete("/3303/1"),
        Request::discover("/3"),
    ];
    let mut server = ManagementServer::new(1, &script);
    let read = registered(&mut server, at(0), 1).remove(0);
    assert_eq!((read.kind, read.code), (Kind::Con, Code::GET));
    assert_eq!(read.path, "/3/0/0");
    assert!(read.has(option::ACCEPT, &[]));
    assert!(server.all(at(1000)).is_empty());

    let value = Sent::answer(&read, Code::CONTENT).payload(0, b"ACME");
    assert!(server.tell(at(1000), value).is_empty());
    let record = server.last_record();
    assert_eq!(record.kind(), RecordKind::Answered);
    assert_eq!(record.request().unwrap().path(), "/3/0/0");
    assert_eq!(
        (record.code(), record.body()),
        (Code::CONTENT, &b"ACME"[..])
    );
    assert_eq!(record.content_format(), Some(0));

    assert_eq!(server.next_timeout(at(1000)), Some(at(6000)));
    assert!(server.all(at(5999)).is_empty());
    let write = server.all(at(6000)).remove(0);
    assert_eq!((write.code, write.path.as_str()), (Code::PUT, "/1/0/1"));
    assert!(write.has(option::CONTENT_FORMAT, &[]));
    assert_eq!(write.payload, b"120");
    assert_ne!(
        (write.message_id, &write.token),
        (read.message_id, &read.token)
    );

    let mut answer = |request: &Got, code| {
        let mut sent = server.tell(at(6500), Sent::answer(request, code));
        (!sent.is_empty()).then(|| sent.remove(0))
    };
    let attributes = answer(&write, Code::CHANGED).unwrap();
    assert_eq!(attributes.queries, ["pmin=10", "pmax=60"]);
    assert!(attributes.code == Code::PUT && attributes.payload.is_empty());
    let reboot = answer(&attributes, Code::CHANGED).unwrap();
    assert!(reboot.code == Code::POST && reboot.has_not(option::CONTENT_FORMAT));
    let execute = answer(&reboot, Code::CHANGED).unwrap();
    assert_eq!(execute.payload, b"0='a'");
    let create = answer(&execute, Code::METHOD_NOT_ALLOWED).unwrap();
    assert!(create.code == Code::POST && create.has(option::CONTENT_FORMAT, &[112]));
    let delete = answer(&create, Code::CREATED).unwrap();
    assert_eq!(delete.code, Code::DELETE);
    let discover = answer(&delete, Code::DELETED).unwrap();
    assert!(discover.code == Code::GET && discover.has(option::ACCEPT, &[40]));
    assert_eq!(answer(&discover, Code::CONTENT), None);
}

#[test]
fn an_unacknowledged_request_is_sent_five_times_and_given_up() {
    let script = [Request::read("/3/0/0"), Request::read("/3/0/1")];
    let mut server = ManagementServer::new(9, &script);
    let first = registered(&mut server, at(0), 1).remove(0);
    let mut times = vec![0];
    let mut now;
    loop {
        now = server.next_timeout(at(*times.last().unwrap())).unwrap();
        let sent = server.all(now);
        if sent[0].path != "/3/0/0" {
            break;
        }
        assert_eq!(
            sent,
            core::slice::from_ref(&first),
            "the same bytes each time"
        );
        times.push(now.as_millis());
    }
    // RFC 7252 section 4.2, with ACK_TIMEOUT 2 s and ACK_RANDOM_FACTOR 1.5.
    let bounds = [
        (0, 0),
        (2000, 3000),
        (6000, 9000),
        (14000, 21000),
        (30000, 45000),
    ];
    assert_eq!(times.len(), 5);
    for (time, (low, high)) in times.iter().zip(bounds) {
        assert!((low..=high).contains(time), "{times:?}");
    }
    assert!((62_000..=93_000).contains(&now.as_millis()));
    assert_eq!(server.last_record().kind(), RecordKind::Unanswered);
    assert_eq!(server.message_statistics().retransmissions, 4);
}

#[test]
fn a_separate_response_is_waited_for_and_acknowledged() {
    let script = [Request::read("/3/0/0")];
    let mut server = ManagementServer::new(1, &script);
    let read = registered(&mut server, at(0), 1).remove(0);
    server.take(at(100), &empty(Kind::Ack, read.message_id));
    assert!(server.all(at(100_000)).is_empty(), "no retransmission");
    let response = || Sent::new(Kind::Con, Code::CONTENT, 500, &read.token).payload(0, b"x");
    let acknowledged = server.tell(at(100_000), response());
    assert_eq!(acknowledged.len(), 1);
    assert_eq!(acknowledged[0].kind, Kind::Ack);
    assert_eq!(acknowledged[0].message_id, 500);
    // The acknowledgement was lost: the copy is acknowledged too, and recorded once.
    assert_eq!(server.tell(at(102_000), response()), acknowledged);
    assert_eq!(
        server.kinds(),
        [RecordKind::Registered, RecordKind::Answered]
    );
}

#[test]
fn a_reset_ends_a_request() {
    let script = [Request::read("/3/0/0")];
    let mut server = ManagementServer::new(1, &script);
    let read = registered(&mut server, at(0), 1).remove(0);
    server.take(at(100), &empty(Kind::Rst, read.message_id));
    assert!(server.all(at(10_000)).is_empty());
    assert_eq!(server.last_record().kind(), RecordKind::Reset);
}

#[test]
fn observe_notify_cancel() {
    let script = [Request::observe("/3303/0/5700")];
    let mut server = ManagementServer::new(1, &script);
    let observe = registered(&mut server, at(0), 1).remove(0);
    assert!(observe.has(option::OBSERVE, &[]));
    let accepted = Sent::answer(&observe, Code::CONTENT).option(option::OBSERVE, &[5]);
    let accepted = accepted.payload(0, b"20").bytes();
    server.take(at(10), &accepted);
    assert_eq!(server.registration("dev").unwrap().observations(), 1);
    // The network may double an answer. It is no notification: those never are in an acknowledgement (RFC 7641, 4.2).
    server.take(at(11), &accepted);
    assert!(server.all(at(11)).is_empty());
    assert_eq!(server.statistics().notifications, 0);
    let notification = |kind, message_id| {
        Sent::new(kind, Code::CONTENT, message_id, &observe.token)
            .option(option::OBSERVE, &[6])
            .payload(0, b"21")
    };
    let acknowledged = server.tell(at(20), notification(Kind::Con, 100));
    assert_eq!(
        (acknowledged[0].kind, acknowledged[0].message_id),
        (Kind::Ack, 100)
    );
    let record = server.last_record();
    assert_eq!(record.kind(), RecordKind::Notified);
    assert_eq!((record.observe(), record.body()), (Some(6), &b"21"[..]));
    assert!(record.is_confirmable());
    assert!(server.tell(at(30), notification(Kind::Non, 101)).is_empty());

    assert!(server.request("dev", Request::cancel_observation("/3303/0/5700")));
    let cancel = server.all(at(40)).remove(0);
    assert_eq!(cancel.token, observe.token);
    assert!(cancel.has(option::OBSERVE, &[1]));
    server.tell(
        at(50),
        Sent::answer(&cancel, Code::CONTENT).payload(0, b"21"),
    );
    assert_eq!(server.registration("dev").unwrap().observations(), 0);
    let rejected = server.tell(at(60), notification(Kind::Non, 102));
    assert_eq!((rejected[0].kind, rejected[0].message_id), (Kind::Rst, 102));
    assert_eq!(server.statistics().notifications, 2);
}

#[test]
fn a_server_can_reset_a_notification_or_leave_it() {
    let script = [Request::observe("/3/0/9")];
    let mut server = ManagementServer::new(1, &script);
    let observe = registered(&mut server, at(0), 1).remove(0);
    let accepted = Sent::answer(&observe, Code::CONTENT).option(option::OBSERVE, &[5]);
    server.tell(at(10), accepted.payload(0, b"90"));
    let notification = |message_id| {
        Sent::new(Kind::Con, Code::CONTENT, message_id, &observe.token)
            .option(option::OBSERVE, &[message_id as u8])
            .payload(0, b"80")
    };
    server.set_notification_reply(NotificationReply::Ignore);
    assert!(server.tell(at(20), notification(101)).is_empty());
    server.set_notification_reply(NotificationReply::Reset);
    assert_eq!(server.tell(at(30), notification(102))[0].kind, Kind::Rst);
    assert_eq!(server.registration("dev").unwrap().observations(), 0);
}

#[test]
fn long_answers_are_fetched_block_by_block() {
    let script = [Request::read("/3/0").accept(112)];
    let mut server = ManagementServer::new(1, &script);
    let mut request = registered(&mut server, at(0), 1).remove(0);
    let whole: Vec<u8> = (0..70).collect();
    for (num, part) in whole.chunks(32).enumerate() {
        if num > 0 {
            let asked = Block::new(num as u32, false, 1).unwrap().to_uint();
            assert!(request.has(option::BLOCK2, &[asked as u8]), "{request:?}");
            assert!(request.has(option::ACCEPT, &[112]));
        }
        let block = Block::new(num as u32, num < 2, 1).unwrap().to_uint();
        let answer = Sent::answer(&request, Code::CONTENT)
            .option(option::BLOCK2, &[block as u8])
            .payload(112, part);
        let mut sent = server.tell(at(100), answer);
        if num < 2 {
            request = sent.remove(0);
        } else {
            assert!(sent.is_empty());
        }
    }
    let record = server.last_record();
    assert_eq!(
        (record.kind(), record.body()),
        (RecordKind::Answered, &whole[..])
    );
}

/// RFC 7959 section 2.6: only the first block's request carries Observe, and its token is the
/// observation's.
#[test]
fn a_long_observed_answer_is_one_observation() {
    let script = [Request::observe("/3/0")];
    let mut server = ManagementServer::new(1, &script);
    let observe = registered(&mut server, at(0), 1).remove(0);
    let first = Sent::answer(&observe, Code::CONTENT)
        .option(option::OBSERVE, &[1])
        .option(option::BLOCK2, &[0x08])
        .payload(42, &[1; 16]);
    let next = server.tell(at(10), first).remove(0);
    assert!(next.has_not(option::OBSERVE) && next.has(option::BLOCK2, &[0x10]));
    assert_ne!(next.token, observe.token);
    let second = Sent::answer(&next, Code::CONTENT).option(option::BLOCK2, &[0x10]);
    server.tell(at(20), second.payload(42, &[2]));
    assert_eq!(server.registration("dev").unwrap().observations(), 1);
    let notification = Sent::new(Kind::Con, Code::CONTENT, 200, &observe.token);
    let notification = notification.option(option::OBSERVE, &[2]).payload(42, &[3]);
    assert_eq!(server.tell(at(30), notification)[0].kind, Kind::Ack);
}

#[test]
fn long_payloads_go_out_block_by_block() {
    let payload: Vec<u8> = (0..70).collect();
    let script = [Request::write("/0/1", 42, &payload).block_size(32)];
    let mut server = ManagementServer::new(1, &script);
    let mut request = registered(&mut server, at(0), 1).remove(0);
    // The first answer asks for blocks of 16 bytes: the second block starts at 32, number 2 of 16.
    let expected = [
        (0, true, 1, 32),
        (2, true, 0, 16),
        (3, true, 0, 16),
        (4, false, 0, 6),
    ];
    let mut received = Vec::new();
    for (num, more, szx, len) in expected {
        let sent = Block::new(num, more, szx).unwrap().to_uint() as u8;
        assert!(request.has(option::BLOCK1, &[sent]), "{request:?}");
        assert_eq!(request.payload.len(), len);
        received.extend_from_slice(&request.payload);
        let code = if more { Code::CONTINUE } else { Code::CHANGED };
        let accepted = Block::new(num, more, 0).unwrap().to_uint() as u8;
        let answer = Sent::answer(&request, code).option(option::BLOCK1, &[accepted]);
        let mut next = server.tell(at(100), answer);
        if more {
            request = next.remove(0);
        }
    }
    assert_eq!(received, payload);
    assert_eq!(server.last_record().code(), Code::CHANGED);
}

#[test]
fn a_sleeping_device_is_asked_when_it_is_heard() {
    let mut server = ManagementServer::new(1, &[]);
    let queries = ["ep=dev", "lt=3600", "lwm2m=1.1", "Q"];
    let register = Sent::request(Code::POST, "/rd", &queries, 1).payload(40, b"</3/0>");
    server.tell(at(0), register);
    assert!(server.request("dev", Request::read("/3/0/1")));
    assert_eq!(server.all(at(92_999)).len(), 1);
    server.restart();
    let register = Sent::request(Code::POST, "/rd", &queries, 2).payload(40, b"</3/0>");
    server.tell(at(100_000), register);
    assert!(server.all(at(193_000)).is_empty());
    assert!(server.request("dev", Request::read("/3/0/1")));
    assert!(server.all(at(193_000)).is_empty());
    let update = Sent::request(Code::POST, "/rd/2", &[], 3);
    let sent = server.tell(at(500_000), update);
    assert_eq!(sent[0].code, Code::CHANGED);
    assert_eq!(sent[1].path, "/3/0/1");
}

#[test]
fn send_needs_a_registration() {
    let mut server = ManagementServer::new(1, &[]);
    let send = |id| Sent::request(Code::POST, "/dp", &[], id).payload(112, &[0x80]);
    assert_eq!(server.tell(at(0), send(1))[0].code, Code::NOT_FOUND);
    registered(&mut server, at(0), 2);
    assert_eq!(server.tell(at(0), send(3))[0].code, Code::CHANGED);
    assert_eq!(server.last_record().kind(), RecordKind::Sent);
}
