//! The conversation with a bootstrap server (Core 1.1.1, section 6.1).

use lwm2m_core::client::{Event, Failure};
use lwm2m_core::time::{Duration, Instant};
use lwm2m_core::wire::coap::{Code, Kind};

use crate::common::{
    Device, Out, Owned, Request, SERVER, delete, events, get, outputs, post, put, sent, uri_path,
};

/// The device after the answer to its Bootstrap-Request.
pub(crate) fn bootstrapping() -> Device {
    let mut device = Device::factory_fresh();
    assert_eq!(device.start(), [Out::Open(SERVER, 0)]);
    let request = sent(&device.open(SERVER));
    assert_eq!(device.receive(&request.reply(Code::CHANGED)), []);
    device
}

/// coap://192.0.2.9, no security, short server id 7.
pub(crate) fn security_write() -> Request {
    put("/0/1").tlv("c80010636f61703a2f2f3139322e302e322e39c10100c10203c003c004c005c10a07")
}

/// Short server id 7, lifetime 3600 s.
pub(crate) fn server_write() -> Request {
    put("/1/1").tlv("c10007c2010e10c10600c10755")
}

#[test]
fn a_bootstrap_runs_from_request_to_register() {
    let mut device = Device::factory_fresh();
    assert_eq!(device.start(), [Out::Open(SERVER, 0)]);
    let request = sent(&device.open(SERVER));
    assert_eq!((request.kind(), request.code()), (Kind::Con, Code::POST));
    assert_eq!(uri_path(&request), ["bs"]);
    let mut queries = request.strings(15);
    queries.sort();
    assert_eq!(queries, ["ep=urn:imei:490154203237518", "pct=11542"]);
    assert_eq!(request.payload(), b"");
    assert_eq!(device.receive(&request.reply(Code::CHANGED)), []);

    assert_eq!(device.ask(&delete("/")).code(), Code::DELETED);
    assert!(device.objects.security.instances.contains_key(&0));
    assert!(device.objects.device.instances.contains_key(&0));
    assert!(device.objects.test.instances.is_empty());
    assert_eq!(device.ask(&security_write()).code(), Code::CHANGED);
    assert_eq!(device.ask(&server_write()).code(), Code::CHANGED);

    let answer = device.ask(&get("/").accept(40));
    assert_eq!((answer.code(), answer.format()), (Code::CONTENT, Some(40)));
    assert_eq!(
        answer.text(),
        "</>;lwm2m=1.1,</0/0>;uri=\"coap://192.0.2.8\",</0/1>;ssid=7;uri=\"coap://192.0.2.9\",</1/1>;ssid=7,</3/0>,\
         </26241>"
    );

    let finish = post("/bs");
    let out = device.receive(&finish.bytes());
    assert_eq!(out, [Out::Event(Event::BootstrapFinishing)]);
    let finished = sent(&device.finish_bootstrap(true));
    assert_eq!(
        (finished.kind(), finished.code()),
        (Kind::Ack, Code::CHANGED)
    );
    assert_eq!(
        (finished.id(), finished.token()),
        (finish.id, finish.token().to_vec())
    );
    // The server has missed the answer: it gets the same again for 1.5 x ACK_TIMEOUT.
    assert_eq!(device.wait(2), []);
    assert_eq!(sent(&device.receive(&finish.bytes())), finished);
    let end = device.wait(1);
    assert_eq!(
        end,
        [
            (Instant::from_millis(3000), Out::Event(Event::Bootstrapped)),
            (Instant::from_millis(3000), Out::Close(SERVER)),
        ]
    );
    assert_eq!(device.until, Instant::FAR_FUTURE);

    assert_eq!(device.start(), [Out::Open(SERVER, 1)]);
    let register = sent(&device.open(SERVER));
    assert_eq!(uri_path(&register), ["rd"]);
    assert!(register.strings(15).contains(&"lt=3600".into()));
    let out = device.receive(&register.created("/rd/b"));
    assert_eq!(events(&out), [Event::Registered { server: 7 }]);
}

#[test]
fn an_inconsistent_finish_undoes_everything() {
    let mut device = bootstrapping();
    device.objects.server.set(4, 0, 44);
    assert_eq!(device.ask(&delete("/1")).code(), Code::DELETED);
    assert_eq!(device.ask(&security_write()).code(), Code::CHANGED);
    // No Server instance belongs to the account.
    let out = device.receive(&post("/bs").bytes());
    assert_eq!(sent(&out).code(), Code::NOT_ACCEPTABLE);
    let [
        Event::BootstrapFailed {
            failure: Failure::Inconsistent,
            retry_at,
        },
    ] = events(&out)[..]
    else {
        panic!("{out:?}");
    };
    assert_eq!(out.last(), Some(&Out::Close(SERVER)));
    let security: Vec<_> = device.objects.security.instances.keys().collect();
    assert_eq!(security, [&0]);
    assert_eq!(device.objects.server.get(4, 0), Some(&Owned::Int(44)));
    // A minute, give or take 10 %.
    let wait = retry_at.since(device.now).as_millis();
    assert!((54_000..=66_000).contains(&wait), "{wait}");
    let again = device.wait_until(retry_at);
    assert_eq!(again, [(retry_at, Out::Open(SERVER, 0))]);
    assert_eq!(uri_path(&sent(&device.open(SERVER))), ["bs"]);
}

#[test]
fn a_refused_finish_undoes_everything() {
    let mut device = bootstrapping();
    device.ask(&security_write());
    device.ask(&server_write());
    device.receive(&post("/bs").bytes());
    let out = device.finish_bootstrap(false);
    assert_eq!(sent(&out).code(), Code::NOT_ACCEPTABLE);
    let failed = events(&out);
    assert!(
        matches!(
            failed[..],
            [Event::BootstrapFailed {
                failure: Failure::Refused,
                ..
            }]
        ),
        "{out:?}"
    );
    assert!(device.objects.server.instances.is_empty());
}

/// EXCHANGE_LIFETIME between two requests.
#[test]
fn an_idle_bootstrap_server_is_given_up() {
    let mut device = bootstrapping();
    assert_eq!(device.wait(200), []);
    device.ask(&security_write());
    assert_eq!(device.wait(246), []);
    let out = device.wait(1);
    let at = Instant::ZERO + Duration::from_secs(447);
    assert!(out.iter().all(|(time, _)| *time == at));
    let out = outputs(&out);
    let [
        Event::BootstrapFailed {
            failure: Failure::Incomplete,
            retry_at,
        },
    ] = events(&out)[..]
    else {
        panic!("{out:?}");
    };
    assert!(!device.objects.security.instances.contains_key(&1));
    assert_eq!(
        device.wait_until(retry_at),
        [(retry_at, Out::Open(SERVER, 0))]
    );
}

#[test]
fn the_hold_off_time_is_waited_for() {
    let mut device = Device::factory_fresh();
    device.objects.security.set(0, 11, 10);
    assert_eq!(device.start(), []);
    assert_eq!(device.wait(9), []);
    assert_eq!(outputs(&device.wait(1)), [Out::Open(SERVER, 0)]);
}
