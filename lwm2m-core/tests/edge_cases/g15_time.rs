//! Groups 15 to 18: clocks that jump, exchanges at the same time, sessions that fail, and pings.

use lwm2m_core::client::{Event, SessionEvent, SessionFailure};
use lwm2m_core::model::{Outcome, Ticket};
use lwm2m_core::time::{Duration, Instant};
use lwm2m_core::wire::coap::{Code, Kind};

use crate::common::{
    Device, Out, SERVER, TestRandom, empty, events, outputs, post, sent, uri_path,
};

/// A clock that was stopped: what is due is sent once, and the rest follows at its distance.
#[test]
fn g15_a_jump_forward_does_not_burst() {
    let mut device = Device::new();
    device.random = TestRandom::Constant(0);
    device.start();
    let register = sent(&device.open(SERVER));
    device.now = device.now + Duration::from_secs(36_000);
    assert_eq!(sent(&device.drain()), register);
    assert_eq!(device.until, device.now + Duration::from_secs(4));
    assert_eq!(device.drain(), []);
}

#[test]
fn g15_a_jump_backward_sends_nothing() {
    let mut device = Device::new();
    device.random = TestRandom::Constant(0);
    device.now = Instant::from_millis(1_000_000);
    device.start();
    let register = sent(&device.open(SERVER));
    device.now = Instant::ZERO;
    assert_eq!(device.drain(), []);
    let out = device.receive(&register.created("/rd/x"));
    assert_eq!(events(&out), [Event::Registered { server: 1 }]);
    assert_eq!(device.until, Instant::from_millis(86_307_000));
}

/// 32 bits of milliseconds last 49.7 days.
#[test]
fn g15_nothing_happens_when_32_bits_are_full() {
    let mut device = Device::new();
    device.random = TestRandom::Constant(0);
    device.now = Instant::from_millis((1 << 32) - 1000);
    device.start();
    let register = sent(&device.open(SERVER));
    let at = device.now + Duration::from_secs(2);
    assert_eq!(device.wait_until(at).len(), 1);
    assert_eq!(device.until, at + Duration::from_secs(4));
    device.receive(&register.created("/rd/x"));
    assert_eq!(device.until, at + Duration::from_secs(86_307));
}

#[test]
fn g15_the_end_of_time_is_no_panic() {
    let mut device = Device::new();
    device.now = Instant::from_millis(u64::MAX - 1000);
    device.start();
    let register = sent(&device.open(SERVER));
    device.receive(&register.created("/rd/x"));
    assert_eq!(device.until, Instant::FAR_FUTURE);
}

/// NSTART is 1: one confirmable message at a time to a server.
#[test]
fn g16_an_update_waits_for_the_separate_response_before_it() {
    let mut device = Device::registered();
    device.objects.test.outcome = Outcome::Later(Ticket(1));
    device.receive(&post("/26241/1/9").bytes());
    device.client.answer(Ticket(1), Ok(()));
    device.client.update(false);
    let mut out = device.drain();
    let mut seen = Vec::new();
    while out.iter().any(|out| matches!(out, Out::Transmit(..))) {
        let message = sent(&out);
        assert_eq!(message.kind(), Kind::Con);
        seen.push(uri_path(&message).len());
        let reply = if message.code().is_request() {
            message.reply(Code::CHANGED)
        } else {
            message.empty(Kind::Ack)
        };
        out = device.receive(&reply);
    }
    seen.sort_unstable();
    assert_eq!(seen, [0, 2]);
}

#[test]
fn g16_a_change_during_an_update_is_told_in_another_one() {
    let mut device = Device::registered();
    device.client.update(true);
    let update = sent(&device.drain());
    assert_eq!(update.text(), "</1/0>,</3/0>,</26241/1>");
    // The list and the lifetime change while the Update is on its way.
    device.objects.test.set(2, 0, "two");
    device.client.update(true);
    assert_eq!(device.drain(), []);
    let out = device.receive(&post("/1/0/1").text("600").bytes());
    assert_eq!(sent(&out).code(), Code::CHANGED);
    let out = device.receive(&update.reply(Code::CHANGED));
    assert_eq!(events(&out), [Event::Updated { server: 1 }]);
    let update = sent(&out);
    assert_eq!(update.text(), "</1/0>,</3/0>,</26241/1>,</26241/2>");
    assert_eq!(update.strings(15), ["lt=600"]);
    device.receive(&update.reply(Code::CHANGED));
    assert_eq!(device.until, device.now + Duration::from_secs(507));
}

