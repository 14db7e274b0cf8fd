//! Group 9: options for proxies and servers of several hosts, and conditional requests.

use lwm2m_core::wire::coap::{Code, Kind, option};

use crate::common::{Device, Request, delete, get, post, put, sent};

#[test]
fn g09_a_request_for_a_proxy_is_refused() {
    let mut device = Device::registered();
    for request in [
        get("/3/0/9"),
        put("/3/0/14").text("x"),
        post("/3/0/4"),
        delete("/26241/1"),
    ] {
        for (number, value) in [
            (option::PROXY_URI, &b"coap://192.0.2.7/3/0/9"[..]),
            (option::PROXY_SCHEME, b"coap"),
        ] {
            let request = request.clone().option(number, value);
            assert_eq!(device.code(&request), Code::PROXYING_NOT_SUPPORTED);
            let answer = sent(&device.receive(&request.anew().non().bytes()));
            assert_eq!(
                (answer.kind(), answer.code()),
                (Kind::Non, Code::PROXYING_NOT_SUPPORTED)
            );
        }
    }
    assert_eq!(device.objects.device.executed, []);
}

#[test]
fn g09_uri_host_and_uri_port_change_nothing() {
    let mut device = Device::registered();
    let request = get("/3/0/9").accept(0);
    let request = request.option(option::URI_HOST, b"device.example");
    let request = request.uint(option::URI_PORT, 5683);
    assert_eq!(device.ask(&request).text(), "100");
    // Uri-Host has 1 to 255 bytes.
    for host in [&[][..], &[b'a'; 256]] {
        let request = get("/3/0/9").option(option::URI_HOST, host);
        assert_eq!(device.code(&request), Code::BAD_OPTION);
    }
}

/// Conditional requests are not served: the options are critical, so they are refused as unknown.
#[test]
fn g09_conditions_are_refused_on_each_method() {
    let mut device = Device::registered();
    for request in [
        get("/3/0/9"),
        put("/3/0/14").text("x"),
        post("/3/0/4"),
        delete("/26241/1"),
        Request::new(Code::FETCH, "/3/0"),
        Request::new(Code::IPATCH, "/3/0"),
    ] {
        for (number, value) in [
            (option::IF_MATCH, &b""[..]),
            (option::IF_MATCH, b"12345678"),
            (option::IF_NONE_MATCH, b""),
        ] {
            let request = request.clone().option(number, value);
            assert_eq!(device.code(&request.anew()), Code::BAD_OPTION);
        }
    }
    assert_eq!(device.objects.device.executed, []);
    assert_eq!(device.objects.device.writes, 0);
}
