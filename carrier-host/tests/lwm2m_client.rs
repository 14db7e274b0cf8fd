//! The program `lwm2m-client`, driven through its console, against carrier-mock's server over loopback.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed test panics"
)]

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::fs;
use std::io::{BufRead, BufReader, Lines, Write};
use std::net::{TcpListener, UdpSocket};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time;

use carrier_mock::server::{ManagementServer, Request};
use lwm2m_core::time::Instant;
use rcgen::{CertificateParams, KeyPair};
use serde_json::{Value, json};

const PROGRAM: &str = env!("CARGO_BIN_EXE_lwm2m-client");

/// A management server on a thread of its own, until it is stopped.
struct Server {
    port: u16,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Seen>,
}

/// What the server has seen.
#[derive(Debug)]
struct Seen {
    registers: u32,
    deregisters: u32,
    /// Path and body of each answer.
    answers: Vec<(String, Vec<u8>)>,
}

impl Server {
    fn start(script: &'static [Request<'static>]) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let port = socket.local_addr().unwrap().port();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || serve(&socket, script, &stopped));
        Self { port, stop, thread }
    }

    fn uri(&self) -> String {
        format!("coap://127.0.0.1:{}", self.port)
    }

    fn stop(self) -> Seen {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

fn serve(socket: &UdpSocket, script: &'static [Request<'static>], stop: &AtomicBool) -> Seen {
    socket
        .set_read_timeout(Some(Duration::from_millis(20)))
        .unwrap();
    let start = time::Instant::now();
    let now = || Instant::from_millis(start.elapsed().as_millis() as u64);
    let mut server = ManagementServer::new(1, script);
    let mut answers = Vec::new();
    let mut buffer = [0; 1500];
    while !stop.load(Ordering::Relaxed) {
        if let Ok((len, from)) = socket.recv_from(&mut buffer) {
            server.handle(now(), from, &buffer[..len]);
        }
        while let Some(transmit) = server.poll(now(), &mut buffer) {
            socket
                .send_to(&buffer[..transmit.len], transmit.to)
                .unwrap();
        }
        while let Some(record) = server.take_record() {
            if let Some(request) = record.request() {
                answers.push((request.path().to_owned(), record.body().to_vec()));
            }
        }
    }
    let statistics = server.statistics();
    Seen {
        registers: statistics.registers,
        deregisters: statistics.deregisters,
        answers,
    }
}

/// A running program with `--json`; killed when the test ends before it does.
struct Client {
    child: Child,
    input: Option<ChildStdin>,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Client {
    fn start(args: &[&str]) -> Self {
        let mut child = Command::new(PROGRAM)
            .args(["--json", "--endpoint", "test"])
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            input: child.stdin.take(),
            lines: BufReader::new(child.stdout.take().unwrap()).lines(),
            child,
        }
    }

    /// The next line that has the member `name`; others before it are passed over.
    fn next(&mut self, name: &str) -> Value {
        for line in &mut self.lines {
            let line: Value = serde_json::from_str(&line.unwrap()).unwrap();
            if line.get(name).is_some() {
                return line;
            }
        }
        panic!("the program ended without {name}");
    }

    /// Waits for an event of this name.
    fn event(&mut self, name: &str) -> Value {
        loop {
            let event = self.next("event");
            if event["event"] == name {
                return event;
            }
        }
    }

    fn send(&mut self, line: &Value) {
        writeln!(self.input.as_mut().unwrap(), "{line}").unwrap();
    }

    fn reply(&mut self, line: &Value) -> Value {
        self.send(line);
        self.next("reply")["reply"].clone()
    }

    fn error(&mut self, line: &Value) -> String {
        self.send(line);
        self.next("error")["error"].as_str().unwrap().to_owned()
    }