#[test]
fn g16_a_change_during_a_register_is_told_in_an_update() {
    let mut device = Device::new();
    device.start();
    let register = sent(&device.open(SERVER));
    device.objects.test.set(2, 0, "two");
    device.client.update(true);
    let out = device.receive(&post("/1/0/1").text("600").bytes());
    assert_eq!(sent(&out).code(), Code::CHANGED);
    let out = device.receive(&register.created("/rd/a"));
    assert_eq!(events(&out), [Event::Registered { server: 1 }]);
    let update = sent(&out);
    assert_eq!(uri_path(&update), ["rd", "a"]);
    assert_eq!(update.text(), "</1/0>,</3/0>,</26241/1>,</26241/2>");
    assert_eq!(update.strings(15), ["lt=600"]);
}

#[test]
fn g16_a_deregister_waits_for_the_update_before_it() {
    let mut device = Device::registered();
    device.client.update(false);
    let update = sent(&device.drain());
    device.client.deregister();
    assert_eq!(device.drain(), []);
    let out = device.receive(&update.reply(Code::CHANGED));
    let request = sent(&out);
    assert_eq!(request.code(), Code::DELETE);
    let out = device.receive(&request.reply(Code::DELETED));
    let end = Event::Deregistered {
        server: 1,
        confirmed: true,
    };
    assert_eq!(events(&out), [end]);
}

#[test]
fn g17_a_session_that_cannot_be_opened_is_tried_again() {
    let mut device = Device::new();
    device.start();
    for (failure, wait) in [
        (SessionFailure::NoRoute, 60),
        (SessionFailure::Refused, 120),
    ] {
        let out = device.session(SERVER, SessionEvent::Failed(failure));
        assert!(
            matches!(out[..], [Out::Event(Event::RegistrationFailed { .. })]),
            "{out:?}"
        );
        assert_eq!(device.until, device.now + Duration::from_secs(wait));
        assert_eq!(outputs(&device.wait(wait)), [Out::Open(SERVER, 0)]);
    }
}

/// While a session opens (a handshake may take minutes), there is nothing to do and no deadline to spin on.
#[test]
fn g17_a_session_that_opens_slowly_is_waited_for() {
    let mut device = Device::registered();
    device.session(SERVER, SessionEvent::Closed);
    assert_eq!(outputs(&device.wait(86_307)), [Out::Open(SERVER, 0)]);
    assert_eq!(device.wait(200), []);
    let update = sent(&device.open(SERVER));
    assert_eq!(uri_path(&update), ["rd", "a1"]);
}

/// A closed session is not a lost registration: it is opened again for the next message.
#[test]
fn g17_a_session_that_closes_is_opened_again_when_needed() {
    let mut device = Device::registered();
    assert_eq!(device.session(SERVER, SessionEvent::Closed), []);
    assert!(device.client.is_registered(1));
    device.client.update(false);
    assert_eq!(device.drain(), [Out::Open(SERVER, 0)]);
    assert_eq!(uri_path(&sent(&device.open(SERVER))), ["rd", "a1"]);
}

/// Nobody knows whether the notification has arrived: it is sent again, and the registration lives on.
#[test]
fn g17_a_session_that_closes_under_a_notification_sends_it_again() {
    let mut config = Device::config();
    config.confirmable_notifications = true;
    let mut device = Device::with(config, TestRandom::Sequence(8), 1280);
    device.register();
    let (token, _) = device.observe("/26241/1/1");
    let first = sent(&device.change(1, 2));
    assert_eq!(
        device.session(SERVER, SessionEvent::Closed),
        [Out::Open(SERVER, 0)]
    );
    assert!(device.client.is_registered(1));
    let again = sent(&device.open(SERVER));
    assert_eq!((again.token(), again.text()), (token.clone(), "2"));
    assert_ne!(again.id(), first.id());
    // The same when it is the network that goes away.
    let (now, objects) = (device.now, &mut device.objects);
    device.client.set_online(now, false, objects);
    assert_eq!(device.drain(), [Out::Close(SERVER)]);
    let (now, objects) = (device.now, &mut device.objects);
    device.client.set_online(now, true, objects);
    assert_eq!(device.drain(), [Out::Open(SERVER, 0)]);
    let update = sent(&device.open(SERVER));
    let out = device.receive(&update.reply(Code::CHANGED));
    let again = sent(&out);
    assert_eq!((again.token(), again.text()), (token, "2"));
    assert_eq!(device.receive(&again.empty(Kind::Ack)), []);
    assert_eq!(device.wait(200), []);
}

