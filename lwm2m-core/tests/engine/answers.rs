//! The answer of every operation of the device management interface: the codes of Transport 1.1.1, section 6.7 (table of
//! the operations), and that what is refused changes nothing.

use lwm2m_core::client::{Event, Expect};
use lwm2m_core::model::{Error, Outcome, Path};
use lwm2m_core::wire::coap::{Code, Kind};

use crate::common::{Device, Out, Owned, Request, SERVER, delete, get, hex, post, put, sent};

/// Each request gets its code, and leaves the objects as they were.
#[track_caller]
fn refused(requests: &[(Request, Code)]) {
    let mut device = Device::registered();
    let before = (
        device.objects.device.instances.clone(),
        device.objects.test.instances.clone(),
    );
    for (request, code) in requests {
        let answer = device.ask(request);
        assert_eq!(answer.code(), *code, "{request:?}");
        assert_eq!((answer.kind(), answer.id()), (Kind::Ack, request.id));
        assert_eq!((answer.payload(), answer.format()), (&[][..], None));
        // A request that is not confirmable gets the same code in a message that is not, either.
        let request = request.anew().non();
        let answer = sent(&device.receive(&request.bytes()));
        assert_eq!(
            (answer.kind(), answer.code()),
            (Kind::Non, *code),
            "{request:?}"
        );
    }
    let after = (
        device.objects.device.instances.clone(),
        device.objects.test.instances.clone(),
    );
    assert_eq!(after, before);
    assert_eq!(device.objects.device.executed, []);
    assert_eq!(device.objects.test.executed, []);
}

#[test]
fn read() {
    refused(&[
        (get("/3/0/4"), Code::METHOD_NOT_ALLOWED),
        (get("/26241/1/11"), Code::METHOD_NOT_ALLOWED),
        (get("/"), Code::METHOD_NOT_ALLOWED),
        (get("/99"), Code::NOT_FOUND),
        (get("/3/9"), Code::NOT_FOUND),
        (get("/3/0/99"), Code::NOT_FOUND),
        (get("/3/0/15"), Code::NOT_FOUND),
        (get("/3/0/6/7"), Code::NOT_FOUND),
        (get("/3/0/9/0"), Code::NOT_FOUND),
        (get("/3/0/9").accept(60), Code::NOT_ACCEPTABLE),
        (get("/3/0/9").accept(110), Code::NOT_ACCEPTABLE),
        (get("/3/0/9").accept(42), Code::NOT_ACCEPTABLE),
        (get("/0"), Code::UNAUTHORIZED),
        (get("/0/0/0").accept(60), Code::UNAUTHORIZED),
    ]);
}

#[test]
fn discover() {
    refused(&[
        (get("/").accept(40), Code::METHOD_NOT_ALLOWED),
        (get("/99").accept(40), Code::NOT_FOUND),
        (get("/3/9").accept(40), Code::NOT_FOUND),
        (get("/3/0/99").accept(40), Code::NOT_FOUND),
        (get("/3/0/15").accept(40), Code::NOT_FOUND),
        (get("/0/0").accept(40), Code::UNAUTHORIZED),
    ]);
}

