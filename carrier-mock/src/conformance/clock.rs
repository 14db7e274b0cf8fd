//! Checks of [`Clock`].

use lwm2m_carrier::hal::Clock;
use lwm2m_core::time::{Duration, Instant};

use super::breach::{Breach, Rule};
use super::time::{once, soon};

const FORWARD: Rule = Rule::new("clock::forward", "time never goes backwards");
const WAIT: Rule = Rule::new("clock::wait", "a wait ends at its point, or earlier");
const PAST: Rule = Rule::new("clock::past", "a wait for a point in the past ends at once");
const TURN: Rule = Rule::new(
    "clock::turn",
    "a wait for a point to come is pending once, so that what else runs gets its turn",
);
const CANCEL: Rule = Rule::new(
    "clock::cancel",
    "a wait that is dropped does not disturb the next one",
);
/// How far beyond its point a wait may end; tests run on loaded computers.
const LATE: Duration = Duration::from_secs(2);

/// All checks; takes less than a second of the clock.
///
/// # Errors
/// The first breach.
pub async fn all(clock: &mut impl Clock) -> Result<(), Breach> {
    past(clock).await?;
    forward(clock).await?;
    wait(clock).await?;
    turn(clock).await?;
    cancel(clock).await
}

/// Time stands or goes forward, also over waits.
///
/// # Errors
/// A breach.
pub async fn forward(clock: &mut impl Clock) -> Result<(), Breach> {
    let mut before = clock.now();
    for round in 0..1000 {
        if round % 200 == 0 {
            soon(clock.wait(before + Duration::from_millis(3))).await;
        }
        let now = clock.now();
        FORWARD.keep(now >= before, "an earlier time than before")?;
        before = now;
    }
    Ok(())
}

/// Waits of some milliseconds lead to their point, and not far beyond it.
///
/// # Errors
/// A breach.
pub async fn wait(clock: &mut impl Clock) -> Result<(), Breach> {
    for millis in [1, 10, 50] {
        let until = clock.now() + Duration::from_millis(millis);
        lead_to(clock, until, WAIT).await?;
    }
    Ok(())
}

/// A wait for now or for earlier returns.
///
/// # Errors
/// A breach.
pub async fn past(clock: &mut impl Clock) -> Result<(), Breach> {
    let now = clock.now();
    for until in [Instant::ZERO, now] {
        PAST.in_time("wait", soon(clock.wait(until)).await)?;
    }
    PAST.keep(clock.now() <= now + LATE, "it has waited")
}

/// A wait for a point to come is not over when it is polled first, however long it has slept in that.
///
/// # Errors
/// A breach.
pub async fn turn(clock: &mut impl Clock) -> Result<(), Breach> {
    let until = clock.now() + LATE;
    let at_once = once(clock.wait(until)).await.is_some();
    TURN.keep(!at_once, "a wait that is over at once")
}

/// A wait that was begun and dropped, also one for ever, does not hold the next one up.
///
/// # Errors
/// A breach.
pub async fn cancel(clock: &mut impl Clock) -> Result<(), Breach> {
    once(clock.wait(Instant::FAR_FUTURE)).await;
    let until = clock.now() + Duration::from_millis(20);
    for _ in 0..10 {
        once(clock.wait(until)).await;
    }
    lead_to(clock, until, CANCEL).await
}

/// Waits until `until`, as often as it takes.
async fn lead_to(clock: &mut impl Clock, until: Instant, rule: Rule) -> Result<(), Breach> {
    let mut waits = 0;
    while clock.now() < until {
        clock.wait(until).await;
        waits += 1;
        rule.keep(waits < 1_000_000, "a million waits that lead nowhere")?;
    }
    rule.keep(clock.now() <= until + LATE, "it ends too late")
}
