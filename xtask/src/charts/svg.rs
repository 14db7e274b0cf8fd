//! Draws a chart as SVG. It needs no script and no particular font, and has a background of its own, for light pages and
//! dark ones.

use core::fmt::Write as _;

use lwm2m_core::time::{Duration, Instant};

use super::font::{Font, LEADING, wrap};
use super::layout::{Boxed, LOOP, Layout, MARGIN, PADDING, head_width};
use super::picture::{Line, Link, Panel, Picture, Row, Shape, Tone};

/// The same in each chart, because a page may hold several.
const STYLE: &str = "\
text{font:12px Verdana,'DejaVu Sans','Segoe UI',Helvetica,Arial,sans-serif;fill:#1f2328}\
.code{font-family:Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono','Courier New',monospace}\
.title{font-size:16px;font-weight:bold}\
.strong{font-weight:bold}\
.mid{text-anchor:middle}\
.faint{fill:#59636e}\
.page{fill:#fff;stroke:#d1d9e0}\
.band{fill:#eaeef2}\
.head{fill:#f6f8fa;stroke:#59636e}\
.life{stroke:#818b98}\
.gap{stroke:#818b98;stroke-dasharray:2 5}\
.note{fill:#fff8c5;stroke:#9a6700}\
.up{fill:#2da44e}.down{fill:#fff;stroke:#818b98}.lost{fill:#e16f24}\
line,path{fill:none;stroke-width:1.3}\
.thin{stroke-width:1}\
.dash{stroke-dasharray:6 4}\
.plain{stroke:#1f2328}.event{stroke:#0550ae}.message{stroke:#7a3fc4}.error{stroke:#c21d27}\
path.fill.plain{fill:#1f2328}path.fill.event{fill:#0550ae}path.fill.message{fill:#7a3fc4}path.fill.error{fill:#c21d27}\
text.event{fill:#0550ae;stroke:none}text.message{fill:#5e2ca5;stroke:none}text.error{fill:#c21d27;stroke:none}\
text.plain{stroke:none}";

const HEAD: i32 = 24;
const BAND: i32 = 26;
/// From one arrow to the next, less what lies below an arrow.
const ROW: i32 = 22;
/// Height of a leap in time.
const GAP: i32 = 24;
/// Half the width of the bar of the link's state.
const BAR: i32 = 5;

/// The chart as a file's text.
pub(super) fn draw(picture: &Picture) -> String {
    let mut drawing = Drawing {
        picture,
        layout: Layout::new(picture),
        below: String::new(),
        above: String::new(),
        y: MARGIN,
        link: picture.link.map_or(Link::Down, |(_, state)| state),
        until: None,
        clock: String::new(),
    };
    drawing.titles();
    for panel in &picture.panels {
        drawing.panel(panel);
    }
    drawing.finish()
}

struct Drawing<'p> {
    picture: &'p Picture,
    layout: Layout,
    /// Lifelines, and what else lies under the rest.
    below: String,
    above: String,
    /// What is above is done.
    y: i32,
    link: Link,
    /// When the last row was over.
    until: Option<Instant>,
    /// The time that was written last.
    clock: String,
}

