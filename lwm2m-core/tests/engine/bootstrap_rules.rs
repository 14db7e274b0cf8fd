//! What a bootstrap server may do, what it is answered, and what is undone (Core 1.1.1, section 6.1).

use lwm2m_core::SessionId;
use lwm2m_core::client::{Event, Failure, SessionEvent};
use lwm2m_core::model::{
    DataType, Object, ObjectDefinition, Operations, Path, ResourceDefinition, Transaction, Version,
};
use lwm2m_core::time::{Duration, Instant};
use lwm2m_core::wire::coap::{Code, Kind};

use crate::bootstrap::{bootstrapping, security_write, server_write};
use crate::common::{
    Device, Out, Owned, Request, SERVER, Store, delete, events, get, hex, outputs, post, put, sent,
    uri_path,
};

/// The session of the bootstrap server beside a server.
const BOOTSTRAP: SessionId = SessionId::new(1);

/// The device after a Finish with these accounts; what came out.
fn finish(writes: &[Request]) -> (Device, Vec<Out>) {
    let mut device = bootstrapping();
    for write in writes {
        assert_eq!(device.ask(write).code(), Code::CHANGED, "{write:?}");
    }
    let out = device.receive(&post("/bs").bytes());
    (device, out)
}

fn failure(out: &[Out]) -> Failure {
    match events(out)[..] {
        [Event::BootstrapFailed { failure, .. }] => failure,
        _ => panic!("{out:?}"),
    }
}

#[test]
fn deletes_spare_what_the_device_needs() {
    let mut device = bootstrapping();
    device.objects.server.set(3, 0, 9);
    for (request, code) in [
        (delete("/0/0"), Code::BAD_REQUEST),
        (delete("/3/0"), Code::BAD_REQUEST),
        (delete("/3"), Code::BAD_REQUEST),
        (delete("/0"), Code::DELETED),
        (delete("/1/3"), Code::DELETED),
        (delete("/1"), Code::DELETED),
        (delete("/26241/1"), Code::DELETED),
        (delete("/26241"), Code::DELETED),
        (delete("/26241/0/0"), Code::METHOD_NOT_ALLOWED),
        (delete("/"), Code::DELETED),
    ] {
        assert_eq!(device.ask(&request).code(), code, "{request:?}");
    }
    assert!(device.objects.security.instances.contains_key(&0));
    assert!(device.objects.device.instances.contains_key(&0));
    assert!(device.objects.server.instances.is_empty());
    assert!(device.objects.test.instances.is_empty());
}

#[test]
fn discover_shows_objects_and_accounts() {
    let mut device = bootstrapping();
    device.ask(&security_write());
    device.ask(&server_write());
    for (path, expected) in [
        (
            "/0",
            "</>;lwm2m=1.1,</0/0>;uri=\"coap://192.0.2.8\",</0/1>;ssid=7;uri=\"coap://192.0.2.9\"",
        ),
        ("/1", "</>;lwm2m=1.1,</1/1>;ssid=7"),
        ("/3", "</>;lwm2m=1.1,</3/0>"),
    ] {
        let answer = device.ask(&get(path).accept(40));
        assert_eq!((answer.code(), answer.text()), (Code::CONTENT, expected));
    }
    for (path, code) in [
        ("/99", Code::NOT_FOUND),
        ("/0/0", Code::BAD_REQUEST),
        ("/3/0/9", Code::BAD_REQUEST),
    ] {
        assert_eq!(device.code(&get(path).accept(40)), code, "{path}");
    }
}

/// Core 1.1.1, section 6.1.7.3: versions that do not go without saying are told, as when registering.
#[test]
fn discover_tells_versions() {
    let mut device = bootstrapping();
    device.objects.test = Store::new(&VERSIONED).with(0, 0, "x").with(1, 0, "y");
    let answer = device.ask(&get("/26241").accept(40));
    assert_eq!(
        answer.text(),
        "</>;lwm2m=1.1,</26241>;ver=2.13,</26241/0>,</26241/1>"
    );
}

