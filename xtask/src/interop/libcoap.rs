//! libcoap's `coap-server` as a server of firmware packages over CoAP.

use core::time::Duration;
use std::{
    fs::{self, File},
    net::UdpSocket,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Instant,
};

use super::{children::Running, failure::Failure};

/// How long it may take to listen, and to take the package.
const START: Duration = Duration::from_secs(10);

/// The names of the programs: Debian has one for each TLS library, others have plain ones.
const SERVERS: [&str; 2] = ["coap-server-notls", "coap-server"];
const CLIENTS: [&str; 2] = ["coap-client-notls", "coap-client"];

/// A running server that hands a package out.
#[derive(Debug)]
pub(super) struct CoapServer {
    _running: Running,
    port: u16,
}

impl CoapServer {
    /// Starts the server on 127.0.0.1 and puts `package` into it, with libcoap's own client. Both log to `scratch`.
    pub(super) fn start(package: &[u8], scratch: &Path) -> Result<Self, Failure> {
        let server = find(SERVERS)?;
        let client = find(CLIENTS)?;
        let file = scratch.join("coap-package.bin");
        fs::write(&file, package).map_err(|error| failed(&file.display(), &error))?;
        let port = free_port()?;
        let started = Instant::now();

        // It does not end with its stdin, as the others do: the system is to end it with this process.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", server]);
        // One dynamic resource may be put.
        command.args(["-A", "127.0.0.1", "-p", &port.to_string(), "-d", "1"]);
        let log = scratch.join("coap-server.log");
        let log = File::create(&log).map_err(|error| failed(&log.display(), &error))?;
        let error_log = log.try_clone().map_err(|error| failed(&server, &error))?;
        command.stdin(Stdio::null()).stdout(log).stderr(error_log);
        let (running, _) = Running::start(&mut command).map_err(|error| failed(&server, &error))?;

        let this = Self {
            _running: running,
            port,
        };
        let got = scratch.join("coap-package.got");
        while started.elapsed() < START {
            // Before the server listens it refuses the request, which the client does not tell by its exit code.
            let put = ["-m", "put", "-b", "1024", "-f", &file.display().to_string()];
            let get = ["-m", "get", "-b", "1024", "-o", &got.display().to_string()];
            run(client, &put, &this.uri())?;
            run(client, &get, &this.uri())?;
            if fs::read(&got).is_ok_and(|got| got == package) {
                return Ok(this);
            }
            thread::sleep(Duration::from_millis(100));
        }
        Err(Failure::new(format!("{server} does not take a package")))
    }

    /// The URI of the package.
    pub(super) fn uri(&self) -> String {
        format!("coap://127.0.0.1:{}/image", self.port)
    }
}

/// Runs a client for a request, which it gives up after two seconds.
fn run(client: &str, args: &[&str], uri: &str) -> Result<(), Failure> {
    let mut command = Command::new(client);
    command.args(args).args(["-B", "2", uri]);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let (running, _) = Running::start(&mut command).map_err(|error| failed(&client, &error))?;
    running
        .wait(Some(START))
        .map_err(|error| failed(&client, &error))?;
    Ok(())
}

/// The first of these programs that there is.
fn find(names: [&'static str; 2]) -> Result<&'static str, Failure> {
    let exists = |name: &&str| {
        let mut command = Command::new(name);
        command.arg("-?");
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.status().is_ok()
    };
    let found = names.into_iter().find(exists);
    found.ok_or_else(|| {
        Failure::new(format!(
            "interop needs libcoap's programs (Debian's libcoap3-bin), but there is no `{}`",
            names[0]
        ))
    })
}

/// A port that was free a moment ago: the server cannot be asked which one the system has chosen.
fn free_port() -> Result<u16, Failure> {
    let socket = UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
    socket
        .map(|address| address.port())
        .map_err(|error| failed(&"coap-server", &error))
}

fn failed(what: &impl core::fmt::Display, error: &std::io::Error) -> Failure {
    Failure::new(format!("{what}: {error}"))
}
