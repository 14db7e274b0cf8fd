//! The library's own objects behind the engine: bootstrap, registration and management as a server sees them.

use lwm2m_core::client::{Event, Failure};
use lwm2m_core::model::Object;
use lwm2m_core::objects::{Device as DeviceObject, Security, SecurityInstance, Server};
use lwm2m_core::wire::coap::Code;

use crate::bootstrap::{security_write, server_write};
use crate::common::{
    Device, Out, SERVER, TestRandom, delete, events, get, hex, post, put, sent, uri_path,
};

/// Objects 0, 1 and 3 of a device that knows its bootstrap server.
fn objects() -> [&'static mut dyn Object; 3] {
    let security = Box::leak(Box::new(Security::<4>::new()));
    let account = SecurityInstance::no_sec("coap://192.0.2.8").bootstrap(0);
    security.add(0, &account).unwrap();
    let server = Box::leak(Box::new(Server::<4>::new()));
    let device = DeviceObject::new("U")
        .manufacturer("Example")
        .firmware_version("1.0");
    [security, server, Box::leak(Box::new(device))]
}

fn bootstrapping() -> Device<[&'static mut dyn Object; 3]> {
    let mut device = Device::of(objects(), Device::config(), TestRandom::Sequence(5), 1280);
    assert_eq!(device.start(), [Out::Open(SERVER, 0)]);
    let request = sent(&device.open(SERVER));
    assert_eq!(device.receive(&request.reply(Code::CHANGED)), []);
    device
}

#[test]
fn bootstrap_and_register() {
    let mut device = bootstrapping();
    assert_eq!(device.ask(&delete("/")).code(), Code::DELETED);
    assert_eq!(device.ask(&security_write()).code(), Code::CHANGED);
    assert_eq!(device.ask(&server_write()).code(), Code::CHANGED);
    let answer = device.ask(&get("/").accept(40));
    assert_eq!(
        answer.text(),
        "</>;lwm2m=1.1,</0/0>;uri=\"coap://192.0.2.8\",</0/1>;ssid=7;uri=\"coap://192.0.2.9\",</1/1>;ssid=7,</3/0>"
    );
    device.receive(&post("/bs").bytes());
    device.finish_bootstrap(true);
    device.wait(3);
    assert_eq!(device.start(), [Out::Open(SERVER, 1)]);
    let register = sent(&device.open(SERVER));
    assert_eq!(register.text(), "</1/1>,</3/0>");
    assert!(register.strings(15).contains(&"lt=3600".into()));
    let out = device.receive(&register.created("/rd/x"));
    assert_eq!(events(&out), [Event::Registered { server: 7 }]);

    assert_eq!(device.ask(&get("/3/0/0").accept(0)).text(), "Example");
    assert_eq!(
        device.ask(&get("/1/1").accept(11542)).payload()[..7],
        hex("c10007c2010e10")
    );
    assert_eq!(device.code(&get("/0")), Code::UNAUTHORIZED);
    let out = device.receive(&put("/1/1/1").text("60").bytes());
    assert_eq!(events(&out), [Event::AccountChanged { server: 7 }]);
    // A server cannot take away the object that its registration comes from, nor rename itself.
    assert_eq!(
        device.code(&put("/1/1/0").text("8")),
        Code::METHOD_NOT_ALLOWED
    );
    assert_eq!(device.code(&delete("/3/0")), Code::METHOD_NOT_ALLOWED);
}

/// A bootstrap that fails leaves the objects as they were, byte for byte.
#[test]
fn a_failed_bootstrap_is_undone() {
    let mut device = bootstrapping();
    device.ask(&put("/0/0").tlv("c80010636f61703a2f2f3139322e302e322e37c10101c10203c003c004c005"));
    device.ask(&security_write());
    device.ask(&delete("/1"));
    let out = device.receive(&post("/bs").bytes());
    assert!(
        matches!(
            events(&out)[..],
            [Event::BootstrapFailed {
                failure: Failure::Inconsistent,
                ..
            }]
        ),
        "{out:?}"
    );
    let until = device.until;
    device.wait_until(until);
    let request = sent(&device.open(SERVER));
    assert_eq!(uri_path(&request), ["bs"]);
    device.receive(&request.reply(Code::CHANGED));
    let answer = device.ask(&get("/").accept(40));
    assert_eq!(
        answer.text(),
        "</>;lwm2m=1.1,</0/0>;uri=\"coap://192.0.2.8\",</1>,</3/0>"
    );
}

/// Two accounts are written where there is room for one copy less than it takes: refused, and nothing is half done.
#[test]
fn accounts_without_room_are_refused() {
    let mut device = bootstrapping();
    let account = security_write();
    let mut codes = Vec::new();
    for instance in 1..6 {
        codes.push(
            device
                .ask(&account.anew().to(&format!("/0/{instance}")))
                .code(),
        );
    }
    assert_eq!(codes[..3], [Code::CHANGED; 3]);
    assert_ne!(codes[4].class(), 2);
    let listed = device.ask(&get("/0").accept(40));
    assert_eq!(listed.text().matches("uri=").count(), 4);
}