static VERSIONED: ObjectDefinition = ObjectDefinition::new(
    26_241,
    Version::new(2, 13),
    &[ResourceDefinition::new(0, Operations::R, DataType::String)],
)
.multiple();

#[test]
fn only_server_accounts_are_read() {
    let mut device = bootstrapping();
    device.ask(&server_write());
    let account = "c10007c2010e10c10600c10755";
    let answer = device.ask(&get("/1/1").accept(11542));
    assert_eq!(
        (answer.code(), answer.payload().to_vec()),
        (Code::CONTENT, hex(account))
    );
    let answer = device.ask(&get("/1").accept(11542));
    assert_eq!(answer.payload(), hex(&format!("08010d{account}")));
    for (request, code) in [
        (get("/0"), Code::METHOD_NOT_ALLOWED),
        (get("/0/0"), Code::METHOD_NOT_ALLOWED),
        (get("/3/0"), Code::METHOD_NOT_ALLOWED),
        (get("/"), Code::METHOD_NOT_ALLOWED),
        (get("/1/9"), Code::NOT_FOUND),
        (get("/2"), Code::NOT_FOUND),
        (get("/1").accept(60), Code::NOT_ACCEPTABLE),
    ] {
        assert_eq!(device.code(&request), code, "{request:?}");
    }
}

#[test]
fn writes_are_taken_at_every_level() {
    let mut device = bootstrapping();
    // Resource, instance and object.
    assert_eq!(device.ask(&put("/1/4/0").text("11")).code(), Code::CHANGED);
    assert_eq!(device.ask(&server_write()).code(), Code::CHANGED);
    let two = "08020dc1000cc2010e10c10600c1075508030dc1000dc2010e10c10600c10755";
    assert_eq!(device.ask(&put("/1").tlv(two)).code(), Code::CHANGED);
    let ids: Vec<_> = [4, 1, 2, 3]
        .map(|instance| device.objects.server.get(instance, 0).cloned())
        .into();
    assert_eq!(ids, [11, 7, 12, 13].map(|id| Some(Owned::Int(id))));
    // SenML CBOR: base name /1/5/, records 0 and 1.
    let cbor = "82a321652f312f352f0061300207a2006131021909c4";
    assert_eq!(device.ask(&put("/1/5").cbor(cbor)).code(), Code::CHANGED);
    assert_eq!(device.objects.server.get(5, 1), Some(&Owned::Int(2500)));
    // Other objects, too, also what servers may only read.
    assert_eq!(device.ask(&put("/3/0/2").text("42")).code(), Code::CHANGED);
    assert_eq!(device.objects.device.get(0, 2), Some(&"42".into()));
}

/// A write of an object replaces the instances that it names, whatever the format and the order of its resources.
#[test]
fn a_write_of_an_object_replaces_its_instances() {
    // Of instances 1 and 2: short server id and lifetime, the lifetimes behind all else in SenML.
    let tlv = put("/1").tlv("080106c10007c1013c 080206c10008c1013d");
    let senml = put("/1").cbor(
        "84 a3 21 65 2f312f312f 00 61 30 02 07 a3 21 65 2f312f322f 00 61 30 02 08\
            a3 21 65 2f312f312f 00 61 31 02 18 3c a3 21 65 2f312f322f 00 61 31 02 18 3d",
    );
    for write in [tlv, senml] {
        let mut device = bootstrapping();
        device.ask(&server_write());
        device.objects.server.set(1, 5, 77);
        assert_eq!(device.ask(&write).code(), Code::CHANGED);
        let server = &device.objects.server;
        assert_eq!(server.get(1, 5), None);
        for (instance, id, lifetime) in [(1, 7, 60), (2, 8, 61)] {
            assert_eq!(server.get(instance, 0), Some(&id.into()));
            assert_eq!(server.get(instance, 1), Some(&lifetime.into()));
        }
    }
}

