//! Register, Update, De-register (Core 1.1.1, section 6.2; design of the datagrams: Transport 1.1.1, section 6.4.3).

use lwm2m_core::client::{Config, Event, Expect, Failure};
use lwm2m_core::time::{Duration, Instant};
use lwm2m_core::wire::coap::{Code, Kind};

use crate::common::{
    Answer, Device, ENDPOINT, Out, Owned, SERVER, TestRandom, events, outputs, post, sent, server,
    test_object, uri_path,
};

/// Register of one Server and one Device instance by hand: at most 75 bytes for a name of 24 characters.
#[test]
fn register_is_a_post_to_rd_with_the_object_list() {
    let mut config = Config::new(ENDPOINT);
    config.root_link = false;
    let mut device = Device::with(config, TestRandom::Constant(0x5a), 1280);
    device.objects.test.instances.clear();
    let out = device.start();
    assert_eq!(out, [Out::Open(SERVER, 0)]);
    let out = device.open(SERVER);
    let mut expected = vec![0x42, 0x02, 0x5a, 0x5b, 0x5a, 0x5a];
    expected.extend(b"\xb2rd");
    expected.extend(b"\x11\x28");
    expected.extend(b"\x39lwm2m=1.1");
    expected.extend(b"\x0d\x0eep=urn:imei:490154203237518");
    expected.extend(b"\x08lt=86400");
    expected.extend(b"\xff</1/0>,</3/0>,</26241>");
    assert_eq!(out, [Out::Transmit(SERVER, expected, Expect::Reply)]);
    let budgeted = sent(&out).datagram().len() - ",</26241>".len();
    assert!(budgeted <= 75, "{budgeted}");
}

#[test]
fn register_says_more_when_it_is_told_to() {
    let mut config = Config::new(ENDPOINT);
    config.queue_mode = true;
    config.announce_binding = true;
    let mut device = Device::with(config, TestRandom::Constant(0), 1280);
    device.start();
    let register = sent(&device.open(SERVER));
    let mut queries = register.strings(15);
    queries.sort();
    assert_eq!(
        queries,
        [
            "Q",
            "b=U",
            "ep=urn:imei:490154203237518",
            "lt=86400",
            "lwm2m=1.1"
        ]
    );
    assert_eq!(
        register.text(),
        "</>;rt=\"oma.lwm2m\";ct=\"112 11542\",</1/0>,</3/0>,</26241/1>"
    );
}

#[test]
fn a_created_registration_is_an_event() {
    let mut device = Device::new();
    device.start();
    let register = sent(&device.open(SERVER));
    assert_eq!(register.kind(), Kind::Con);
    assert!(!device.client.is_registered(1));
    let out = device.receive(&register.created("/rd/a1"));
    assert_eq!(out, [Out::Event(Event::Registered { server: 1 })]);
    assert!(device.client.is_registered(1));
}

/// The Update is due at max(lt/2, lt - MAX_TRANSMIT_WAIT).
#[test]
fn update_comes_in_time_and_says_nothing_new() {
    for (lifetime, secs) in [(60, 30), (100, 50), (186, 93), (300, 207), (86_400, 86_307)] {
        let mut device = Device::new();
        device.random = TestRandom::Constant(0x21);
        device.objects.server.set(0, 1, lifetime);
        device.register();
        assert_eq!(device.wait(secs - 1), []);
        let out = device.wait(1);
        let at = Instant::ZERO + Duration::from_secs(secs);
        let [(time, Out::Transmit(SERVER, datagram, Expect::Reply))] = out.as_slice() else {
            panic!("{out:?}");
        };
        assert_eq!(*time, at);
        let update = sent(&outputs(&out));
        let id = update.id().to_be_bytes();
        let expected = [
            &[0x42, 0x02, id[0], id[1], 0x21, 0x21],
            b"\xb2rd\x02a1".as_slice(),
        ]
        .concat();
        assert_eq!(*datagram, expected);
        let out = device.receive(&update.reply(Code::CHANGED));
        assert_eq!(out, [Out::Event(Event::Updated { server: 1 })]);
        assert_eq!(device.until, at + Duration::from_secs(secs));
    }
}

#[test]
fn update_on_change_says_what_has_changed() {
    let mut device = Device::registered();
    device.objects.test = test_object().with(4, 0, "four");
    device.client.update(true);
    let update = sent(&device.drain());
    assert_eq!(uri_path(&update), ["rd", "a1"]);
    assert_eq!(update.format(), Some(40));
    assert_eq!(update.strings(15), [""; 0]);
    assert_eq!(update.text(), "</1/0>,</3/0>,</26241/1>,</26241/4>");
    device.receive(&update.reply(Code::CHANGED));
    // The list has been told: the next Update is empty again.
    device.client.update(false);
    assert_eq!(sent(&device.drain()).payload(), b"");
}

