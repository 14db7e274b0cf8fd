//! An emulated board: its serial line, its memory.

use core::time::Duration;
use std::{
    fs,
    io::{self, BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Instant,
};

use serde_json::{Value, json};

const QEMU: &str = "qemu-system-arm";

/// Nothing takes longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Whether the emulator is there.
pub(super) fn is_installed() -> bool {
    Command::new(QEMU)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// A running board.
#[derive(Debug)]
pub(super) struct Board {
    process: Child,
    serial: TcpStream,
    monitor: BufReader<TcpStream>,
}

impl Board {
    /// Starts `elf` with the bytes of the file `paint` in its memory from `at` on.
    pub(super) fn start(elf: &Path, paint: &Path, at: u64) -> Result<Self, String> {
        let serial = listen()?;
        let monitor = listen()?;
        let mut process = Command::new(QEMU)
            .args(["-M", "mps2-an505", "-display", "none", "-nodefaults"])
            .args(["-serial", &address(&serial)?])
            .args(["-qmp", &address(&monitor)?])
            .arg("-device")
            .arg(format!(
                "loader,file={},addr={at:#x},force-raw=on",
                paint.display()
            ))
            .arg("-kernel")
            .arg(elf)
            .stdin(Stdio::null())
            // It warns of the network card that nothing is connected to.
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("{QEMU}: {error}"))?;
        let connect = |process: &mut Child| -> Result<_, String> {
            let serial = accept(&serial, process)?;
            Ok((serial, accept(&monitor, process)?))
        };
        match connect(&mut process) {
            Ok((serial, monitor)) => {
                let mut board = Self {
                    process,
                    serial,
                    monitor: BufReader::new(monitor),
                };
                // Its greeting.
                board.line()?;
                board.command(&json!({"execute": "qmp_capabilities"}))?;
                Ok(board)
            }
            Err(error) => {
                let _ = process.kill();
                let _ = process.wait();
                Err(error)
            }
        }
    }

    /// The next `len` bytes from the serial line.
    pub(super) fn read(&mut self, len: usize) -> Result<Vec<u8>, String> {
        let mut bytes = vec![0; len];
        self.serial
            .read_exact(&mut bytes)
            .map_err(|error| format!("the chip is silent: {error}"))?;
        Ok(bytes)
    }

    /// Sends to the serial line.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), String> {
        // The emulator does not notice that the chip has switched its receiver on before something else happens.
        self.command(&json!({"execute": "query-status"}))?;
        self.serial
            .write_all(bytes)
            .map_err(|error| format!("the chip does not listen: {error}"))
    }

    /// `len` bytes of memory from `at` on, by way of the file `place`.
    pub(super) fn memory(&mut self, at: u64, len: u64, place: &Path) -> Result<Vec<u8>, String> {
        let arguments = json!({"val": at, "size": len, "filename": place, "cpu-index": 0});
        self.command(&json!({"execute": "memsave", "arguments": arguments}))?;
        fs::read(place).map_err(|error| format!("{}: {error}", place.display()))
    }

    fn command(&mut self, command: &Value) -> Result<(), String> {
        writeln!(self.monitor.get_mut(), "{command}").map_err(|error| error.to_string())?;
        loop {
            let answer = self.line()?;
            if let Some(error) = answer.get("error") {
                return Err(format!("{QEMU}: {error}"));
            }
            if answer.get("return").is_some() {
                return Ok(());
            }
        }
    }

    fn line(&mut self) -> Result<Value, String> {
        let mut line = String::new();
        self.monitor
            .read_line(&mut line)
            .map_err(|error| format!("{QEMU}: {error}"))?;
        serde_json::from_str(&line).map_err(|error| format!("{QEMU}: {error}"))
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn listen() -> Result<TcpListener, String> {
    let listen = || -> io::Result<_> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        Ok(listener)
    };
    listen().map_err(|error| error.to_string())
}

fn address(listener: &TcpListener) -> Result<String, String> {
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    Ok(format!("tcp:{address}"))
}

/// The connection that the emulator makes.
fn accept(listener: &TcpListener, process: &mut Child) -> Result<TcpStream, String> {
    let started = Instant::now();
    loop {
        match listener.accept() {
            Ok((stream, _)) => {
                let ready = stream
                    .set_nonblocking(false)
                    .and_then(|()| stream.set_nodelay(true))
                    .and_then(|()| stream.set_read_timeout(Some(PATIENCE)));
                return ready.map(|()| stream).map_err(|error| error.to_string());
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error.to_string()),
        }
        if let Ok(Some(status)) = process.try_wait() {
            return Err(format!("{QEMU} ended: {status}"));
        }
        if started.elapsed() > PATIENCE {
            return Err(format!("{QEMU} does not connect"));
        }
        thread::sleep(Duration::from_millis(5));
    }
}