#[test]
fn bad_writes_are_refused_and_change_nothing() {
    let mut device = bootstrapping();
    for (request, code) in [
        (put("/1/1").tlv("c10000"), Code::BAD_REQUEST),
        (put("/1/1").tlv("c10007c10602"), Code::BAD_REQUEST),
        (put("/1/1").tlv("c10007c1"), Code::BAD_REQUEST),
        (put("/1/1/1").text("abc"), Code::BAD_REQUEST),
        (put("/0/1").tlv("c10105"), Code::BAD_REQUEST),
        (put("/1/1").text("7"), Code::UNSUPPORTED_CONTENT_FORMAT),
        (
            put("/1/1").with(60, b"\xa0"),
            Code::UNSUPPORTED_CONTENT_FORMAT,
        ),
        (put("/99/0").tlv("c10001"), Code::NOT_FOUND),
        (put("/").tlv("c10001"), Code::METHOD_NOT_ALLOWED),
        (post("/1/1").tlv("c10007"), Code::METHOD_NOT_ALLOWED),
        (post("/3/0/4"), Code::METHOD_NOT_ALLOWED),
        (put("/bs"), Code::METHOD_NOT_ALLOWED),
        (get("/bs"), Code::METHOD_NOT_ALLOWED),
    ] {
        assert_eq!(device.code(&request), code, "{request:?}");
    }
    assert!(device.objects.server.instances.is_empty());
    assert!(!device.objects.security.instances.contains_key(&1));
    assert_eq!(device.objects.device.executed, []);
}

/// Servers write what they know; what the client does not know is passed over, and SMS resources are not looked at.
#[test]
fn unknown_resources_and_sms_resources_are_taken() {
    let mut device = bootstrapping();
    // As Leshan writes it: SMS mode 3, empty key parameters and keys, SMS number, hold-off and account timeout.
    let sms = "c10603c007c008c609303030303030c10b00c10c00";
    let account = "c80010636f61703a2f2f3139322e302e322e39c10100c10203c003c004c005c10a07";
    assert_eq!(
        device
            .ask(&put("/0/1").tlv(&format!("{account}{sms}")))
            .code(),
        Code::CHANGED
    );
    // Resource 200 is unknown.
    assert_eq!(
        device
            .ask(&put("/1/1").tlv("c10007c2010e10c10600c10755c1c801"))
            .code(),
        Code::CHANGED
    );
    assert_eq!(device.objects.server.get(1, 0), Some(&Owned::Int(7)));
    let out = device.receive(&post("/bs").bytes());
    assert_eq!(out, [Out::Event(Event::BootstrapFinishing)]);
}

#[test]
fn an_account_that_is_in_use_may_be_written() {
    let mut device = bootstrapping();
    let bootstrap =
        put("/0/0").tlv("c80010636f61703a2f2f3139322e302e322e37c10101c10203c003c004c005");
    assert_eq!(device.ask(&bootstrap).code(), Code::CHANGED);
    // The session goes on.
    assert_eq!(device.ask(&security_write()).code(), Code::CHANGED);
    assert_eq!(device.ask(&server_write()).code(), Code::CHANGED);
    let out = device.receive(&post("/bs").bytes());
    assert_eq!(out, [Out::Event(Event::BootstrapFinishing)]);
}

