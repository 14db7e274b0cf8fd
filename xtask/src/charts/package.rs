//! A firmware package on its way: of many parts one arrow, and what becomes of it.

use carrier_mock::recorder::{Entry, FirmwareOperation, SecurityKind};
use lwm2m_core::time::Instant;

use super::life::{FIRMWARE, LIBRARY, MODEM, SERVER};
use super::picture::{Line, Row, Shape, Tone};

/// An arrow between the library and a firmware server.
const fn arrow(from: usize, to: usize, line: Line) -> Shape {
    Shape::Arrow {
        from,
        to,
        line,
        between: (SERVER - 1, SERVER),
    }
}

/// A server is asked for a package.
pub(super) const fn request() -> Shape {
    arrow(LIBRARY, FIRMWARE, Line::Thin)
}

/// What is drawn of it; nothing of the parts.
pub(super) fn row(at: Instant, entry: &Entry) -> Option<Row> {
    let boxed = |lifeline, text: String| {
        let row = Row::new(at, Shape::Box(lifeline), text, Tone::Plain);
        Some(row)
    };
    match *entry {
        Entry::Opened {
            security: SecurityKind::CaTags,
            ..
        } => boxed(
            LIBRARY,
            "Write CA certificates to modem security tags".into(),
        ),
        Entry::StreamClosed {
            received, error, ..
        } => {
            let (shape, label, tone) = match error {
                None => {
                    let shape = arrow(FIRMWARE, LIBRARY, Line::Thin);
                    (shape, format!("{received} bytes"), Tone::Message)
                }
                Some(_) if received > 0 => {
                    let shape = arrow(FIRMWARE, LIBRARY, Line::Lost);
                    (shape, format!("{received} bytes: cut off"), Tone::Error)
                }
                Some(error) => {
                    let shape = arrow(LIBRARY, FIRMWARE, Line::Lost);
                    (shape, error.to_string(), Tone::Error)
                }
            };
            Some(Row::new(at, shape, label, tone))
        }
        Entry::Firmware {
            operation,
            result: Ok(()),
        } => match operation {
            FirmwareOperation::Begin { resumed_at } if resumed_at > 0 => boxed(
                LIBRARY,
                format!("Go on behind {resumed_at} bytes of the package"),
            ),
            FirmwareOperation::Finish { size } => {
                boxed(LIBRARY, format!("Package complete: {size} bytes"))
            }
            FirmwareOperation::Apply => boxed(LIBRARY, "It runs from the next restart on".into()),
            FirmwareOperation::RestartModem => boxed(MODEM, "Restarted with the package".into()),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lwm2m_carrier::errno;
    use lwm2m_carrier::hal::{SessionError, SessionErrorKind, SessionId};

    fn drawn(entry: &Entry) -> Option<(Shape, String)> {
        row(Instant::ZERO, entry).map(|row| (row.shape, row.label))
    }

    #[test]
    fn the_parts_of_a_package_are_not_drawn() {
        let firmware = |operation| Entry::Firmware {
            operation,
            result: Ok(()),
        };
        let write = FirmwareOperation::Write { offset: 0, len: 9 };
        assert_eq!(drawn(&firmware(write)), None);
        let finish = FirmwareOperation::Finish { size: 9 };
        let label = String::from("Package complete: 9 bytes");
        assert_eq!(drawn(&firmware(finish)), Some((Shape::Box(LIBRARY), label)));
    }

    #[test]
    fn a_stream_is_one_arrow_at_its_end() {
        let closed = |received, error| Entry::StreamClosed {
            session: SessionId::new(2),
            server: "192.0.2.3:443".parse().unwrap(),
            sent: 0,
            received,
            error,
        };
        let down = arrow(FIRMWARE, LIBRARY, Line::Thin);
        assert_eq!(drawn(&closed(12, None)), Some((down, "12 bytes".into())));
        let reset = SessionError::new(SessionErrorKind::Closed, errno::ECONNRESET);
        let cut = arrow(FIRMWARE, LIBRARY, Line::Lost);
        assert_eq!(
            drawn(&closed(12, Some(reset))),
            Some((cut, "12 bytes: cut off".into()))
        );
        let refused = arrow(LIBRARY, FIRMWARE, Line::Lost);
        let (shape, _) = drawn(&closed(0, Some(reset))).unwrap();
        assert_eq!(shape, refused);
    }
}
