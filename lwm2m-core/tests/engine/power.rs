//! What the radio costs: datagrams that go along with others, wake-ups that are counted, silence without a network.
//! Times follow from lifetime and pmax: an Update is due 93 s (MAX_TRANSMIT_WAIT) before the lifetime ends.

use lwm2m_core::SessionId;
use lwm2m_core::client::{Client, Event, Expect, SessionEvent};
use lwm2m_core::model::{Outcome, Path};
use lwm2m_core::time::{Duration, Instant};
use lwm2m_core::wire::coap::{Code, Kind};

use crate::common::{
    Answer, Device, Out, Owned, SERVER, TEST, TestRandom, get, post, put, two_servers,
};

const SECOND: SessionId = SessionId::new(1);

/// What a datagram is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum What {
    Update,
    Notification,
}
use What::{Notification, Update};

/// Lets time pass until `until` seconds, with servers that answer at once; when the client sent what, and to whom.
fn live(device: &mut Device, until: u64) -> Vec<(u64, SessionId, What)> {
    let end = Instant::from_millis(until * 1000);
    let mut seen = Vec::new();
    loop {
        let mut out = device.drain();
        while !out.is_empty() {
            let mut next = Vec::new();
            for out in out {
                let (session, reply) = match out {
                    Out::Open(session, _) => {
                        next.extend(device.open(session));
                        continue;
                    }
                    Out::Transmit(session, datagram, _) => {
                        let message = Answer::new(&datagram);
                        let (what, reply) = match (message.code(), message.kind()) {
                            (Code::POST, _) => (Update, message.reply(Code::CHANGED)),
                            (Code::CONTENT, Kind::Con) => (Notification, message.empty(Kind::Ack)),
                            (Code::CONTENT, Kind::Non) => (Notification, Vec::new()),
                            other => panic!("{other:?}"),
                        };
                        seen.push((device.now.as_millis() / 1000, session, what));
                        (session, reply)
                    }
                    Out::Close(_) | Out::Event(_) => continue,
                };
                if !reply.is_empty() {
                    next.extend(device.receive_from(session, &reply));
                }
            }
            out = next;
        }
        if device.until > end {
            device.now = end;
            return seen;
        }
        device.now = device.until;
    }
}

/// A device whose server has these periods, in seconds, and that sends nothing along unless it is `batching`.
fn device(lifetime: u32, pmin: u32, pmax: u32, batching: bool) -> Device {
    let mut config = Device::config();
    if !batching {
        config.batch_window = Duration::ZERO;
    }
    let mut device = Device::with(config, TestRandom::Constant(0), 1280);
    for (resource, secs) in [(1, lifetime), (2, pmin), (3, pmax)] {
        device.objects.server.set(0, resource, i64::from(secs));
    }
    device.register();
    device
}

fn wake_ups(client: &Client<'_>) -> u32 {
    client.statistics().wake_ups
}

fn set_online(device: &mut Device, online: bool) {
    let now = device.now;
    device.client.set_online(now, online, &mut device.objects);
}

/// pmax 3,600 s: 24 notifications in the 24 hours, and one wake-up for the Register. The Update is due after
/// 86,400 - 93 = 86,307 s, so it may go from 82,707 s on and goes with the notification at 23 x 3,600 = 82,800 s.
#[test]
fn an_update_goes_along_with_a_notification() {
    let mut device = device(86_400, 0, 3_600, true);
    device.observe("/26241/1/1");
    let seen = live(&mut device, 86_400);
    let updates: Vec<_> = seen.iter().filter(|item| item.2 == Update).collect();
    assert_eq!(updates, [&(82_800, SERVER, Update)]);
    let notifications: Vec<_> = seen
        .iter()
        .filter(|item| item.2 == Notification)
        .map(|item| item.0)
        .collect();
    assert_eq!(
        notifications,
        (1..=24).map(|hour| hour * 3_600).collect::<Vec<_>>()
    );
    assert_eq!(wake_ups(&device.client), 24 + 1);
    // A further week without a change: 24 a day.
    live(&mut device, 8 * 86_400);
    assert_eq!(wake_ups(&device.client), 8 * 24 + 1);
}

/// The same day without: the Update wakes the radio for itself at 86,307 s.
#[test]
fn without_a_window_everything_is_sent_when_it_is_due() {
    let mut device = device(86_400, 0, 3_600, false);
    device.observe("/26241/1/1");
    let seen = live(&mut device, 86_400);
    assert!(seen.contains(&(86_307, SERVER, Update)));
    assert_eq!(seen.len(), 24 + 1);
    assert_eq!(wake_ups(&device.client), 24 + 1 + 1);
}