#[test]
fn an_account_must_be_consistent() {
    let account = |uri: &str, rest: &str| {
        let uri: String = uri.bytes().map(|byte| format!("{byte:02x}")).collect();
        let len = uri.len() / 2;
        put("/0/1").tlv(&format!("c800{len:02x}{uri}c10100{rest}"))
    };
    let no_sec = "c10203c003c004c005";
    let psk = "c10200c3036d6521c004c405 01020304";
    for (writes, consistent) in [
        (
            vec![
                account("coap://192.0.2.9", &format!("{no_sec}c10a07")),
                server_write(),
            ],
            true,
        ),
        (
            vec![
                account("coaps://192.0.2.9", &format!("{psk}c10a07")),
                server_write(),
            ],
            true,
        ),
        // Nothing, or one half of it.
        (vec![], false),
        (
            vec![account("coap://192.0.2.9", &format!("{no_sec}c10a07"))],
            false,
        ),
        (vec![server_write()], false),
        // Another short server id, none, or one that is reserved.
        (
            vec![
                account("coap://192.0.2.9", &format!("{no_sec}c10a08")),
                server_write(),
            ],
            false,
        ),
        (
            vec![account("coap://192.0.2.9", no_sec), server_write()],
            false,
        ),
        // Scheme and mode disagree.
        (
            vec![
                account("coaps://192.0.2.9", &format!("{no_sec}c10a07")),
                server_write(),
            ],
            false,
        ),
        (
            vec![
                account("coap://192.0.2.9", &format!("{psk}c10a07")),
                server_write(),
            ],
            false,
        ),
        (
            vec![
                account("http://192.0.2.9", &format!("{no_sec}c10a07")),
                server_write(),
            ],
            false,
        ),
        (
            vec![account("", &format!("{no_sec}c10a07")), server_write()],
            false,
        ),
        // A key is missing.
        (
            vec![
                account("coaps://192.0.2.9", "c10200c3036d6521c004c005c10a07"),
                server_write(),
            ],
            false,
        ),
        (
            vec![
                account("coaps://192.0.2.9", "c10200c003c004c40501020304c10a07"),
                server_write(),
            ],
            false,
        ),
        // Two accounts with one id.
        (
            vec![
                account("coap://192.0.2.9", &format!("{no_sec}c10a07")),
                account("coap://192.0.2.9", &format!("{no_sec}c10a07")).to("/0/2"),
                server_write(),
            ],
            false,
        ),
    ] {
        let (device, out) = finish(&writes);
        if consistent {
            assert_eq!(out, [Out::Event(Event::BootstrapFinishing)], "{writes:?}");
        } else {
            assert_eq!(sent(&out).code(), Code::NOT_ACCEPTABLE, "{writes:?}");
            assert_eq!(failure(&out), Failure::Inconsistent);
            assert!(device.objects.server.instances.is_empty());
            assert!(!device.objects.security.instances.contains_key(&1));
        }
    }
}

#[test]
fn a_refused_request_is_tried_again_ever_later() {
    let mut device = Device::factory_fresh();
    device.start();
    // The list, and five attempts after each day, however often it fails.
    let list = [1, 2, 4, 8, 16, 32, 60, 1440];
    let after_a_day = [1, 2, 4, 8, 1440];
    let waits = list.into_iter().chain(after_a_day.into_iter().cycle());
    for (failures, minutes) in waits.take(300).enumerate() {
        let counted = usize::from(device.client.bootstrap_failures());
        assert_eq!(counted.min(8), failures.min(8));
        let request = sent(&device.open(SERVER));
        let out = device.receive(&request.reply(Code::BAD_REQUEST));
        assert_eq!(failure(&out), Failure::Code(Code::BAD_REQUEST));
        let wait = device.until.since(device.now).as_secs();
        assert!(
            (minutes * 54..=minutes * 66).contains(&wait),
            "{minutes}: {wait}"
        );
        let until = device.until;
        assert_eq!(outputs(&device.wait_until(until)), [Out::Open(SERVER, 0)]);
    }
    // The count survives a restart.
    let mut device = Device::factory_fresh();
    device.client.resume_bootstrap_failures(3);
    device.start();
    let request = sent(&device.open(SERVER));
    device.receive(&request.reply(Code::BAD_REQUEST));
    let wait = device.until.since(device.now).as_secs();
    assert!((8 * 54..=8 * 66).contains(&wait), "{wait}");
}

