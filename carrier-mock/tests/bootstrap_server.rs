//! The bootstrap server against a device driven by hand.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a failed test panics"
)]

mod device;

use carrier_mock::server::{BootstrapProgress, BootstrapServer, Conduct, RecordKind, Request};
use lwm2m_core::wire::coap::{Code, Kind, option};

use device::{Got, Sent, Server, at};

const BOOTSTRAP: [Request<'static>; 4] = [
    Request::delete("/"),
    Request::write("/0/1", 11542, &[0xC8]),
    Request::write("/1/0", 11542, &[0xC1]),
    Request::finish(),
];

fn bootstrap_request(message_id: u16) -> Sent {
    Sent::request(Code::POST, "/bs", &["ep=dev"], message_id)
}

#[test]
fn bootstrap_sends_its_script_and_knows_when_it_is_finished() {
    let mut server = BootstrapServer::new(1, &BOOTSTRAP);
    assert_eq!(server.progress("dev"), None);
    let mut sent = server.tell(at(0), bootstrap_request(1));
    let accepted = sent.remove(0);
    assert_eq!((accepted.kind, accepted.code), (Kind::Ack, Code::CHANGED));
    let delete = sent.remove(0);
    assert_eq!((delete.kind, delete.code), (Kind::Con, Code::DELETE));
    assert_eq!(delete.path, "");
    let mut answer = |request: &Got, code| server.tell(at(10), Sent::answer(request, code));
    let security = answer(&delete, Code::DELETED).remove(0);
    assert_eq!((security.code, security.path.as_str()), (Code::PUT, "/0/1"));
    assert!(security.has(option::CONTENT_FORMAT, &[0x2D, 0x16]));
    let account = answer(&security, Code::CHANGED).remove(0);
    assert_eq!(
        (account.path.as_str(), &account.payload[..]),
        ("/1/0", &[0xC1][..])
    );
    let finish = answer(&account, Code::CHANGED).remove(0);
    assert_eq!((finish.code, finish.path.as_str()), (Code::POST, "/bs"));
    assert_eq!(server.progress("dev"), Some(BootstrapProgress::Running));
    server.tell(at(20), Sent::answer(&finish, Code::CHANGED));
    assert_eq!(server.progress("dev"), Some(BootstrapProgress::Finished));
    assert_eq!(server.next_timeout(), None);
    let statistics = server.statistics();
    assert_eq!((statistics.successes, statistics.finished), (4, 1));
    assert_eq!(server.last_record().kind(), RecordKind::BootstrapFinished);
}

#[test]
fn an_error_ends_a_bootstrap_unless_it_is_told_to_go_on() {
    for stop in [true, false] {
        let mut server = BootstrapServer::new(1, &BOOTSTRAP);
        server.set_stop_on_error(stop);
        let delete = server.tell(at(0), bootstrap_request(1)).remove(1);
        let next = server.tell(at(10), Sent::answer(&delete, Code::BAD_REQUEST));
        assert_eq!(next.is_empty(), stop);
        let expected = if stop {
            BootstrapProgress::Failed
        } else {
            BootstrapProgress::Running
        };
        assert_eq!(server.progress("dev"), Some(expected));
        assert_eq!(server.statistics().failures, 1);
    }
}

#[test]
fn a_refused_finish_does_not_finish() {
    let script = [Request::finish()];
    let mut server = BootstrapServer::new(1, &script);
    let finish = server.tell(at(0), bootstrap_request(1)).remove(1);
    server.tell(at(10), Sent::answer(&finish, Code::NOT_ACCEPTABLE));
    assert_eq!(server.progress("dev"), Some(BootstrapProgress::Failed));
    assert_eq!(server.statistics().finished, 0);
}

#[test]
fn a_lost_device_fails_its_bootstrap_and_may_begin_again() {
    let mut server = BootstrapServer::new(1, &BOOTSTRAP);
    server.tell(at(0), bootstrap_request(1));
    while let Some(now) = server.next_timeout() {
        server.all(now);
    }
    assert_eq!(server.progress("dev"), Some(BootstrapProgress::Failed));
    let sent = server.tell(at(600_000), bootstrap_request(2));
    assert_eq!(sent[1].code, Code::DELETE);
    assert_eq!(server.progress("dev"), Some(BootstrapProgress::Running));
    // Asking again on the way starts from the top.
    server.tell(at(600_010), Sent::answer(&sent[1], Code::DELETED));
    let sent = server.tell(at(601_000), bootstrap_request(3));
    assert_eq!(sent[1].code, Code::DELETE);
}

#[test]
fn bootstrap_requests_are_checked() {
    let mut server = BootstrapServer::new(1, &BOOTSTRAP);
    server.set_endpoints(&["dev"]);
    let mut message_id = 0;
    let mut code = |method, path: &str, queries: &[&str]| {
        message_id += 1;
        let request = Sent::request(method, path, queries, message_id);
        server.tell(at(0), request)[0].code
    };
    assert_eq!(code(Code::POST, "/bs", &["ep=other"]), Code::BAD_REQUEST);
    assert_eq!(code(Code::POST, "/bs", &[]), Code::BAD_REQUEST);
    assert_eq!(
        code(Code::GET, "/bs", &["ep=dev"]),
        Code::METHOD_NOT_ALLOWED
    );
    assert_eq!(code(Code::POST, "/rd", &["ep=dev"]), Code::NOT_FOUND);
    assert_eq!(
        code(Code::POST, "/bs", &["ep=dev", "pct=112"]),
        Code::UNSUPPORTED_CONTENT_FORMAT
    );
    assert_eq!(
        code(Code::POST, "/bs", &["ep=dev", "pct=11542"]),
        Code::CHANGED
    );
    assert_eq!(server.statistics().refusals, 5);
}

#[test]
fn a_bootstrap_server_can_refuse_and_be_silent() {
    let mut server = BootstrapServer::new(1, &BOOTSTRAP);
    server.set_conduct_for(Conduct::Refuse(Code::SERVICE_UNAVAILABLE), 1);
    let answer = server.tell(at(0), bootstrap_request(1));
    assert_eq!(answer.len(), 1);
    assert_eq!(answer[0].code, Code::SERVICE_UNAVAILABLE);
    server.set_conduct(Conduct::Silent);
    assert!(server.tell(at(10), bootstrap_request(2)).is_empty());
    assert_eq!(server.kinds(), [RecordKind::Refused, RecordKind::Ignored]);
    assert_eq!(server.progress("dev"), None);
}
