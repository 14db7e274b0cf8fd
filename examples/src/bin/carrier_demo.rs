//! A simulated device lives its life in front of your eyes: `cargo run --bin carrier-demo`.
//!
//! Everything runs in this process on a virtual clock: the device with the carrier library, its modem, the network, a
//! bootstrap server and a management server. The program prints what happens and checks it: it ends with 0 only if
//! every expected step was seen in order, else it says in one sentence what is missing and ends with 1.
#![allow(clippy::print_stderr, reason = "a program says what went wrong")]

use std::io::{self, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let result = carrier_examples::demo::run(&mut out);
    match result.and_then(|()| Ok(out.flush()?)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("carrier-demo: {failure}");
            ExitCode::FAILURE
        }
    }
}