/// The server may be faster than its answer, or the answer may be lost.
#[test]
fn a_server_may_begin_before_it_answers() {
    let mut device = Device::factory_fresh();
    device.start();
    let request = sent(&device.open(SERVER));
    device.receive(&request.empty(Kind::Ack));
    assert_eq!(device.ask(&security_write()).code(), Code::CHANGED);
    assert_eq!(device.ask(&server_write()).code(), Code::CHANGED);
    let out = device.receive(&request.separate(Kind::Con, Code::CHANGED, 0x4711));
    assert_eq!(sent(&out).kind(), Kind::Ack);
    let out = device.receive(&post("/bs").bytes());
    assert_eq!(out, [Out::Event(Event::BootstrapFinishing)]);
}

#[test]
fn a_finish_may_be_repeated_while_the_application_thinks() {
    let mut device = bootstrapping();
    device.ask(&security_write());
    device.ask(&server_write());
    let finish = post("/bs");
    device.receive(&finish.bytes());
    // There is no answer yet, and no second event.
    assert_eq!(device.receive(&finish.bytes()), []);
    assert_eq!(device.wait(60), []);
    assert_eq!(sent(&device.finish_bootstrap(true)).code(), Code::CHANGED);
}

#[test]
fn a_session_that_closes_undoes_everything() {
    let mut device = bootstrapping();
    device.ask(&security_write());
    device.ask(&server_write());
    let out = device.session(SERVER, SessionEvent::Closed);
    assert_eq!(failure(&out), Failure::Closed);
    assert!(device.objects.server.instances.is_empty());
    assert!(!device.objects.security.instances.contains_key(&1));
}

#[test]
fn a_network_that_goes_away_undoes_everything_and_begins_anew() {
    let mut device = bootstrapping();
    device.ask(&security_write());
    let (now, objects) = (device.now, &mut device.objects);
    device.client.set_online(now, false, objects);
    assert_eq!(device.drain(), [Out::Close(SERVER)]);
    assert!(!device.objects.security.instances.contains_key(&1));
    device.wait(1000);
    let (now, objects) = (device.now, &mut device.objects);
    device.client.set_online(now, true, objects);
    assert_eq!(device.drain(), [Out::Open(SERVER, 0)]);
    assert_eq!(uri_path(&sent(&device.open(SERVER))), ["bs"]);
}

/// What was accepted stays, whatever becomes of the session.
#[test]
fn a_session_that_closes_after_the_finish_changes_nothing() {
    let mut device = bootstrapping();
    device.ask(&security_write());
    device.ask(&server_write());
    device.receive(&post("/bs").bytes());
    device.finish_bootstrap(true);
    let out = device.session(SERVER, SessionEvent::Closed);
    assert_eq!(events(&out), [Event::Bootstrapped]);
    assert!(device.objects.security.instances.contains_key(&1));
}

#[test]
fn the_grace_can_be_chosen() {
    let mut config = Device::config();
    config.bootstrap_grace = Some(Duration::from_secs(20));
    let mut device = Device::with(config, crate::common::TestRandom::Sequence(4), 1280);
    let fresh = Device::factory_fresh();
    device.objects = fresh.objects;
    device.start();
    let request = sent(&device.open(SERVER));
    device.receive(&request.reply(Code::CHANGED));
    device.ask(&security_write());
    device.ask(&server_write());
    device.receive(&post("/bs").bytes());
    device.finish_bootstrap(true);
    assert_eq!(device.wait(19), []);
    assert_eq!(events(&outputs(&device.wait(1))), [Event::Bootstrapped]);
}

/// A device that observes /26241/1/1 for its server, with a default pmin (/1/0/2) of 60 s, while a bootstrap server has
/// just deleted all that it may.
fn observing_amid_a_bootstrap() -> Device {
    let mut device = Device::new();
    for (resource, value) in [
        (0, Owned::from("coap://192.0.2.8")),
        (1, true.into()),
        (2, 3.into()),
    ] {
        device.objects.security.set(1, resource, value);
    }
    device.objects.server.set(0, 2, 60);
    device.register();
    device.observe("/26241/1/1");
    let Device {
        client, objects, ..
    } = &mut device;
    client.bootstrap(Instant::ZERO, objects).unwrap();
    assert_eq!(device.drain(), [Out::Open(BOOTSTRAP, 1)]);
    let request = sent(&device.open(BOOTSTRAP));
    device.receive_from(BOOTSTRAP, &request.reply(Code::CHANGED));
    let request = delete("/1");
    assert_eq!(device.ask_from(BOOTSTRAP, &request).code(), Code::DELETED);
    device
}

