//! The lines on standard output.

use core::fmt;
use std::io::{self, Write};

use lwm2m_carrier::Event;
use lwm2m_core::Statistics;
use lwm2m_core::model::{Path, Value};
use serde_json::{Map, Value as Json, json};

use super::{event, value};

/// The answer to a command.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(clippy::exhaustive_structs, reason = "it grows by its functions")]
pub struct Reply(Content);

#[derive(Clone, Debug, Default, PartialEq)]
enum Content {
    #[default]
    Done,
    Text(String),
    Members(Vec<Member>),
}

#[derive(Clone, Debug, PartialEq)]
struct Member {
    name: String,
    text: String,
    json: Json,
}

impl Reply {
    /// The command has been carried out: `ok`.
    #[must_use]
    pub const fn done() -> Self {
        Self(Content::Done)
    }

    /// A text of one or more lines.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self(Content::Text(text.into()))
    }

    /// An answer to which [`value`](Self::value) and [`member`](Self::member) add.
    #[must_use]
    pub const fn members() -> Self {
        Self(Content::Members(Vec::new()))
    }

    /// Adds the value of a resource or resource instance.
    pub fn value(&mut self, path: &Path, value: &Value<'_>) {
        self.push(
            path.to_string(),
            value::to_text(value),
            value::to_json(value),
        );
    }

    /// Adds something else, such as a state.
    pub fn member(&mut self, name: &str, value: impl Into<Json>) {
        let json = value.into();
        let text = match &json {
            Json::String(text) => text.clone(),
            other => other.to_string(),
        };
        self.push(name.to_owned(), text, json);
    }

    /// The counters.
    #[must_use]
    pub fn statistics(statistics: &Statistics) -> Self {
        let mut reply = Self::members();
        for (name, count) in [
            ("received", statistics.received),
            ("sent", statistics.sent),
            ("retransmissions", statistics.retransmissions),
            ("duplicates", statistics.duplicates),
            ("malformed", statistics.malformed),
            ("unexpected", statistics.unexpected),
            ("timeouts", statistics.timeouts),
            ("events_lost", statistics.events_lost),
            ("bytes_received", statistics.bytes_received),
            ("bytes_sent", statistics.bytes_sent),
            ("wake_ups", statistics.wake_ups),
        ] {
            reply.member(name, count);
        }
        reply
    }

    fn push(&mut self, name: String, text: String, json: Json) {
        let member = Member { name, text, json };
        match &mut self.0 {
            Content::Members(members) => members.push(member),
            other => *other = Content::Members(vec![member]),
        }
    }

    fn to_json(&self) -> Json {
        match &self.0 {
            Content::Done => json!("ok"),
            Content::Text(text) => json!(text),
            Content::Members(members) => {
                let members = members
                    .iter()
                    .map(|member| (member.name.clone(), member.json.clone()));
                Json::Object(members.collect::<Map<_, _>>())
            }
        }
    }

    fn to_text(&self) -> String {
        match &self.0 {
            Content::Done => "ok".to_owned(),
            Content::Text(text) => text.clone(),
            Content::Members(members) if members.is_empty() => "nothing".to_owned(),
            Content::Members(members) => {
                let lines = members
                    .iter()
                    .map(|member| format!("{} = {}", member.name, member.text));
                lines.collect::<Vec<_>>().join("\n")
            }
        }
    }
}

/// Prints answers and events, each at once.
pub struct Printer<W> {
    out: W,
    json: bool,
}

impl<W: Write> Printer<W> {
    /// A printer to `out`, of JSON lines or of plain text.
    pub const fn new(out: W, json: bool) -> Self {
        Self { out, json }
    }

    /// The answer to a command.
    ///
    /// # Errors
    /// As those of `out`.
    pub fn reply(&mut self, reply: &Reply) -> io::Result<()> {
        if self.json {
            self.line(&json!({ "reply": reply.to_json() }))
        } else {
            self.line(&reply.to_text())
        }
    }

    /// Why a command was not carried out.
    ///
    /// # Errors
    /// As those of `out`.
    pub fn error(&mut self, error: &impl fmt::Display) -> io::Result<()> {
        if self.json {
            self.line(&json!({ "error": error.to_string() }))
        } else {
            self.line(&format_args!("error: {error}"))
        }
    }

    /// An event. Plain text marks it with `*`, to tell it from answers.
    ///
    /// # Errors
    /// As those of `out`.
    pub fn event(&mut self, event: &Event) -> io::Result<()> {
        if self.json {
            self.line(&event::to_json(event))
        } else {
            self.line(&format_args!("* {}", event::to_text(event)))
        }
    }

