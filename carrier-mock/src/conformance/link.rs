//! Checks of [`Link`].

use lwm2m_carrier::hal::{Clock, Link, LinkState};
use lwm2m_core::time::Duration;

use super::breach::{Breach, Rule};
use super::time::{once, pause, within};

const UP: Rule = Rule::new(
    "link::up",
    "up() returns with the link up, also when it is up",
);
const DOWN: Rule = Rule::new(
    "link::down",
    "down() returns with the link down, also when it is down",
);
const QUIET: Rule = Rule::new(
    "link::changed",
    "changed() does not tell what up() and down() have told",
);
const ONCE: Rule = Rule::new("link::outage", "changed() tells each change once");
const CANCEL: Rule = Rule::new(
    "link::outage",
    "a change is told by the next changed() when one was dropped",
);

/// How long the link is listened to for something that must not come.
const QUIET_SPAN: Duration = Duration::from_millis(300);
/// How long `up` and `down` may take, and a change until it is told.
const LIMIT: Duration = Duration::from_secs(600);

/// Takes the network away and gives it back, as a jammer or a SIM tray does.
pub trait Network {
    /// Takes the network away, or gives it back; the link follows within ten minutes by itself.
    fn set(&mut self, there: bool);
}

impl<F: FnMut(bool)> Network for F {
    fn set(&mut self, there: bool) {
        self(there);
    }
}

/// All checks that need no [`Network`]; leaves the link down.
///
/// # Errors
/// The first breach.
pub async fn all(link: &mut impl Link, clock: &mut impl Clock) -> Result<(), Breach> {
    down(link, clock).await?;
    for _ in 0..2 {
        up(link, clock).await?;
        quiet(link, clock).await?;
        up(link, clock).await?;
        quiet(link, clock).await?;
        down(link, clock).await?;
        quiet(link, clock).await?;
        down(link, clock).await?;
        quiet(link, clock).await?;
    }
    Ok(())
}

/// A loss of the network is told once, its return once, even when the futures that would tell them are dropped;
/// [`state`](Link::state) agrees. Leaves the link down.
///
/// # Errors
/// The first breach.
pub async fn outage(
    link: &mut impl Link,
    clock: &mut impl Clock,
    mut network: impl Network,
) -> Result<(), Breach> {
    up(link, clock).await?;
    for there in [false, true, false, true] {
        // A future that has waited since before the change, and is dropped.
        once(link.changed()).await.map_or(Ok(()), |_| {
            ONCE.keep(false, "a change that was told already")
        })?;
        network.set(there);
        let told = within(clock, LIMIT, link.changed()).await;
        let told = CANCEL.in_time("changed", told)?;
        let expected = (told == LinkState::Up) == there;
        ONCE.keep(expected, "the state from before the change")?;
        ONCE.keep(link.state() == told, "another state() than changed() told")?;
        pause(clock, QUIET_SPAN).await;
        let again = within(clock, QUIET_SPAN, link.changed()).await;
        ONCE.keep(again.is_none(), "the same change again")?;
    }
    down(link, clock).await
}

async fn up(link: &mut impl Link, clock: &mut impl Clock) -> Result<(), Breach> {
    let result = within(clock, LIMIT, link.up()).await;
    UP.done("up", UP.in_time("up", result)?)?;
    UP.keep(link.state() == LinkState::Up, "a state that is down")
}

async fn down(link: &mut impl Link, clock: &mut impl Clock) -> Result<(), Breach> {
    let result = within(clock, LIMIT, link.down()).await;
    DOWN.done("down", DOWN.in_time("down", result)?)?;
    DOWN.keep(link.state() != LinkState::Up, "a state that is up")
}

async fn quiet(link: &mut impl Link, clock: &mut impl Clock) -> Result<(), Breach> {
    match within(clock, QUIET_SPAN, link.changed()).await {
        Some(LinkState::Up) => QUIET.keep(false, "up, a second time"),
        Some(LinkState::Down(_)) => QUIET.keep(false, "down, a second time"),
        None => Ok(()),
    }
}