/// Nothing wakes the radio before its time: a lone Update is sent when it is due.
#[test]
fn what_is_alone_is_not_early() {
    let mut device = device(86_400, 0, 0, true);
    assert_eq!(live(&mut device, 86_306), []);
    assert_eq!(live(&mut device, 86_307), [(86_307, SERVER, Update)]);
    let mut device = self::device(0, 0, 3_600, true);
    device.observe("/26241/1/1");
    assert_eq!(live(&mut device, 3_599), []);
    assert_eq!(live(&mut device, 3_600), [(3_600, SERVER, Notification)]);
}

/// Observations that began at different times come into step, and stay there.
#[test]
fn notifications_fall_into_step() {
    let mut device = device(0, 0, 3_600, true);
    for (at, path) in [(0, "/26241/1/1"), (500, "/26241/1/0"), (800, "/3/0/9")] {
        device.now = Instant::from_millis(at * 1000);
        device.observe(path);
    }
    let before = wake_ups(&device.client);
    let seen = live(&mut device, 7_200);
    let times: Vec<_> = seen.iter().map(|item| item.0).collect();
    assert_eq!(times, [3_600, 3_600, 3_600, 7_200, 7_200, 7_200]);
    assert_eq!(wake_ups(&device.client), before + 2);
}

/// At most the last quarter of pmax is given up: from 2,700 s on, not before.
#[test]
fn a_short_period_shortens_the_window() {
    for (at, expected) in [(2_699, &[Update][..]), (2_700, &[Update, Notification])] {
        let mut device = device(86_400, 0, 3_600, true);
        device.observe("/26241/1/1");
        device.now = Instant::from_millis(at * 1000);
        device.client.update(false);
        let seen = live(&mut device, at);
        let what: Vec<_> = seen.iter().map(|item| item.2).collect();
        assert_eq!(what, expected, "{at}");
    }
    // Lifetime 3,600 s: the Update is due at 3,507 s and goes along from 900 s before on.
    for (at, expected) in [
        (2_606, &[Notification][..]),
        (2_607, &[Notification, Update]),
    ] {
        let mut device = device(3_600, 0, 0, true);
        device.observe("/26241/1/1");
        device.now = Instant::from_millis(at * 1000);
        device.objects.test.set(1, 1, 2);
        device.client.changed(Path::resource(TEST, 1, 1));
        let seen = live(&mut device, at);
        let what: Vec<_> = seen.iter().map(|item| item.2).collect();
        assert_eq!(what, expected, "{at}");
    }
}

/// pmin 3,000 s and pmax 3,600 s: the quarter would begin at 2,700 s, pmin ends at 3,000 s.
#[test]
fn nothing_goes_along_before_pmin() {
    let mut device = device(86_400, 3_000, 3_600, true);
    device.observe("/26241/1/1");
    for (at, expected) in [
        (2_700, &[Update][..]),
        (2_999, &[Update]),
        (3_000, &[Update, Notification]),
    ] {
        device.now = Instant::from_millis(at * 1000);
        device.client.update(false);
        let seen = live(&mut device, at);
        let what: Vec<_> = seen.iter().map(|item| item.2).collect();
        assert_eq!(what, expected, "{at}");
    }
}

/// Two values change at different times within pmin: both are told when it ends, in one wake-up.
#[test]
fn what_pmin_holds_is_sent_together() {
    let mut device = device(86_400, 600, 0, true);
    device.observe("/26241/1/1");
    device.observe("/26241/1/0");
    let before = wake_ups(&device.client);
    for (at, resource, value) in [(100, 1, Owned::from(2)), (300, 0, "x".into())] {
        device.now = Instant::from_millis(at * 1000);
        assert_eq!(device.change(resource, value), []);
    }
    let seen = live(&mut device, 700);
    assert_eq!(
        seen,
        [(600, SERVER, Notification), (600, SERVER, Notification)]
    );
    assert_eq!(wake_ups(&device.client), before + 1);
}

/// The Update of one server (lifetime 3,600 s, due at 3,507 s) takes along what is due to the other: pmax 3,600 s, and
/// that only when its own pmin allows it.
#[test]
fn each_server_keeps_its_own_limits() {
    for (pmin, expected) in [
        (
            0,
            &[(3_507, SECOND, Update), (3_507, SERVER, Notification)][..],
        ),
        (
            3_600,
            &[(3_507, SECOND, Update), (3_600, SERVER, Notification)],
        ),
    ] {
        let mut device = two_servers();
        device.objects.server.set(0, 2, pmin);
        device.objects.server.set(0, 3, 3_600);
        let change = put("/1/1/1").text("3600");
        let out = device.receive_from(SECOND, &change.bytes());
        let Some(Out::Transmit(SECOND, update, _)) = out.last() else {
            panic!("{out:?}");
        };
        device.receive_from(SECOND, &Answer::new(update).reply(Code::CHANGED));
        device.observe("/26241/1/1");
        assert_eq!(live(&mut device, 3_600), expected);
    }
}

