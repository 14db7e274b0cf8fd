//! What comes of a life.

use lwm2m_core::time::{Duration, Instant};

use super::life::Life;
use super::plan::Plan;
use super::stage;
use super::watch::Watch;

/// What came of a life.
#[derive(Clone, Debug, Default)]
pub(super) struct Outcome {
    pub(super) seed: u64,
    /// What was not as it must be.
    pub(super) complaints: Vec<String>,
    pub(super) lines: Vec<String>,
    pub(super) worst_clear: Duration,
    pub(super) worst_beyond: Duration,
    pub(super) worst_at: Instant,
    pub(super) served: Duration,
    pub(super) unserved: Duration,
    pub(super) datagrams: u64,
    pub(super) bytes: u64,
    pub(super) wake_ups: u32,
    pub(super) boots: u32,
    pub(super) updates: u32,
    pub(super) update_attempts: u32,
    pub(super) bootstraps: u32,
    pub(super) registers: u32,
    pub(super) power_cuts: u32,
}

/// Lives the life of `seed`; with its timeline, if `told`.
pub(super) fn live(seed: u64, told: bool) -> Outcome {
    let plan = Plan::new(seed);
    let watch = Watch::new(told, plan.thinks);
    if told {
        watch.tell(Instant::ZERO, || tell_of(&plan));
    }
    let outcome = stage::set(&plan, &watch, |stage| {
        let life = Life::new(stage);
        life.live();
        life.check();
        life.outcome()
    });
    outcome.unwrap_or_else(|_| Outcome {
        seed,
        complaints: vec!["the world of this life cannot be made".into()],
        ..Outcome::default()
    })
}

fn tell_of(plan: &Plan) -> String {
    let updates: Vec<_> = plan
        .updates
        .iter()
        .map(|u| {
            format!(
                "{:?} of {} B, {:?}, {:?}, {:?} {:?}",
                u.way,
                u.image.len(),
                u.applied,
                u.installed,
                u.http_faults,
                u.coap_faults
            )
        })
        .collect();
    format!(
        "{:?}, keys {:?}, woken {}, lifetime {} s, queue mode {}, nat {:?}, thinks {:?}, refuses {}\n  {:?}\n  {:?}\n  {}",
        plan.provisioning,
        plan.keys,
        plan.woken,
        plan.lifetime,
        plan.queue_mode,
        plan.nat_timeout,
        plan.thinks,
        plan.refuses_reboot,
        plan.uplink,
        plan.downlink,
        updates.join("\n  ")
    )
}
