//! `cargo xtask interop`: `lwm2m-client` against a real LwM2M server.
//!
//! Builds and starts Eclipse Leshan (`interop/leshan`) and runs the table of [`cases`] against it; last come rows
//! of a device on an emulated chip. What a case
//! expects is a literal in that table; what it got is what Leshan decoded.

#![allow(
    clippy::indexing_slicing,
    reason = "a JSON value answers an unknown name with null"
)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use bench::{Bench, Device};
use cases::{Case, Run};
use client::Client;
use failure::Failure;
use leshan::Leshan;
use table::Table;

mod authority;
mod bench;
mod build;
mod cases;
mod children;
mod chip;
mod client;
mod failure;
mod https;
mod leshan;
mod libcoap;
mod lines;
mod render;
mod table;

/// Exit code when the bench could not be brought up.
const NOT_RUN: u8 = 2;

/// The client's deliberate faults, by which the table is shown to fail: it is the client that reads this.
const FAULT: &str = "LWM2M_CLIENT_FAULT";

/// Arguments of `cargo xtask interop`.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Run only the cases whose name contains this
    #[arg(long, value_name = "SUBSTRING", default_value = "")]
    only: String,
    /// Run this program as the device instead of building lwm2m-client
    #[arg(long, value_name = "PROGRAM")]
    client: Option<PathBuf>,
}

/// Runs the table. Exit code 0: all rows passed; 1: some failed; 2: they could not be run.
pub(super) fn run(args: &Args) -> ExitCode {
    match run_table(args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::from(NOT_RUN)
        }
    }
}

fn run_table(args: &Args) -> Result<bool, Failure> {
    let cases: Vec<&Case> = cases::TABLE
        .iter()
        .copied()
        .flatten()
        .filter(|case| case.name.contains(&args.only))
        .collect();
    if cases.is_empty() {
        return Err(Failure::new(format!(
            "no case has \"{}\" in its name",
            args.only
        )));
    }
    children::kill_all_on_interrupt()
        .map_err(|error| Failure::new(format!("cannot watch for interrupts: {error}")))?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    build::leshan(&root)?;
    let client = match &args.client {
        Some(program) => program.clone(),
        None => build::client(&root)?,
    };
    let scratch = scratch(&root)?;
    let leshan = Leshan::start(&root, &scratch.join("leshan.log"))?;
    println!("Leshan and every client log to {}", scratch.display());
    if let Ok(fault) = std::env::var(FAULT) {
        println!("the client has the fault {FAULT}={fault}: rows are meant to fail");
    }

    let mut bench = Bench::new(leshan, client, root, scratch);
    let mut table = Table::new(cases.iter().map(|case| (case.name, case.expected)));
    let mut managed = None;
    for case in cases {
        let got = match case.run {
            Run::Alone(run) => run(&mut bench),
            Run::Managed(run) => manage(&mut bench, &mut managed, run),
        };
        table.row(
            case.name,
            case.expected,
            &got.unwrap_or_else(|failure| failure.to_string()),
        );
    }
    Ok(table.close())
}

/// Runs a case on the device that the managed cases share; it is started for the first, and after a failure.
fn manage(
    bench: &mut Bench,
    shared: &mut Option<Client>,
    run: fn(&mut Device<'_>) -> Result<String, Failure>,
) -> Result<String, Failure> {
    let mut client = match shared.take() {
        Some(client) => client,
        None => bench.registered(&["--server", &bench.leshan.uri("coap")?])?,
    };
    let got = run(&mut Device {
        leshan: &mut bench.leshan,
        client: &mut client,
    })?;
    *shared = Some(client);
    Ok(got)
}

/// An empty directory for logs and state files.
fn scratch(root: &Path) -> Result<PathBuf, Failure> {
    let scratch = root.join("target/interop");
    if scratch.exists() {
        fs::remove_dir_all(&scratch).map_err(|error| {
            Failure::new(format!("cannot empty {}: {error}", scratch.display()))
        })?;
    }
    fs::create_dir_all(&scratch)
        .and_then(|()| scratch.canonicalize())
        .map_err(|error| Failure::new(format!("cannot make {}: {error}", scratch.display())))
}