/// Whether a change is told `pmin` seconds after the one before it, and not sooner.
fn waits_for(device: &mut Device, pmin: u64) {
    // The bootstrap server is asked again at times.
    let told = |out: &(Instant, Out)| matches!(out.1, Out::Transmit(..));
    device.wait(pmin);
    assert_eq!(sent(&device.change(1, 3)).text(), "3");
    assert_eq!(device.change(1, 4), []);
    assert!(!device.wait(pmin - 1).iter().any(told));
    assert_eq!(sent(&outputs(&device.wait(1))).text(), "4");
}

/// What is deleted may come back: until the bootstrap has ended, the periods (Core 1.1.1, section 7.3) stay as they are.
#[test]
fn periods_outlast_a_bootstrap_that_is_undone() {
    let mut device = observing_amid_a_bootstrap();
    // The application tells of its own changes in object 1.
    device.client.changed(Path::object(1));
    waits_for(&mut device, 60);

    // A Finish that leaves no usable account, silence, a network that goes away.
    for end in 0..3 {
        let mut device = observing_amid_a_bootstrap();
        device.client.changed(Path::object(1));
        device.drain();
        match end {
            0 => {
                let out = device.receive_from(BOOTSTRAP, &post("/bs").bytes());
                assert_eq!(failure(&out), Failure::Inconsistent);
            }
            1 => {
                device.wait(247);
            }
            _ => {
                for online in [false, true] {
                    let Device {
                        client, objects, ..
                    } = &mut device;
                    client.set_online(Instant::ZERO, online, objects);
                    device.drain();
                }
                let update = sent(&device.open(SERVER));
                device.receive(&update.reply(Code::CHANGED));
            }
        }
        assert!(device.objects.server.get(0, 2).is_some());
        waits_for(&mut device, 60);
    }
}

/// What a bootstrap server has written holds from the Finish on.
#[test]
fn periods_follow_a_bootstrap_that_is_accepted() {
    let mut device = observing_amid_a_bootstrap();
    // Short server id 1, lifetime a day, pmin 20 s.
    let write = put("/1/0").tlv("c10001c40100015180c10214c10600c10755");
    assert_eq!(device.ask_from(BOOTSTRAP, &write).code(), Code::CHANGED);
    device.receive_from(BOOTSTRAP, &post("/bs").bytes());
    assert_eq!(sent(&device.finish_bootstrap(true)).code(), Code::CHANGED);
    waits_for(&mut device, 20);
}

/// A De-register gives a bootstrap up, whose transaction does not stay open.
#[test]
fn a_deregister_amid_a_bootstrap_undoes_it() {
    let mut device = observing_amid_a_bootstrap();
    assert!(device.objects.server.instances.is_empty());
    device.client.deregister();
    let out = device.drain();
    assert!(out.contains(&Out::Close(BOOTSTRAP)), "{out:?}");
    assert_eq!(device.objects.server.get(0, 0), Some(&1.into()));
}

/// An object that refuses a transaction once leaves the others without one, so that it can be begun later.
#[test]
fn a_transaction_that_one_object_refuses_is_begun_for_none() {
    let mut device = bootstrapping();
    device
        .objects
        .server
        .transaction(Transaction::Begin)
        .unwrap();
    assert_eq!(
        device.ask(&security_write()).code(),
        Code::SERVICE_UNAVAILABLE
    );
    device
        .objects
        .server
        .transaction(Transaction::Rollback)
        .unwrap();
    assert_eq!(device.ask(&security_write()).code(), Code::CHANGED);
}