/// Retransmissions at 2, 6, 14 and 30 s (RFC 7252, section 4.2) are neither hurried nor held; the radio has been idle
/// longer than 10 s before the last one only.
#[test]
fn retransmissions_keep_their_times() {
    let mut device = device(86_400, 0, 0, true);
    device.now = Instant::from_millis(1_000_000);
    device.client.update(false);
    let before = wake_ups(&device.client);
    let out = device.wait(61);
    let times: Vec<_> = out
        .iter()
        .map(|(at, _)| at.as_millis() / 1000 - 1_000)
        .collect();
    assert_eq!(times, [0, 2, 6, 14, 30]);
    assert_eq!(wake_ups(&device.client), before + 2);
}

#[test]
fn the_radio_is_released_after_the_last_datagram_only() {
    let expected = |out: Vec<Out>| -> Vec<Expect> {
        let expect = |out: &Out| match out {
            Out::Transmit(_, _, expect) => Some(*expect),
            _ => None,
        };
        out.iter().filter_map(expect).collect()
    };
    // A notification alone.
    let mut device = device(3_600, 0, 0, true);
    device.observe("/26241/1/1");
    assert_eq!(expected(device.change(1, 2)), [Expect::Nothing]);
    // With an Update behind it, which is answered.
    device.now = Instant::from_millis(3_000_000);
    assert_eq!(expected(device.change(1, 3)), [Expect::More, Expect::Reply]);
    // While the Update waits for its answer.
    assert_eq!(expected(device.change(1, 4)), [Expect::Reply]);
}

/// A datagram within 10 s after the last one finds the radio awake; the first one of all does not.
#[test]
fn a_wake_up_is_a_datagram_after_silence() {
    let mut device = device(86_400, 0, 0, true);
    assert_eq!(wake_ups(&device.client), 1);
    let mut at = 0;
    for (wait, expected) in [(10_000, 1), (10_001, 2), (1, 2), (60_000, 3)] {
        at += wait;
        device.now = Instant::from_millis(at);
        device.ask(&get("/3/0/9"));
        assert_eq!(wake_ups(&device.client), expected, "{wait}");
    }
}

#[test]
fn the_timer_of_the_network_can_be_told() {
    let mut config = Device::config();
    config.radio_idle = Duration::from_secs(60);
    let mut device = Device::with(config, TestRandom::Constant(0), 1280);
    device.register();
    for (at, expected) in [(60_000, 1), (120_001, 2)] {
        device.now = Instant::from_millis(at);
        device.ask(&get("/3/0/9"));
        assert_eq!(wake_ups(&device.client), expected);
    }
}

/// The bytes are those of the datagrams, of all sessions.
#[test]
fn bytes_are_counted() {
    let mut device = two_servers();
    let before = *device.client.statistics();
    let mut sent_bytes = 0;
    let mut received_bytes = 0;
    for session in [SERVER, SECOND] {
        let request = get("/3/0/9");
        let answer = device.ask_from(session, &request);
        sent_bytes += answer.datagram().len();
        received_bytes += request.bytes().len();
    }
    // What is no message has arrived all the same.
    device.receive(&[0x40]);
    received_bytes += 1;
    let after = *device.client.statistics();
    assert_eq!((after.bytes_sent - before.bytes_sent) as usize, sent_bytes);
    assert_eq!(
        (after.bytes_received - before.bytes_received) as usize,
        received_bytes
    );
}

/// Registered at 100 s; two more wake-ups within half a day make 6 a day, before rounding down.
#[test]
fn counters_are_told_per_day() {
    let mut device = Device::new();
    device.now = Instant::from_millis(100_000);
    device.register();
    let statistics = *device.client.statistics();
    assert_eq!(statistics.since, Instant::from_millis(100_000));
    assert_eq!(statistics.per_day(statistics.wake_ups, device.now), 1);
    for hours in [6, 12] {
        device.now = Instant::from_millis(100_000 + hours * 3_600_000);
        device.ask(&get("/3/0/9"));
    }
    let statistics = device.client.statistics();
    assert_eq!(statistics.wake_ups, 3);
    assert_eq!(statistics.per_day(statistics.wake_ups, device.now), 6);
    let later = device.now + Duration::from_secs(1);
    assert_eq!(statistics.per_day(statistics.wake_ups, later), 5);
}