    /// How far a firmware package has come, of so many bytes where that is known; marked as an event.
    ///
    /// # Errors
    /// As those of `out`.
    pub fn firmware(&mut self, written: u32, size: Option<u32>) -> io::Result<()> {
        if self.json {
            return self.line(&json!({"event": "Firmware", "written": written, "size": size}));
        }
        match size {
            Some(size) => self.line(&format_args!("* firmware: {written} of {size} bytes")),
            None => self.line(&format_args!("* firmware: {written} bytes")),
        }
    }

    fn line(&mut self, line: &impl fmt::Display) -> io::Result<()> {
        writeln!(self.out, "{line}")?;
        self.out.flush()
    }
}

impl<W> fmt::Debug for Printer<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Printer")
            .field("json", &self.json)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(json: bool, print: impl Fn(&mut Printer<&mut Vec<u8>>) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        print(&mut Printer::new(&mut out, json)).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn both(print: impl Fn(&mut Printer<&mut Vec<u8>>) -> io::Result<()>) -> (String, String) {
        (printed(false, &print), printed(true, &print))
    }

    #[test]
    fn each_answer_is_one_line_of_json() {
        let (plain, json) = both(|printer| printer.reply(&Reply::done()));
        assert_eq!(
            (plain.as_str(), json.as_str()),
            ("ok\n", "{\"reply\":\"ok\"}\n")
        );

        let (plain, json) = both(|printer| printer.error(&"no such \"thing\""));
        assert_eq!(plain, "error: no such \"thing\"\n");
        assert_eq!(json, "{\"error\":\"no such \\\"thing\\\"\"}\n");

        let (plain, json) = both(|printer| printer.reply(&Reply::text("a\nb")));
        assert_eq!(
            (plain.as_str(), json.as_str()),
            ("a\nb\n", "{\"reply\":\"a\\nb\"}\n")
        );

        let (plain, json) = both(|printer| printer.event(&Event::Registered { server: 1 }));
        assert_eq!(plain, "* registered with server 1\n");
        assert_eq!(json, "{\"event\":\"Registered\",\"server\":1}\n");
    }

    #[test]
    fn the_progress_of_firmware_looks_like_an_event() {
        let (plain, json) = both(|printer| printer.firmware(4096, Some(20_000)));
        assert_eq!(plain, "* firmware: 4096 of 20000 bytes\n");
        let json: Json = serde_json::from_str(&json).unwrap();
        let expected = json!({"event": "Firmware", "written": 4096, "size": 20_000});
        assert_eq!(json, expected);
        let (plain, json) = both(|printer| printer.firmware(4096, None));
        assert_eq!(plain, "* firmware: 4096 bytes\n");
        let json: Json = serde_json::from_str(&json).unwrap();
        assert_eq!(json["size"], Json::Null);
    }

    #[test]
    fn values_stand_under_their_paths() {
        let mut reply = Reply::members();
        reply.value(&Path::resource(3303, 0, 5700), &Value::Float(22.5));
        reply.value(&Path::resource(3303, 0, 5701), &Value::String("Cel"));
        reply.member("registered", true);
        let (plain, json) = both(|printer| printer.reply(&reply));
        assert_eq!(
            plain,
            "/3303/0/5700 = 22.5\n/3303/0/5701 = Cel\nregistered = true\n"
        );
        let json: Json = serde_json::from_str(&json).unwrap();
        assert_eq!(
            json,
            json!({"reply": {"/3303/0/5700": 22.5, "/3303/0/5701": "Cel", "registered": true}})
        );
        let (plain, json) = both(|printer| printer.reply(&Reply::members()));
        assert_eq!(
            (plain.as_str(), json.as_str()),
            ("nothing\n", "{\"reply\":{}}\n")
        );
    }

    #[test]
    fn every_counter_is_shown() {
        let (_, json) = both(|printer| printer.reply(&Reply::statistics(&Statistics::default())));
        let json: Json = serde_json::from_str(&json).unwrap();
        let shown = format!("{:?}", Statistics::default());
        assert_eq!(
            json["reply"].as_object().unwrap().len(),
            shown.matches(": 0").count()
        );
        for name in json["reply"].as_object().unwrap().keys() {
            assert!(shown.contains(&format!("{name}: 0")), "{name}");
        }
    }
}
