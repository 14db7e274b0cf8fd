//! Groups 19 and 25: which observations there are, and when they end (RFC 7641; Core 1.1.1, section 6.4).

use lwm2m_core::SessionId;
use lwm2m_core::client::{Event, SessionEvent};
use lwm2m_core::model::Path;
use lwm2m_core::wire::coap::{Code, Kind, option};

use crate::common::{Answer, Device, Out, SERVER, events, get, outputs, post, sent, two_servers};

const SECOND: SessionId = SessionId::new(1);

/// Notifications among what came out: session, token and payload.
fn notifications(out: &[Out]) -> Vec<(SessionId, Vec<u8>, String)> {
    let notification = |out: &Out| match out {
        Out::Transmit(session, datagram, _) => {
            let message = Answer::new(datagram);
            assert_eq!(message.code(), Code::CONTENT);
            assert!(message.uint(option::OBSERVE).is_some());
            Some((*session, message.token(), message.text().into()))
        }
        _ => None,
    };
    out.iter().filter_map(notification).collect()
}

#[test]
fn g19_the_same_token_again_is_the_same_observation() {
    let mut device = Device::registered();
    let request = get("/26241/1/1").accept(0).uint(option::OBSERVE, 0);
    let first = device.ask(&request).uint(option::OBSERVE);
    let second = device.ask(&request.anew()).uint(option::OBSERVE);
    assert!(second > first);
    assert_eq!(device.client.observations(), 1);
    let out = device.change(1, 2);
    assert_eq!(
        notifications(&out),
        [(SERVER, request.token().into(), "2".into())]
    );
}

/// RFC 7641, section 4.1: an observation is known by its token, whatever its path.
#[test]
fn g19_the_same_token_on_another_path_replaces_the_observation() {
    let mut device = Device::registered();
    let first = get("/26241/1/0")
        .accept(0)
        .uint(option::OBSERVE, 0)
        .with_token(b"t");
    let second = get("/26241/1/1")
        .accept(0)
        .uint(option::OBSERVE, 0)
        .with_token(b"t");
    device.ask(&first);
    device.ask(&second);
    assert_eq!(device.client.observations(), 1);
    assert_eq!(device.change(0, "x"), []);
    assert_eq!(notifications(&device.change(1, 5)).len(), 1);
}

#[test]
fn g19_another_token_on_the_same_path_is_another_observation() {
    let mut device = Device::registered();
    let (first, _) = device.observe("/26241/1/1");
    let (second, _) = device.observe("/26241/1/1");
    assert_eq!(device.client.observations(), 2);
    let mut tokens: Vec<_> = notifications(&device.change(1, 2))
        .into_iter()
        .map(|n| n.1)
        .collect();
    tokens.sort();
    assert_eq!(tokens, [first, second]);
}

#[test]
fn g19_two_servers_observe_one_path() {
    let mut device = two_servers();
    let request = get("/26241/1/1")
        .accept(0)
        .uint(option::OBSERVE, 0)
        .with_token(b"same");
    device.ask(&request);
    device.ask_from(SECOND, &request.anew());
    assert_eq!(device.client.observations(), 2);
    let mut sessions: Vec<_> = notifications(&device.change(1, 2))
        .iter()
        .map(|n| n.0.number())
        .collect();
    sessions.sort_unstable();
    assert_eq!(sessions, [0, 1]);
    // One of them cancels: the other goes on.
    device.ask(
        &get("/26241/1/1")
            .accept(0)
            .uint(option::OBSERVE, 1)
            .with_token(b"same"),
    );
    let out = device.change(1, 3);
    assert_eq!(
        notifications(&out),
        [(SECOND, b"same".to_vec(), "3".into())]
    );
}

/// Four observations have room. The server of a fifth learns from the missing option that it is none.
#[test]
fn g19_without_room_the_answer_is_a_plain_read() {
    let mut device = Device::registered();
    for path in ["/3/0/0", "/3/0/1", "/3/0/2", "/3/0/3"] {
        device.observe(path);
    }
    let answer = device.ask(&get("/26241/1/1").accept(0).uint(option::OBSERVE, 0));
    assert_eq!((answer.code(), answer.text()), (Code::CONTENT, "1"));
    assert_eq!(answer.uint(option::OBSERVE), None);
    assert_eq!(device.client.observations(), 4);
    assert_eq!(device.change(1, 2), []);
}