impl Drawing<'_> {
    fn titles(&mut self) {
        self.y += 14;
        let title = self.picture.title.clone();
        self.text(MARGIN, self.y, "title", &title);
        self.y += 6;
        let room = self.layout.width - 2 * MARGIN;
        for line in wrap(Font::Prose, &self.picture.about, room) {
            self.y += LEADING;
            self.text(MARGIN, self.y, "faint", &line);
        }
        self.y += 14;
    }

    fn panel(&mut self, panel: &Panel) {
        if let Some(title) = &panel.title {
            let (y, width) = (self.y, self.layout.width);
            let _ = writeln!(
                self.below,
                r#"<rect class="band" x="1" y="{y}" width="{}" height="{BAND}"/>"#,
                width - 2
            );
            self.text(MARGIN, y + 18, "strong", title);
            self.y += BAND + 10;
        }
        self.heads();
        self.clock.clear();
        let mut start = self.y;
        if self.picture.began_before && self.until.is_none() {
            start = self.gap(start);
        }
        for (number, row) in panel.rows.iter().enumerate() {
            let leap = self.until.map(|until| row.at.since(until));
            if let Some(leap) = leap.filter(|leap| *leap >= self.picture.leap) {
                let y = self.y + GAP / 2 + 8;
                self.text(MARGIN, y, "faint", &format!("+{}", span(leap)));
                start = self.gap(start);
            } else if row.shape == Shape::Pause {
                start = self.gap(start);
            }
            let next = panel.rows.get(number + 1);
            self.row(row, next, &mut start);
            self.until = Some(row.until.max(self.until.unwrap_or(row.until)));
        }
        self.y += 8;
        self.lifelines(start, self.y, "life");
        if self.picture.goes_on {
            self.lifelines(self.y, self.y + GAP, "gap");
            self.y += GAP;
        }
        self.y += 12;
    }

    fn heads(&mut self) {
        for (at, name) in self.picture.lifelines.iter().enumerate() {
            let (x, y, width) = (self.layout.x(at), self.y, head_width(name));
            let left = x - width / 2;
            let _ = writeln!(
                self.above,
                r#"<g data-fit="box"><rect class="head" x="{left}" y="{y}" width="{width}" height="{HEAD}" rx="4"/>"#
            );
            self.text(x, y + 16, "strong mid", name);
            self.above.push_str("</g>\n");
        }
        self.y += HEAD;
    }

    fn row(&mut self, row: &Row, next: Option<&Row>, start: &mut i32) {
        let tone = tone(row.tone);
        let top = self.y;
        match row.shape {
            Shape::Arrow {
                from,
                to,
                line,
                between: (left, right),
            } => {
                let y = top + ROW;
                self.clock(row.at, y + 4);
                let (from, to) = (self.layout.x(from), self.layout.x(to));
                self.arrow(from, to, y, line, tone);
                let middle = i32::midpoint(self.layout.x(left), self.layout.x(right));
                self.text(middle, y - 6, &format!("code mid {tone}"), &row.label);
                self.above.push_str("</g>\n");
                self.y = y + 4;
            }
            Shape::Loop(at) => {
                let (x, y) = (self.layout.x(at), top + 12);
                self.clock(row.at, y + 12);
                let (right, foot) = (x + LOOP, y + 16);
                let _ = writeln!(
                    self.above,
                    r#"<path class="{tone}" d="M{x} {y}H{right}V{foot}H{x}"/>"#
                );
                self.head(x + 1, foot, -1, true, tone);
                self.text(right + 8, y + 12, "code", &row.label);
                self.y = foot + 4;
            }
            Shape::Box(at) => {
                let boxed = Boxed::new(row);
                let lines = i32::try_from(boxed.lines.len()).unwrap_or(1);
                let (x, y, width) = (self.layout.x(at), top + 8, boxed.width);
                let (left, height) = (x - width / 2, lines * LEADING + 8);
                self.clock(row.at, y + height / 2 + 4);
                let _ = writeln!(
                    self.above,
                    r#"<g data-fit="box"><rect class="note" x="{left}" y="{y}" width="{width}" height="{height}" rx="{PADDING}"/>"#
                );
                let mut baseline = y;
                for line in &boxed.lines {
                    baseline += LEADING;
                    self.text(x, baseline, "mid", line);
                }
                self.above.push_str("</g>\n");
                self.y = y + height;
            }
            Shape::Link(state) => {
                // On a level with the arrow below where that ends on the near side of the bar.
                let at = self.picture.link.map_or(0, |(at, _)| at);
                let shared = next.is_some_and(|next| next.is_left_of(at) && next.at == row.at);
                let y = top + if shared { ROW } else { ROW - 8 };
                self.clock(row.at, y + 4);
                self.lifelines(*start, y, "life");
                *start = y;
                self.link = state;
                self.text(self.layout.x(at) + BAR + 8, y + 4, "", &row.label);
                self.y = if shared { top } else { y + 4 };
            }
            Shape::Pause => {}
        }
    }

    /// An arrow, in a group that is left open for its label.
    fn arrow(&mut self, from: i32, to: i32, y: i32, line: Line, tone: &str) {
        let way = (to - from).signum();
        let end = to - way * if line == Line::Lost { 24 } else { 1 };
        let class = match line {
            Line::Solid => "",
            Line::Dashed => " dash",
            Line::Thin => " thin",
            Line::Lost => " thin dash",
        };
        let _ = writeln!(
            self.above,
            r#"<g data-fit="line"><line class="{tone}{class}" x1="{from}" y1="{y}" x2="{end}" y2="{y}"/>"#
        );
        if line == Line::Lost {
            let (left, right, top, foot) = (end - 5, end + 5, y - 5, y + 5);
            let _ = writeln!(
                self.above,
                r#"<path class="error" d="M{left} {top}L{right} {foot}M{left} {foot}L{right} {top}"/>"#
            );
        } else {
            self.head(end, y, way, line != Line::Dashed, tone);
        }
    }

    fn head(&mut self, x: i32, y: i32, way: i32, filled: bool, tone: &str) {
        let back = x - 9 * way;
        let (class, close) = if filled { (" fill", "Z") } else { ("", "") };
        let (top, foot) = (y - 4, y + 4);
        let _ = writeln!(
            self.above,
            r#"<path class="{tone}{class}" d="M{back} {top}L{x} {y}L{back} {foot}{close}"/>"#
        );
    }

    /// The time, unless it is the one that was written last.
    fn clock(&mut self, at: Instant, y: i32) {
        let clock = clock(at);
        if clock != self.clock {
            self.text(MARGIN, y, "code faint", &clock);
            self.clock = clock;
        }
    }

    /// Draws the lifelines down to here and a gap; answers where they begin again.
    fn gap(&mut self, start: i32) -> i32 {
        let from = self.y + 4;
        self.lifelines(start, from, "life");
        self.lifelines(from, from + GAP, "gap");
        self.y = from + GAP - 6;
        from + GAP
    }

    fn lifelines(&mut self, from: i32, to: i32, class: &str) {
        let bar = self.picture.link.map(|(at, _)| at);
        for at in 0..self.picture.lifelines.len() {
            let x = self.layout.x(at);
            let _ = if bar == Some(at) {
                let state = match self.link {
                    Link::Up => "up",
                    Link::Down => "down",
                    Link::Lost => "lost",
                };
                writeln!(
                    self.below,
                    r#"<rect class="{state}" x="{}" y="{from}" width="{}" height="{}"/>"#,
                    x - BAR,
                    2 * BAR,
                    to - from
                )
            } else {
                writeln!(
                    self.below,
                    r#"<line class="{class}" x1="{x}" y1="{from}" x2="{x}" y2="{to}"/>"#
                )
            };
        }
    }

    fn text(&mut self, x: i32, y: i32, class: &str, text: &str) {
        let class = class.trim();
        let text = escaped(text);
        let _ = if class.is_empty() {
            writeln!(self.above, r#"<text x="{x}" y="{y}">{text}</text>"#)
        } else {
            writeln!(
                self.above,
                r#"<text class="{class}" x="{x}" y="{y}">{text}</text>"#
            )
        };
    }

    fn finish(self) -> String {
        let Picture {
            name,
            title,
            description,
            ..
        } = self.picture;
        let (width, height) = (self.layout.width, self.y + 4);
        let (title, description) = (escaped(title), escaped(description));
        let (below, above) = (&self.below, &self.above);
        format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" aria-labelledby="title-{name} desc-{name}">
<title id="title-{name}">{title}</title>
<desc id="desc-{name}">{description}</desc>
<style>{STYLE}</style>
<rect class="page" x="0.5" y="0.5" width="{}" height="{}" rx="6"/>
{below}{above}</svg>
"#,
            width - 1,
            height - 1
        )
    }
}