#[test]
fn write() {
    refused(&[
        // The wrong kind, and out of range.
        (put("/26241/1/1").text("abc"), Code::BAD_REQUEST),
        (put("/26241/1/1").text(""), Code::BAD_REQUEST),
        (put("/26241/1/1").text("11"), Code::BAD_REQUEST),
        (put("/26241/1/1").text("-11"), Code::BAD_REQUEST),
        (put("/26241/1/1").tlv("c1010b"), Code::BAD_REQUEST),
        (put("/26241/1/1").tlv("c10001"), Code::BAD_REQUEST),
        // A list of nothing holds no value.
        (put("/26241/1/1").tlv(""), Code::BAD_REQUEST),
        (post("/26241/1/1").cbor("80"), Code::BAD_REQUEST),
        (put("/26241/1/8/0").tlv(""), Code::BAD_REQUEST),
        (put("/26241/1/13").text(""), Code::BAD_REQUEST),
        (put("/26241/1/13").text("12345"), Code::BAD_REQUEST),
        (put("/26241/1/4").text("2"), Code::BAD_REQUEST),
        (put("/26241/1/7").text("1"), Code::BAD_REQUEST),
        (put("/26241/1/8").text("1"), Code::BAD_REQUEST),
        (put("/26241/1/0").with(0, b"\xff"), Code::BAD_REQUEST),
        (put("/26241/1/0").tlv("c8"), Code::BAD_REQUEST),
        (put("/26241/1/0").cbor("ff"), Code::BAD_REQUEST),
        // Not there.
        (put("/26241/9/0").text("x"), Code::NOT_FOUND),
        (put("/26241/9").tlv("c00078"), Code::NOT_FOUND),
        (put("/26241/1/99").text("x"), Code::NOT_FOUND),
        (put("/99/0/0").text("x"), Code::NOT_FOUND),
        // Not writable, and the object level.
        (put("/26241/1/10").text("x"), Code::METHOD_NOT_ALLOWED),
        (post("/26241/1/10").text("x"), Code::METHOD_NOT_ALLOWED),
        (put("/26241/1/9").text("x"), Code::METHOD_NOT_ALLOWED),
        (put("/26241").tlv("0801"), Code::METHOD_NOT_ALLOWED),
        (put("/").text("x"), Code::METHOD_NOT_ALLOWED),
        (post("/").text("x"), Code::METHOD_NOT_ALLOWED),
        // Formats.
        (
            put("/26241/1/0").with(60, b"\x61x"),
            Code::UNSUPPORTED_CONTENT_FORMAT,
        ),
        (
            put("/26241/1/0").with(50, b"{}"),
            Code::UNSUPPORTED_CONTENT_FORMAT,
        ),
        (
            put("/26241/1/0").with(40, b"<>"),
            Code::UNSUPPORTED_CONTENT_FORMAT,
        ),
        (
            put("/26241/1/0").with(42, b"x"),
            Code::UNSUPPORTED_CONTENT_FORMAT,
        ),
        (put("/26241/1").text("x"), Code::UNSUPPORTED_CONTENT_FORMAT),
        (
            put("/26241/1").with(42, b"x"),
            Code::UNSUPPORTED_CONTENT_FORMAT,
        ),
        (put("/0/0/0").text("coap://192.0.2.66"), Code::UNAUTHORIZED),
    ]);
}

/// Every value is looked at before the first is written.
/// What does not know attributes must not take a Write-Attributes for a Write of an empty value.
#[cfg(not(feature = "attributes"))]
#[test]
fn write_attributes_without_the_feature() {
    refused(&[
        (put("/26241/1/0").query("pmin=10"), Code::METHOD_NOT_ALLOWED),
        (put("/26241/1").query("pmin=10"), Code::METHOD_NOT_ALLOWED),
    ]);
}

#[test]
fn a_write_of_several_resources_is_all_or_nothing() {
    let last_ones = [
        ("c1010b", Code::BAD_REQUEST),
        ("c30a626164", Code::METHOD_NOT_ALLOWED),
        ("c16301", Code::NOT_FOUND),
        ("8308410001", Code::CHANGED),
        ("c10801", Code::BAD_REQUEST),
        ("830241000a", Code::BAD_REQUEST),
        ("0005", Code::BAD_REQUEST),
        ("c801", Code::BAD_REQUEST),
    ];
    for (last, code) in last_ones {
        for method in [put as fn(&str) -> Request, post] {
            let mut device = Device::registered();
            let before = device.objects.test.instances.clone();
            let request = method("/26241/1").tlv(&format!("c3006e6577c10102{last}"));
            assert_eq!(device.ask(&request).code(), code, "{last}");
            if code == Code::CHANGED {
                assert_eq!(device.objects.test.get(1, 0), Some(&"new".into()));
            } else {
                assert_eq!(device.objects.test.instances, before, "{last}");
                assert_eq!(device.objects.test.writes, 0);
            }
        }
    }
}

