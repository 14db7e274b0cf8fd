//! Groups 23 and 24: values that change or go while they are told.

use lwm2m_core::model::Path;
use lwm2m_core::wire::coap::{Code, Kind, option};

use crate::common::{Answer, Device, Out, Owned, TestRandom, delete, get, put, sent};

fn device(confirmable: bool) -> Device {
    let mut config = Device::config();
    config.confirmable_notifications = confirmable;
    let mut device = Device::with(config, TestRandom::Sequence(9), 1280);
    device.register();
    device
}

/// The last notification says why there will be no more (RFC 7641, sections 3.2 and 4.2).
#[test]
fn g24_an_instance_that_goes_ends_its_observations_with_not_found() {
    for confirmable in [false, true] {
        for path in ["/26241/1", "/26241/1/1", "/26241/1/8/0"] {
            let mut device = device(confirmable);
            let request = get(path).accept(11542).uint(option::OBSERVE, 0);
            device.ask(&request);
            device.objects.test.instances.clear();
            device.client.changed(Path::instance(26_241, 1));
            let last = sent(&device.drain());
            assert_eq!(last.code(), Code::NOT_FOUND, "{path}");
            assert_eq!(last.token(), request.token());
            assert_eq!(last.uint(option::OBSERVE), None);
            assert_eq!(device.client.observations(), 0);
            if last.kind() == Kind::Con {
                assert_eq!(device.receive(&last.empty(Kind::Ack)), []);
            }
            assert_eq!(device.wait(100), [], "{path}");
        }
    }
}

#[test]
fn g24_a_delete_of_the_server_ends_them_too() {
    let mut device = Device::registered();
    let (token, _) = device.observe("/26241/1/1");
    let out = device.receive(&delete("/26241/1").bytes());
    let codes: Vec<_> = out
        .iter()
        .filter_map(|out| match out {
            Out::Transmit(_, datagram, _) => Some(Answer::new(datagram)),
            _ => None,
        })
        .filter(|message| message.token() == token)
        .map(|message| message.code())
        .collect();
    device.settle();
    assert_eq!(device.client.observations(), 0);
    // At once, or behind the Update that the changed object list asks for.
    assert!(codes.is_empty() || codes == [Code::NOT_FOUND]);
}

/// The object stays when its instances go: it reads as empty.
#[test]
fn g24_an_observed_object_may_become_empty() {
    let mut device = Device::registered();
    let request = get("/26241").accept(112).uint(option::OBSERVE, 0);
    device.ask(&request);
    device.objects.test.instances.clear();
    device.client.changed(Path::object(26_241));
    let notification = sent(&device.drain());
    assert_eq!(
        (notification.code(), notification.payload()),
        (Code::CONTENT, &[0x80][..])
    );
    assert_eq!(device.client.observations(), 1);
}

/// What is told is what is there when the message is made; a change behind it is another one.
#[test]
fn g23_a_notification_shows_the_value_that_crossed() {
    let mut device = Device::registered();
    device.observe("/26241/1/1");
    device.ask(&put("/26241/1/1").query("gt=5").query("pmin=10"));
    assert_eq!(device.change(1, 9), []);
    // Back below the threshold before pmin has passed: nothing has been crossed.
    assert_eq!(device.change(1, 2), []);
    assert_eq!(device.wait(30), []);
}

/// RFC 7959, section 2.6: the first block comes by itself, the rest is fetched without Observe.
#[test]
fn g24_a_large_notification_is_fetched_in_blocks() {
    let mut device = Device::registered();
    let text = |letter: &str| Owned::Text(letter.repeat(1500));
    let request = get("/26241/1/0").accept(0).uint(option::OBSERVE, 0);
    device.ask(&request);
    let first = sent(&device.change(0, text("a")));
    assert_eq!(first.uint(option::BLOCK2), Some(0x0e));
    assert_eq!(first.payload(), [b'a'; 1024]);
    let etag = first.options(option::ETAG);
    assert_eq!(etag.len(), 1);
    let rest = device.ask(&get("/26241/1/0").accept(0).uint(option::BLOCK2, 0x16));
    assert_eq!(rest.uint(option::BLOCK2), Some(0x16));
    assert_eq!(rest.payload(), [b'a'; 476]);
    assert_eq!(rest.options(option::ETAG), etag);
    assert_eq!(rest.uint(option::OBSERVE), None);
    assert_eq!(device.client.observations(), 1);
    // A new value in mid-transfer shows by another ETag.
    device.change(0, text("b"));
    let rest = device.ask(&get("/26241/1/0").accept(0).uint(option::BLOCK2, 0x16));
    assert_ne!(rest.options(option::ETAG), etag);
}
