//! The servers: `interop/leshan`, one process with a management and a bootstrap server.

use core::time::Duration;
use std::{
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};

use super::{failure::Failure, lines::Lines};

/// How long the JVM and the servers may take to listen.
const START: Duration = Duration::from_secs(60);

/// How long the bench may take to answer; requests to a device have a shorter limit of their own inside it.
const ANSWER: Duration = Duration::from_secs(30);

/// How long a device has to do what makes the servers report an event: handshake and Register, with room for one
/// retransmission.
const EVENT: Duration = Duration::from_secs(10);

/// The running servers.
#[derive(Debug)]
pub(super) struct Leshan {
    lines: Lines,
    uris: Value,
    requests: u64,
}

/// The process's command line, after the build.
pub(super) fn jar(root: &Path) -> PathBuf {
    root.join("interop/leshan/target/leshan-bench.jar")
}

impl Leshan {
    /// Starts the built bench on ports that the system chooses.
    pub(super) fn start(root: &Path, log: &Path) -> Result<Self, Failure> {
        let mut command = Command::new("java");
        // Started often, for a short time, beside a build: small and quick to be there.
        command.args([
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Xmx256m",
            "-jar",
        ]);
        let mut lines = Lines::start("Leshan", command.arg(jar(root)), log)?;
        let ready = lines.wait("ready line", START, |line| line["event"] == "ready")?;
        Ok(Self {
            lines,
            uris: ready["uris"].clone(),
            requests: 0,
        })
    }

    /// A server's URI by its name in the ready line: `coap`, `coaps6`, `bs_coap` and so on.
    pub(super) fn uri(&self, name: &str) -> Result<String, Failure> {
        self.uris[name]
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| Failure::new(format!("Leshan does not listen on {name}")))
    }

    /// Sends a command and waits for its answer.
    pub(super) fn ask(&mut self, mut command: Value) -> Result<Value, Failure> {
        self.requests += 1;
        let id = self.requests;
        command["id"] = json!(id);
        self.lines.send(&command)?;
        let answer = self.lines.wait("answer", ANSWER, |line| line["id"] == id)?;
        match answer["error"].as_str() {
            Some(error) => Err(Failure::new(error)),
            None => Ok(answer),
        }
    }

    /// Takes the next event `name` of the device `endpoint`.
    pub(super) fn event(&mut self, name: &str, endpoint: &str) -> Result<Value, Failure> {
        self.lines.wait(name, EVENT, of(name, endpoint))
    }

    /// Takes the next event of the device `endpoint` that has one of `names`.
    pub(super) fn event_of(&mut self, names: &[&str], endpoint: &str) -> Result<Value, Failure> {
        self.event_within(names, endpoint, EVENT)
    }

    /// The same, within `time`.
    pub(super) fn event_within(
        &mut self,
        names: &[&str],
        endpoint: &str,
        time: Duration,
    ) -> Result<Value, Failure> {
        self.lines.wait(&names.join(" or "), time, |line| {
            line["endpoint"] == endpoint && names.iter().any(|name| line["event"] == **name)
        })
    }

    /// Takes the next notification of the device `endpoint` that the single resource at `path` is `value`.
    pub(super) fn notified(
        &mut self,
        endpoint: &str,
        path: &str,
        value: &Value,
        within: Duration,
    ) -> Result<Value, Failure> {
        let of = of("notification", endpoint);
        let what = format!("notification of {path}={value}");
        self.lines.wait(&what, within, |line| {
            let node = &line["nodes"][0];
            of(line) && node["path"] == path && node["value"] == *value
        })
    }

    /// Whether such an event has come, or comes within `time`.
    pub(super) fn comes(&mut self, name: &str, endpoint: &str, time: Duration) -> bool {
        self.lines.comes(time, of(name, endpoint))
    }

    /// Whether a Reset leaves for a device within `time`.
    pub(super) fn resets(&mut self, time: Duration) -> bool {
        self.lines.comes(time, |line| line["event"] == "reset_sent")
    }
}

fn of(name: &str, endpoint: &str) -> impl Fn(&Value) -> bool {
    move |line| line["event"] == name && line["endpoint"] == endpoint
}
