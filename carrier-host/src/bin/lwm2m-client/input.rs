//! What the user wants: lines on standard input, and signals.

use std::io::{self, BufRead};
use std::thread;

use carrier_host::console::{Command, CommandError};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::{Receiver, channel};

use crate::Complaint;

/// Lines that may wait to be looked at.
const LINES: usize = 16;

/// Commands, and the wish to end.
pub(crate) struct Input {
    lines: Receiver<String>,
    json: bool,
    interrupt: Signal,
    terminate: Signal,
}

/// What the user wants next.
pub(crate) enum Wish {
    /// A line, understood or not; empty ones are passed over.
    Line(Result<Command, CommandError>),
    /// An end: the input is over, or a signal has come.
    End,
}

impl Input {
    /// Reads standard input on a thread of its own, which ends with the process.
    pub(crate) fn start(json: bool) -> Result<Self, Complaint> {
        let (sender, lines) = channel(LINES);
        let reader = thread::Builder::new().name("console".to_owned());
        let reading = reader.spawn(move || {
            for line in io::stdin().lock().lines() {
                let Ok(line) = line else { return };
                if sender.blocking_send(line).is_err() {
                    return;
                }
            }
        });
        reading.map_err(|error| format!("standard input cannot be read: {error}"))?;
        let listen = |kind| signal(kind).map_err(|error| format!("no signals: {error}"));
        Ok(Self {
            lines,
            json,
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    /// Waits for a line or a signal; cancelling loses none.
    pub(crate) async fn next(&mut self) -> Wish {
        loop {
            let line = tokio::select! {
                line = self.lines.recv() => line,
                _ = self.interrupt.recv() => None,
                _ = self.terminate.recv() => None,
            };
            let Some(line) = line else { return Wish::End };
            let parsed = if self.json {
                Command::parse_json(&line)
            } else {
                Command::parse_text(&line)
            };
            if let Some(command) = parsed.transpose() {
                return Wish::Line(command);
            }
        }
    }

    /// Waits for a signal alone.
    pub(crate) async fn signal(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
