//! What happens, as lines of text with the virtual time.

use core::cell::{Cell, RefCell};
use core::fmt;
use core::net::SocketAddr;

use carrier_mock::recorder::{Direction, Entry, MessageHead, Recorder};
use carrier_mock::server::firmware::HttpRecord;
use carrier_mock::server::{Record, RecordKind};
use lwm2m_carrier::hal::LinkState;
use lwm2m_core::time::Instant;

use super::names::{Names, text};
use super::push::{Push, Verdict};
use super::words::{self, outcome};
use super::{BOOTSTRAP_ADDRESS, MIRROR_ADDRESS};

/// How lines about events begin.
pub(super) const EVENT: &str = "event";
/// How headings begin.
const CHAPTER: &str = "chapter  ";
/// How the sentences below them begin.
const ABOUT: &str = "about    ";

/// One line; the text begins with what it is about: `event`, `link`, `keys`, `message`, …
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Line {
    /// Time since the first boot.
    pub at: Instant,
    /// What is printed.
    pub text: String,
    /// What was recorded; nothing for headings and what the servers have seen.
    pub entry: Option<Entry>,
    /// Whether it is printed. Of a package that comes in many parts only some are.
    pub is_shown: bool,
}

impl Line {
    /// The text of a heading.
    #[must_use]
    pub fn chapter(&self) -> Option<&str> {
        self.text.strip_prefix(CHAPTER)
    }
}

/// Messages and their bytes, secure sessions and link layers not counted.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Traffic {
    pub(super) sent: usize,
    pub(super) sent_bytes: usize,
    pub(super) received: usize,
    pub(super) received_bytes: usize,
}

/// The recording.
#[derive(Debug, Default)]
pub(super) struct Timeline {
    lines: RefCell<Vec<Line>>,
    names: RefCell<Names>,
    push: RefCell<Push>,
    traffic: Cell<Traffic>,
}

impl Timeline {
    /// Adds a line.
    pub(super) fn note(&self, at: Instant, about: &str, text: &str) {
        self.push(at, about, text, None, true);
    }

    fn push(&self, at: Instant, about: &str, text: &str, entry: Option<Entry>, is_shown: bool) {
        let text = format!("{about:<8} {text}");
        self.lines.borrow_mut().push(Line {
            at,
            text,
            entry,
            is_shown,
        });
    }

    /// Adds a heading with a sentence.
    pub(super) fn chapter(&self, at: Instant, title: &str, about: &str) {
        self.note(at, CHAPTER.trim_end(), title);
        self.note(at, ABOUT.trim_end(), about);
    }

    /// Adds what a server has seen, where the device's side does not show it.
    pub(super) fn note_server(&self, record: &Record<'_>) {
        let path = record.request().map_or("", |request| request.path());
        let value = match (record.content_format(), core::str::from_utf8(record.body())) {
            (Some(0), Ok(text)) => format!(" = {text}{}", words::meaning(path, text)),
            (Some(11_542), _) => format!(" = {} bytes of TLV", record.body().len()),
            _ => String::new(),
        };
        let text = match record.kind() {
            RecordKind::Answered => format!("{path}: {}{value}", record.code()),
            RecordKind::Notified => format!("{path} has changed{value}"),
            RecordKind::Unanswered => format!("{path}: no answer"),
            RecordKind::Expired => "the registration has expired".into(),
            _ => return,
        };
        self.note(record.at(), "server", &text);
    }

    /// Adds what a firmware server was asked.
    pub(super) fn note_files(&self, record: &HttpRecord) {
        self.note(record.at, "files", &words::served(record));
    }

    /// The first line from number `from` on whose text begins with `start`.
    pub(super) fn find(&self, from: usize, start: &str) -> Option<usize> {
        let lines = self.lines.borrow();
        let mut lines = lines.iter().enumerate().skip(from);
        lines
            .find(|(_, line)| line.text.starts_with(start))
            .map(|(number, _)| number)
    }

    /// All lines in the order of time: what a server has seen is sometimes told later.
    pub(super) fn lines(&self) -> Vec<Line> {
        let mut lines = self.lines.borrow().clone();
        lines.sort_by_key(|line| line.at);
        lines
    }

    pub(super) fn traffic(&self) -> Traffic {
        self.traffic.get()
    }

