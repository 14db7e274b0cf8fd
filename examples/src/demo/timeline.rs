//! What happens, as lines of text with the virtual time.

use core::cell::{Cell, RefCell};
use core::fmt;
use core::net::SocketAddr;

use carrier_mock::recorder::{Call, Direction, Entry, MessageHead, Recorder};
use carrier_mock::server::{Record, RecordKind};
use lwm2m_carrier::hal::{CredentialKind, DetachReason, LinkState, Opened};
use lwm2m_carrier::{Event, Response};
use lwm2m_core::time::Instant;

use super::BOOTSTRAP_ADDRESS;
use super::names::{Names, text};

/// How lines about events begin.
pub(super) const EVENT: &str = "event";
/// How headings begin.
const CHAPTER: &str = "chapter  ";

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
    traffic: Cell<Traffic>,
}

impl Timeline {
    /// Adds a line.
    pub(super) fn note(&self, at: Instant, about: &str, text: &str) {
        self.push(at, about, text, None);
    }

    fn push(&self, at: Instant, about: &str, text: &str, entry: Option<Entry>) {
        let text = format!("{about:<8} {text}");
        self.lines.borrow_mut().push(Line { at, text, entry });
    }

    /// Adds a heading.
    pub(super) fn chapter(&self, at: Instant, title: &str) {
        self.note(at, CHAPTER.trim_end(), title);
    }

    /// Adds what a server has seen, where the device's side does not show it.
    pub(super) fn note_server(&self, record: &Record<'_>) {
        let path = record.request().map_or("", |request| request.path());
        let value = match (record.content_format(), core::str::from_utf8(record.body())) {
            (Some(0), Ok(text)) => format!(" = {text}"),
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

    fn message(&self, direction: Direction, server: SocketAddr, head: &MessageHead) -> String {
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
        let name = text(&name, head);
        format!("device {arrow} {peer}  {name}, {} bytes", head.len)
    }
}

impl fmt::Display for Line {
    /// With the time since the first boot in hours, minutes and seconds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(title) = self.chapter() {
            return write!(f, "\n{title}");
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
        let (about, text) = match &entry {
            Entry::Call(call) => ("call", function(*call).into()),
            Entry::Returned(call, Ok(())) => ("return", format!("{}: success", function(*call))),
            Entry::Returned(call, Err(error)) => {
                ("return", format!("{}: {error}", function(*call)))
            }
            Entry::Event(event) => (EVENT, event_text(event)),
            Entry::Response(Response::Refuse) => ("answer", "the application refuses".into()),
            Entry::Response(_) => ("answer", "the application agrees".into()),
            Entry::Link(LinkState::Up) => ("link", "up".into()),
            Entry::Link(LinkState::Down(reason)) => ("link", format!("down, {}", cause(*reason))),
            Entry::LinkRefused(error) => ("link", format!("failed: {error}")),
            Entry::KeyWrite {
                tag, kind, result, ..
            } => (
                "keys",
                format!(
                    "write {} to tag {}{}",
                    credential(*kind),
                    tag.0,
                    outcome(result)
                ),
            ),
            Entry::KeyDelete {
                tag, kind, result, ..
            } => (
                "keys",
                format!(
                    "delete {} of tag {}{}",
                    credential(*kind),
                    tag.0,
                    outcome(result)
                ),
            ),
            Entry::Opened {
                session, result, ..
            } => ("session", opened(session.number(), *result)),
            Entry::Message {
                direction,
                server,
                head,
            } => ("message", self.message(*direction, *server, head)),
            Entry::Stored { id, len, result } => (
                "storage",
                format!("store record {}, {len} bytes{}", id.0, outcome(result)),
            ),
            Entry::Erased { id, result } => (
                "storage",
                format!("erase record {}{}", id.0, outcome(result)),
            ),
            Entry::PowerLost => ("device", "loses its power".into()),
            Entry::Reset => ("device", "restarts".into()),
            Entry::Boot => ("device", "boots".into()),
            _ => return,
        };
        self.push(at, about, &text, Some(entry));
    }
}

const fn function(call: Call) -> &'static str {
    match call {
        Call::Init => "init()",
        _ => "run()",
    }
}

/// The chart name of an event, and what it carries.
fn event_text(event: &Event) -> String {
    let name = event.chart_name();
    match event {
        Event::Registered { server } => format!("{name} (server {server})"),
        Event::Deregistered { server, confirmed } => {
            let how = if *confirmed { "" } else { ", not confirmed" };
            format!("{name} (server {server}{how})")
        }
        Event::Disconnected { reason } => format!("{name} ({})", cause(*reason)),
        Event::Deferred(deferred) => format!(
            "{name} ({}, next attempt in {} s)",
            deferred.reason.chart_name(),
            deferred.retry_after.as_secs()
        ),
        Event::Error(error) => format!("{name} ({}: {error})", error.kind.chart_name()),
        _ => name.into(),
    }
}

const fn cause(reason: DetachReason) -> &'static str {
    match reason {
        DetachReason::Requested => "as requested",
        DetachReason::NoService => "no coverage",
        DetachReason::Network => "detached by the network",
        DetachReason::Sim => "no SIM card",
        DetachReason::Modem => "modem failure",
        _ => "cause not known",
    }
}

const fn credential(kind: CredentialKind) -> &'static str {
    match kind {
        CredentialKind::CaChain => "CA certificates",
        CredentialKind::ClientCertificate => "client certificate",
        CredentialKind::PrivateKey => "private key",
        CredentialKind::Psk => "pre-shared key",
        CredentialKind::PskIdentity => "identity",
        _ => "credential",
    }
}

fn opened(number: u8, result: Result<Opened, impl fmt::Display>) -> String {
    match result {
        Ok(Opened::Pending) => format!("{number} begins its handshake"),
        Ok(_) => format!("{number} is open"),
        Err(error) => format!("{number} cannot be opened: {error}"),
    }
}

fn outcome(result: &Result<(), impl fmt::Display>) -> String {
    match result {
        Ok(()) => String::new(),
        Err(error) => format!(": failed, {error}"),
    }
}
