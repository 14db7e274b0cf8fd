//! What a case has at hand: the servers, new clients, and a device under management.

use core::time::Duration;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{
    chip::{Chip, Images},
    client::Client,
    failure::Failure,
    leshan::Leshan,
    render,
};

/// The servers, and the program to start clients from.
#[derive(Debug)]
pub(super) struct Bench {
    pub(super) leshan: Leshan,
    program: PathBuf,
    root: PathBuf,
    /// Built for the first case on a chip.
    images: Option<Images>,
    scratch: PathBuf,
    named: usize,
    started: usize,
}

impl Bench {
    pub(super) fn new(leshan: Leshan, program: PathBuf, root: PathBuf, scratch: PathBuf) -> Self {
        Self {
            leshan,
            program,
            root,
            images: None,
            scratch,
            named: 0,
            started: 0,
        }
    }

    /// An endpoint name that no other case has.
    pub(super) fn endpoint(&mut self) -> String {
        self.named += 1;
        format!("interop-{}", self.named)
    }

    /// Where `endpoint` may keep its state.
    pub(super) fn state_file(&self, endpoint: &str) -> String {
        self.scratch
            .join(format!("{endpoint}.state"))
            .display()
            .to_string()
    }

    /// Where `endpoint` may have its firmware slot.
    pub(super) fn firmware_file(&self, endpoint: &str) -> String {
        self.scratch
            .join(format!("{endpoint}.firmware"))
            .display()
            .to_string()
    }

    /// The directory for logs and files of this run.
    pub(super) fn scratch(&self) -> &Path {
        &self.scratch
    }

    /// Starts a client named `endpoint`.
    pub(super) fn start(&mut self, endpoint: &str, args: &[&str]) -> Result<Client, Failure> {
        self.started += 1;
        let log = self
            .scratch
            .join(format!("client-{}-{endpoint}.log", self.started));
        Client::start(&self.program, endpoint, args, &log)
    }

    /// Starts an emulated chip, under an IMEI that no other case has, which registers over coap.
    pub(super) fn chip(&mut self, faults: &[&str]) -> Result<Chip, Failure> {
        let images = match &self.images {
            Some(images) => images,
            None => self.images.insert(Images::build(&self.root)?),
        };
        self.started += 1;
        let imei = format!("49015420{:07}", self.started);
        let server = self.leshan.uri("coap")?;
        Chip::start(images, &imei, faults, &server, &self.scratch)
    }

    /// Starts a client under a name of its own and waits until it has registered.
    pub(super) fn registered(&mut self, args: &[&str]) -> Result<Client, Failure> {
        let endpoint = self.endpoint();
        let client = self.start(&endpoint, args)?;
        self.leshan.event("registered", &endpoint)?;
        Ok(client)
    }
}

/// A registered device, seen from both ends.
#[derive(Debug)]
pub(super) struct Device<'a> {
    pub(super) leshan: &'a mut Leshan,
    pub(super) client: &'a mut Client,
}

impl Device<'_> {
    /// Sends the operation `cmd` of the servers' console to the device; its answer as JSON.
    pub(super) fn ask(&mut self, cmd: &str, mut fields: Value) -> Result<Value, Failure> {
        fields["cmd"] = json!(cmd);
        fields["endpoint"] = json!(self.client.endpoint);
        self.leshan.ask(fields)
    }

    /// The same; its answer as the table has it.
    pub(super) fn answer(&mut self, cmd: &str, fields: Value) -> Result<String, Failure> {
        self.ask(cmd, fields).map(|answer| render::answer(&answer))
    }

    /// Reads with `format` as Accept, by Leshan's name for it, or without.
    pub(super) fn read(&mut self, path: &str, format: Option<&str>) -> Result<String, Failure> {
        self.answer("read", json!({"path": path, "format": format}))
    }

    /// Several answers in one cell.
    pub(super) fn in_turn<const N: usize>(
        &mut self,
        steps: [(&str, Value); N],
    ) -> Result<String, Failure> {
        let mut answers = Vec::with_capacity(N);
        for (cmd, fields) in steps {
            answers.push(self.answer(cmd, fields)?);
        }
        Ok(answers.join(", "))
    }

    /// Takes the next event `name` of this device.
    pub(super) fn event(&mut self, name: &str) -> Result<Value, Failure> {
        self.leshan.event(name, &self.client.endpoint)
    }

    /// Waits until a notification says that the resource at `path` has this value; `path=value`.
    pub(super) fn notified(
        &mut self,
        path: &str,
        value: &Value,
        within: Duration,
    ) -> Result<String, Failure> {
        let endpoint = &self.client.endpoint;
        self.leshan.notified(endpoint, path, value, within)?;
        Ok(format!("{path}={value}"))
    }

    /// Whether such an event has come, or comes within `time`.
    pub(super) fn comes(&mut self, name: &str, time: Duration) -> bool {
        self.leshan.comes(name, &self.client.endpoint, time)
    }
}