#[test]
fn execute() {
    refused(&[
        (post("/3/9/4"), Code::NOT_FOUND),
        (post("/99/0/4"), Code::NOT_FOUND),
        (post("/3/0/9"), Code::METHOD_NOT_ALLOWED),
        (post("/3/0"), Code::UNSUPPORTED_CONTENT_FORMAT),
        (get("/3/0/4"), Code::METHOD_NOT_ALLOWED),
        (put("/3/0/4"), Code::METHOD_NOT_ALLOWED),
        (delete("/3/0/4"), Code::METHOD_NOT_ALLOWED),
        (post("/26241/1/9").text("x"), Code::BAD_REQUEST),
        (
            post("/26241/1/9").tlv("c10001"),
            Code::UNSUPPORTED_CONTENT_FORMAT,
        ),
    ]);
}

#[test]
fn create() {
    refused(&[
        // A mandatory resource is missing; twice another one is no substitute.
        (post("/26241"), Code::BAD_REQUEST),
        (post("/26241").tlv("c30074776f"), Code::BAD_REQUEST),
        (post("/26241").tlv("c10102"), Code::BAD_REQUEST),
        (
            post("/26241").tlv("c30074776fc10205c30074776f"),
            Code::BAD_REQUEST,
        ),
        (post("/26241").tlv("c10102c10205c10103"), Code::BAD_REQUEST),
        // The id is in use, reserved, or one of two.
        (
            post("/26241").tlv("080108c30074776fc10102"),
            Code::BAD_REQUEST,
        ),
        (
            post("/26241").tlv("28ffff08c30074776fc10102"),
            Code::BAD_REQUEST,
        ),
        (
            post("/26241").tlv("080508c30074776fc10102080608c30074776fc10102"),
            Code::BAD_REQUEST,
        ),
        (post("/26241").tlv("c30074776fc1010b"), Code::BAD_REQUEST),
        (post("/26241").tlv("c30074776fc101"), Code::BAD_REQUEST),
        (
            post("/26241").tlv("c30074776fc10102c30a626164"),
            Code::METHOD_NOT_ALLOWED,
        ),
        (post("/99").tlv("c30074776fc10102"), Code::NOT_FOUND),
        (post("/3").tlv("c60e2b30353a3330"), Code::METHOD_NOT_ALLOWED),
        (post("/26241").text("x"), Code::UNSUPPORTED_CONTENT_FORMAT),
        (
            post("/26241").with(60, b"\xa0"),
            Code::UNSUPPORTED_CONTENT_FORMAT,
        ),
        (post("/0").tlv("c10101"), Code::UNAUTHORIZED),
    ]);
}

/// Core 1.1.1, section 6.3.6: optional resources that the client does not support are ignored.
#[test]
fn create_passes_unknown_resources_over() {
    let mut device = Device::registered();
    let request = post("/26241").tlv("08050bc30074776fc10102c16301");
    let out = device.receive(&request.bytes());
    // An Update follows.
    assert_eq!(sent(&out[..1]).code(), Code::CREATED);
    assert_eq!(device.objects.test.get(5, 0), Some(&"two".into()));
}

#[test]
fn removal() {
    refused(&[
        (delete("/3/0"), Code::METHOD_NOT_ALLOWED),
        (delete("/26241"), Code::METHOD_NOT_ALLOWED),
        (delete("/26241/1/0"), Code::METHOD_NOT_ALLOWED),
        (delete("/"), Code::METHOD_NOT_ALLOWED),
        (delete("/26241/9"), Code::NOT_FOUND),
        (delete("/99/0"), Code::NOT_FOUND),
        (delete("/0/0"), Code::UNAUTHORIZED),
    ]);
}

#[test]
fn unknown_methods() {
    refused(&[
        (Request::new(Code::PATCH, "/3/0"), Code::METHOD_NOT_ALLOWED),
        (
            Request::new(Code::new(0, 8), "/3/0"),
            Code::METHOD_NOT_ALLOWED,
        ),
        (
            Request::new(Code::new(0, 31), "/3/0"),
            Code::METHOD_NOT_ALLOWED,
        ),
    ]);
}

