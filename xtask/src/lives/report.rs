//! What came of many lives.

use core::time::Duration;
use std::process::ExitCode;

use super::outcome::Outcome;
use super::plan::DAYS;
use super::timeline::time;

/// No device may be without service for so long, outages left out: 24 hours of back-off, 10 % of jitter, retries.
const LIMIT: lwm2m_core::time::Duration = lwm2m_core::time::Duration::from_secs(28 * 3_600);

/// Whether a life has gone as it must.
fn is_good(outcome: &Outcome) -> bool {
    outcome.complaints.is_empty() && outcome.worst_clear < LIMIT
}

/// Says what was not as it must be, if anything.
pub(super) fn complain(outcome: &Outcome) {
    if is_good(outcome) {
        return;
    }
    eprintln!(
        "seed {}: cargo xtask lives --seed {} --verbose",
        outcome.seed, outcome.seed
    );
    for complaint in &outcome.complaints {
        eprintln!("  {complaint}");
    }
    if outcome.worst_clear >= LIMIT {
        eprintln!(
            "  {} without service behind the last outage, until {}",
            hours(outcome.worst_clear),
            time(outcome.worst_at)
        );
    }
}

/// What came of one life.
pub(super) fn one(outcome: &Outcome) -> ExitCode {
    println!(
        "seed {}: {} without service at most ({} in a row, until {}), {} boots, {} updates in {} attempts, {} bootstraps, {} registrations",
        outcome.seed,
        hours(outcome.worst_beyond),
        hours(outcome.worst_clear),
        time(outcome.worst_at),
        outcome.boots,
        outcome.updates,
        outcome.update_attempts,
        outcome.bootstraps,
        outcome.registers,
    );
    complain(outcome);
    code(is_good(outcome))
}

/// What came of all.
pub(super) fn all(outcomes: &[Outcome], took: Duration) -> ExitCode {
    let bad: Vec<u64> = outcomes
        .iter()
        .filter(|outcome| !is_good(outcome))
        .map(|outcome| outcome.seed)
        .collect();
    let sum = |of: &dyn Fn(&Outcome) -> u64| outcomes.iter().map(of).sum::<u64>();
    println!(
        "{} lives of {DAYS} days in {:.1} s, {:.0} a second",
        outcomes.len(),
        took.as_secs_f64(),
        outcomes.len() as f64 / took.as_secs_f64()
    );
    println!(
        "lived through: {} starts, {} power cuts, {} bootstraps, {} registrations, {} updates in {} attempts",
        sum(&|o| u64::from(o.boots) + 1),
        sum(&|o| u64::from(o.power_cuts)),
        sum(&|o| u64::from(o.bootstraps)),
        sum(&|o| u64::from(o.registers)),
        sum(&|o| u64::from(o.updates)),
        sum(&|o| u64::from(o.update_attempts)),
    );
    worst(outcomes, "without service, outages left out", |o| {
        o.worst_beyond
    });
    worst(outcomes, "the same in one piece", |o| o.worst_clear);
    let (served, unserved) = (sum(&|o| o.served.as_secs()), sum(&|o| o.unserved.as_secs()));
    println!(
        "service: {:.3} % of the time that no outage took",
        100.0 * served as f64 / (served + unserved).max(1) as f64
    );
    per_day(outcomes, "datagrams", |o| o.datagrams);
    per_day(outcomes, "bytes", |o| o.bytes);
    per_day(outcomes, "wake-ups", |o| u64::from(o.wake_ups));
    if bad.is_empty() {
        println!("every life ended as it must");
    } else {
        println!("{} lives did not end as they must: {bad:?}", bad.len());
    }
    code(bad.is_empty())
}

fn worst(outcomes: &[Outcome], what: &str, of: impl Fn(&Outcome) -> lwm2m_core::time::Duration) {
    let mut spans: Vec<_> = outcomes.iter().map(|o| (of(o), o.seed)).collect();
    spans.sort_unstable();
    let (Some(middle), Some((longest, seed))) = (spans.get(spans.len() / 2), spans.last()) else {
        return;
    };
    println!(
        "{what}: worst {} (seed {seed}), median of the lives' worst {}",
        hours(*longest),
        hours(middle.0)
    );
}

fn per_day(outcomes: &[Outcome], what: &str, of: impl Fn(&Outcome) -> u64) {
    let mut counts: Vec<_> = outcomes.iter().map(|o| (of(o) / DAYS, o.seed)).collect();
    counts.sort_unstable();
    let (Some(middle), Some((most, seed))) = (counts.get(counts.len() / 2), counts.last()) else {
        return;
    };
    println!(
        "{what} a day: median {}, worst {most} (seed {seed})",
        middle.0
    );
}

/// Hours and minutes.
fn hours(span: lwm2m_core::time::Duration) -> String {
    let minutes = span.as_secs() / 60;
    format!("{} h {:02} min", minutes / 60, minutes % 60)
}

const fn code(good: bool) -> ExitCode {
    if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