#[test]
fn g19_what_cannot_be_read_cannot_be_observed() {
    let mut device = Device::registered();
    for (request, code) in [
        (get("/26241/1/11"), Code::METHOD_NOT_ALLOWED),
        (get("/26241/1/9"), Code::METHOD_NOT_ALLOWED),
        (get("/26241/7"), Code::NOT_FOUND),
        (get("/26241/1/2"), Code::NOT_FOUND),
        (get("/0/0"), Code::UNAUTHORIZED),
        (get("/"), Code::METHOD_NOT_ALLOWED),
        (get("/3/0").accept(0), Code::NOT_ACCEPTABLE),
        (get("/3/0").accept(60_000), Code::NOT_ACCEPTABLE),
    ] {
        let answer = device.ask(&request.uint(option::OBSERVE, 0));
        assert_eq!((answer.code(), answer.uint(option::OBSERVE)), (code, None));
    }
    assert_eq!(device.client.observations(), 0);
}

/// An Observe value that is neither 0 nor 1 means nothing (RFC 7641, section 2), nor does the option on other methods.
#[test]
fn g19_only_a_read_with_observe_zero_observes() {
    let mut device = Device::registered();
    for value in [2, 255, 0x00ff_ffff] {
        let answer = device.ask(&get("/26241/1/1").accept(0).uint(option::OBSERVE, value));
        assert_eq!(
            (answer.code(), answer.uint(option::OBSERVE)),
            (Code::CONTENT, None)
        );
    }
    let answer = device.ask(&post("/26241/1/9").uint(option::OBSERVE, 0));
    assert_eq!(
        (answer.code(), answer.uint(option::OBSERVE)),
        (Code::CHANGED, None)
    );
    let answer = device.ask(&get("/26241/1").accept(40).uint(option::OBSERVE, 0));
    assert_eq!(
        (answer.code(), answer.uint(option::OBSERVE)),
        (Code::CONTENT, None)
    );
    assert_eq!(device.client.observations(), 0);
}

#[test]
fn g19_objects_and_instances_are_observed_with_what_lies_below() {
    for path in ["/26241", "/26241/1"] {
        let mut device = Device::registered();
        let request = get(path).accept(11542).uint(option::OBSERVE, 0);
        device.ask(&request);
        let notification = sent(&device.change(1, 7));
        assert_eq!(notification.token(), request.token());
        assert_eq!(notification.format(), Some(11542));
        assert_eq!(
            notification.payload(),
            device.ask(&get(path).accept(11542)).payload()
        );
        // Something else is not its business.
        device.client.changed(Path::resource(3, 0, 9));
        assert_eq!(device.drain(), []);
    }
}

#[test]
fn g19_a_write_of_the_server_is_told_to_its_observers() {
    let mut device = two_servers();
    let request = get("/26241/1/1").accept(0).uint(option::OBSERVE, 0);
    device.ask_from(SECOND, &request);
    let out = device.receive(&crate::common::put("/26241/1/1").text("9").bytes());
    let [
        Out::Transmit(SERVER, ..),
        Out::Transmit(SECOND, notification, _),
    ] = &out[..]
    else {
        panic!("{out:?}");
    };
    assert_eq!(Answer::new(notification).text(), "9");
}

#[test]
fn g19_cancel_by_observe_one_ends_exactly_that_one() {
    let mut device = Device::registered();
    let (kept, _) = device.observe("/26241/1/0");
    let (token, _) = device.observe("/26241/1/1");
    let answer = device.ask(
        &get("/26241/1/1")
            .accept(0)
            .uint(option::OBSERVE, 1)
            .with_token(&token),
    );
    assert_eq!(
        (answer.code(), answer.uint(option::OBSERVE)),
        (Code::CONTENT, None)
    );
    assert_eq!(device.client.observations(), 1);
    assert_eq!(device.change(1, 2), []);
    assert_eq!(notifications(&device.change(0, "new"))[0].1, kept);
}

/// Reads run again where they come twice: what is cancelled already must not stand for another observation of the path.
#[test]
fn g19_a_repeated_cancel_ends_nothing_else() {
    let mut device = Device::registered();
    let (token, _) = device.observe("/26241/1/1");
    let (kept, _) = device.observe("/26241/1/1");
    let cancel = get("/26241/1/1")
        .accept(0)
        .uint(option::OBSERVE, 1)
        .with_token(&token);
    assert_eq!(device.ask(&cancel), device.ask(&cancel));
    let told = notifications(&device.change(1, 2));
    assert_eq!(told, [(SERVER, kept, "2".into())]);
}