#[test]
fn what_the_object_says_is_answered() {
    for (error, code) in [
        (Error::BadRequest, "4.00"),
        (Error::Unauthorized, "4.01"),
        (Error::NotFound, "4.04"),
        (Error::MethodNotAllowed, "4.05"),
        (Error::NotAcceptable, "4.06"),
        (Error::Incomplete, "4.08"),
        (Error::TooLarge, "4.13"),
        (Error::UnsupportedContentFormat, "4.15"),
        (Error::Internal, "5.00"),
        (Error::Busy, "5.03"),
    ] {
        let mut device = Device::registered();
        device.objects.test.refusal = Some(error);
        assert_eq!(device.code(&post("/26241/1/9")).to_string(), code);
    }
}

/// Each type in each format that can carry it.
#[test]
fn values_of_all_types_are_written() {
    for (resource, value, text, tlv) in [
        (0, Owned::Text("\u{e9}".into()), "\u{e9}", "c200c3a9"),
        (1, Owned::Int(-3), "-3", "c101fd"),
        (
            2,
            Owned::Uint(u64::MAX),
            "18446744073709551615",
            "c802 08 ffffffffffffffff",
        ),
        (3, Owned::Float(-2.5), "-2.5", "c403c0200000"),
        (4, Owned::Bool(true), "1", "c10401"),
        (5, Owned::Bytes(vec![0, 255, 1]), "AP8B", "c30500ff01"),
        (6, Owned::Time(1_367_491_215), "1367491215", "c4065182428f"),
        (7, Owned::Link(3, 65_535), "3:65535", "c4070003ffff"),
    ] {
        let path = format!("/26241/1/{resource}");
        for request in [
            put(&path).text(text),
            put(&path).tlv(tlv),
            post(&path).text(text),
        ] {
            let mut device = Device::registered();
            assert_eq!(device.ask(&request).code(), Code::CHANGED, "{request:?}");
            assert_eq!(device.objects.test.get(1, resource), Some(&value));
            assert_eq!(device.ask(&get(&path).accept(0)).text(), text);
            assert_eq!(device.ask(&get(&path).accept(11542)).payload(), hex(tlv));
        }
    }
    let mut device = Device::registered();
    device.ask(&put("/26241/1/5").with(42, &[0, 255, 1]));
    assert_eq!(
        device.ask(&get("/26241/1/5").accept(42)).payload(),
        [0, 255, 1]
    );
    // Without a format, text (Core 1.1.1, section 7.4).
    device.ask(&put("/26241/1/1").payload(b"7"));
    assert_eq!(device.objects.test.get(1, 1), Some(&Owned::Int(7)));
}

/// Without Accept the client chooses, and always says what it chose.
#[test]
fn without_accept_the_preferred_format_is_used() {
    use lwm2m_core::model::ContentFormat;
    let mut config = Device::config();
    config.format = ContentFormat::SenmlCbor;
    let mut device = Device::with(config, crate::common::TestRandom::Sequence(2), 1280);
    device.register();
    assert_eq!(device.ask(&get("/3/0")).format(), Some(112));
    assert_eq!(device.ask(&get("/3/0/9")).format(), Some(112));
}

/// The effect of a Reboot may begin when its answer has left.
#[test]
fn an_effect_begins_behind_the_answer() {
    let mut device = Device::registered();
    device.objects.device.outcome = Outcome::AfterResponse;
    let request = post("/3/0/4");
    let out = device.receive(&request.bytes());
    let [
        Out::Transmit(SERVER, answer, Expect::Nothing),
        Out::Event(event),
    ] = &out[..]
    else {
        panic!("{out:?}");
    };
    assert_eq!(crate::common::Answer::new(answer).code(), Code::CHANGED);
    assert_eq!(
        *event,
        Event::Answered {
            path: Path::resource(3, 0, 4)
        }
    );
    // The repeated request is answered again; the effect has begun once.
    let out = device.receive(&request.bytes());
    assert_eq!(out.len(), 1);
    assert_eq!(sent(&out).code(), Code::CHANGED);
}
