//! Several servers, and what they ask of their own account (Core 1.1.1, section 6.2 and appendix E.2).

use lwm2m_core::SessionId;
use lwm2m_core::client::{Event, Failure};
use lwm2m_core::time::{Duration, Instant};
use lwm2m_core::wire::coap::Code;

use crate::common::{
    Answer, Device, Out, Owned, SERVER, Store, delete, events, get, outputs, post, put, sent,
    server, two_servers, uri_path,
};
use lwm2m_core::objects::tables;

const SECOND: SessionId = SessionId::new(1);

/// All datagrams among what came out.
fn datagrams(out: &[Out]) -> Vec<(SessionId, Answer)> {
    let datagram = |out: &Out| match out {
        Out::Transmit(session, datagram, _) => Some((*session, Answer::new(datagram))),
        _ => None,
    };
    out.iter().filter_map(datagram).collect()
}

#[test]
fn without_an_account_there_is_nothing_to_start() {
    let mut device = Device::new();
    device.objects.security.instances.clear();
    let result = device.client.start(device.now, &mut device.objects);
    assert_eq!(result, Err(Failure::NoAccount));
    assert_eq!(device.drain(), []);
    // Nor for an account that no Server instance belongs to.
    let mut device = Device::new();
    device.objects.server.set(0, 0, 2);
    let result = device.client.start(device.now, &mut device.objects);
    assert_eq!(result, Err(Failure::NoAccount));
}

#[test]
fn the_first_register_waits_for_its_delay() {
    let mut device = Device::new();
    device.objects.server.set(0, 14, Owned::Uint(30));
    assert_eq!(device.start(), []);
    assert_eq!(device.until, Instant::from_millis(30_000));
    assert_eq!(outputs(&device.wait(30)), [Out::Open(SERVER, 0)]);
}

#[test]
fn each_server_has_its_own_registration() {
    let mut device = two_servers();
    device.objects.server.set(1, 1, 600);
    device.client.update(false);
    let updates = datagrams(&device.drain());
    let sessions: Vec<_> = updates.iter().map(|(session, _)| *session).collect();
    assert_eq!(sessions, [SERVER, SECOND]);
    // One of them is gone: the other is not touched.
    let out = device.receive_from(SECOND, &updates[1].1.reply(Code::NOT_FOUND));
    let again = datagrams(&out);
    assert_eq!(again.len(), 1);
    assert_eq!(
        (again[0].0, uri_path(&again[0].1)),
        (SECOND, vec!["rd".into()])
    );
    assert!(device.client.is_registered(1));
    assert!(!device.client.is_registered(2));
    let out = device.receive(&updates[0].1.reply(Code::CHANGED));
    assert_eq!(events(&out), [Event::Updated { server: 1 }]);
}

#[test]
fn the_update_trigger_updates_its_server() {
    let mut device = two_servers();
    let request = post("/1/1/8");
    let out = device.receive_from(SECOND, &request.bytes());
    let all = datagrams(&out);
    assert_eq!(all.len(), 2, "{out:?}");
    assert_eq!((all[0].0, all[0].1.code()), (SECOND, Code::CHANGED));
    assert_eq!(
        (all[1].0, uri_path(&all[1].1)),
        (SECOND, vec!["rd".into(), "a1".into()])
    );
}

/// Answer, De-register, and a new Register when the time is over.
#[test]
fn disable_stays_away_for_its_time() {
    for (timeout, secs) in [(Some(600), 600), (None, 86_400)] {
        let mut device = Device::registered();
        if let Some(timeout) = timeout {
            device.objects.server.set(0, 5, timeout);
        }
        let all = datagrams(&device.receive(&post("/1/0/4").bytes()));
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].1.code(), Code::CHANGED);
        assert_eq!(
            (all[1].1.code(), uri_path(&all[1].1)),
            (Code::DELETE, vec!["rd".into(), "a1".into()])
        );
        let out = device.receive(&all[1].1.reply(Code::DELETED));
        let end = Event::Deregistered {
            server: 1,
            confirmed: true,
        };
        assert_eq!(out, [Out::Event(end), Out::Close(SERVER)]);
        assert_eq!(device.until, device.now + Duration::from_secs(secs));
        assert_eq!(outputs(&device.wait(secs)), [Out::Open(SERVER, 0)]);
        assert_eq!(uri_path(&sent(&device.open(SERVER))), ["rd"]);
    }
}

