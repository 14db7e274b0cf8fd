//! Group 20: Observe numbers (RFC 7641, section 3.4), and what an acknowledged notification is (section 4.5).

use lwm2m_core::client::{Config, Event, Expect, Failure};
use lwm2m_core::model::Path;
use lwm2m_core::time::Duration;
use lwm2m_core::wire::coap::{Code, Kind, option};

use crate::common::{Device, Out, SERVER, TestRandom, events, get, outputs, put, sent, uri_path};

/// Whether the number `second` is fresher than `first`, sent within 128 s.
fn is_fresher(first: u32, second: u32) -> bool {
    (first < second && second - first < 1 << 23) || (first > second && first - second > 1 << 23)
}

/// A registered device that makes every notification confirmable.
fn confirming(jitter: u8) -> Device {
    let mut config: Config<'_> = Device::config();
    config.confirmable_notifications = true;
    let mut device = Device::with(config, TestRandom::Sequence(1), 1280);
    device.register();
    device.random = TestRandom::Constant(jitter);
    device
}

#[test]
fn g20_numbers_grow() {
    let mut device = Device::registered();
    let (_, mut last) = device.observe("/26241/1/1");
    for value in 2..10 {
        let number = sent(&device.change(1, value))
            .uint(option::OBSERVE)
            .unwrap();
        assert!(is_fresher(last, number), "{last} {number}");
        last = number;
    }
}

/// A sensor that is looked at often would use up the message ids, which may come again after EXCHANGE_LIFETIME only.
#[test]
fn g20_what_is_not_told_takes_no_numbers() {
    let mut device = Device::registered();
    device.observe("/26241/1/1");
    device.ask(&put("/26241/1/1").query("gt=30"));
    let before = sent(&device.change(1, 31));
    for value in 32..40 {
        assert_eq!(device.change(1, value), []);
    }
    let after = sent(&device.change(1, 29));
    assert_eq!(after.id(), before.id().wrapping_add(1));
    let [from, to] = [before, after].map(|message| message.uint(option::OBSERVE).unwrap());
    assert_eq!(to, from + 1);
}

#[test]
fn g20_numbers_begin_again_after_24_bits() {
    let mut device = Device::registered();
    device.client.resume_observe_number(0x00ff_fffb);
    let (_, mut last) = device.observe("/26241/1/1");
    let mut wrapped = false;
    for value in -10..10 {
        let number = sent(&device.change(1, value))
            .uint(option::OBSERVE)
            .unwrap();
        assert!(number <= 0x00ff_ffff);
        assert!(is_fresher(last, number), "{last} {number}");
        wrapped |= number < last;
        last = number;
    }
    assert!(wrapped);
}

/// A server that has seen a number before a restart sees a fresher one after it.
#[test]
fn g20_numbers_grow_across_restarts() {
    let mut device = Device::registered();
    let (_, before) = device.observe("/26241/1/1");
    let number = device.client.observe_number();
    let mut device = Device::registered();
    device.client.resume_observe_number(number);
    let (_, after) = device.observe("/26241/1/1");
    assert!(is_fresher(before, after));
}

/// At least one confirmable notification in 24 hours (RFC 7641, section 4.5).
#[test]
fn g20_one_notification_a_day_is_confirmable() {
    let mut device = Device::registered();
    device.observe("/26241/1/1");
    device.ask(&put("/26241/1/1").query("pmax=3600"));
    let start = device.now;
    let mut kinds = Vec::new();
    while device.now.since(start) < Duration::from_secs(50 * 3600) {
        let until = device.until;
        for (at, out) in device.wait_until(until) {
            let Out::Transmit(..) = out else { continue };
            let message = sent(&[out]);
            if message.code() == Code::POST {
                device.receive(&message.reply(Code::CHANGED));
                continue;
            }
            if message.kind() == Kind::Con {
                device.receive(&message.empty(Kind::Ack));
            }
            kinds.push((at.since(start).as_secs() / 3600, message.kind()));
        }
    }
    let hours: Vec<_> = kinds.iter().map(|(hour, _)| *hour).collect();
    assert_eq!(hours, (1..=50).collect::<Vec<_>>());
    let confirmable: Vec<_> = kinds
        .iter()
        .filter(|(_, kind)| *kind == Kind::Con)
        .map(|(hour, _)| *hour)
        .collect();
    assert_eq!(confirmable, [24, 48]);
}

