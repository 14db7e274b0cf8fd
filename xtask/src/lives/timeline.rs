//! How the timeline of a life is written.

use core::fmt::Write as _;

use carrier_mock::recorder::{Direction, Entry};
use lwm2m_carrier::Event;
use lwm2m_core::time::Instant;

use super::plan::DAY;
use super::stage::name_of;

/// Days, hours, minutes, seconds and milliseconds.
pub(super) fn time(at: Instant) -> String {
    let millis = at.as_millis();
    let secs = millis / 1000;
    format!(
        "d{:02} {:02}:{:02}:{:02}.{:03}",
        secs / DAY,
        secs / 3600 % 24,
        secs / 60 % 60,
        secs % 60,
        millis % 1000
    )
}

/// An entry in the timeline.
pub(super) fn line(entry: &Entry) -> String {
    let Entry::Message {
        direction,
        server,
        head,
    } = entry
    else {
        return match entry {
            Entry::Event(Event::Deferred(deferred)) => format!(
                "   {} {} s",
                deferred.reason.chart_name(),
                deferred.retry_after().as_secs()
            ),
            Entry::Event(Event::Error(error)) => {
                format!(
                    "   {} {} {:?}",
                    error.kind.chart_name(),
                    error.errno(),
                    error.cause
                )
            }
            Entry::Event(event) => format!("   {}", event.chart_name()),
            entry => format!("   {entry:?}"),
        };
    };
    let arrow = match direction {
        Direction::FromDevice => '>',
        _ => '<',
    };
    let mut line = format!(
        "{arrow}  {} {:?} {:?} {:04x} {} {} B",
        name_of(*server),
        head.kind,
        head.code,
        head.message_id,
        head.path,
        head.len
    );
    if let Some(number) = head.observe {
        let _ = write!(line, " observe {number}");
    }
    line
}
