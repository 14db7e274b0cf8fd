//! Group 40: the grammar of attributes in Write-Attributes (Core 1.1.1, sections 5.1.2 and 6.3.4), and query values.

use lwm2m_core::client::Config;
use lwm2m_core::wire::coap::{Code, option};

use crate::common::{Device, Request, SERVER, TestRandom, get, put, sent};

fn write(device: &mut Device, path: &str, attributes: &[&str]) -> Code {
    let request: Request = attributes
        .iter()
        .fold(put(path), |request, item| request.query(item));
    device.code(&request)
}

fn discover(device: &mut Device, path: &str) -> String {
    device.ask(&get(path).accept(40)).text().into()
}

#[test]
fn g40_attributes_are_shown_where_they_were_written() {
    let mut device = Device::registered();
    device
        .objects
        .test
        .set(1, 3, crate::common::Owned::Float(1.0));
    assert_eq!(
        write(
            &mut device,
            "/26241/1/3",
            &["pmin=10", "pmax=60", "gt=1e3", "lt=-2.5", "st=0.5"]
        ),
        Code::CHANGED
    );
    assert_eq!(write(&mut device, "/26241/1", &["pmin=5"]), Code::CHANGED);
    assert_eq!(
        discover(&mut device, "/26241/1"),
        "</26241/1>;pmin=5,</26241/1/0>,</26241/1/1>,</26241/1/3>;pmin=10;pmax=60;gt=1000;lt=-2.5;st=0.5,\
         </26241/1/8>;dim=2,</26241/1/9>,</26241/1/10>,</26241/1/11>"
    );
}

/// The example of Core 1.1.1, section 6.3.2: of a resource that is asked for alone, inherited attributes are shown too.
#[test]
fn g40_a_resource_shows_what_it_inherits() {
    let mut device = Device::registered();
    for (path, attributes) in [
        ("/3", &["pmin=10"][..]),
        ("/3/0", &["pmax=60"]),
        ("/3/0/7", &["gt=50", "lt=42.2"]),
    ] {
        assert_eq!(write(&mut device, path, attributes), Code::CHANGED);
    }
    assert_eq!(
        discover(&mut device, "/3/0/7"),
        "</3/0/7>;dim=2;pmin=10;pmax=60;gt=50;lt=42.2"
    );
    assert!(discover(&mut device, "/3/0").contains(",</3/0/7>;dim=2;gt=50;lt=42.2,"));
}

#[test]
fn g40_a_name_alone_unsets() {
    let mut device = Device::registered();
    write(&mut device, "/26241/1/1", &["pmin=10", "pmax=60", "gt=3"]);
    assert_eq!(
        write(&mut device, "/26241/1/1", &["pmin", "gt"]),
        Code::CHANGED
    );
    assert_eq!(discover(&mut device, "/26241/1/1"), "</26241/1/1>;pmax=60");
    // Also what was never set.
    assert_eq!(
        write(&mut device, "/26241/1/1", &["st", "pmax"]),
        Code::CHANGED
    );
    assert_eq!(discover(&mut device, "/26241/1/1"), "</26241/1/1>");
}

#[test]
fn g40_bad_names_and_values_are_refused_and_change_nothing() {
    let mut device = Device::registered();
    write(&mut device, "/26241/1/1", &["pmin=10"]);
    for item in [
        "pmin=",
        "pmin=-1",
        "pmin=1.5",
        "pmin=a",
        "pmin=4294967296",
        "pmin= 1",
        "pmax=",
        "pmax=-1",
        "gt=",
        "gt=a",
        "gt=1e999",
        "gt=NaN",
        "gt=inf",
        "lt=--1",
        "st=-1",
        "pmin=1=2",
        "Pmin=1",
        "nonsense=1",
        "nonsense",
        "",
        "=",
        "dim=1",
        "ver=1.0",
    ] {
        // A good one in front of it has no effect either.
        let code = write(&mut device, "/26241/1/1", &["pmax=77", item]);
        assert_eq!(code, Code::BAD_REQUEST, "{item}");
        assert_eq!(
            discover(&mut device, "/26241/1/1"),
            "</26241/1/1>;pmin=10",
            "{item}"
        );
    }
}

