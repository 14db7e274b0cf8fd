//! A request with its answer, or a notification, as one arrow; several of one kind as one.

use carrier_mock::recorder::{Direction, MessageHead};
use lwm2m_core::time::Instant;
use lwm2m_core::wire::coap::Token;

use super::life::{BOOTSTRAP, LIBRARY, SERVER};
use super::picture::{Line, Row, Shape, Tone};

/// Paths that one arrow names at most.
const PATHS: usize = 3;

/// What one arrow shows.
#[derive(Debug, PartialEq)]
pub(super) struct Exchange {
    at: Instant,
    until: Instant,
    direction: Direction,
    bootstrap: bool,
    operation: String,
    paths: Vec<String>,
    token: Token,
    message_id: u16,
    /// How often the message was sent, or one like it.
    count: u32,
    outcome: Outcome,
}

#[derive(Debug, PartialEq)]
enum Outcome {
    /// No answer is due.
    Told,
    Unanswered,
    Answered(String),
}

impl Exchange {
    /// `operation` has the path behind a space.
    pub(super) fn request(
        at: Instant,
        direction: Direction,
        bootstrap: bool,
        operation: &str,
        head: &MessageHead,
    ) -> Self {
        let (operation, path) = operation.split_once(' ').unwrap_or((operation, ""));
        Self {
            at,
            until: at,
            direction,
            bootstrap,
            operation: operation.into(),
            paths: vec![path.into()],
            token: head.token,
            message_id: head.message_id,
            count: 1,
            outcome: Outcome::Unanswered,
        }
    }

    pub(super) fn notification(at: Instant, path: &str, head: &MessageHead) -> Self {
        let operation = format!("Notify {path}");
        Self {
            outcome: Outcome::Told,
            ..Self::request(at, Direction::FromDevice, false, &operation, head)
        }
    }

    pub(super) fn is_answered_by(&self, direction: Direction, head: &MessageHead) -> bool {
        self.outcome == Outcome::Unanswered
            && self.direction != direction
            && self.token == head.token
    }

    pub(super) fn is_repeated_by(&self, direction: Direction, head: &MessageHead) -> bool {
        self.outcome == Outcome::Unanswered
            && (self.direction, self.message_id) == (direction, head.message_id)
    }

    pub(super) fn answer(&mut self, at: Instant, head: &MessageHead) {
        self.until = at;
        let location = if head.path.is_empty() { "" } else { " " };
        self.outcome = Outcome::Answered(format!("{}{location}{}", head.code, head.path));
    }

    pub(super) fn repeat(&mut self, at: Instant) {
        self.until = at;
        self.count += 1;
    }

    /// Takes the next one in where it differs in its path alone, or not at all.
    pub(super) fn merge(&mut self, next: &Self) -> bool {
        if self.outcome == Outcome::Unanswered
            || self.outcome != next.outcome
            || (self.direction, self.bootstrap) != (next.direction, next.bootstrap)
            || self.operation != next.operation
        {
            return false;
        }
        if self.paths == next.paths {
            self.count += next.count;
        } else if (self.count, next.count) == (1, 1) && self.paths.len() < PATHS {
            self.paths.extend_from_slice(&next.paths);
        } else {
            return false;
        }
        self.until = next.until;
        true
    }

    pub(super) fn into_row(self) -> Row {
        let server = if self.bootstrap { BOOTSTRAP } else { SERVER };
        let (from, to) = match self.direction {
            Direction::FromDevice => (LIBRARY, server),
            _ => (server, LIBRARY),
        };
        let mut label = format!("{} {}", self.operation, self.paths.join(", "));
        if self.count > 1 {
            label += &format!(" \u{d7}{}", self.count);
        }
        let (line, tone) = match self.outcome {
            Outcome::Told => (Line::Thin, Tone::Message),
            Outcome::Unanswered => {
                label += ": no answer";
                (Line::Lost, Tone::Error)
            }
            Outcome::Answered(code) => {
                label = format!("{label}: {code}");
                (Line::Thin, Tone::Message)
            }
        };
        let shape = Shape::Arrow {
            from,
            to,
            line,
            between: (SERVER - 1, SERVER),
        };
        Row {
            until: self.until,
            ..Row::new(self.at, shape, label, tone)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A message of type 0 (CON), 1 (NON) or 2 (ACK) with a token of one byte (RFC 7252, section 3).
    fn head(kind: u8, code: u8, id: u8, token: u8) -> MessageHead {
        MessageHead::parse(&[0x41 | (kind << 4), code, 0, id, token]).unwrap()
    }

    fn asked(operation: &str, id: u8) -> Exchange {
        let head = head(0, 2, id, id);
        Exchange::request(Instant::ZERO, Direction::ToDevice, false, operation, &head)
    }

    fn answered(operation: &str, id: u8, code: u8) -> Exchange {
        let mut exchange = asked(operation, id);
        let answer = head(2, code, id, id);
        assert!(exchange.is_answered_by(Direction::FromDevice, &answer));
        assert!(!exchange.is_answered_by(Direction::ToDevice, &answer));
        exchange.answer(Instant::from_millis(5), &answer);
        assert!(!exchange.is_answered_by(Direction::FromDevice, &answer));
        exchange
    }

    const CHANGED: u8 = 0x44;
    const DELETED: u8 = 0x42;

    #[test]
    fn what_is_sent_again_is_one_arrow() {
        let mut exchange = asked("Execute /3/0/4", 7);
        assert!(exchange.is_repeated_by(Direction::ToDevice, &head(0, 2, 7, 7)));
        assert!(!exchange.is_repeated_by(Direction::ToDevice, &head(0, 2, 8, 7)));
        exchange.repeat(Instant::from_millis(9));
        assert!(!exchange.merge(&asked("Execute /3/0/4", 8)));
        let row = exchange.into_row();
        assert_eq!(row.label, "Execute /3/0/4 \u{d7}2: no answer");
        assert_eq!(row.until, Instant::from_millis(9));
    }

    #[test]
    fn likes_are_one_arrow() {
        let mut writes = answered("Write /0/1", 1, CHANGED);
        assert!(writes.merge(&answered("Write /1/0", 2, CHANGED)));
        assert!(!writes.merge(&answered("Write /1/1", 3, DELETED)));
        assert!(!writes.merge(&answered("Delete /1/1", 4, CHANGED)));
        assert!(!writes.merge(&asked("Write /1/1", 5)));
        assert_eq!(writes.into_row().label, "Write /0/1, /1/0: 2.04");
        let notified = || Exchange::notification(Instant::ZERO, "/3/0", &head(1, 0x45, 1, 1));
        let mut twice = notified();
        assert!(twice.merge(&notified()));
        assert_eq!(twice.into_row().label, "Notify /3/0 \u{d7}2");
    }
}