/// A server may disable the device before it is known there that the Register has arrived.
#[test]
fn disable_may_overtake_the_answer_to_a_register() {
    let mut device = Device::new();
    device.objects.server.set(0, 5, 600);
    device.start();
    let register = sent(&device.open(SERVER));
    assert_eq!(device.code(&post("/1/0/4")), Code::CHANGED);
    let out = device.receive(&register.created("/rd/a1"));
    let request = sent(&out);
    assert_eq!(
        (request.code(), uri_path(&request)),
        (Code::DELETE, vec!["rd".into(), "a1".into()])
    );
    device.receive(&request.reply(Code::DELETED));
    assert_eq!(device.until, device.now + Duration::from_secs(600));
}

/// The application stays away for good, whatever a server asks for beside it.
#[test]
fn a_deregister_outlasts_a_disable() {
    for deregister_first in [true, false] {
        let mut device = Device::registered();
        // An Update is on its way, behind which both wait.
        device.client.update(false);
        let update = sent(&device.drain());
        if deregister_first {
            device.client.deregister();
        }
        assert_eq!(device.code(&post("/1/0/4")), Code::CHANGED);
        if !deregister_first {
            device.client.deregister();
        }
        let request = sent(&device.receive(&update.reply(Code::CHANGED)));
        assert_eq!(request.code(), Code::DELETE);
        device.receive(&request.reply(Code::DELETED));
        assert_eq!(device.until, Instant::FAR_FUTURE);
    }
}

/// An account with a bootstrap server beside it.
fn with_bootstrap_server() -> Device {
    let mut device = Device::new();
    for (resource, value) in [
        (0, Owned::from("coap://192.0.2.8")),
        (1, true.into()),
        (2, 3.into()),
    ] {
        device.objects.security.set(9, resource, value);
    }
    device.register();
    device
}

#[test]
fn the_bootstrap_trigger_bootstraps() {
    let mut device = with_bootstrap_server();
    let out = device.receive(&post("/1/0/9").bytes());
    assert_eq!(sent(&out).code(), Code::CHANGED);
    assert_eq!(out[1..], [Out::Open(SECOND, 9)]);
    let request = sent(&device.open(SECOND));
    assert_eq!(uri_path(&request), ["bs"]);
    device.receive_from(SECOND, &request.reply(Code::CHANGED));
    // The registration lives on; the accounts are the bootstrap server's while it is at work.
    assert_eq!(device.ask(&get("/3/0/9").accept(0)).text(), "100");
    assert_eq!(device.ask(&get("/1/0/1").accept(0)).text(), "86400");
    device.ask_from(SECOND, &put("/1/0/1").text("1000"));
    assert_eq!(device.code(&get("/1/0/1")), Code::SERVICE_UNAVAILABLE);
    assert_eq!(
        device.code(&put("/1/0/1").text("5")),
        Code::SERVICE_UNAVAILABLE
    );
    assert_eq!(device.ask(&get("/3/0/9").accept(0)).text(), "100");
}

/// Retries exhausted, and /1/x/16 does not forbid it: the bootstrap server is asked.
#[test]
fn exhausted_retries_lead_to_a_bootstrap() {
    for (allowed, bootstraps) in [(None, true), (Some(true), true), (Some(false), false)] {
        let mut device = Device::new();
        for (resource, value) in [
            (0, Owned::from("coap://192.0.2.8")),
            (1, true.into()),
            (2, 3.into()),
        ] {
            device.objects.security.set(9, resource, value);
        }
        device.objects.server = server()
            .with(0, 17, Owned::Uint(1))
            .with(0, 20, Owned::Uint(1));
        if let Some(allowed) = allowed {
            device.objects.server.set(0, 16, allowed);
        }
        device.start();
        let register = sent(&device.open(SERVER));
        let out = device.receive(&register.reply(Code::FORBIDDEN));
        assert!(
            matches!(
                events(&out)[..],
                [Event::RegistrationFailed {
                    exhausted: true,
                    ..
                }]
            ),
            "{out:?}"
        );
        assert_eq!(out.contains(&Out::Open(SECOND, 9)), bootstraps, "{out:?}");
    }
}

/// While a bootstrap server is at work, the accounts are in flux: nobody registers with them.
#[test]
fn no_server_is_registered_with_in_the_midst_of_a_bootstrap() {
    let mut device = Device::new();
    for (resource, value) in [
        (0, Owned::from("coap://192.0.2.8")),
        (1, true.into()),
        (2, 3.into()),
    ] {
        device.objects.security.set(9, resource, value);
    }
    device.objects.server = server()
        .with(0, 17, Owned::Uint(1))
        .with(0, 20, Owned::Uint(1));
    device.start();
    let register = sent(&device.open(SERVER));
    device.receive(&register.reply(Code::FORBIDDEN));
    let request = sent(&device.open(SECOND));
    device.receive_from(SECOND, &request.reply(Code::CHANGED));
    for _ in 0..3 {
        device.ask_from(SECOND, &put("/1/0/1").text("1000"));
        assert_eq!(device.wait(100), []);
    }
    device.ask_from(SECOND, &delete("/1"));
    // The bootstrap comes to nothing: the wait for the next attempt is long over.
    let out = device.receive_from(SECOND, &post("/bs").bytes());
    assert!(out.contains(&Out::Open(SERVER, 0)), "{out:?}");
    let register = sent(&device.open(SERVER));
    assert!(register.strings(15).contains(&"lt=86400".into()));
}