const fn tone(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain => "plain",
        Tone::Event => "event",
        Tone::Message => "message",
        Tone::Error => "error",
    }
}

/// Minutes, seconds and tenths since the first boot; from the first hour on hours, minutes and seconds.
fn clock(at: Instant) -> String {
    let tenths = at.as_millis() / 100;
    let seconds = tenths / 10;
    let minutes = seconds / 60;
    if minutes < 60 {
        format!("{minutes}:{:02}.{}", seconds % 60, tenths % 10)
    } else {
        format!("{}:{:02}:{:02}", minutes / 60, minutes % 60, seconds % 60)
    }
}

/// A leap in time, rounded.
fn span(span: Duration) -> String {
    let seconds = (span.as_millis() + 500) / 1000;
    if seconds < 90 {
        format!("{seconds} s")
    } else if seconds < 90 * 60 {
        format!("{} min", (seconds + 30) / 60)
    } else {
        format!("{} h", (seconds + 1800) / 3600)
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_minutes_and_seconds() {
        let at = |millis| clock(Instant::from_millis(millis));
        assert_eq!(
            [at(0), at(59_999), at(684_681)],
            ["0:00.0", "0:59.9", "11:24.6"]
        );
        assert_eq!(
            [at(3_599_999), at(3_600_000), at(87_405_100)],
            ["59:59.9", "1:00:00", "24:16:45"]
        );
        let leap = |millis| span(Duration::from_millis(millis));
        assert_eq!([leap(1_499), leap(89_000)], ["1 s", "89 s"]);
        assert_eq!([leap(90_000), leap(149_000)], ["2 min", "2 min"]);
        assert_eq!([leap(5_399_000), leap(7_200_050)], ["90 min", "2 h"]);
    }

    #[test]
    fn labels_are_no_markup() {
        assert_eq!(escaped("a<b>&c"), "a&lt;b&gt;&amp;c");
    }
}
