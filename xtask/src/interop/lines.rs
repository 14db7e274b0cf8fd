//! A process that is driven by JSON lines: Leshan's bench and `lwm2m-client` alike.

use core::time::Duration;
use std::{
    collections::VecDeque,
    fs::File,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{ChildStdin, ChildStdout, Command, ExitStatus, Stdio},
    sync::mpsc::{self, Receiver, Sender},
    thread,
    time::Instant,
};

use serde_json::Value;

use super::{children::Running, failure::Failure};

/// The process, its input, and the lines that it has printed and nobody has asked for yet.
#[derive(Debug)]
pub(super) struct Lines {
    name: &'static str,
    running: Running,
    stdin: Option<ChildStdin>,
    printed: Receiver<String>,
    unclaimed: VecDeque<Value>,
}

impl Lines {
    /// Starts `command` with its stderr in the file `log`.
    pub(super) fn start(
        name: &'static str,
        command: &mut Command,
        log: &Path,
    ) -> Result<Self, Failure> {
        let log = File::create(log)
            .map_err(|error| Failure::new(format!("cannot write {}: {error}", log.display())))?;
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log);
        let (running, pipes) = Running::start(command)
            .map_err(|error| Failure::new(format!("cannot start {name}: {error}")))?;
        let (sender, printed) = mpsc::channel();
        if let Some(stdout) = pipes.stdout {
            thread::spawn(move || forward(stdout, &sender));
        }
        Ok(Self {
            name,
            running,
            stdin: pipes.stdin,
            printed,
            unclaimed: VecDeque::new(),
        })
    }

    /// Writes one line.
    pub(super) fn send(&mut self, line: &Value) -> Result<(), Failure> {
        self.stdin
            .as_mut()
            .and_then(|stdin| writeln!(stdin, "{line}").and_then(|()| stdin.flush()).ok())
            .ok_or_else(|| Failure::new(format!("{} takes no more input", self.name)))
    }

    /// Takes the first line, printed already or within `timeout`, that `wanted` accepts.
    ///
    /// `what` names it in the failure.
    pub(super) fn wait(
        &mut self,
        what: &str,
        timeout: Duration,
        wanted: impl Fn(&Value) -> bool,
    ) -> Result<Value, Failure> {
        if let Some(at) = self.unclaimed.iter().position(&wanted)
            && let Some(line) = self.unclaimed.remove(at)
        {
            return Ok(line);
        }
        let deadline = Instant::now() + timeout;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let text = self
                .printed
                .recv_timeout(left)
                .map_err(|error| match error {
                    mpsc::RecvTimeoutError::Timeout => {
                        Failure::new(format!("no {what} within {} s", timeout.as_secs_f32()))
                    }
                    mpsc::RecvTimeoutError::Disconnected => {
                        Failure::new(format!("{} ended before its {what}", self.name))
                    }
                })?;
            let line: Value = serde_json::from_str(&text)
                .map_err(|_| Failure::new(format!("{} printed no JSON: {text}", self.name)))?;
            if wanted(&line) {
                return Ok(line);
            }
            self.unclaimed.push_back(line);
        }
    }

    /// Whether such a line has come, or comes within `timeout`; it is taken.
    pub(super) fn comes(&mut self, timeout: Duration, wanted: impl Fn(&Value) -> bool) -> bool {
        self.wait("such line", timeout, wanted).is_ok()
    }

    /// Closes stdin, which asks the process to end.
    pub(super) fn close_input(&mut self) {
        self.stdin = None;
    }

    /// Waits for the end of the process.
    pub(super) fn exit(&self, timeout: Duration) -> Result<ExitStatus, Failure> {
        self.running
            .wait(Some(timeout))
            .ok()
            .flatten()
            .ok_or_else(|| Failure::new(format!("{} did not end within {timeout:?}", self.name)))
    }
}

fn forward(stdout: ChildStdout, sender: &Sender<String>) {
    for line in BufReader::new(stdout).lines() {
        let Ok(line) = line else { return };
        if sender.send(line).is_err() {
            return;
        }
    }
}
