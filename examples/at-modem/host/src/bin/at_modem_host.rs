//! Plays a modem on a serial line.
//!
//! ```text
//! at_modem_host --listen 127.0.0.1:5000
//! qemu-system-arm -M mps2-an505 … -serial tcp:127.0.0.1:5000
//! ```
//!
//! Prints one line of JSON when it listens, and ends with its standard input or with the connection. A terminal is a serial
//! line too: `--stdio`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program")]

use core::time::Duration;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::thread;
use std::time::Instant;

use at_modem_host::{Modem, Options};
use clap::Parser;

/// How long is slept when there is nothing to do.
const NAP: Duration = Duration::from_millis(1);

/// A modem with AT commands on the other end of a serial line; its UDP sockets are real.
#[derive(Parser)]
struct Args {
    /// Wait for the serial line on this address; port 0 takes any
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The serial line is standard input and output
    #[arg(long, conflicts_with = "listen")]
    stdio: bool,
    /// The modem's identity
    #[arg(long, default_value = "490154203237518")]
    imei: String,
    /// Milliseconds until the modem hears anything
    #[arg(long, value_name = "MS", default_value_t = 0)]
    boot: u64,
    /// Milliseconds that it looks for a network
    #[arg(long, value_name = "MS", default_value_t = 200)]
    registration: u64,
    /// Lose the network this many seconds after the start
    #[arg(long, value_name = "S")]
    lose_after: Option<u64>,
    /// And find it again so many seconds later
    #[arg(long, value_name = "S", default_value_t = 5)]
    lose_for: u64,
    /// Have no SIM card
    #[arg(long)]
    no_sim: bool,
    /// Say things unasked between the lines of answers
    #[arg(long)]
    chatter: bool,
    /// Lose the second half of so many reads
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    cut_reads: u32,
    /// Write what goes over the line to standard error
    #[arg(long)]
    verbose: bool,
}

fn main() -> io::Result<()> {
    let args = Args::parse();
    if args.stdio {
        let input = reader(io::stdin());
        return play(&args, &mut io::stdout(), |_| next(&input));
    }
    let listener = TcpListener::bind(args.listen)?;
    println!(
        "{{\"event\":\"ready\",\"address\":\"{}\"}}",
        listener.local_addr()?
    );
    let closed = reader(io::stdin());
    listener.set_nonblocking(true)?;
    let mut line = loop {
        match listener.accept() {
            Ok((line, _)) => break line,
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(NAP),
            Err(error) => return Err(error),
        }
        if next(&closed).is_none() {
            return Ok(());
        }
    };
    line.set_nonblocking(true)?;
    line.set_nodelay(true)?;
    play(&args, &mut line, |line| {
        next(&closed)?;
        bytes(line)
    })
}

/// Plays until `input` says that the line is gone.
fn play<L: Write>(
    args: &Args,
    line: &mut L,
    mut input: impl FnMut(&mut L) -> Option<Vec<u8>>,
) -> io::Result<()> {
    let mut modem = Modem::new(Options {
        imei: args.imei.clone(),
        boot: Duration::from_millis(args.boot),
        registration: Duration::from_millis(args.registration),
        sim: !args.no_sim,
        chatter: args.chatter,
        cut_reads: args.cut_reads,
        ..Options::default()
    });
    let started = Instant::now();
    let mut coverage = true;
    while let Some(bytes) = input(line) {
        let lost = args.lose_after.is_some_and(|after| {
            let since = started.elapsed().as_secs();
            (after..after.saturating_add(args.lose_for)).contains(&since)
        });
        if lost == coverage {
            coverage = !lost;
            modem.set_coverage(coverage);
        }
        modem.input(&bytes);
        let said = modem.output();
        if args.verbose && !(bytes.is_empty() && said.is_empty()) {
            eprint!("> {} < {}\n", bytes.escape_ascii(), said.escape_ascii());
        }
        if bytes.is_empty() && said.is_empty() {
            thread::sleep(NAP);
        }
        write(line, &said)?;
    }
    Ok(())
}

fn write(line: &mut impl Write, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match line.write(bytes) {
            Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(NAP),
            Err(error) => return Err(error),
        }
    }
    line.flush()
}

/// What has come; `None` at the end.
fn bytes(line: &mut TcpStream) -> Option<Vec<u8>> {
    let mut buffer = [0; 1024];
    match line.read(&mut buffer) {
        Ok(0) => None,
        Ok(len) => Some(buffer.get(..len)?.to_vec()),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Some(Vec::new()),
        Err(_) => None,
    }
}

/// Reads in a thread, which ends with the process.
fn reader(mut input: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut buffer = [0; 1024];
        while let Ok(len @ 1..) = input.read(&mut buffer) {
            if sender
                .send(buffer.get(..len).unwrap_or_default().to_vec())
                .is_err()
            {
                return;
            }
        }
    });
    receiver
}

/// What was read since; `None` at the end.
fn next(input: &Receiver<Vec<u8>>) -> Option<Vec<u8>> {
    match input.try_recv() {
        Ok(bytes) => Some(bytes),
        Err(TryRecvError::Empty) => Some(Vec::new()),
        Err(TryRecvError::Disconnected) => None,
    }
}