    /// Counts a message; its text, and whether it is printed.
    fn message(
        &self,
        at: Instant,
        direction: Direction,
        server: SocketAddr,
        head: &MessageHead,
    ) -> (String, bool) {
        let mut traffic = self.traffic.get();
        let (count, bytes, arrow) = match direction {
            Direction::FromDevice => (&mut traffic.sent, &mut traffic.sent_bytes, "->"),
            _ => (&mut traffic.received, &mut traffic.received_bytes, "<-"),
        };
        *count += 1;
        *bytes += head.len;
        self.traffic.set(traffic);
        let bootstrap = server == BOOTSTRAP_ADDRESS;
        let peer = if bootstrap { "bootstrap" } else { "lwm2m" };
        let name = self.names.borrow_mut().of(direction, bootstrap, head);
        let verdict = self.push.borrow_mut().judge(&name, head);
        if let Verdict::ShowBehind { messages, bytes } = verdict {
            let text = format!("{messages} more messages of this Write, {bytes} bytes");
            self.note(at, "message", &text);
        }
        let name = text(&name, head);
        let text = format!("device {arrow} {peer}  {name}, {} bytes", head.len);
        (text, verdict != Verdict::Hide)
    }
}

impl fmt::Display for Line {
    /// With the time since the first boot in hours, minutes and seconds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(title) = self.chapter() {
            return write!(f, "\n{title}");
        }
        if let Some(about) = self.text.strip_prefix(ABOUT) {
            return writeln!(f, "{about}");
        }
        let millis = self.at.as_millis();
        let (seconds, millis) = (millis / 1000, millis % 1000);
        let (minutes, seconds) = (seconds / 60, seconds % 60);
        let (hours, minutes) = (minutes / 60, minutes % 60);
        let text = &self.text;
        write!(
            f,
            "{hours:02}:{minutes:02}:{seconds:02}.{millis:03}  {text}"
        )
    }
}

impl Recorder for Timeline {
    fn record(&self, at: Instant, entry: Entry) {
        let mut is_shown = true;
        let (about, text) = match &entry {
            Entry::Call(call) => ("call", words::function(*call).into()),
            Entry::Returned(call, Ok(())) => {
                ("return", format!("{}: success", words::function(*call)))
            }
            Entry::Returned(call, Err(error)) => {
                let function = words::function(*call);
                (
                    "return",
                    format!("{function}: error {}, {error}", error.errno()),
                )
            }
            Entry::Event(event) => (EVENT, words::event(event)),
            Entry::Response(response) => ("answer", words::response(response)),
            Entry::Link(LinkState::Up) => ("link", "up".into()),
            Entry::Link(LinkState::Down(reason)) => {
                ("link", format!("down, {}", words::cause(*reason)))
            }
            Entry::LinkRefused(error) => ("link", format!("failed: {error}")),
            Entry::KeyWrite {
                tag, kind, result, ..
            } => {
                let kind = words::credential(*kind);
                let text = format!("write {kind} to tag {}{}", tag.0, outcome(result));
                ("keys", text)
            }
            Entry::KeyDelete {
                tag, kind, result, ..
            } => {
                let kind = words::credential(*kind);
                let text = format!("delete {kind} of tag {}{}", tag.0, outcome(result));
                ("keys", text)
            }
            Entry::Opened {
                session,
                security,
                result,
                ..
            } => (
                "session",
                words::opened(session.number(), *security, *result),
            ),
            Entry::StreamOpened { session, server } => {
                let mirror = *server == MIRROR_ADDRESS;
                let peer = if mirror { "mirror" } else { "files" };
                ("session", format!("{} is open to {peer}", session.number()))
            }
            Entry::StreamClosed {
                session,
                sent,
                received,
                error,
                ..
            } => (
                "session",
                words::closed(session.number(), *sent, *received, *error),
            ),
            Entry::Message {
                direction,
                server,
                head,
            } => {
                let (text, shown) = self.message(at, *direction, *server, head);
                is_shown = shown;
                ("message", text)
            }
            Entry::Stored { id, len, result } => (
                "storage",
                format!("store record {}, {len} bytes{}", id.0, outcome(result)),
            ),
            Entry::Erased { id, result } => (
                "storage",
                format!("erase record {}{}", id.0, outcome(result)),
            ),
            Entry::Firmware { operation, result } => {
                let (text, shown) = words::firmware(*operation);
                is_shown = shown || result.is_err();
                ("firmware", text + &outcome(result))
            }
            Entry::PowerLost => ("device", "loses its power".into()),
            Entry::Reset => ("device", "restarts".into()),
            Entry::Boot => ("device", "boots".into()),
            _ => return,
        };
        self.push(at, about, &text, Some(entry), is_shown);
    }
}
