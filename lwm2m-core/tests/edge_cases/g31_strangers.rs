//! Group 31: requests from where none may come, and what they could be used for.

use lwm2m_core::SessionId;
use lwm2m_core::client::{Event, SessionEvent};
use lwm2m_core::wire::coap::{Code, Kind, option};

use crate::common::{Device, Out, SERVER, Store, delete, get, hex, post, put, sent};
use lwm2m_core::objects::tables;

#[test]
fn g31_a_session_that_is_not_open_gets_no_answer() {
    let mut device = Device::registered();
    for session in [1, 2, 77, 255] {
        for datagram in [get("/3/0/9").bytes(), vec![0x40, 0, 0, 1], hex("ffffffff")] {
            assert_eq!(device.receive_from(SessionId::new(session), &datagram), []);
        }
    }
    assert_eq!(device.client.statistics().unexpected, 12);
    // Before the session is open, and after it was closed, neither.
    let mut device = Device::new();
    assert_eq!(device.receive(&get("/3/0/9").bytes()), []);
    device.start();
    assert_eq!(device.receive(&get("/3/0/9").bytes()), []);
    device.register_opened();
    device.session(SERVER, SessionEvent::Closed);
    assert_eq!(device.receive(&get("/3/0/9").bytes()), []);
}

#[test]
fn g31_bootstrap_operations_of_a_management_server_are_refused() {
    let mut device = Device::registered();
    let security = device.objects.security.instances.clone();
    for (request, code) in [
        (post("/bs"), Code::METHOD_NOT_ALLOWED),
        (get("/bs"), Code::METHOD_NOT_ALLOWED),
        (delete("/"), Code::METHOD_NOT_ALLOWED),
        (get("/").accept(40), Code::METHOD_NOT_ALLOWED),
        (put("/").tlv("c10001"), Code::METHOD_NOT_ALLOWED),
        (get("/0"), Code::UNAUTHORIZED),
        (get("/0").accept(40), Code::UNAUTHORIZED),
        (get("/0/0/0"), Code::UNAUTHORIZED),
        (get("/0/9"), Code::UNAUTHORIZED),
        (put("/0/0/0").text("coap://192.0.2.66"), Code::UNAUTHORIZED),
        (put("/0/1").tlv("c10101"), Code::UNAUTHORIZED),
        (post("/0").tlv("c10101"), Code::UNAUTHORIZED),
        (delete("/0/0"), Code::UNAUTHORIZED),
        (delete("/0"), Code::UNAUTHORIZED),
        (get("/21"), Code::UNAUTHORIZED),
        (put("/21/0/0").text("x"), Code::UNAUTHORIZED),
    ] {
        assert_eq!(device.code(&request), code, "{request:?}");
    }
    assert_eq!(device.objects.security.instances, security);
    assert_eq!(device.objects.security.writes, 0);
}

/// Resources that the registry gives no operation are the bootstrap server's.
#[test]
fn g31_bootstrap_only_resources_of_the_server_object_are_out_of_reach() {
    let mut device = Device::registered();
    device.objects.server.set(0, 16, true);
    assert_eq!(device.code(&get("/1/0/16")), Code::METHOD_NOT_ALLOWED);
    assert_eq!(
        device.code(&put("/1/0/16").text("0")),
        Code::METHOD_NOT_ALLOWED
    );
    assert_eq!(
        device.code(&put("/1/0").tlv("c11000")),
        Code::METHOD_NOT_ALLOWED
    );
    // The short server id may be read, not written.
    assert_eq!(device.ask(&get("/1/0/0").accept(0)).text(), "1");
    assert_eq!(
        device.code(&put("/1/0/0").text("2")),
        Code::METHOD_NOT_ALLOWED
    );
    assert_eq!(
        device.ask(&get("/1/0").accept(11542)).payload(),
        hex("c10001c40100015180c10601c10755")
    );
}

#[test]
fn g31_a_bootstrap_server_has_no_say_outside_its_session() {
    let mut device = Device::new();
    device.objects.security = Store::new(&tables::security::DEFINITION)
        .creatable()
        .with(0, 0, "coap://192.0.2.8")
        .with(0, 1, true)
        .with(0, 2, 3);
    device.objects.server.instances.clear();
    device.start();
    let request = sent(&device.open(SERVER));
    device.receive(&request.reply(Code::CHANGED));
    device.ask(
        &put("/0/1").tlv("c80010636f61703a2f2f3139322e302e322e39c10100c10203c003c004c005c10a07"),
    );
    device.ask(&put("/1/1").tlv("c10007c2010e10c10600c10755"));
    device.receive(&post("/bs").bytes());
    // While the application stores the accounts, and afterwards.
    assert_eq!(device.code(&delete("/0")), Code::METHOD_NOT_ALLOWED);
    device.finish_bootstrap(true);
    for request in [
        delete("/"),
        put("/1/1").tlv("c10009"),
        get("/1"),
        get("/").accept(40),
    ] {
        assert_eq!(
            device.code(&request),
            Code::METHOD_NOT_ALLOWED,
            "{request:?}"
        );
    }
    assert!(device.objects.security.instances.contains_key(&1));
    let out: Vec<_> = device.wait(3).into_iter().map(|(_, out)| out).collect();
    assert_eq!(out, [Out::Event(Event::Bootstrapped), Out::Close(SERVER)]);
    assert_eq!(device.receive(&delete("/").bytes()), []);
    assert!(device.objects.security.instances.contains_key(&1));
}

/// An answer that says nothing is not larger than its request.
#[test]
fn g31_small_requests_are_not_amplified() {
    let mut device = Device::registered();
    for request in [
        get("/.well-known/core"),
        get("/.well-known/core").accept(40),
        get("/rd"),
        get("/dp"),
        get("/"),
        get("/").accept(40),
    ] {
        let datagram = request.bytes();
        let answer = sent(&device.receive(&datagram));
        assert_eq!(answer.code().class(), 4, "{request:?}");
        assert!(answer.datagram().len() <= datagram.len());
    }
}

/// A response nobody asked for is reset when it was confirmable, and has no effect.
#[test]
fn g31_a_spoofed_response_registers_nothing() {
    let mut device = Device::new();
    device.start();
    let register = sent(&device.open(SERVER));
    let token = register.token();
    let wrong = [token[0] ^ 1, token[1]];
    for kind in [Kind::Con, Kind::Non, Kind::Ack] {
        let mut response = get("")
            .with_token(&wrong)
            .option(option::LOCATION_PATH, b"rd");
        (response.code, response.kind) = (Code::CREATED, kind);
        let out = device.receive(&response.id(register.id()).bytes());
        if kind == Kind::Con {
            assert_eq!(sent(&out).kind(), Kind::Rst);
        } else {
            assert_eq!(out, []);
        }
    }
    assert!(!device.client.is_registered(1));
}
