//! A simulated device lives its life in front of your eyes: `cargo run --bin carrier-demo`.
//!
//! Everything runs in this process on a virtual clock: the device with the carrier library, its modem, the network, a
//! bootstrap server, a management server and two firmware servers. In chapters, it boots, is bootstrapped, reports values, is
//! cut off, takes firmware in three ways and refuses it in one, and lives a quiet day, whose price stands in the summary;
//! the events of all sequence charts are among its own. The program prints what happens and checks it: it ends with 0 only if
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