#[test]
fn a_lifetime_written_by_the_server_is_told() {
    let mut device = Device::registered();
    let out = device.receive(&post("/1/0/1").text("7200").bytes());
    assert_eq!(events(&out), [Event::AccountChanged { server: 1 }]);
    let [
        Out::Transmit(.., answer, _),
        Out::Event(_),
        Out::Transmit(.., update, _),
    ] = out.as_slice()
    else {
        panic!("{out:?}");
    };
    let answer = Answer::new(answer);
    let update = Answer::new(update);
    assert_eq!(answer.code(), Code::CHANGED);
    assert_eq!(update.strings(15), ["lt=7200"]);
    assert_eq!(update.payload(), b"");
    device.receive(&update.reply(Code::CHANGED));
    assert_eq!(device.until, Instant::from_millis(7_107_000));
}

/// What is sent again is the same message (RFC 7252, section 4.2), whatever has been written since; that is told next.
#[test]
fn an_update_under_way_keeps_the_lifetime_that_it_tells() {
    let mut device = Device::registered();
    let update = sent(&device.receive(&post("/1/0/1").text("7200").bytes())[2..]);
    device.receive(&post("/1/0/1").text("3600").bytes());
    let again = sent(&outputs(&device.wait(3)));
    assert_eq!(again.datagram(), update.datagram());
    assert_eq!(again.strings(15), ["lt=7200"]);
    let next = sent(&device.receive(&again.reply(Code::CHANGED)));
    assert_eq!(next.strings(15), ["lt=3600"]);
    device.receive(&next.reply(Code::CHANGED));
    assert!(device.client.is_registered(1));
}

/// The same, of an Update that tells nothing but that the client is there.
#[test]
fn an_update_under_way_gains_nothing() {
    for by_server in [true, false] {
        let mut device = Device::registered();
        device.client.update(false);
        let update = sent(&device.drain());
        assert_eq!((update.strings(15).len(), update.format()), (0, None));
        if by_server {
            device.receive(&post("/1/0/1").text("7200").bytes());
        } else {
            device.client.update(true);
            assert_eq!(device.drain(), []);
        }
        let again = sent(&outputs(&device.wait(3)));
        assert_eq!(again.datagram(), update.datagram());
        let next = sent(&device.receive(&again.reply(Code::CHANGED)));
        if by_server {
            assert_eq!(next.strings(15), ["lt=7200"]);
        } else {
            assert_eq!(next.text(), "</1/0>,</3/0>,</26241/1>");
        }
        assert_eq!(
            events(&device.receive(&next.reply(Code::CHANGED))),
            [Event::Updated { server: 1 }]
        );
        assert_eq!(device.wait(1000), []);
    }
}

#[test]
fn not_found_on_update_registers_at_once() {
    let mut device = Device::registered();
    device.client.update(false);
    let update = sent(&device.drain());
    let out = device.receive(&update.reply(Code::NOT_FOUND));
    let register = sent(&out);
    assert_eq!(uri_path(&register), ["rd"]);
    assert!(!register.strings(15).is_empty());
    let out = device.receive(&register.created("/rd/a2"));
    assert_eq!(events(&out), [Event::Registered { server: 1 }]);
}

#[test]
fn deregister_deletes_the_location() {
    let mut device = Device::registered();
    device.client.deregister();
    let request = sent(&device.drain());
    assert_eq!(request.code(), Code::DELETE);
    assert_eq!(uri_path(&request), ["rd", "a1"]);
    assert_eq!(request.payload(), b"");
    let out = device.receive(&request.reply(Code::DELETED));
    let end = Event::Deregistered {
        server: 1,
        confirmed: true,
    };
    assert_eq!(out, [Out::Event(end), Out::Close(SERVER)]);
    assert_eq!(device.until, Instant::FAR_FUTURE);
    assert!(!device.client.is_registered(1));
}

/// The server may hold the registration already: it is deleted as soon as its Location is known.
#[test]
fn deregister_waits_for_the_answer_to_a_register() {
    let mut device = Device::new();
    device.start();
    let register = sent(&device.open(SERVER));
    device.client.deregister();
    assert_eq!(device.drain(), []);
    let out = device.receive(&register.created("/rd/a2"));
    let request = sent(&out);
    assert_eq!(request.code(), Code::DELETE);
    assert_eq!(uri_path(&request), ["rd", "a2"]);
    let end = Event::Deregistered {
        server: 1,
        confirmed: true,
    };
    assert_eq!(
        events(&device.receive(&request.reply(Code::DELETED))),
        [end]
    );
}