/// Each attempt is a message of its own with the value of then; the times are those of retransmissions.
#[test]
fn g20_an_unacknowledged_notification_is_sent_again_with_the_value_of_now() {
    for (jitter, times, end) in [(0, [2, 6, 14, 30], 62), (0xff, [3, 9, 21, 45], 93)] {
        let mut device = confirming(jitter);
        let (token, mut number) = device.observe("/26241/1/1");
        let start = device.now;
        let first = sent(&device.change(1, 2));
        let mut ids = vec![first.id()];
        assert_eq!((first.kind(), first.text()), (Kind::Con, "2"));
        for (secs, value) in times.into_iter().zip(3..) {
            // The change alone does not lead to another message.
            assert_eq!(device.change(1, value), []);
            let at = start + Duration::from_secs(secs);
            let out = device.wait_until(at);
            assert_eq!(out.len(), 1);
            let again = sent(&outputs(&out));
            assert_eq!((out[0].0, again.kind()), (at, Kind::Con));
            assert_eq!(again.token(), token);
            assert_eq!(again.text(), value.to_string());
            let next = again.uint(option::OBSERVE).unwrap();
            assert!(is_fresher(number, next));
            number = next;
            assert!(!ids.contains(&again.id()));
            ids.push(again.id());
        }
        // Given up: the server is gone, and so is the observation.
        let at = start + Duration::from_secs(end);
        assert_eq!(device.until, at);
        let failed = Event::RegistrationFailed {
            server: 1,
            failure: Failure::Timeout,
            retry_at: at + Duration::from_secs(60),
            exhausted: false,
        };
        let expected = [Out::Event(failed), Out::Close(SERVER)].map(|out| (at, out));
        assert_eq!(device.wait_until(at), expected);
        assert_eq!(device.client.observations(), 0);
    }
}

/// The server may have been out of reach, and then it still believes in the observation: a registration tells it, after
/// the wait that follows an Update without an answer (Core 1.1.1, section 6.2.1.1: 60 s by default), in a new session.
#[test]
fn g20_a_server_that_acknowledges_nothing_hears_of_a_new_registration() {
    let mut device = confirming(0);
    device.observe("/26241/1/1");
    device.change(1, 2);
    let given_up = device.now + Duration::from_secs(62);
    let out = device.wait_until(given_up);
    let failed = Event::RegistrationFailed {
        server: 1,
        failure: Failure::Timeout,
        retry_at: given_up + Duration::from_secs(60),
        exhausted: false,
    };
    assert_eq!(out.last(), Some(&(given_up, Out::Close(SERVER))));
    assert!(out.contains(&(given_up, Out::Event(failed))));
    let out = device.wait_until(given_up + Duration::from_secs(60));
    assert!(matches!(outputs(&out)[..], [Out::Open(_, 0)]), "{out:?}");
    device.register_opened();
    let (_, number) = device.observe("/26241/1/1");
    let next = sent(&device.change(1, 3)).uint(option::OBSERVE).unwrap();
    assert!(is_fresher(number, next));
}

/// A change to `value` of which no notification is acknowledged, and the registration that follows. The seconds between
/// them, and whether they are the wait behind a whole sequence of attempts.
fn lose_a_notification(device: &mut Device, value: i64) -> (u64, bool) {
    device.observe("/26241/1/1");
    sent(&device.change(1, value));
    let given_up = device.now + Duration::from_secs(62);
    let out = outputs(&device.wait_until(given_up));
    let [
        Event::RegistrationFailed {
            failure: Failure::Timeout,
            retry_at,
            exhausted,
            ..
        },
    ] = events(&out)[..]
    else {
        panic!("{out:?}");
    };
    device.wait_until(retry_at);
    device.register_opened();
    (retry_at.since(given_up).as_secs(), exhausted)
}