/// A day without network: not a byte, although Update, pmax and changes fall into it. Back again, the server learns
/// that the client is there, and what has happened.
#[test]
fn without_network_nothing_is_sent_and_nothing_forgotten() {
    let mut device = device(3_600, 60, 600, true);
    device.observe("/26241/1/1");
    device.observe("/26241/1/0");
    set_online(&mut device, false);
    assert_eq!(device.drain(), [Out::Close(SERVER)]);
    let before = *device.client.statistics();
    assert_eq!(device.until, Instant::FAR_FUTURE);
    for hour in 1..=24 {
        device.now = Instant::from_millis(hour * 3_600_000);
        assert_eq!(device.change(1, i64::try_from(hour).unwrap()), []);
    }
    device.client.update(false);
    assert_eq!(device.drain(), []);
    assert_eq!(*device.client.statistics(), before);
    set_online(&mut device, true);
    let seen = live(&mut device, 86_400);
    let what: Vec<_> = seen.iter().map(|item| item.2).collect();
    assert_eq!(what, [Update, Notification, Notification]);
    assert_eq!(wake_ups(&device.client), before.wake_ups + 1);
}

/// /1/x/6 false: what would have been told while the network was away is not told later, what comes then is.
#[test]
fn what_is_not_to_be_stored_is_not_told_later() {
    for (storing, told) in [(true, 1), (false, 0)] {
        let mut device = device(86_400, 0, 0, true);
        device.objects.server.set(0, 6, storing);
        device.observe("/26241/1/1");
        set_online(&mut device, false);
        device.now = Instant::from_millis(600_000);
        device.change(1, 2);
        set_online(&mut device, true);
        let seen = live(&mut device, 600);
        let count = |seen: &[(u64, SessionId, What)]| {
            seen.iter().filter(|item| item.2 == Notification).count()
        };
        assert_eq!(count(&seen), told, "{seen:?}");
        device.objects.test.set(1, 1, 3);
        device.client.changed(Path::resource(TEST, 1, 1));
        assert_eq!(count(&live(&mut device, 700)), 1);
    }
}

/// The same for a pmax that has ended: the next one counts from the return.
#[test]
fn a_pmax_that_ended_without_network_is_discarded_with_its_notification() {
    for (storing, at) in [(true, 10_000), (false, 13_600)] {
        let mut device = device(86_400, 0, 3_600, true);
        device.objects.server.set(0, 6, storing);
        device.observe("/26241/1/1");
        set_online(&mut device, false);
        device.now = Instant::from_millis(10_000_000);
        set_online(&mut device, true);
        let seen = live(&mut device, 13_600);
        let first = seen.iter().find(|item| item.2 == Notification);
        assert_eq!(first, Some(&(at, SERVER, Notification)));
    }
}

/// A change that pmin still holds when the network is back has not been missed.
#[test]
fn what_pmin_holds_over_a_short_outage_is_told() {
    let mut device = device(86_400, 600, 0, true);
    device.objects.server.set(0, 6, false);
    device.observe("/26241/1/1");
    set_online(&mut device, false);
    device.change(1, 2);
    device.now = Instant::from_millis(300_000);
    set_online(&mut device, true);
    let seen = live(&mut device, 600);
    assert_eq!(seen, [(300, SERVER, Update), (600, SERVER, Notification)]);
}

/// A device whose answer to an Execute has not been handed out yet.
fn answering() -> Device {
    let mut device = Device::registered();
    device.objects.test.outcome = Outcome::AfterResponse;
    let request = post("/26241/1/9");
    let bytes = request.bytes();
    let mut buffer = vec![0; 1280];
    buffer[..bytes.len()].copy_from_slice(&bytes);
    let Device {
        client,
        objects,
        random,
        now,
        ..
    } = &mut device;
    client.handle_datagram(*now, SERVER, &mut buffer, bytes.len(), objects, random);
    device
}

const ANSWERED: Out = Out::Event(Event::Answered {
    path: Path::resource(TEST, 1, 9),
});

/// The network goes away under an answer: it is not sent, but what it promised happens.
#[test]
fn an_answer_that_finds_no_network_is_not_sent() {
    let mut device = answering();
    set_online(&mut device, false);
    assert_eq!(device.drain(), [ANSWERED, Out::Close(SERVER)]);
    // A De-register without a network is told to nobody.
    device.client.deregister();
    let end = Event::Deregistered {
        server: 1,
        confirmed: false,
    };
    assert_eq!(device.drain(), [Out::Event(end)]);
}

/// The same where only the session is gone.
#[test]
fn an_answer_that_finds_no_session_is_not_sent() {
    let mut device = answering();
    assert_eq!(device.session(SERVER, SessionEvent::Closed), [ANSWERED]);
}