#[test]
fn a_register_is_not_repeated_only_to_be_undone() {
    let mut device = Device::new();
    device.random = TestRandom::Constant(0);
    device.start();
    sent(&device.open(SERVER));
    device.client.deregister();
    assert_eq!(device.drain(), []);
    let end = Event::Deregistered {
        server: 1,
        confirmed: false,
    };
    assert_eq!(
        outputs(&device.wait(2)),
        [Out::Event(end), Out::Close(SERVER)]
    );
    assert_eq!(device.until, Instant::FAR_FUTURE);
}

/// The retry rules without resources 17-20: 5 tries, 60 s before the second, doubled each time.
#[test]
fn failed_registers_are_tried_again_ever_later() {
    let mut device = Device::new();
    device.start();
    let mut out = device.open(SERVER);
    for wait in [60, 120, 240, 480] {
        let register = sent(&out);
        let end = device.receive(&register.reply(Code::FORBIDDEN));
        let retry_at = device.now + Duration::from_secs(wait);
        let failed = Event::RegistrationFailed {
            server: 1,
            failure: Failure::Code(Code::FORBIDDEN),
            retry_at,
            exhausted: false,
        };
        assert_eq!(end, [Out::Event(failed), Out::Close(SERVER)]);
        assert_eq!(device.until, retry_at);
        assert_eq!(outputs(&device.wait(wait)), [Out::Open(SERVER, 0)]);
        out = device.open(SERVER);
    }
    let end = device.receive(&sent(&out).reply(Code::FORBIDDEN));
    let [
        Event::RegistrationFailed {
            exhausted: true,
            retry_at,
            ..
        },
    ] = events(&end)[..]
    else {
        panic!("{end:?}");
    };
    // The published list begins with a minute, give or take 10 %.
    let wait = retry_at.since(device.now).as_millis();
    assert!((54_000..=66_000).contains(&wait), "{wait}");
}

#[test]
fn the_retry_rules_of_the_server_object_win() {
    let mut device = Device::new();
    device.objects.server = server()
        .with(0, 17, Owned::Uint(2))
        .with(0, 18, Owned::Uint(5))
        .with(0, 19, Owned::Uint(1000))
        .with(0, 20, Owned::Uint(2));
    device.start();
    let mut out = device.open(SERVER);
    for wait in [5, 1000, 5] {
        device.receive(&sent(&out).reply(Code::BAD_REQUEST));
        assert_eq!(device.until, device.now + Duration::from_secs(wait));
        device.wait(wait);
        out = device.open(SERVER);
    }
    let end = device.receive(&sent(&out).reply(Code::BAD_REQUEST));
    assert!(
        matches!(
            events(&end)[..],
            [Event::RegistrationFailed {
                exhausted: true,
                ..
            }]
        ),
        "{end:?}"
    );
}

/// Whether the answer to a Register was the last of the retries that the Server object prescribes.
fn is_exhausted(device: &mut Device, register: &Answer) -> bool {
    let out = device.receive(&register.reply(Code::FORBIDDEN));
    match events(&out)[..] {
        [Event::RegistrationFailed { exhausted, .. }] => exhausted,
        _ => panic!("{out:?}"),
    }
}

/// Registry of object 1, resource 19: the largest value means that there is no further sequence.
#[test]
fn a_delay_without_end_ends_the_retries() {
    let mut device = Device::new();
    device.objects.server = server()
        .with(0, 17, Owned::Uint(1))
        .with(0, 19, Owned::Uint(u32::MAX.into()))
        .with(0, 20, Owned::Uint(3));
    device.start();
    let register = sent(&device.open(SERVER));
    assert!(is_exhausted(&mut device, &register));
}

/// A count is a number of 64 bits; whatever it is, the retries end.
#[test]
fn retries_end_however_many_there_are_to_be() {
    for resource in [17, 20] {
        let mut device = Device::new();
        device.objects.server = server()
            .with(0, 17, Owned::Uint(1))
            .with(0, 18, Owned::Uint(0))
            .with(0, 19, Owned::Uint(0))
            .with(0, resource, Owned::Uint(1000));
        device.start();
        let mut register = sent(&device.open(SERVER));
        let mut tries = 1;
        while !is_exhausted(&mut device, &register) {
            assert!(tries < 1000, "{resource}");
            tries += 1;
            register = sent(&device.open(SERVER));
        }
    }
}