/// Attributes of LwM2M 1.2 are unknown under 1.1.
#[test]
fn g40_later_attributes_are_unknown() {
    let mut device = Device::registered();
    for item in ["epmin=1", "epmax=1", "edge=1", "con=1", "hqmax=1"] {
        assert_eq!(
            write(&mut device, "/26241/1/1", &[item]),
            Code::BAD_REQUEST,
            "{item}"
        );
    }
}

#[test]
fn g21_thresholds_must_leave_room() {
    let mut device = Device::registered();
    for (items, code) in [
        (&["lt=1", "gt=2", "st=0.4"][..], Code::CHANGED),
        (&["st=0.5"], Code::BAD_REQUEST),
        (&["lt=2"], Code::BAD_REQUEST),
        (&["gt=1"], Code::BAD_REQUEST),
        (&["lt=3", "gt"], Code::CHANGED),
        (&["gt=3.8"], Code::BAD_REQUEST),
        (&["gt=3.9"], Code::CHANGED),
        (&["st=5", "lt"], Code::CHANGED),
    ] {
        assert_eq!(write(&mut device, "/26241/1/1", items), code, "{items:?}");
    }
    // pmax below pmin is ignored when it is used, not refused.
    assert_eq!(
        write(&mut device, "/26241/1/1", &["pmin=9", "pmax=8"]),
        Code::CHANGED
    );
}

#[test]
fn g21_thresholds_are_for_numbers() {
    let mut device = Device::registered();
    for (path, code) in [
        ("/26241/1/1", Code::CHANGED),
        ("/26241/1/0", Code::BAD_REQUEST),
        ("/26241/1", Code::BAD_REQUEST),
        ("/26241", Code::BAD_REQUEST),
        ("/3/0/16", Code::BAD_REQUEST),
    ] {
        assert_eq!(write(&mut device, path, &["gt=5"]), code, "{path}");
        assert_eq!(write(&mut device, path, &["gt"]), Code::CHANGED, "{path}");
        for item in ["pmin=5", "pmin"] {
            assert_eq!(write(&mut device, path, &[item]), Code::CHANGED, "{path}");
        }
    }
}

/// LwM2M 1.2 has attributes in an Observe, 1.1 has not: the server must not believe that they hold.
#[test]
fn g40_attributes_in_an_observe_are_refused() {
    let mut device = Device::registered();
    let observe = get("/26241/1/1").accept(0).uint(option::OBSERVE, 0);
    assert_eq!(
        device.code(&observe.clone().query("pmin=10")),
        Code::BAD_REQUEST
    );
    assert_eq!(device.client.observations(), 0);
    assert_eq!(device.code(&observe.anew()), Code::CONTENT);
}

#[test]
fn g40_attributes_need_a_place() {
    let mut device = Device::registered();
    for (path, code) in [
        ("/", Code::METHOD_NOT_ALLOWED),
        ("/0/0/1", Code::UNAUTHORIZED),
        ("/77", Code::NOT_FOUND),
        ("/3/1", Code::NOT_FOUND),
        ("/3/0/99", Code::NOT_FOUND),
        // The object has it, but not this instance; a single resource has no instances.
        ("/3/0/15", Code::NOT_FOUND),
        ("/3/0/9/0", Code::NOT_FOUND),
        // Nothing can be observed that cannot be read.
        ("/3/0/4", Code::METHOD_NOT_ALLOWED),
        ("/26241/1/11", Code::METHOD_NOT_ALLOWED),
    ] {
        assert_eq!(write(&mut device, path, &["pmin=1"]), code, "{path}");
    }
}

/// Uri-Query holds plain bytes: nothing is escaped (RFC 7252, section 6.5).
#[test]
fn g40_reserved_characters_in_the_endpoint_name_are_sent_as_they_are() {
    for name in [
        "a&b=c",
        "100%25",
        "urn:dev:os:32473-1/2?#",
        "\u{e9}\u{4e2d}",
        "a b\"<>",
    ] {
        let config = Config::new(name);
        let mut device = Device::with(config, TestRandom::Sequence(0), 1280);
        device.start();
        let register = sent(&device.open(SERVER));
        assert!(
            register.strings(15).contains(&format!("ep={name}")),
            "{name}"
        );
    }
}
