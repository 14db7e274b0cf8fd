//! Charts as text in the language of mscgen, and their comparison with an expectation.

use core::fmt::{self, Write};

use heapless::String;
use lwm2m_carrier::Event;

use super::Call;
use super::projection::{Mark, Row};

/// Bytes of the longest line.
const LINE: usize = 160;

const APPLICATION: &str = "application";
const LIBRARY: &str = "library";
const MODEM: &str = "modem";

/// Prints a chart that the program `mscgen` draws: one line per arrow or box, in the order of time.
///
/// # Errors
/// Those of `out`.
pub fn write(rows: &[Row], out: &mut dyn Write) -> fmt::Result {
    out.write_str("msc {\n")?;
    let modem = rows.iter().any(|row| reaches_modem(row.mark));
    if modem {
        writeln!(out, "  {MODEM} [label=\"Modem\"],")?;
    }
    writeln!(out, "  {APPLICATION} [label=\"Application\"],")?;
    writeln!(out, "  {LIBRARY} [label=\"LwM2M carrier library\"];")?;
    for row in rows {
        for line in lines(row.mark) {
            writeln!(out, "  {line}")?;
        }
    }
    out.write_str("}\n")
}

/// A chart as text.
#[cfg(feature = "std")]
#[must_use]
pub fn to_string(rows: &[Row]) -> std::string::String {
    let mut text = std::string::String::new();
    let _ = write(rows, &mut text);
    text
}

/// Where a chart is not as expected.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// The line of the expectation, counted from 1; one more than it has where the chart goes on behind its end.
    pub line: usize,
    /// What it says; empty behind its end.
    pub expected: String<LINE>,
    /// What the chart has there; empty behind its end.
    pub found: String<LINE>,
}

/// Compares a chart with an expectation, the text that [`write()`] prints, and answers the first line that differs.
/// Comments (lines that begin with `#`), empty lines and indentation do not count.
#[must_use]
pub fn difference(rows: &[Row], expectation: &str) -> Option<Difference> {
    let mut comparer = Comparer {
        expected: expectation.lines().enumerate(),
        line: 0,
        found: String::new(),
        difference: None,
    };
    let _ = write(rows, &mut comparer);
    if comparer.difference.is_none()
        && let Some((line, text)) = comparer.next()
    {
        comparer.differ(line, text);
    }
    comparer.difference
}

struct Comparer<'e> {
    expected: core::iter::Enumerate<core::str::Lines<'e>>,
    line: usize,
    found: String<LINE>,
    difference: Option<Difference>,
}

impl<'e> Comparer<'e> {
    /// The next line of the expectation that counts.
    fn next(&mut self) -> Option<(usize, &'e str)> {
        let mut lines = self.expected.by_ref().map(|(n, line)| (n + 1, line.trim()));
        let next = lines.find(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        self.line = next.map_or(self.line + 1, |(line, _)| line);
        next
    }

    fn differ(&mut self, line: usize, text: &str) {
        let mut expected = String::new();
        for letter in text.chars() {
            let _ = expected.push(letter);
        }
        let mut found = String::new();
        let _ = found.push_str(self.found.trim());
        self.difference = Some(Difference {
            line,
            expected,
            found,
        });
    }
}

impl Write for Comparer<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for letter in text.chars() {
            if letter != '\n' {
                self.found.push(letter).map_err(|_| fmt::Error)?;
                continue;
            }
            let (line, expected) = self.next().unwrap_or((self.line, ""));
            if self.found.trim() != expected {
                self.differ(line, expected);
                return Err(fmt::Error);
            }
            self.found.clear();
        }
        Ok(())
    }
}

const fn reaches_modem(mark: Mark) -> bool {
    matches!(
        mark,
        Mark::ApplicationKeys | Mark::KeyCall | Mark::KeyResult(_)
    )
}

/// The lines that a mark is drawn as: one, but for the two boxes of the tags.
fn lines(mark: Mark) -> impl Iterator<Item = Line> {
    let second = match mark {
        Mark::Tags => Some(Line(mark, true)),
        _ => None,
    };
    core::iter::once(Line(mark, false)).chain(second)
}