/// The server of an operation that takes its time is gone: what becomes of it is of no interest any more.
#[test]
fn g17_a_session_that_closes_forgets_operations_under_way() {
    let mut device = Device::registered();
    for ticket in [1, 2] {
        device.objects.test.outcome = Outcome::Later(Ticket(ticket));
        device.receive(&post("/26241/1/9").bytes());
    }
    device.session(SERVER, SessionEvent::Closed);
    device.client.answer(Ticket(1), Ok(()));
    assert_eq!(device.drain(), []);
    device.client.update(false);
    device.drain();
    let update = sent(&device.open(SERVER));
    device.receive(&update.reply(Code::CHANGED));
    device.objects.test.outcome = Outcome::Done;
    assert_eq!(device.ask(&post("/26241/1/9")).code(), Code::CHANGED);
}

/// A new security context ends the registration (Transport 1.1.1, section 5.2 and Core, section 6.2).
#[test]
fn g17_a_new_security_context_registers_again() {
    let mut device = Device::registered();
    device.session(SERVER, SessionEvent::Closed);
    device.client.update(false);
    device.drain();
    let out = device.session(SERVER, SessionEvent::Open { resumed: false });
    assert_eq!(uri_path(&sent(&out)), ["rd"]);
}

/// There is no point in a Register for the sake of a De-register.
#[test]
fn g17_a_new_security_context_is_good_enough_to_deregister() {
    let mut device = Device::registered();
    device.session(SERVER, SessionEvent::Closed);
    device.client.deregister();
    assert_eq!(device.drain(), [Out::Open(SERVER, 0)]);
    let out = device.session(SERVER, SessionEvent::Open { resumed: false });
    assert_eq!(sent(&out).code(), Code::DELETE);
}

/// A closed session is reported late, or for one that the client has closed itself: nothing begins anew.
#[test]
fn g17_a_late_report_of_a_closed_session_changes_nothing() {
    let mut device = Device::registered();
    device.client.deregister();
    let request = sent(&device.drain());
    device.receive(&request.reply(Code::DELETED));
    for event in [
        SessionEvent::Closed,
        SessionEvent::Failed(SessionFailure::Refused),
    ] {
        assert_eq!(device.session(SERVER, event), []);
        assert_eq!(device.until, Instant::FAR_FUTURE);
    }
    // While a retry is waited for, neither.
    let mut device = Device::new();
    device.start();
    let register = sent(&device.open(SERVER));
    device.receive(&register.reply(Code::FORBIDDEN));
    let until = device.until;
    assert_eq!(device.session(SERVER, SessionEvent::Closed), []);
    assert_eq!(device.until, until);
}

#[test]
fn g17_a_network_that_is_away_is_waited_for() {
    let mut device = Device::registered();
    let (now, objects) = (device.now, &mut device.objects);
    device.client.set_online(now, false, objects);
    assert_eq!(device.drain(), [Out::Close(SERVER)]);
    assert_eq!(device.until, Instant::FAR_FUTURE);
    device.client.update(true);
    assert_eq!(device.wait(100_000), []);
    let (now, objects) = (device.now, &mut device.objects);
    device.client.set_online(now, true, objects);
    assert_eq!(device.drain(), [Out::Open(SERVER, 0)]);
    assert_eq!(uri_path(&sent(&device.open(SERVER))), ["rd", "a1"]);
}

/// RFC 7252, section 4.3: an empty confirmable message is a ping, answered by a reset.
#[test]
fn g18_a_ping_is_answered_by_a_reset() {
    let mut device = Device::registered();
    for id in [0, 1, 0xffff, 1] {
        let out = device.receive(&empty(Kind::Con, id));
        assert_eq!(sent(&out).datagram(), empty(Kind::Rst, id));
    }
}

#[test]
fn g18_an_unexpected_acknowledgement_while_asleep_is_ignored() {
    let mut device = Device::registered();
    device.wait(50_000);
    let until = device.until;
    assert_eq!(device.receive(&empty(Kind::Ack, 7)), []);
    assert_eq!(device.receive(&empty(Kind::Con, 7)).len(), 1);
    assert_eq!(device.until, until);
}
