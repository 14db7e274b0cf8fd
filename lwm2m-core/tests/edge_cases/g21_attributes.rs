//! Group 21: what notification attributes hold back and what they force (Core 1.1.1, section 5.1.2).

use lwm2m_core::time::{Duration, Instant};
use lwm2m_core::wire::coap::{Code, option};

use crate::common::{Answer, Device, Out, Owned, get, outputs, put, sent};

/// A registered device with an observation of `path`, and attributes on it.
fn observing(path: &str, attributes: &[&str]) -> Device {
    let mut device = Device::registered();
    device.objects.test.set(1, 2, Owned::Uint(0));
    device.objects.test.set(1, 3, Owned::Float(0.0));
    device.objects.test.set(1, 4, false);
    device.observe(path);
    let mut request = put(path);
    for attribute in attributes {
        request = request.query(attribute);
    }
    assert_eq!(device.ask(&request).code(), Code::CHANGED);
    device
}

/// Which of the values, set one after the other, are told.
fn told<V: Into<Owned> + Copy + PartialEq>(
    device: &mut Device,
    resource: u16,
    values: &[V],
) -> Vec<V> {
    let is_told = |value: &&V| !device.change(resource, **value).is_empty();
    values.iter().filter(is_told).copied().collect()
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Float(f64);

impl From<Float> for Owned {
    fn from(value: Float) -> Self {
        Self::Float(value.0)
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Uint(u64);

impl From<Uint> for Owned {
    fn from(value: Uint) -> Self {
        Self::Uint(value.0)
    }
}

fn seconds(secs: u64) -> Instant {
    Instant::ZERO + Duration::from_secs(secs)
}

#[test]
fn g21_pmin_holds_back_and_tells_the_last_value() {
    let mut device = observing("/26241/1/1", &["pmin=10"]);
    device.wait(4);
    assert_eq!(device.change(1, 2), []);
    device.wait(4);
    assert_eq!(device.change(1, 3), []);
    let out = device.wait_until(seconds(30));
    assert_eq!(out.len(), 1);
    assert_eq!((out[0].0, sent(&outputs(&out)).text()), (seconds(10), "3"));
    // pmin has long passed: the next change is told at once.
    assert_eq!(sent(&device.change(1, 4)).text(), "4");
}

#[test]
fn g22_a_value_that_returns_within_pmin_is_not_told() {
    let mut device = observing("/26241/1/1", &["pmin=10"]);
    assert_eq!(device.change(1, 2), []);
    assert_eq!(device.change(1, 1), []);
    assert_eq!(device.wait(20), []);
}

#[test]
fn g21_pmax_forces_a_notification_without_a_change() {
    let mut device = observing("/26241/1/1", &["pmax=20"]);
    let out = device.wait_until(seconds(65));
    let times: Vec<_> = out.iter().map(|(at, _)| *at).collect();
    assert_eq!(times, [seconds(20), seconds(40), seconds(60)]);
    // A notification in between begins the period anew.
    assert_eq!(sent(&device.change(1, 2)).text(), "2");
    assert_eq!(device.until, seconds(85));
}

#[test]
fn g21_pmax_below_pmin_is_ignored() {
    let mut device = observing("/26241/1/1", &["pmin=30", "pmax=10"]);
    assert_eq!(device.wait(100), []);
    device.change(1, 2);
    assert_eq!(device.wait(100), []);
}

#[test]
fn g21_pmax_equal_to_pmin_is_a_period() {
    let mut device = observing("/26241/1/1", &["pmin=30", "pmax=30"]);
    let times: Vec<_> = device.wait(95).iter().map(|(at, _)| *at).collect();
    assert_eq!(times, [seconds(30), seconds(60), seconds(90)]);
}

#[test]
fn g21_pmax_zero_is_none() {
    let mut device = observing("/26241/1/1", &["pmax=0"]);
    assert_eq!(device.wait(80_000), []);
}

#[test]
fn g21_periods_default_to_those_of_the_server_object() {
    let mut device = observing("/26241/1/1", &["pmin=5"]);
    device.objects.server.set(0, 2, 10);
    device.objects.server.set(0, 3, 40);
    device.client.changed(lwm2m_core::model::Path::object(1));
    // Its own attribute wins, the other one is the default.
    assert_eq!(device.change(1, 2), []);
    assert_eq!(device.until, seconds(5));
    device.ask(&put("/26241/1/1").query("pmin"));
    assert_eq!(device.until, seconds(10));
    assert_eq!(device.wait(10).len(), 1);
    assert_eq!(device.until, seconds(50));
    assert_eq!(device.wait(40).len(), 1);
}

#[test]
fn g21_default_periods_hold_from_the_first_notification_on() {
    let mut device = Device::registered();
    device.objects.server.set(0, 2, 10);
    device.objects.server.set(0, 3, 40);
    device.observe("/26241/1/1");
    assert_eq!(device.until, seconds(40));
    assert_eq!(device.change(1, 2), []);
    assert_eq!(device.until, seconds(10));
}

#[test]
fn g21_a_write_of_the_default_periods_holds_at_once() {
    let mut device = Device::registered();
    device.observe("/26241/1/1");
    assert_eq!(device.code(&put("/1/0/3").text("40")), Code::CHANGED);
    assert_eq!(device.until, seconds(40));
    assert_eq!(device.code(&put("/1/0/2").text("10")), Code::CHANGED);
    assert_eq!(device.change(1, 2), []);
    assert_eq!(device.until, seconds(10));
    // What waits for a period that is no more goes out, behind the answer.
    let out = device.receive(&put("/1/0/2").text("0").bytes());
    let texts = out.iter().filter_map(|out| match out {
        Out::Transmit(_, datagram, _) => Some(Answer::new(datagram).text().to_owned()),
        _ => None,
    });
    assert_eq!(texts.collect::<Vec<_>>(), ["", "2"]);
    assert_eq!(device.until, seconds(40));
    // Lifetime, storing and binding; what a whole instance does not name is absent then.
    let whole = put("/1/0").tlv("c40100015180c10601c10755");
    assert_eq!(device.code(&whole), Code::CHANGED);
    assert!(device.until > seconds(40));
}

#[test]
fn g21_attributes_of_object_and_instance_are_inherited() {
    let mut device = observing("/26241/1/1", &["pmax=50"]);
    device.ask(&put("/26241").query("pmin=7").query("pmax=20"));
    device.ask(&put("/26241/1").query("pmin=9"));
    assert_eq!(device.change(1, 2), []);
    assert_eq!(device.until, seconds(9));
    device.wait(9);
    assert_eq!(device.until, seconds(59));
}

#[test]
fn g21_gt_is_crossed_both_ways() {
    let mut device = observing("/26241/1/1", &["gt=5"]);
    assert_eq!(told(&mut device, 1, &[2, 4, 6, 7, 10, 4, 3, 9]), [6, 4, 9]);
}

#[test]
fn g21_lt_is_crossed_both_ways() {
    let mut device = observing("/26241/1/1", &["lt=-5"]);
    assert_eq!(
        told(&mut device, 1, &[0, -4, -6, -10, -4, 3, -9]),
        [-6, -4, -9]
    );
}

/// A value on the limit is neither greater nor less: to come there, or to go back, is no crossing.
#[test]
fn g21_a_limit_that_is_reached_is_not_crossed() {
    let mut device = observing("/26241/1/1", &["gt=5"]);
    assert_eq!(told(&mut device, 1, &[4, 5, 4, 5, 6, 5, 6]), [6, 5, 6]);
    let mut device = observing("/26241/1/1", &["lt=-5"]);
    assert_eq!(
        told(&mut device, 1, &[-4, -5, -4, -5, -6, -5, -6]),
        [-6, -5, -6]
    );
}

#[test]
fn g21_gt_and_lt_enclose_a_band() {
    let mut device = observing("/26241/1/1", &["lt=-5", "gt=5"]);
    assert_eq!(
        told(&mut device, 1, &[0, 6, 10, 0, -1, -6, 6]),
        [6, 0, -6, 6]
    );
}

/// The step counts from the value that was told last, not from the one before.
#[test]
fn g21_st_counts_from_the_last_value_told() {
    let mut device = observing("/26241/1/1", &["st=3"]);
    assert_eq!(
        told(&mut device, 1, &[2, 3, 4, 5, 6, 7, 5, 4, 0]),
        [4, 7, 4, 0]
    );
}

#[test]
fn g21_st_adds_to_lt_and_gt() {
    let mut device = observing("/26241/1/1", &["lt=-8", "gt=8", "st=5"]);
    assert_eq!(told(&mut device, 1, &[3, 6, 7, 9, 10]), [6, 9]);
}

#[test]
fn g21_thresholds_wait_for_pmin_and_give_way_to_pmax() {
    let mut device = observing("/26241/1/1", &["gt=5", "pmin=10", "pmax=60"]);
    assert_eq!(device.change(1, 6), []);
    assert_eq!(device.wait(10).len(), 1);
    assert_eq!(device.change(1, 7), []);
    let out = device.wait(60);
    assert_eq!((out.len(), out[0].0), (1, seconds(70)));
    assert_eq!(sent(&outputs(&out)).text(), "7");
}

#[test]
fn g21_fractions_at_the_threshold() {
    let mut device = observing("/26241/1/3", &["gt=0.3"]);
    // 0.1 + 0.2 is a little more than 0.3 in binary.
    let values = [
        Float(0.1),
        Float(0.29),
        Float(0.1 + 0.2),
        Float(0.31),
        Float(0.2),
    ];
    assert_eq!(
        told(&mut device, 3, &values),
        [Float(0.1 + 0.2), Float(0.2)]
    );
}

#[test]
fn g21_not_a_number_is_told_once() {
    let mut device = observing("/26241/1/3", &["gt=10"]);
    let is_told = |device: &mut Device, value: f64| !device.change(3, Float(value)).is_empty();
    assert!(is_told(&mut device, f64::NAN));
    assert!(!is_told(&mut device, f64::NAN));
    assert!(is_told(&mut device, 1.0));
    assert!(is_told(&mut device, f64::INFINITY));
    assert!(!is_told(&mut device, 1e300));
    assert!(is_told(&mut device, f64::NEG_INFINITY));
    assert!(!is_told(&mut device, -0.0));
}

#[test]
fn g21_unsigned_values_of_64_bits_are_compared_exactly() {
    let mut device = observing("/26241/1/2", &["pmin=0"]);
    let big = u64::MAX;
    let values = [
        Uint(big),
        Uint(big),
        Uint(big - 1),
        Uint(1 << 53),
        Uint((1 << 53) + 1),
    ];
    assert_eq!(
        told(&mut device, 2, &values),
        [Uint(big), Uint(big - 1), Uint(1 << 53), Uint((1 << 53) + 1)]
    );
    let mut device = observing("/26241/1/2", &["gt=10000000000000000000"]);
    assert_eq!(
        told(
            &mut device,
            2,
            &[Uint(5), Uint(big), Uint(big - 1), Uint(0)]
        ),
        [Uint(big), Uint(0)]
    );
}

#[test]
fn g21_booleans_and_text_are_told_on_every_change() {
    let mut device = observing("/26241/1/4", &["pmin=0"]);
    assert_eq!(told(&mut device, 4, &[true, true, false]), [true, false]);
    let mut device = observing("/26241/1/0", &["pmin=0"]);
    assert_eq!(told(&mut device, 0, &["two", "three"]), ["two", "three"]);
}

#[test]
fn g21_a_resource_with_instances_is_told_as_a_whole() {
    let mut device = Device::registered();
    let request = get("/26241/1/8").uint(option::OBSERVE, 0);
    device.ask(&request);
    device
        .objects
        .test
        .instances
        .get_mut(&1)
        .unwrap()
        .insert((8, Some(1)), Owned::Int(99));
    device
        .client
        .changed(lwm2m_core::model::Path::resource_instance(26_241, 1, 8, 1));
    let notification = sent(&device.drain());
    assert_eq!(
        notification.payload(),
        crate::common::hex("860841000a410163")
    );
}

#[test]
fn g21_thresholds_of_another_server_do_not_count() {
    use lwm2m_core::SessionId;
    let mut device = crate::common::two_servers();
    device.observe("/26241/1/1");
    let request = put("/26241/1/1").query("gt=5");
    assert_eq!(
        device.ask_from(SessionId::new(1), &request).code(),
        Code::CHANGED
    );
    assert_eq!(told(&mut device, 1, &[2, 3, 3]), [2, 3]);
    let answer = device.ask(&get("/26241/1/1").accept(40));
    assert_eq!(answer.text(), "</26241/1/1>");
}
