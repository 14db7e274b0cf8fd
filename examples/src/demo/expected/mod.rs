//! What the timeline must hold.

mod charts;
mod firmware;
mod service;
mod start;

use super::timeline::{EVENT, Line};

/// The chapters, in order.
const CHAPTERS: [&[&str]; 14] = [
    start::FAILED_BOOT,
    start::BOOTSTRAP,
    service::VALUES,
    service::COVERAGE,
    service::OUTAGE,
    firmware::MODEM,
    firmware::REFUSED,
    firmware::PUSHED,
    firmware::PUSHED_RESULT,
    firmware::POWER_CUT,
    firmware::RESUMED,
    service::RESTART,
    service::QUIET_DAY,
    service::END,
];

/// Looks for all steps and charts in the timeline.
///
/// # Errors
/// A sentence that says what is missing, or too much.
pub(super) fn check(lines: &[Line]) -> Result<(), String> {
    follow(lines, &CHAPTERS.concat(), true)?;
    charts::check(lines)
}

/// Looks for `steps`, each the beginning of a line, in this order. There may be other lines in between, but no other
/// events; with `to_the_end` none behind the last step either.
///
/// # Errors
/// A sentence that says what is missing, or too much.
fn follow(lines: &[Line], steps: &[&str], to_the_end: bool) -> Result<(), String> {
    let mut steps = steps.iter().peekable();
    for Line { at, text, .. } in lines {
        if steps.peek().is_none() && !to_the_end {
            return Ok(());
        }
        if steps.next_if(|step| text.starts_with(**step)).is_some() || !text.starts_with(EVENT) {
            continue;
        }
        let before = steps.peek().map_or("the end", |step| **step);
        let at = at.as_millis();
        return Err(format!(
            "At {at} ms came \"{text}\", which was not expected before \"{before}\"."
        ));
    }
    match steps.next() {
        None => Ok(()),
        Some(step) => Err(format!("The step \"{step}\" is missing.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lwm2m_core::time::Instant;

    fn lines(texts: &[&str]) -> Vec<Line> {
        let line = |text: &&str| Line {
            at: Instant::ZERO,
            text: (*text).into(),
            entry: None,
            is_shown: true,
        };
        texts.iter().map(line).collect()
    }

    #[test]
    fn other_lines_may_lie_between_the_steps() {
        let seen = lines(&["event    A (1)", "message  x", "link     up", "event    B"]);
        assert_eq!(
            follow(&seen, &["event    A", "link     up", "event    B"], true),
            Ok(())
        );
    }

    #[test]
    fn what_is_missing_or_too_much_is_named() {
        let seen = lines(&["event    A", "event    B"]);
        for (steps, named) in [
            (
                ["event    A", "event    B", "event    C"],
                "\"event    C\" is missing",
            ),
            (
                ["event    A", "keys     x", "event    B"],
                "before \"keys     x\"",
            ),
            (
                ["event    B", "event    A", "event    C"],
                "before \"event    B\"",
            ),
        ] {
            let failure = follow(&seen, &steps, true).unwrap_err();
            assert!(failure.contains(named), "{failure}");
        }
        let failure = follow(&seen, &["event    A"], true).unwrap_err();
        assert!(failure.contains("before \"the end\""), "{failure}");
    }

    #[test]
    fn every_chart_is_looked_for() {
        let failure = charts::check(&[]).unwrap_err();
        assert!(failure.starts_with("Chart 5"), "{failure}");
        let steps = lines(&CHAPTERS.concat());
        assert_eq!(charts::check(&steps), Ok(()));
        // Nothing of a chart may be missing: here the tags that are applied before a server is refused.
        let applied = "session  2 begins its handshake";
        let without = steps
            .into_iter()
            .filter(|line| !line.text.starts_with(applied));
        let failure = charts::check(&without.collect::<Vec<_>>()).unwrap_err();
        assert!(failure.starts_with("Chart 6"), "{failure}");
    }
}