/// A path may drop long datagrams, so that Register arrives and a notification does not. Then the waits between the
/// registrations grow as between attempts (Core 1.1.1, section 6.2.1.1: from 60 s, doubled each time, 5 attempts).
#[test]
fn g20_registrations_that_only_lead_to_lost_notifications_become_rare() {
    let mut device = confirming(0);
    for (value, wait) in (2..).zip([60, 120, 240, 480]) {
        assert_eq!(lose_a_notification(&mut device, value), (wait, false));
    }
    assert!(lose_a_notification(&mut device, 6).1);
}

#[test]
fn g20_a_server_that_is_reached_ends_the_growth_of_waits() {
    for by_update in [false, true] {
        let mut device = confirming(0);
        assert_eq!(lose_a_notification(&mut device, 2), (60, false));
        assert_eq!(lose_a_notification(&mut device, 3), (120, false));
        if by_update {
            device.settle();
        } else {
            device.observe("/26241/1/1");
            let message = sent(&device.change(1, 4));
            assert_eq!(device.receive(&message.empty(Kind::Ack)), []);
        }
        assert_eq!(lose_a_notification(&mut device, 5), (60, false));
    }
}

/// Who resets a notification is there: the observation ends and nothing else (RFC 7641, section 3.6).
#[test]
fn g20_a_reset_ends_the_observation_alone() {
    let mut device = confirming(0);
    device.observe("/26241/1/1");
    let message = sent(&device.change(1, 2));
    assert_eq!(device.receive(&message.empty(Kind::Rst)), []);
    assert_eq!(device.client.observations(), 0);
    assert!(device.client.is_registered(1));
}

#[test]
fn g20_an_acknowledgement_of_any_attempt_counts() {
    for attempt in 0..3 {
        let mut device = confirming(0);
        device.observe("/26241/1/1");
        let mut sent_messages = vec![sent(&device.change(1, 2))];
        for _ in 0..2 {
            let until = device.until;
            sent_messages.push(sent(&outputs(&device.wait_until(until))));
        }
        assert_eq!(device.receive(&sent_messages[attempt].empty(Kind::Ack)), []);
        assert_eq!(device.client.observations(), 1);
        assert_eq!(device.wait(200), [], "{attempt}");
    }
}

#[test]
fn g20_a_reset_of_any_attempt_cancels() {
    for attempt in 0..3 {
        let mut device = confirming(0);
        device.observe("/26241/1/1");
        let mut sent_messages = vec![sent(&device.change(1, 2))];
        for _ in 0..2 {
            let until = device.until;
            sent_messages.push(sent(&outputs(&device.wait_until(until))));
        }
        device.receive(&sent_messages[attempt].empty(Kind::Rst));
        assert_eq!(device.client.observations(), 0);
        assert_eq!(device.wait(200), [], "{attempt}");
        assert_eq!(device.change(1, 9), []);
    }
}

/// A change behind the last attempt is not lost: it is told once the acknowledgement is there.
#[test]
fn g20_a_change_during_a_notification_is_told_after_it() {
    let mut device = confirming(0);
    device.observe("/26241/1/1");
    let first = sent(&device.change(1, 2));
    assert_eq!(device.change(1, 3), []);
    let second = sent(&device.receive(&first.empty(Kind::Ack)));
    assert_eq!(second.text(), "3");
}

/// NSTART is 1: an Update and a confirmable notification follow one another, whichever is first.
#[test]
fn g16_a_notification_and_an_update_are_not_under_way_together() {
    let mut device = confirming(0);
    device.observe("/26241/1/1");
    let notification = sent(&device.change(1, 2));
    device.client.update(false);
    assert_eq!(device.drain(), []);
    let update = sent(&device.receive(&notification.empty(Kind::Ack)));
    assert_eq!(uri_path(&update), ["rd", "a1"]);
    assert_eq!(device.change(1, 3), []);
    let out = device.receive(&update.reply(Code::CHANGED));
    assert_eq!(sent(&out).text(), "3");
}

/// Two observations of one server: their confirmable notifications follow one another.
/// What is not confirmable is told when pmin has passed, however long the server thinks about an Update.
#[test]
fn g16_a_notification_does_not_wait_for_the_answer_to_an_update() {
    let mut device = Device::registered();
    device.code(&put("/26241/1/1").query("pmin=5"));
    device.observe("/26241/1/1");
    assert_eq!(device.change(1, 2), []);
    device.client.update(false);
    let update = sent(&device.drain());
    device.receive(&update.empty(Kind::Ack));
    let at = device.now + Duration::from_secs(5);
    let told = device.wait(60);
    assert_eq!(sent(&outputs(&told)).text(), "2");
    assert_eq!(told[0].0, at);
}

