//! The device: one run of `lwm2m-client`, driven through its JSON console.

use core::time::Duration;
use std::{path::Path, process::Command};

use serde_json::{Value, json};

use super::{failure::Failure, lines::Lines};

/// How long the console may take to answer.
const REPLY: Duration = Duration::from_secs(5);

/// How long the client may take to de-register and end.
const EXIT: Duration = Duration::from_secs(10);

/// A running client.
#[derive(Debug)]
pub(super) struct Client {
    lines: Lines,
    /// Its endpoint name, by which the servers' events tell it from others.
    pub(super) endpoint: String,
}

impl Client {
    /// Starts `program` with `--json`, `--endpoint` and `args`.
    pub(super) fn start(
        program: &Path,
        endpoint: &str,
        args: &[&str],
        log: &Path,
    ) -> Result<Self, Failure> {
        let mut command = Command::new(program);
        command.args(["--json", "--endpoint", endpoint]).args(args);
        let lines = Lines::start("lwm2m-client", &mut command, log)?;
        Ok(Self {
            lines,
            endpoint: endpoint.to_owned(),
        })
    }

    /// Runs a console command and returns its reply.
    pub(super) fn command(&mut self, command: &Value) -> Result<Value, Failure> {
        self.lines.send(command)?;
        let line = self.lines.wait("reply", REPLY, |line| {
            // An event may have a field `error` of its own.
            line.get("event").is_none()
        })?;
        match line.get("error") {
            Some(error) => Err(Failure::new(format!("lwm2m-client: {error}"))),
            None => Ok(line["reply"].clone()),
        }
    }

    /// Sets a resource in the device itself, as its sensor would.
    pub(super) fn set(&mut self, path: &str, value: Value) -> Result<(), Failure> {
        self.command(&json!({"cmd": "write", "path": path, "value": value}))
            .map(drop)
    }

    /// Takes the next event of this name.
    pub(super) fn event(&mut self, name: &str, timeout: Duration) -> Result<Value, Failure> {
        self.lines.wait(name, timeout, |line| line["event"] == name)
    }

    /// Waits for an event that says when the client will try again; in how many seconds.
    pub(super) fn retry_time(&mut self, timeout: Duration) -> Result<f64, Failure> {
        let event = self
            .lines
            .wait("event with a retry time", timeout, |line| {
                line.get("event").is_some() && line["retry_s"].is_number()
            })?;
        event["retry_s"]
            .as_f64()
            .ok_or_else(|| Failure::new("the retry time is no number"))
    }

    /// Types `quit` and waits for the end; the exit code.
    pub(super) fn quit(mut self) -> Result<i32, Failure> {
        self.lines.send(&json!({"cmd": "quit"}))?;
        self.exit()
    }

    /// Closes its stdin and waits for the end; the exit code.
    pub(super) fn close(mut self) -> Result<i32, Failure> {
        self.lines.close_input();
        self.exit()
    }

    fn exit(&self) -> Result<i32, Failure> {
        let status = self.lines.exit(EXIT)?;
        status
            .code()
            .ok_or_else(|| Failure::new(format!("lwm2m-client ended by {status}")))
    }
}
