//! Groups 6 and 8: what the engine does about options that are malformed, repeated or unknown.

use lwm2m_core::client::Event;
use lwm2m_core::wire::coap::{Code, Kind, option};

use crate::common::{Device, Request, SERVER, delete, events, get, outputs, post, put, sent};

/// The request is dropped without an answer and without an effect.
fn is_ignored(device: &mut Device, request: &Request) {
    let before = device.client.statistics().unexpected;
    assert_eq!(device.receive(&request.bytes()), [], "{request:?}");
    assert_eq!(device.client.statistics().unexpected, before + 1);
}

/// RFC 7252, section 5.4.3: a value of a length outside the range of its option is one of an unknown option.
#[test]
fn g06_too_long_uints_count_as_unknown_options() {
    let mut device = Device::registered();
    let long = [0, 0, 0, 1];
    for request in [
        get("/3/0/9").option(option::ACCEPT, &long[..3]),
        get("/3/0/9").option(option::BLOCK2, &long),
        put("/3/0/14").text("+01:00").option(option::BLOCK1, &long),
        get("/3/0/9").option(option::URI_PORT, &long[..3]),
    ] {
        assert_eq!(device.code(&request), Code::BAD_OPTION, "{request:?}");
    }
    // Observe is elective, so the Read is answered without it.
    let answer = device.ask(&get("/3/0/9").option(option::OBSERVE, &[0; 4]));
    assert_eq!(answer.code(), Code::CONTENT);
    assert_eq!(answer.uint(option::OBSERVE), None);
    // So is Content-Format: the value is then taken as text.
    let request = put("/3/0/14")
        .option(option::CONTENT_FORMAT, &[0, 0x2d, 0x16])
        .payload(b"+01:00");
    assert_eq!(device.code(&request), Code::CHANGED);
    assert_eq!(device.objects.device.get(0, 14), Some(&"+01:00".into()));
}

/// RFC 7252, section 3.2: leading zero bytes are read like none.
#[test]
fn g06_leading_zeros_are_read() {
    let mut device = Device::registered();
    let answer = device.ask(&get("/3/0/9").option(option::ACCEPT, &[0, 0]));
    assert_eq!((answer.format(), answer.text()), (Some(0), "100"));
    let request = get("/3/0").accept(11542).option(option::BLOCK2, &[0, 0, 2]);
    assert_eq!(device.ask(&request).payload().len(), 64);
}

/// RFC 7252, section 5.4.5: the second of an option that is not repeatable counts as unknown.
#[test]
fn g08_a_repeated_critical_option_is_refused() {
    let mut device = Device::registered();
    let host = |request: Request| request.option(option::URI_HOST, b"a");
    for request in [
        get("/3/0/9").accept(0).accept(0),
        host(host(get("/3/0/9"))),
        get("/3/0/9")
            .uint(option::URI_PORT, 1)
            .uint(option::URI_PORT, 1),
        get("/3/0").uint(option::BLOCK2, 2).uint(option::BLOCK2, 2),
    ] {
        assert_eq!(device.code(&request), Code::BAD_OPTION, "{request:?}");
    }
}

#[test]
fn g08_a_repeated_elective_option_is_ignored() {
    let mut device = Device::registered();
    let request = put("/3/0/14")
        .text("+01:00")
        .uint(option::CONTENT_FORMAT, 11542);
    assert_eq!(device.code(&request), Code::CHANGED);
    assert_eq!(device.objects.device.get(0, 14), Some(&"+01:00".into()));
}

#[test]
fn g08_an_unknown_critical_option_is_refused_before_anything_happens() {
    let mut device = Device::registered();
    // OSCORE, Hop-Limit's neighbour, EDHOC, and numbers nobody has.
    for number in [9, 13, 21, 2049, 65_001, 65_535] {
        for request in [
            get("/3/0/9"),
            put("/3/0/14").text("x"),
            post("/3/0/4"),
            delete("/26241/1"),
        ] {
            let request = request.option(number, b"?");
            let answer = device.ask(&request);
            assert_eq!(answer.code(), Code::BAD_OPTION, "{number}");
            assert_eq!((answer.kind(), answer.id()), (Kind::Ack, request.id));
        }
    }
    assert_eq!(device.objects.device.executed, []);
    assert_eq!(device.objects.device.writes, 0);
    assert_eq!(device.objects.test.deleted, 0);
}

#[test]
fn g08_an_unknown_critical_option_in_a_non_confirmable_request_drops_it() {
    let mut device = Device::registered();
    is_ignored(&mut device, &post("/3/0/4").option(2049, b"").non());
    assert_eq!(device.objects.device.executed, []);
}

/// RFC 7252, section 5.4.1: such a response is rejected: a reset for a confirmable one, silence for an acknowledgement.
#[test]
fn g08_an_unknown_critical_option_rejects_a_response() {
    let mut device = Device::new();
    device.start();
    let register = sent(&device.open(SERVER));
    let id = register.id();
    let mut response = Request::new(Code::CREATED, "")
        .id(id)
        .with_token(&register.token())
        .option(option::LOCATION_PATH, b"rd")
        .option(2049, b"");
    response.kind = Kind::Ack;
    assert_eq!(device.receive(&response.bytes()), []);
    assert!(!device.client.is_registered(1));
    // The request is still on its way.
    assert_eq!(sent(&outputs(&device.wait(3))), register);
    response.kind = Kind::Con;
    response = response.id(7);
    let out = device.receive(&response.bytes());
    let reset = sent(&out);
    assert_eq!((reset.kind(), reset.id()), (Kind::Rst, 7));
    assert!(
        matches!(events(&out)[..], [Event::RegistrationFailed { .. }]),
        "{out:?}"
    );
    assert!(!device.client.is_registered(1));
}

/// The bits for proxies (Unsafe, NoCacheKey) mean nothing at an endpoint.
#[test]
fn g08_an_unknown_elective_option_is_ignored() {
    let mut device = Device::registered();
    for number in [
        0, 2, 10, 16, 18, 22, 30, 252, 258, 2048, 2050, 65_000, 65_534,
    ] {
        let request = get("/3/0/9").option(number, b"anything").accept(0);
        assert_eq!(device.ask(&request).text(), "100", "{number}");
    }
}