/// There is no terminal state: the published list is walked, and its last wait repeats.
#[test]
fn a_server_that_never_answers_is_tried_for_ever() {
    let mut device = Device::new();
    device.objects.server = server()
        .with(0, 17, Owned::Uint(1))
        .with(0, 20, Owned::Uint(1));
    device.start();
    let mut waits = Vec::new();
    for _ in 0..11 {
        let register = sent(&device.open(SERVER));
        device.receive(&register.reply(Code::FORBIDDEN));
        let wait = device.until.since(device.now);
        waits.push(wait.as_secs());
        let until = device.until;
        assert_eq!(outputs(&device.wait_until(until)), [Out::Open(SERVER, 0)]);
    }
    let day = 86_400;
    for (wait, expected) in waits
        .iter()
        .zip([60, 120, 240, 480, 960, 1920, 3600, day, day, day, day])
    {
        assert!(
            (expected * 9 / 10..=expected * 11 / 10).contains(wait),
            "{waits:?}"
        );
    }
    // Success forgets the failures.
    let register = sent(&device.open(SERVER));
    device.receive(&register.created("/rd/x"));
    device.client.update(false);
    let update = sent(&device.drain());
    device.receive(&update.reply(Code::BAD_REQUEST));
    let wait = device.until.since(device.now).as_secs();
    assert!((54..=66).contains(&wait), "{wait}");
}

/// The Location is used as it came, whatever its depth.
#[test]
fn a_location_of_any_depth_is_kept() {
    for location in [
        "/x",
        "/rd/abcdefghijklmnopqrstuvwxyz012345678",
        "/a/b/c/d/e/f/g/h",
        "/rd/\u{e9}%2F",
    ] {
        let mut device = Device::new();
        device.start();
        let register = sent(&device.open(SERVER));
        device.receive(&register.created(location));
        device.client.update(false);
        let update = sent(&device.drain());
        assert_eq!(format!("/{}", uri_path(&update).join("/")), location);
    }
}

#[test]
fn a_location_that_is_missing_or_too_long_is_a_failure() {
    for location in [
        "",
        &format!("/rd/{}", "x".repeat(38)),
        &format!("/{}", "x".repeat(255)),
        &"/y".repeat(30),
    ] {
        let mut device = Device::new();
        device.start();
        let register = sent(&device.open(SERVER));
        let out = device.receive(&register.created(location));
        assert!(
            matches!(
                events(&out)[..],
                [Event::RegistrationFailed {
                    failure: Failure::Location,
                    ..
                }]
            ),
            "{location}: {out:?}"
        );
        assert!(!device.client.is_registered(1));
    }
}

/// A lifetime of 0 has no end: there is nothing to update.
#[test]
fn an_endless_registration_is_not_updated() {
    let mut device = Device::new();
    device.objects.server.set(0, 1, 0);
    device.register();
    assert_eq!(device.until, Instant::FAR_FUTURE);
}

/// Objects of a version that the enabler does not imply say so; those without instances are listed alone.
#[test]
fn the_object_list_tells_versions() {
    let mut device = Device::registered();
    device.objects.device = Store::new(&tables::device::DEFINITION);
    device.client.update(true);
    assert_eq!(sent(&device.drain()).text(), "</1/0>,</3>,</26241/1>");
    let mut device = Device::registered();
    device.objects.test = Store::new(&VERSIONED).with(0, 0, "x");
    device.client.update(true);
    let update = sent(&device.drain());
    assert_eq!(update.text(), "</1/0>,</3/0>,</26241>;ver=2.13,</26241/0>");
    device.receive(&update.reply(Code::CHANGED));
    let answer = device.ask(&get("/26241").accept(40));
    assert_eq!(answer.text(), "</26241>;ver=2.13,</26241/0>,</26241/0/0>");
}

static VERSIONED: lwm2m_core::model::ObjectDefinition = lwm2m_core::model::ObjectDefinition::new(
    26_241,
    lwm2m_core::model::Version::new(2, 13),
    &[lwm2m_core::model::ResourceDefinition::new(
        0,
        lwm2m_core::model::Operations::R,
        lwm2m_core::model::DataType::String,
    )],
)
.multiple();
