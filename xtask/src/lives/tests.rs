//! The same seed is the same life, the seeds that are lived by default see everything, and the meter measures.

#![allow(clippy::unwrap_used, reason = "a failed test panics")]

use core::mem::{Discriminant, discriminant};

use lwm2m_core::time::Instant;

use super::outcome;
use super::plan::{HOUR, Plan, Provisioning, secs};
use super::service::{Excuse, Meter, Now};
use super::update::{URIS, Way};
use super::weather::{OUTAGES, Stroke};

/// So many seeds are lived by default.
const SEEDS: u64 = 500;

#[test]
fn a_seed_decides_a_life() {
    let live = || {
        let thread = std::thread::Builder::new().stack_size(super::STACK);
        let life = thread.spawn(|| outcome::live(3, true)).unwrap();
        life.join().unwrap()
    };
    let (one, other) = (live(), live());
    assert!(one.complaints.is_empty(), "{:?}", one.complaints);
    assert!(one.lines.len() > 1_000);
    assert!(one.lines == other.lines);
}

#[test]
fn all_that_can_befall_a_device_befalls_some() {
    let plans: Vec<Plan> = (0..SEEDS).map(Plan::new).collect();
    let strokes = || plans.iter().flat_map(|plan| &plan.weather).map(|(_, s)| *s);
    let mut kinds: Vec<Discriminant<Stroke>> = Vec::new();
    let mut outages = [false; OUTAGES];
    for stroke in strokes() {
        if !kinds.contains(&discriminant(&stroke)) {
            kinds.push(discriminant(&stroke));
        }
        if let Stroke::Outage(outage, span) = stroke {
            assert!(secs(60) <= span && span <= secs(48 * HOUR), "{stroke:?}");
            outages[outage.index()] = true;
        }
    }
    assert_eq!(kinds.len(), 22);
    assert_eq!(outages, [true; OUTAGES]);
    let updates = || plans.iter().flat_map(|plan| &plan.updates);
    for uri in URIS {
        assert!(
            updates().any(|update| update.way == Way::Pull(uri)),
            "{uri}"
        );
    }
    assert!(updates().any(|update| matches!(update.way, Way::Push(_))));
    for provisioning in [
        Provisioning::Bootstrap,
        Provisioning::BootstrapPlain,
        Provisioning::Factory,
    ] {
        for woken in [false, true] {
            let is = |plan: &Plan| plan.provisioning == provisioning && plan.woken == woken;
            assert!(plans.iter().any(is), "{provisioning:?} {woken}");
        }
    }
}

#[test]
fn time_without_service_is_measured_less_what_explains_it() {
    let mut meter = Meter::new();
    let mut take = |hours: u64, served: bool, excuse: Excuse| {
        meter.take(Now {
            at: Instant::ZERO + secs(hours * HOUR),
            served,
            excuse,
            datagrams: hours,
        });
    };
    take(0, true, Excuse::None);
    take(10, false, Excuse::None); // 10 hours with service; 2 hours without,
    take(12, false, Excuse::Outage); // 8 of an outage,
    take(20, false, Excuse::None); // 3 behind it,
    take(23, false, Excuse::Power); // 4 without power,
    take(27, false, Excuse::None); // 1 more,
    take(28, true, Excuse::None);
    take(30, true, Excuse::None); // and 2 with service.
    assert_eq!(meter.worst_beyond(), secs(6 * HOUR));
    assert_eq!(meter.worst_clear(), secs(4 * HOUR));
    assert_eq!(meter.worst_at(), Instant::ZERO + secs(28 * HOUR));
    assert_eq!(meter.totals(), (secs(12 * HOUR), secs(6 * HOUR)));
    // Each of the datagrams came after hours of silence.
    assert_eq!(meter.wake_ups(), 7);
}