/// One that is to be acknowledged, as one a day is, does wait.
#[test]
fn g16_a_notification_to_be_acknowledged_waits_for_the_answer_to_an_update() {
    let mut device = Device::registered();
    device.code(&put("/26241/1/1").query("pmin=86390"));
    device.observe("/26241/1/1");
    assert_eq!(device.wait(86_300), []);
    assert_eq!(device.change(1, 2), []);
    device.client.update(false);
    let update = sent(&device.drain());
    device.receive(&update.empty(Kind::Ack));
    // A look that comes late: by then it is the one of the day.
    device.now = device.now + Duration::from_secs(100);
    assert_eq!(device.drain(), []);
    let out = device.receive(&update.separate(Kind::Non, Code::CHANGED, 0x7001));
    let notification = sent(&out);
    assert_eq!((notification.kind(), notification.text()), (Kind::Con, "2"));
}

#[test]
fn g16_confirmable_notifications_follow_one_another() {
    let mut device = confirming(0);
    device.observe("/26241/1/1");
    device.observe("/26241/1/0");
    let first = sent(&device.change(1, 2));
    assert_eq!(device.change(0, "x"), []);
    let second = sent(&device.receive(&first.empty(Kind::Ack)));
    assert_ne!(second.token(), first.token());
    assert_eq!(device.receive(&second.empty(Kind::Ack)), []);
}

/// A value that changes within every round trip leaves room for the others.
#[test]
fn g16_confirmable_notifications_take_turns() {
    let mut device = confirming(0);
    let tokens = ["/26241/1/1", "/26241/1/0", "/3/0/9"].map(|path| device.observe(path).0);
    let mut last = sent(&device.change(1, 2));
    device.change(0, "x");
    device.objects.device.set(0, 9, 50);
    device.client.changed(Path::resource(3, 0, 9));
    let mut told = Vec::new();
    for value in 3..6 {
        assert_eq!(device.change(1, value), []);
        last = sent(&device.receive(&last.empty(Kind::Ack)));
        told.push(last.token());
    }
    let [often, second, third] = tokens;
    assert_eq!(told, [second, third, often]);
}

/// A Notify of one integer in TLV: at most 17 bytes with a token of two.
/// A server that observes something else under the same token may well reset what it has forgotten.
#[test]
fn g20_a_late_reset_does_not_end_the_observation_that_has_replaced_another() {
    let mut device = confirming(0);
    let observe = |path| {
        get(path)
            .accept(0)
            .uint(option::OBSERVE, 0)
            .with_token(b"t")
    };
    device.ask(&observe("/26241/1/1"));
    let old = sent(&device.change(1, 2));
    device.ask(&observe("/26241/1/0"));
    assert_eq!(device.receive(&old.empty(Kind::Rst)), []);
    assert_eq!(device.client.observations(), 1);
    assert_eq!(sent(&device.change(0, "x")).text(), "x");
}

#[test]
fn g20_a_small_notification_is_a_small_message() {
    let mut device = Device::registered();
    let request = get("/3/0/9")
        .uint(option::OBSERVE, 0)
        .with_token(&[0xaa, 0xbb]);
    device.ask(&request);
    device.objects.device.set(0, 9, 50);
    device.client.changed(Path::resource(3, 0, 9));
    let out = device.drain();
    let message = sent(&out);
    let id = message.id().to_be_bytes();
    let number = u8::try_from(message.uint(option::OBSERVE).unwrap()).unwrap();
    let mut expected = vec![0x52, 0x45, id[0], id[1], 0xaa, 0xbb];
    expected.extend([0x61, number, 0x62, 0x2d, 0x16, 0xff, 0xc1, 0x09, 50]);
    assert_eq!(out, [Out::Transmit(SERVER, expected, Expect::Nothing)]);
    assert!(message.datagram().len() <= 17);
}
