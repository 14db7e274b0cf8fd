//! Reads a chart from its mscgen text, so that both say the same.

use carrier_mock::recorder::mscgen;
use carrier_mock::recorder::projection;

use super::picture::{Line, Row, Shape, Tone};

/// Who takes part, and what happens.
pub(super) struct Chart {
    pub(super) lifelines: Vec<String>,
    pub(super) rows: Vec<Row>,
}

impl Chart {
    /// The chart that `mscgen::write` prints.
    ///
    /// # Errors
    /// A sentence that names the line that is not understood.
    pub(super) fn new(rows: &[projection::Row]) -> Result<Self, String> {
        let text = mscgen::to_string(rows);
        let entities: Vec<(&str, &str)> = text.lines().filter_map(entity).collect();
        let mut chart = Self {
            lifelines: entities.iter().map(|(_, label)| (*label).into()).collect(),
            rows: Vec::new(),
        };
        for row in rows {
            // Each by itself, for its time.
            let text = mscgen::to_string(core::slice::from_ref(row));
            for line in text.lines().map(str::trim) {
                if matches!(line, "msc {" | "}") || entity(line).is_some() {
                    continue;
                }
                let (shape, label) =
                    arc(line, &entities).ok_or_else(|| format!("what is \"{line}\"?"))?;
                let tone = if label.starts_with("error") || label.contains("_ERROR_") {
                    Tone::Error
                } else if label.starts_with("LWM2M_CARRIER_") {
                    Tone::Event
                } else {
                    Tone::Plain
                };
                chart.rows.push(Row::new(row.at, shape, label.into(), tone));
            }
        }
        Ok(chart)
    }
}

/// `name [label="Label"],`
fn entity(line: &str) -> Option<(&str, &str)> {
    let (name, label) = labelled(line)?;
    name.chars()
        .all(char::is_alphanumeric)
        .then_some((name, label))
}

/// `one arrow other [label="Label"];`
fn arc<'l>(line: &'l str, entities: &[(&str, &str)]) -> Option<(Shape, &'l str)> {
    if line == "...;" {
        return Some((Shape::Pause, ""));
    }
    let (arc, label) = labelled(line)?;
    let mut words = arc.split(' ');
    let (one, arrow, other) = (words.next()?, words.next()?, words.next()?);
    let number = |name: &str| entities.iter().position(|(entity, _)| *entity == name);
    let (one, other) = (number(one)?, number(other)?);
    let shape = match arrow {
        "rbox" | "box" if one == other => Shape::Box(one),
        ":>" if one == other => Shape::Loop(one),
        "=>" if one != other => Shape::arrow(one, other, Line::Solid),
        "<<=" if one != other => Shape::arrow(other, one, Line::Solid),
        "->" | ">>" if one != other => Shape::arrow(one, other, Line::Dashed),
        "<-" | "<<" if one != other => Shape::arrow(other, one, Line::Dashed),
        _ => return None,
    };
    Some((shape, label))
}

fn labelled(line: &str) -> Option<(&str, &str)> {
    let line = line.trim().trim_end_matches([',', ';']);
    line.strip_suffix("\"]")?.split_once(" [label=\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use carrier_mock::recorder::Call;
    use carrier_mock::recorder::projection::Mark;
    use lwm2m_carrier::Event;
    use lwm2m_core::time::Instant;

    #[test]
    fn a_chart_has_the_arrows_of_its_text() {
        let row = |millis, mark| projection::Row {
            at: Instant::from_millis(millis),
            mark,
        };
        let chart = Chart::new(&[
            row(0, Mark::Call(Call::Run)),
            row(5, Mark::Event(Event::Connecting)),
            row(5, Mark::Returned(Err(12))),
            row(5, Mark::NoReturn),
            row(6, Mark::LibraryKeys(2)),
        ])
        .unwrap();
        assert_eq!(chart.lifelines, ["Application", "LwM2M carrier library"]);
        let drawn: Vec<_> = chart
            .rows
            .iter()
            .map(|row| (row.at.as_millis(), row.shape, row.label.as_str(), row.tone))
            .collect();
        let solid = |from, to| Shape::arrow(from, to, Line::Solid);
        let event = "LWM2M_CARRIER_EVENT_CONNECTING";
        let expected = [
            (0, solid(0, 1), "run()", Tone::Plain),
            (5, solid(1, 0), event, Tone::Event),
            (5, Shape::arrow(1, 0, Line::Dashed), "error 12", Tone::Error),
            (5, Shape::Loop(1), "(no return)", Tone::Plain),
            (6, Shape::Box(1), "Write keys to modem (2)", Tone::Plain),
        ];
        assert_eq!(drawn, expected);
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let entities = [("a", "A"), ("b", "B")];
        assert!(arc("a => b [label=\"x\"];", &entities).is_some());
        for line in [
            "a => c [label=\"x\"];",
            "a ?? b [label=\"x\"];",
            "a => b;",
            "--- [label=\"x\"];",
        ] {
            assert_eq!(arc(line, &entities), None);
        }
    }
}
