//! Messages by the names that the LwM2M specification gives them.

use carrier_mock::recorder::{Direction, MessageHead};
use lwm2m_core::wire::coap::{Code, Kind, Token};

/// What a message is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Name {
    /// A message without code.
    Empty,
    /// A request: operation and path, `Register /rd`.
    Request(String),
    /// The answer to the request of this name.
    Answer(String),
    /// A notification: the path that is observed.
    Notification(String),
}

/// The operations under way, so that an answer can be named after its request.
#[derive(Debug, Default)]
pub struct Names {
    requests: Vec<(Direction, Token, String)>,
}

impl Names {
    /// What a message is that comes from the bootstrap server or goes there, or else from or to the other server.
    pub fn of(&mut self, direction: Direction, bootstrap: bool, head: &MessageHead) -> Name {
        if head.code.is_empty() {
            return Name::Empty;
        }
        if head.code.is_request() {
            let operation = match direction {
                Direction::FromDevice => of_device(head),
                _ if bootstrap => of_bootstrap_server(head),
                _ => of_server(head),
            };
            let operation = format!("{operation} {}", head.path);
            self.requests
                .retain(|(way, token, _)| (*way, *token) != (direction, head.token));
            self.requests
                .push((direction, head.token, operation.clone()));
            return Name::Request(operation);
        }
        let request = self
            .requests
            .iter()
            .find(|(way, token, _)| *way != direction && *token == head.token)
            .map_or("nothing", |(.., operation)| operation.as_str());
        match (request.strip_prefix("Observe "), head.observe, head.kind) {
            (Some(path), Some(_), Kind::Con | Kind::Non) => Name::Notification(path.into()),
            _ => Name::Answer(request.into()),
        }
    }
}

/// A message as a line shows it: `Register /rd: CON POST`.
pub(super) fn text(name: &Name, head: &MessageHead) -> String {
    let kind = match head.kind {
        Kind::Con => "CON",
        Kind::Non => "NON",
        Kind::Ack => "ACK",
        Kind::Rst => "RST",
    };
    let location = if head.path.is_empty() {
        String::new()
    } else {
        format!(", location {}", head.path)
    };
    match name {
        Name::Empty => format!("{kind}, empty"),
        Name::Request(operation) => format!("{operation}: {kind} {}", method(head.code)),
        Name::Answer(request) => format!("answer to {request}: {kind} {}{location}", head.code),
        Name::Notification(path) => format!("Notify {path}: {kind} {}", head.code),
    }
}

/// Requests of the client (Core 1.1.1, sections 6.1 and 6.2).
fn of_device(head: &MessageHead) -> &'static str {
    match (head.code, head.path.as_str()) {
        (Code::POST, "/bs") => "Bootstrap-Request",
        (Code::POST, "/rd") => "Register",
        (Code::POST, _) => "Update",
        (Code::DELETE, _) => "De-register",
        _ => "request",
    }
}

/// Requests of a bootstrap server (section 6.1.7).
fn of_bootstrap_server(head: &MessageHead) -> &'static str {
    match head.code {
        Code::PUT => "Bootstrap-Write",
        Code::DELETE => "Bootstrap-Delete",
        Code::POST => "Bootstrap-Finish",
        _ => "Bootstrap-Read",
    }
}

/// Requests of a server (sections 6.3 and 6.4), as far as the demo's server sends them.
fn of_server(head: &MessageHead) -> &'static str {
    match (head.code, head.observe) {
        (Code::GET, Some(0)) => "Observe",
        (Code::GET, Some(_)) => "Cancel",
        (Code::GET, None) => "Read",
        (Code::PUT, _) => "Write",
        (Code::POST, _) => "Execute",
        _ => "request",
    }
}

fn method(code: Code) -> &'static str {
    match code {
        Code::GET => "GET",
        Code::POST => "POST",
        Code::PUT => "PUT",
        Code::DELETE => "DELETE",
        _ => "other method",
    }
}