#[test]
fn g14_a_reset_of_a_notification_ends_exactly_that_observation() {
    let mut device = Device::registered();
    device.observe("/26241/1/1");
    let (kept, _) = device.observe("/26241/1/0");
    let notification = sent(&device.change(1, 2));
    assert_eq!(notification.kind(), Kind::Non);
    let other = sent(&device.change(0, "x"));
    assert_eq!(device.receive(&notification.empty(Kind::Rst)), []);
    assert_eq!(device.client.observations(), 1);
    assert_eq!(device.change(1, 3), []);
    let out = device.change(0, "y");
    assert_eq!(notifications(&out)[0].1, kept);
    assert_ne!(sent(&out).id(), other.id());
}

#[test]
fn g25_a_register_ends_all_observations_and_an_update_none() {
    let mut device = Device::registered();
    device.observe("/26241/1/1");
    device.client.update(true);
    let update = sent(&device.drain());
    device.receive(&update.reply(Code::CHANGED));
    assert_eq!(notifications(&device.change(1, 2)).len(), 1);
    device.client.update(false);
    let update = sent(&device.drain());
    let register = sent(&device.receive(&update.reply(Code::NOT_FOUND)));
    device.receive(&register.created("/rd/b"));
    assert_eq!(device.client.observations(), 0);
    assert_eq!(device.change(1, 3), []);
}

/// The answer to the Register is lost, or overtaken: the server observes before the device knows that it is registered.
#[test]
fn g25_an_observation_that_overtakes_the_answer_to_a_register_lives_on() {
    let mut device = Device::new();
    device.start();
    let register = sent(&device.open(SERVER));
    let (token, _) = device.observe("/26241/1/1");
    assert_eq!(device.change(1, 2), []);
    let again = sent(&outputs(&device.wait(3)));
    assert_eq!(again, register);
    let out = device.receive(&register.created("/rd/a"));
    assert_eq!(events(&out), [Event::Registered { server: 1 }]);
    assert_eq!(notifications(&out[1..]), [(SERVER, token, "2".into())]);
}

/// The other server's observations are not touched by a Register.
#[test]
fn g25_a_register_ends_those_of_its_server_only() {
    let mut device = two_servers();
    device.observe("/26241/1/1");
    device.ask_from(
        SECOND,
        &get("/26241/1/1").accept(0).uint(option::OBSERVE, 0),
    );
    device.session(SERVER, SessionEvent::Closed);
    device.client.update(false);
    let out = device.drain();
    let update = sent(&out);
    device.receive_from(SECOND, &update.reply(Code::CHANGED));
    let register = sent(&device.session(SERVER, SessionEvent::Open { resumed: false }));
    device.receive(&register.created("/rd/b"));
    assert_eq!(device.client.observations(), 1);
}

#[test]
fn g25_a_session_that_is_resumed_keeps_observations() {
    let mut device = Device::registered();
    let (token, _) = device.observe("/26241/1/1");
    device.session(SERVER, SessionEvent::Closed);
    assert_eq!(device.change(1, 2), [Out::Open(SERVER, 0)]);
    let out = device.open(SERVER);
    assert_eq!(notifications(&out), [(SERVER, token, "2".into())]);
}

#[test]
fn g25_a_deregister_ends_observations() {
    let mut device = Device::registered();
    device.observe("/26241/1/1");
    device.client.deregister();
    let request = sent(&device.drain());
    device.receive(&request.reply(Code::DELETED));
    assert_eq!(device.change(1, 2), []);
    assert_eq!(device.client.observations(), 0);
}

/// Nothing is sent while the network is away; afterwards, the value of then.
#[test]
fn g25_a_change_without_network_is_told_afterwards() {
    let mut device = Device::registered();
    let (token, _) = device.observe("/26241/1/1");
    let (now, objects) = (device.now, &mut device.objects);
    device.client.set_online(now, false, objects);
    device.drain();
    assert_eq!(device.change(1, 2), []);
    assert_eq!(device.change(1, 3), []);
    let (now, objects) = (device.now, &mut device.objects);
    device.client.set_online(now, true, objects);
    assert_eq!(device.drain(), [Out::Open(SERVER, 0)]);
    let mut out = device.open(SERVER);
    let update = sent(&out[..1]);
    out.extend(device.receive(&update.reply(Code::CHANGED)));
    let told: Vec<_> = notifications_behind(&out);
    assert_eq!(told, [(token, "3".into())]);
    assert_eq!(events(&out).len(), 1);
}

fn notifications_behind(out: &[Out]) -> Vec<(Vec<u8>, String)> {
    let content = |out: &Out| match out {
        Out::Transmit(_, datagram, _) => {
            let message = Answer::new(datagram);
            (message.code() == Code::CONTENT).then(|| (message.token(), message.text().into()))
        }
        _ => None,
    };
    out.iter().filter_map(content).collect()
}
