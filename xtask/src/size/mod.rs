//! `cargo xtask size`: what the libraries cost on a Cortex-M33.
//!
//! Builds the probe firmwares (`examples/firmware/probe`) and prints one table: flash by crate and module, RAM, and the
//! stack at its deepest, which an emulator tells, beside the budgets and the best peers. The probes of the engine link
//! only if no panic can be reached; when one does not link, the task says from where a panic can be.

use std::{path::Path, process::ExitCode};

use measure::Measured;
use variants::VARIANTS;

use crate::firmware::{Need, require};
use crate::readme;

mod build;
mod growth;
mod image;
mod measure;
mod nrf91;
mod panics;
mod stack;
mod table;
mod variants;

/// Arguments of `cargo xtask size`.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Fail where a firmware has grown by more than 1 % over examples/firmware/baseline.txt
    #[arg(long)]
    check: bool,
    /// Write examples/firmware/baseline.txt and the table in README.md
    #[arg(long, conflicts_with = "check")]
    update: bool,
    /// Print also this many of the largest functions and constants of each firmware
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    largest: usize,
}

/// Prints the table. Exit code 1 when a firmware does not build, can panic, or has grown too much.
pub(super) fn run(args: &Args) -> ExitCode {
    match measure_all(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn measure_all(args: &Args) -> Result<(), String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    require([Need::Target])?;
    let measured: Result<Vec<Measured>, String> = VARIANTS
        .iter()
        .map(|variant| measure::measure(&root, variant))
        .collect();
    let measured = measured?;
    let signature = measure::signature(&root, &measured)?;
    let firmware = nrf91::measure(&root);
    table::print(&measured, signature);
    table::print_firmware(firmware.as_ref());
    for probe in &measured {
        print_largest(probe, args.largest);
    }
    if args.update {
        growth::update(&root, &measured)?;
        let mut table = table::markdown(&measured, signature);
        if let Some(Ok(firmware)) = &firmware {
            table.push('\n');
            table.push_str(&table::firmware_markdown(firmware));
        }
        readme::update(&root, "size", &table)?;
    }
    if args.check {
        growth::check(&root, &measured)?;
    }
    Ok(())
}

fn print_largest(probe: &Measured, count: usize) {
    if count > 0 {
        println!("\nlargest in {}, bytes", probe.variant.name);
    }
    for (name, size) in probe.image.symbols.iter().take(count) {
        println!("{size:>8}  {name}");
    }
}
