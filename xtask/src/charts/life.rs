//! The life of the demo's device as a chart: what its timeline tells, with what repeats itself drawn once.

use carrier_examples::demo::{self, BOOTSTRAP_ADDRESS, Name, Names};
use carrier_mock::recorder::{Actor, Call, Direction, Entry, MessageHead};
use lwm2m_carrier::hal::{DetachReason, LinkState};
use lwm2m_carrier::{Event, Response};
use lwm2m_core::time::{Duration, Instant};

use super::exchange::Exchange;
use super::package;
use super::picture::{Line, Link, Panel, Picture, Row, Shape, Tone};

const APPLICATION: usize = 0;
pub(super) const LIBRARY: usize = 1;
pub(super) const MODEM: usize = 2;
pub(super) const SERVER: usize = 3;
pub(super) const BOOTSTRAP: usize = 4;
pub(super) const FIRMWARE: usize = 5;
const LIFELINES: [&str; 6] = [
    "Application",
    "Library",
    "Modem",
    "LwM2M server",
    "Bootstrap server",
    "Firmware server",
];

/// What the timeline says when the application restarts the device itself.
const RESTARTS: &str = "device   the application makes room and restarts it";

const PREFIX: &str = "LWM2M_CARRIER_EVENT_";

/// The chart.
///
/// # Errors
/// What the demo says when its story does not end well.
pub(super) fn picture() -> Result<Picture, String> {
    let lines = demo::record().map_err(|failure| failure.to_string())?;
    let mut life = Life::default();
    for line in &lines {
        if let Some(title) = line.chapter() {
            life.chapters.push((title.into(), Vec::new()));
        } else if let Some(entry) = &line.entry {
            life.take(line.at, entry);
        } else {
            life.told(line.at, &line.text);
        }
    }
    let titles: Vec<&str> = life
        .chapters
        .iter()
        .map(|(title, _)| title.as_str())
        .collect();
    let description = format!("The chapters are: {}.", titles.join("; "));
    let panels = life.chapters.into_iter().map(|(title, items)| Panel {
        title: Some(title),
        rows: items.into_iter().map(Item::into_row).collect(),
    });
    Ok(Picture {
        name: "life",
        title: "A life, as carrier-demo tells it".into(),
        about: "Events are shown without LWM2M_CARRIER_EVENT_. A thin arrow is a request with the code of its \
            answer, a notification, or a package. The bar is the modem's link: green is up, orange is lost."
            .into(),
        description,
        lifelines: LIFELINES.map(String::from).to_vec(),
        panels: panels.collect(),
        link: Some((MODEM, Link::Down)),
        began_before: false,
        goes_on: false,
        leap: Duration::from_secs(5),
    })
}

#[derive(Default)]
struct Life {
    chapters: Vec<(String, Vec<Item>)>,
    names: Names,
}

enum Item {
    Row(Row),
    /// Credentials written in a row.
    Keys(Instant, u32),
    Exchange(Exchange),
}

impl Item {
    fn into_row(self) -> Row {
        match self {
            Self::Row(row) => row,
            Self::Keys(at, count) => Row::new(
                at,
                Shape::Box(LIBRARY),
                format!("Write keys to modem ({count})"),
                Tone::Plain,
            ),
            Self::Exchange(exchange) => exchange.into_row(),
        }
    }
}

impl Life {
    fn take(&mut self, at: Instant, entry: &Entry) {
        let called = Shape::arrow(APPLICATION, LIBRARY, Line::Solid);
        let answered = Shape::arrow(APPLICATION, LIBRARY, Line::Dashed);
        let returned = Shape::arrow(LIBRARY, APPLICATION, Line::Dashed);
        match entry {
            Entry::Call(call) => self.row(at, called, function(*call), Tone::Plain),
            Entry::Returned(_, Ok(())) => self.row(at, returned, "Success", Tone::Plain),
            Entry::Returned(_, Err(error)) => {
                self.row(
                    at,
                    returned,
                    &format!("error {}", error.errno()),
                    Tone::Error,
                );
            }
            Entry::Event(event) => {
                let shape = Shape::arrow(LIBRARY, APPLICATION, Line::Solid);
                let tone = match event {
                    Event::Error(_) => Tone::Error,
                    _ => Tone::Event,
                };
                self.row(at, shape, &event_text(event), tone);
            }
            Entry::Response(Response::Refuse) => self.row(at, answered, "refused", Tone::Plain),
            Entry::Response(Response::CaTags(_)) => {
                self.row(at, answered, "success", Tone::Plain);
            }
            Entry::Response(Response::Fail(errno)) => {
                self.row(at, answered, &format!("error {errno}"), Tone::Error);
            }
            Entry::Response(_) => self.row(at, answered, "agreed", Tone::Plain),
            Entry::Link(LinkState::Up) => self.row(at, Shape::Link(Link::Up), "up", Tone::Plain),
            Entry::Link(LinkState::Down(DetachReason::Requested)) => {
                self.row(at, Shape::Link(Link::Down), "down", Tone::Plain);
            }
            Entry::Link(LinkState::Down(_)) => {
                self.row(
                    at,
                    Shape::Link(Link::Lost),
                    "lost: no coverage",
                    Tone::Plain,
                );
            }
            Entry::KeyWrite {
                actor: Actor::Application,
                result,
                ..
            } => self.certificate(at, result.map_err(|error| error.errno)),
            Entry::KeyWrite { result: Ok(()), .. } => self.key(at),
            Entry::Message {
                direction,
                server,
                head,
            } => self.message(at, *direction, *server == BOOTSTRAP_ADDRESS, head),
            Entry::Reset => self.stop(at, "Restart the device"),
            Entry::PowerLost => self.stop(at, "The power fails"),
            _ => {
                if let Some((_, items)) = self.chapters.last_mut() {
                    items.extend(package::row(at, entry).map(Item::Row));
                }
            }
        }
    }

