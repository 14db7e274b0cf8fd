//! What is lost is sent again, at the times of RFC 7252, section 4.2, and given up.

use lwm2m_core::client::{Config, Event, Expect, Failure, Transmission};
use lwm2m_core::model::{Outcome, Ticket};
use lwm2m_core::time::{Duration, Instant};
use lwm2m_core::wire::coap::{Code, Kind};

use crate::common::{
    Answer, Device, ENDPOINT, Out, SERVER, Store, TestRandom, events, outputs, post, sent,
};
use lwm2m_core::objects::tables;

/// Jitter at both extremes, the retransmissions after the first sending, and when it is given up, in seconds.
const SCHEDULES: [(u8, [u64; 4], u64); 2] = [(0, [2, 6, 14, 30], 62), (0xff, [3, 9, 21, 45], 93)];

/// What is sent and what happens until the message `first`, which has just been sent, is given up.
fn is_sent_again(
    device: &mut Device,
    first: &Answer,
    times: [u64; 4],
    end: u64,
) -> Vec<(Instant, Out)> {
    let start = device.now;
    assert_eq!(first.kind(), Kind::Con);
    for secs in times {
        let at = start + Duration::from_secs(secs);
        assert_eq!(device.until, at);
        let again = Out::Transmit(SERVER, first.datagram().to_vec(), Expect::Reply);
        assert_eq!(device.wait_until(at), [(at, again)]);
    }
    let at = start + Duration::from_secs(end);
    assert_eq!(device.until, at);
    let before = *device.client.statistics();
    let out = device.wait_until(at);
    let after = *device.client.statistics();
    assert_eq!(after.timeouts, before.timeouts + 1);
    assert_eq!(after.retransmissions, before.retransmissions);
    assert!(out.iter().all(|(time, _)| *time == at));
    out
}

#[test]
fn register() {
    for (jitter, times, end) in SCHEDULES {
        let mut device = Device::new();
        device.random = TestRandom::Constant(jitter);
        device.start();
        let first = sent(&device.open(SERVER));
        let out = outputs(&is_sent_again(&mut device, &first, times, end));
        let failed = Event::RegistrationFailed {
            server: 1,
            failure: Failure::Timeout,
            retry_at: device.now + Duration::from_secs(60),
            exhausted: false,
        };
        assert_eq!(out, [Out::Event(failed), Out::Close(SERVER)]);
        assert_eq!(outputs(&device.wait(60)), [Out::Open(SERVER, 0)]);
        // Another attempt is another message.
        let second = sent(&device.open(SERVER));
        assert_ne!(second.id(), first.id());
    }
}

#[test]
fn update() {
    for (jitter, times, end) in SCHEDULES {
        let mut device = Device::registered();
        device.random = TestRandom::Constant(jitter);
        device.client.update(true);
        let first = sent(&device.drain());
        let out = outputs(&is_sent_again(&mut device, &first, times, end));
        assert!(
            matches!(
                events(&out)[..],
                [Event::RegistrationFailed {
                    failure: Failure::Timeout,
                    ..
                }]
            ),
            "{out:?}"
        );
        // The registration counts as lost: Register follows.
        device.wait(60);
        let next = sent(&device.open(SERVER));
        assert!(next.strings(15).contains(&"lwm2m=1.1".into()));
    }
}

#[test]
fn deregister() {
    for (jitter, times, end) in SCHEDULES {
        let mut device = Device::registered();
        device.random = TestRandom::Constant(jitter);
        device.client.deregister();
        let first = sent(&device.drain());
        let out = outputs(&is_sent_again(&mut device, &first, times, end));
        let end = Event::Deregistered {
            server: 1,
            confirmed: false,
        };
        assert_eq!(events(&out), [end]);
        assert_eq!(device.until, Instant::FAR_FUTURE);
    }
}

#[test]
fn bootstrap_request() {
    for (jitter, times, end) in SCHEDULES {
        let mut device = Device::new();
        device.random = TestRandom::Constant(jitter);
        device.objects.security = Store::new(&tables::security::DEFINITION)
            .with(0, 0, "coap://192.0.2.8")
            .with(0, 1, true)
            .with(0, 2, 3);
        device.start();
        let first = sent(&device.open(SERVER));
        let out = outputs(&is_sent_again(&mut device, &first, times, end));
        assert!(
            matches!(
                events(&out)[..],
                [Event::BootstrapFailed {
                    failure: Failure::Timeout,
                    ..
                }]
            ),
            "{out:?}"
        );
    }
}

#[test]
fn separate_response() {
    for (jitter, times, end) in SCHEDULES {
        let mut device = Device::registered();
        device.random = TestRandom::Constant(jitter);
        device.objects.test.outcome = Outcome::Later(Ticket(5));
        let request = post("/26241/1/9");
        let ack = sent(&device.receive(&request.bytes()));
        assert_eq!(
            (ack.kind(), ack.code(), ack.id()),
            (Kind::Ack, Code::EMPTY, request.id)
        );
        device.wait(10);
        device.client.answer(Ticket(5), Ok(()));
        let first = sent(&device.drain());
        assert_eq!(first.code(), Code::CHANGED);
        assert_eq!(first.token(), request.token());
        assert_eq!(is_sent_again(&mut device, &first, times, end), []);
        assert!(device.client.is_registered(1));
    }
}

/// Retransmissions and the limits derived from them follow ACK_TIMEOUT: 10 s suits NB-IoT.
#[test]
fn a_longer_ack_timeout_stretches_everything() {
    let mut config = Config::new(ENDPOINT);
    config.transmission = Transmission::DEFAULT.with_ack_timeout(10_000);
    let mut device = Device::with(config, TestRandom::Constant(0), 1280);
    device.start();
    let first = sent(&device.open(SERVER));
    is_sent_again(&mut device, &first, [10, 30, 70, 150], 310);
    device.wait(60);
    let register = sent(&device.open(SERVER));
    device.receive(&register.created("/rd/1"));
    // MAX_TRANSMIT_WAIT is 10 s x 1.5 x 31.
    let update_at = device.now + Duration::from_secs(86_400 - 465);
    assert_eq!(device.until, update_at);
}

/// Seeds spread the first timeout over the whole range from ACK_TIMEOUT to 1.5 x ACK_TIMEOUT.
#[test]
fn first_timeouts_spread_between_two_and_three_seconds() {
    let mut slots = [0u32; 10];
    for seed in 0..1000 {
        let mut device = Device::new();
        device.random = TestRandom::Sequence(seed * 7919);
        device.start();
        device.open(SERVER);
        let timeout = device.until.as_millis();
        assert!((2000..=3000).contains(&timeout), "{timeout}");
        slots[usize::try_from((timeout - 2000) / 101).unwrap()] += 1;
    }
    // 100 are expected in each tenth.
    assert!(
        slots.iter().all(|&count| (50..=150).contains(&count)),
        "{slots:?}"
    );
}

/// A retransmission that gets through is answered like the first.
#[test]
fn any_retransmission_may_be_answered() {
    for lost in 0..4 {
        let mut device = Device::new();
        device.start();
        let register = sent(&device.open(SERVER));
        for _ in 0..lost {
            let until = device.until;
            assert_eq!(sent(&outputs(&device.wait_until(until))), register);
        }
        let out = device.receive(&register.created("/rd/x"));
        assert_eq!(out, [Out::Event(Event::Registered { server: 1 })]);
        assert_eq!(device.client.statistics().retransmissions, lost);
    }
}