struct Line(Mark, bool);

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, arrow, to) = match self.0 {
            Mark::Call(_) => (APPLICATION, "=>", LIBRARY),
            Mark::Returned(_) => (APPLICATION, "<<", LIBRARY),
            Mark::NoReturn => (LIBRARY, ":>", LIBRARY),
            Mark::Event(_) => (APPLICATION, "<<=", LIBRARY),
            Mark::LibraryKeys(_) | Mark::LibraryKeyError(_) | Mark::LibraryCaTags => {
                (LIBRARY, "rbox", LIBRARY)
            }
            Mark::ApplicationKeys | Mark::Tags => (APPLICATION, "rbox", APPLICATION),
            Mark::KeyCall => (MODEM, "<<=", APPLICATION),
            Mark::KeyResult(_) => (MODEM, "->", APPLICATION),
            Mark::Answer(_) => (APPLICATION, "->", LIBRARY),
        };
        write!(f, "{from} {arrow} {to} [label=\"")?;
        match self.0 {
            Mark::Call(Call::Init) => f.write_str("init()"),
            Mark::Call(Call::Run) => f.write_str("run()"),
            Mark::Returned(Ok(())) => f.write_str("Success"),
            Mark::NoReturn => f.write_str("(no return)"),
            Mark::Event(Event::Error(error)) => {
                write!(f, "{} ({})", error.kind.chart_name(), error.errno())
            }
            Mark::Event(event) => {
                f.write_str(event.chart_name())?;
                match event {
                    Event::Deferred(deferred) => write!(f, " ({})", deferred.reason.chart_name()),
                    _ => Ok(()),
                }
            }
            Mark::LibraryKeys(count) => write!(f, "Write keys to modem ({count})"),
            Mark::LibraryKeyError(errno) => write!(f, "Write keys to modem: error {errno}"),
            Mark::LibraryCaTags | Mark::ApplicationKeys => {
                f.write_str("Write CA certificates to modem security tags")
            }
            Mark::KeyCall => f.write_str("modem_key_mgmt_write(...)"),
            Mark::KeyResult(Ok(())) | Mark::Answer(Ok(())) => f.write_str("success"),
            Mark::Returned(Err(errno)) | Mark::KeyResult(Err(errno)) | Mark::Answer(Err(errno)) => {
                write!(f, "error {errno}")
            }
            Mark::Tags if self.1 => f.write_str("lwm2m_carrier_event_t data set to ca_cert_tags_t"),
            Mark::Tags => {
                f.write_str("Inform LwM2M carrier library of security tags for CA certificates")
            }
        }?;
        f.write_str("\"];")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lwm2m_core::time::Instant;

    const EXPECTED: &str = r#"
# What a reader may want to know.
msc {
  application [label="Application"],
  library [label="LwM2M carrier library"];
  application => library [label="init()"];

  application <<= library [label="LWM2M_CARRIER_EVENT_CONNECTING"];
  application << library [label="Success"];
}
"#;

    fn chart(marks: &[Mark]) -> Vec<Row> {
        let at = Instant::ZERO;
        marks.iter().map(|&mark| Row { at, mark }).collect()
    }

    #[test]
    fn a_chart_is_its_expectation_or_differs_in_a_line() {
        let marks = [
            Mark::Call(Call::Init),
            Mark::Event(Event::Connecting),
            Mark::Returned(Ok(())),
        ];
        assert_eq!(difference(&chart(&marks), EXPECTED), None);
        let first = difference(&chart(&marks[..2]), EXPECTED).unwrap();
        assert_eq!(first.line, 9);
        assert_eq!(first.found, "}");
        let [call, event, returned] = marks;
        let first = difference(&chart(&[event, call, returned]), EXPECTED).unwrap();
        assert_eq!(first.line, 6);
        assert_eq!(
            first.expected,
            r#"application => library [label="init()"];"#
        );
        assert!(first.found.contains("CONNECTING"));
        let more = [call, event, returned, Mark::LibraryKeys(2)];
        let first = difference(&chart(&more), EXPECTED).unwrap();
        assert_eq!((first.line, first.expected.as_str()), (10, "}"));
        let cut = EXPECTED.trim_end().trim_end_matches('}');
        let first = difference(&chart(&marks), cut).unwrap();
        assert_eq!((first.found.as_str(), first.expected.as_str()), ("}", ""));
        let longer = format!("{EXPECTED}rest");
        let first = difference(&chart(&marks), &longer).unwrap();
        assert_eq!((first.line, first.expected.as_str()), (11, "rest"));
    }

    #[test]
    fn the_modem_is_shown_where_it_takes_part() {
        let text = to_string(&chart(&[
            Mark::Event(Event::CertsInit),
            Mark::ApplicationKeys,
            Mark::KeyCall,
            Mark::KeyResult(Err(12)),
            Mark::Answer(Err(12)),
        ]));
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        assert_eq!(lines[1], r#"modem [label="Modem"],"#);
        assert_eq!(
            lines[6],
            r#"modem <<= application [label="modem_key_mgmt_write(...)"];"#
        );
        assert_eq!(lines[7], r#"modem -> application [label="error 12"];"#);
        assert_eq!(lines[8], r#"application -> library [label="error 12"];"#);
    }

    /// The sixth chart has no modem, though its box speaks of it.
    #[test]
    fn the_tags_that_the_library_applies_are_a_box_of_the_library() {
        let text = to_string(&chart(&[Mark::LibraryCaTags]));
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        assert_eq!(lines[1], r#"application [label="Application"],"#);
        let expected =
            r#"library rbox library [label="Write CA certificates to modem security tags"];"#;
        assert_eq!(lines[3], expected);
    }
}