    /// The exit code, once all output is read.
    fn exit(mut self) -> i32 {
        self.input = None;
        for line in &mut self.lines {
            line.unwrap();
        }
        self.child.wait().unwrap().code().unwrap()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs the program to its end, without input.
fn run(args: &[&str]) -> Output {
    Command::new(PROGRAM)
        .args(args)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// A file of its own for each test, gone at the end of the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_file(&path);
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[test]
fn a_device_registers_is_managed_and_leaves_cleanly() {
    static SCRIPT: &[Request<'static>] = &[
        Request::read("/3/0/0").accept(0),
        Request::write("/3303/0/5750", 0, b"cellar"),
    ];
    let server = Server::start(SCRIPT);
    let mut client = Client::start(&["--server", &server.uri()]);
    let registered = client.event("Registered");
    assert_eq!(registered["server"], 1);

    // The script goes on after the registration; what it writes shows when it is done.
    while client.reply(&json!({"cmd": "read", "path": "/3303/0/5750"}))["/3303/0/5750"] != "cellar"
    {
        thread::yield_now();
    }
    let set = json!({"cmd": "write", "path": "/3303/0/5700", "value": 22.5});
    assert_eq!(client.reply(&set), "ok");
    let sensor = client.reply(&json!({"cmd": "read", "path": "/3303/0"}));
    assert_eq!(sensor["/3303/0/5700"], 22.5);
    assert_eq!(sensor["/3303/0/5602"], 22.5);
    assert_eq!(sensor["/3303/0/5601"], 20.0);
    assert_eq!(sensor["/3303/0/5701"], "Cel");
    assert_eq!(
        client.reply(&json!({"cmd": "execute", "path": "/3303/0/5605"})),
        "ok"
    );
    let min = client.reply(&json!({"cmd": "read", "path": "/3303/0/5601"}));
    assert_eq!(min, json!({"/3303/0/5601": 22.5}));

    assert_eq!(client.reply(&json!({"cmd": "quit"})), "ok");
    let left = client.event("Deregistered");
    assert_eq!(left["confirmed"], true);
    assert_eq!(client.exit(), 0);
    let seen = server.stop();
    assert_eq!((seen.registers, seen.deregisters), (1, 1));
    assert_eq!(
        seen.answers[0],
        ("/3/0/0".to_owned(), b"lwm2m-carrier".to_vec())
    );
}

#[test]
fn instances_come_and_go_and_wrong_commands_change_nothing() {
    let server = Server::start(&[]);
    let mut client = Client::start(&["--server", &server.uri(), "--lifetime", "60"]);
    client.event("Registered");
    let create = json!({"cmd": "create", "path": "/3303/2"});
    assert_eq!(client.reply(&create), "ok");
    let shown = client.reply(&json!({"cmd": "show"}));
    assert_eq!(shown["objects"], "/0/0 /1/0 /3/0 /4/0 /3303/0 /3303/2");
    assert_eq!(shown["server 1"], format!("{}, registered", server.uri()));
    assert_eq!(
        client.reply(&json!({"cmd": "delete", "path": "/3303/2"})),
        "ok"
    );
    for (command, error) in [
        (
            json!({"cmd": "read", "path": "/3303/2"}),
            "there is nothing at /3303/2",
        ),
        (
            json!({"cmd": "delete", "path": "/3/0"}),
            "the command does not apply to this path",
        ),
        (
            json!({"cmd": "write", "path": "/3303/0/5700", "value": "warm"}),
            "this resource takes a number",
        ),
        (
            json!({"cmd": "write", "path": "/3/0/9", "value": 101}),
            "the value is out of the resource's range",
        ),
        (
            json!({"cmd": "write", "path": "/1/0/1", "value": 5}),
            "the command does not apply to this path",
        ),
        (
            json!({"cmd": "execute", "path": "/3303/0/5700"}),
            "the command does not apply to this path",
        ),
        (
            json!({"cmd": "execute", "path": "/3303/0/5605", "args": "x"}),
            "the device does not take this value, argument or id",
        ),
        (
            json!({"cmd": "dance"}),
            "there is no command \"dance\"; see help",
        ),
    ] {
        assert_eq!(client.error(&command), error, "{command}");
    }
    let server_object = client.reply(&json!({"cmd": "read", "path": "/1/0/1"}));
    assert_eq!(server_object, json!({"/1/0/1": 60}));
    // The end of the input is a wish to leave.
    assert_eq!(client.exit(), 0);
    assert_eq!(server.stop().deregisters, 1);
}

#[test]
fn a_restart_of_the_device_registers_again() {
    let server = Server::start(&[]);
    let mut client = Client::start(&["--server", &server.uri()]);
    client.event("Registered");
    let starts = client.reply(&json!({"cmd": "show"}))["starts"].clone();
    assert_eq!(starts, 1);
    client.send(&json!({"cmd": "execute", "path": "/3/0/4"}));
    client.event("Reboot");
    client.event("Registered");
    assert_eq!(client.reply(&json!({"cmd": "show"}))["starts"], 2);
    client.send(&json!({"cmd": "quit"}));
    assert_eq!(client.exit(), 0);
    assert_eq!(server.stop().registers, 2);
}

/// Serves `package` to one GET, whatever it asks for.
fn serve_package(package: Vec<u8>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = BufReader::new(stream.try_clone().unwrap()).lines();
        while !request.next().unwrap().unwrap().is_empty() {}
        let len = package.len();
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {len}\r\n\r\n").unwrap();
        stream.write_all(&package).unwrap();
        // Until the device has everything and closes.
        request.next()
    });
    port
}

#[test]
fn firmware_is_fetched_into_its_file() {
    let slot = Scratch::new("fetched.slot");
    let package: Vec<u8> = (0..30_000_u32).flat_map(u32::to_be_bytes).collect();
    let uri = format!("http://127.0.0.1:{}/image", serve_package(package.clone()));
    let script = vec![Request::write("/5/0/1", 0, uri.leak().as_bytes())];
    let server = Server::start(script.leak());
    let args = ["--firmware", slot.path(), "--firmware-size", "200000"];
    let mut client = Client::start(&[&["--server", &server.uri()], &args[..]].concat());
    client.event("FotaStart");
    let mut last = Value::Null;
    while last["written"] != 120_000 {
        last = client.event("Firmware");
    }
    assert_eq!(last["size"], 120_000);
    loop {
        let firmware = client.reply(&json!({"cmd": "firmware"}));
        assert_eq!(firmware["room"], 200_000);
        if firmware["complete"] == true {
            break;
        }
    }
    drop(client);
    assert!(fs::read(&slot.0).unwrap().starts_with(&package));
    server.stop();
}

#[test]
fn without_a_slot_no_firmware_is_taken() {
    let server = Server::start(&[]);
    let mut client = Client::start(&["--server", &server.uri()]);
    client.event("Registered");
    let firmware = client.reply(&json!({"cmd": "firmware"}));
    assert_eq!(firmware, json!({"slot": false}));
    assert_eq!(client.exit(), 0);
    server.stop();
}

#[test]
fn certificates_are_asked_for_once_they_are_named() {
    let server = Server::start(&[]);
    let file = Scratch::new("roots.pem");
    let args = ["--server", &server.uri(), "--ca", file.path()];
    let wrong = |complaint: &str| {
        let wrong = run(&[&["--endpoint", "test"], &args[..]].concat());
        assert_eq!(wrong.status.code(), Some(2));
        let sentence = String::from_utf8(wrong.stderr).unwrap();
        assert!(sentence.contains(complaint), "{sentence}");
    };
    wrong("No such file");
    fs::write(&file.0, "my notes").unwrap();
    wrong("has no CA certificates in PEM or DER");
    let key = KeyPair::generate().unwrap();
    let root = CertificateParams::default().self_signed(&key).unwrap();
    fs::write(&file.0, root.pem()).unwrap();
    let mut client = Client::start(&args);
    client.event("CertsInit");
    client.event("Registered");
    assert_eq!(client.exit(), 0);
    server.stop();
}

#[test]
fn a_signal_is_a_wish_to_leave() {
    for signal in ["-INT", "-TERM"] {
        let server = Server::start(&[]);
        let mut client = Client::start(&["--server", &server.uri()]);
        client.event("Registered");
        let kill = Command::new("sh")
            .args(["-c", "kill \"$0\" \"$1\"", signal])
            .arg(client.child.id().to_string())
            .status();
        assert!(kill.unwrap().success());
        assert_eq!(client.event("Deregistered")["confirmed"], true);
        assert_eq!(client.exit(), 0);
        assert_eq!(server.stop().deregisters, 1);
    }
}

#[test]
fn keys_are_never_shown() {
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let uri = format!("coaps://{}", silent.local_addr().unwrap());
    let psk = ["--psk-identity", "me", "--psk", "deadbeefdeadbeef"];
    let mut client = Client::start(&[&["--server", &uri], &psk[..]].concat());
    // The account is in the objects by then.
    client.event("LteReady");
    let account = client.reply(&json!({"cmd": "read", "path": "/0"}));
    assert_eq!(account["/0/0/3"], "6d65");
    assert_eq!(account["/0/0/5"], Value::Null);
    let error = client.error(&json!({"cmd": "read", "path": "/0/0/5"}));
    assert_eq!(error, "there is nothing at /0/0/5");
}

#[test]
fn a_refusing_server_is_an_event_with_the_retry_time() {
    let closed = UdpSocket::bind("127.0.0.1:0").unwrap();
    let uri = format!("coap://{}", closed.local_addr().unwrap());
    drop(closed);
    let mut client = Client::start(&["--server", &uri]);
    let deferred = client.event("Deferred");
    assert!(deferred["retry_s"].as_f64().unwrap() > 0.0);
    // Nothing to de-register from is no clean De-register.
    client.send(&json!({"cmd": "quit"}));
    assert_eq!(client.exit(), 1);
}

#[test]
fn a_name_that_does_not_resolve_is_an_event_with_the_retry_time() {
    // RFC 6761, section 6.4: never resolves.
    let mut client = Client::start(&["--bootstrap", "coap://name.invalid"]);
    let deferred = client.event("Deferred");
    assert_eq!(deferred["reason"], "BootstrapNoRoute");
    assert!(deferred["retry_s"].as_f64().unwrap() > 0.0);
}

#[test]
fn wrong_arguments_are_one_sentence_and_code_2() {
    let wrong = run(&["--server", "coap://h"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(wrong.stdout.is_empty());
    assert_eq!(
        String::from_utf8(wrong.stderr).unwrap(),
        "lwm2m-client: the following required arguments were not provided: --endpoint <NAME>\n"
    );
    let help = run(&["--help"]);
    assert_eq!(help.status.code(), Some(0));
    assert!(help.stderr.is_empty());
}

#[test]
fn a_damaged_or_foreign_state_file_is_one_sentence_and_stays() {
    let state = Scratch::new("foreign.state");
    let args = [
        "--server",
        "coap://127.0.0.1",
        "--endpoint",
        "x",
        "--state",
        state.path(),
    ];
    let mut damaged = vec![0xFF; 16 * 4096];
    damaged[7000] = 0;
    for (content, complaint) in [
        (
            b"my notes".to_vec(),
            "is not a flash image: it has 8 bytes, not 65536",
        ),
        (
            damaged,
            "the flash is damaged or holds something else; it was left as it is",
        ),
    ] {
        fs::write(&state.0, &content).unwrap();
        let refused = run(&args);
        assert_eq!(refused.status.code(), Some(2));
        let sentence = String::from_utf8(refused.stderr).unwrap();
        assert!(
            sentence.starts_with("lwm2m-client: ") && sentence.trim_end().ends_with(complaint),
            "{sentence}"
        );
        assert_eq!(sentence.lines().count(), 1);
        assert_eq!(fs::read(&state.0).unwrap(), content);
    }
}

#[test]
fn a_state_file_has_one_user_and_counts_starts() {
    let state = Scratch::new("shared.state");
    let server = Server::start(&[]);
    let uri = server.uri();
    let args = ["--server", &uri, "--state", state.path()];
    let mut first = Client::start(&args);
    first.event("Registered");
    let second = run(&[&["--endpoint", "test"], &args[..]].concat());
    assert_eq!(second.status.code(), Some(2));
    let sentence = String::from_utf8(second.stderr).unwrap();
    assert!(
        sentence.ends_with("is in use by another process\n"),
        "{sentence}"
    );
    assert_eq!(first.exit(), 0);

    let mut again = Client::start(&args);
    again.event("Registered");
    assert_eq!(again.reply(&json!({"cmd": "show"}))["starts"], 2);
    assert_eq!(again.exit(), 0);
    server.stop();
}