    /// The modem goes with the device, and nobody is there to be told.
    fn stop(&mut self, at: Instant, why: &str) {
        self.row(at, Shape::Box(LIBRARY), why, Tone::Plain);
        self.row(at, Shape::Link(Link::Down), "down", Tone::Plain);
    }

    /// The application writes a certificate to the modem.
    fn certificate(&mut self, at: Instant, result: Result<(), i32>) {
        let arrow = |from, to, line| Shape::Arrow {
            from,
            to,
            line,
            between: (APPLICATION, LIBRARY),
        };
        let call = arrow(APPLICATION, MODEM, Line::Solid);
        self.row(at, call, "write CA certificates", Tone::Plain);
        let (label, tone) = match result {
            Ok(()) => ("success".into(), Tone::Plain),
            Err(errno) => (format!("error {errno}"), Tone::Error),
        };
        self.row(at, arrow(MODEM, APPLICATION, Line::Dashed), &label, tone);
    }

    /// What no recorder sees: what the application does, and what befalls servers or what they are asked.
    fn told(&mut self, at: Instant, text: &str) {
        if let Some(call) = text.strip_prefix("call     ") {
            let shape = Shape::arrow(APPLICATION, LIBRARY, Line::Solid);
            self.row(at, shape, call, Tone::Plain);
        } else if let Some(text) = text.strip_prefix("server   ")
            && !text.starts_with('/')
        {
            self.row(at, Shape::Box(SERVER), text, Tone::Plain);
        } else if let Some(text) = text.strip_prefix("files    ") {
            self.row(at, package::request(), text, Tone::Message);
        } else if text == RESTARTS {
            self.row(
                at,
                Shape::Box(APPLICATION),
                "Make room, restart the device",
                Tone::Plain,
            );
        }
    }

    fn message(&mut self, at: Instant, direction: Direction, bootstrap: bool, head: &MessageHead) {
        let name = self.names.of(direction, bootstrap, head);
        let Some((_, items)) = self.chapters.last_mut() else {
            return;
        };
        let mut exchanges = items.iter_mut().rev().filter_map(|item| match item {
            Item::Exchange(exchange) => Some(exchange),
            _ => None,
        });
        let next = match name {
            Name::Empty => return,
            Name::Answer(_) => {
                let is = |exchange: &&mut Exchange| exchange.is_answered_by(direction, head);
                if let Some(exchange) = exchanges.find(is) {
                    exchange.answer(at, head);
                }
                self.merge();
                return;
            }
            Name::Request(operation) => {
                let is = |exchange: &&mut Exchange| exchange.is_repeated_by(direction, head);
                if let Some(exchange) = exchanges.find(is) {
                    exchange.repeat(at);
                    return;
                }
                Exchange::request(at, direction, bootstrap, &operation, head)
            }
            Name::Notification(path) => Exchange::notification(at, &path, head),
            _ => return,
        };
        items.push(Item::Exchange(next));
        self.merge();
    }

    /// Makes one of the last two exchanges where they differ in their paths alone.
    fn merge(&mut self) {
        let Some((_, items)) = self.chapters.last_mut() else {
            return;
        };
        if let [.., Item::Exchange(before), Item::Exchange(last)] = items.as_mut_slice()
            && before.merge(last)
        {
            items.pop();
        }
    }

    fn key(&mut self, at: Instant) {
        let Some((_, items)) = self.chapters.last_mut() else {
            return;
        };
        if let Some(Item::Keys(_, count)) = items.last_mut() {
            *count += 1;
        } else {
            items.push(Item::Keys(at, 1));
        }
    }

    fn row(&mut self, at: Instant, shape: Shape, label: &str, tone: Tone) {
        if let Some((_, items)) = self.chapters.last_mut() {
            items.push(Item::Row(Row::new(at, shape, label.into(), tone)));
        }
    }
}

const fn function(call: Call) -> &'static str {
    match call {
        Call::Init => "init()",
        _ => "run()",
    }
}

/// The name without its prefix, and what matters of what the event carries.
fn event_text(event: &Event) -> String {
    let name = event.chart_name();
    let name = name.strip_prefix(PREFIX).unwrap_or(name);
    match event {
        Event::Deferred(deferred) => {
            format!("{name} (next in {} s)", deferred.retry_after().as_secs())
        }
        Event::Error(error) => {
            let name = error.kind.chart_name();
            let name = name.strip_prefix("LWM2M_CARRIER_").unwrap_or(name);
            format!("{name} ({})", error.errno())
        }
        _ => name.into(),
    }
}
