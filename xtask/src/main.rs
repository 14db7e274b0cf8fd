//! `cargo xtask …`: tasks of the repository that are not tests.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod baseline;
mod bench;
mod charts;
mod figures;
mod firmware;
mod instructions;
mod interop;
mod lives;
mod objects;
mod readme;
mod size;

/// Tasks of the repository that are not tests.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Measure what the library's work costs on this machine, beside other crates doing the same
    Bench(bench::Args),
    /// Draw the sequence charts of docs/charts from recordings, or check them
    Charts(charts::Args),
    /// Build every firmware of examples/firmware, and run in QEMU what runs there
    Firmware(firmware::Args),
    /// Count the instructions of what is done most, on an emulated Cortex-M33
    Instructions(instructions::Args),
    /// Run lwm2m-client against a real LwM2M server (Eclipse Leshan) and print what came of it
    Interop(interop::Args),
    /// Live many lives of thirty virtual days each, in which everything happens that can, and check each
    Lives(lives::Args),
    /// Generate the tables of objects from the XML files of the OMA registry
    Objects(objects::Args),
    /// Build the probe firmware and print what the library costs in flash and RAM
    Size(size::Args),
}

fn main() -> ExitCode {
    match Cli::parse().task {
        Task::Bench(args) => bench::run(&args),
        Task::Charts(args) => charts::run(&args),
        Task::Firmware(args) => firmware::run(&args),
        Task::Instructions(args) => instructions::run(&args),
        Task::Interop(args) => interop::run(&args),
        Task::Lives(args) => lives::run(&args),
        Task::Objects(args) => objects::run(&args),
        Task::Size(args) => size::run(&args),
    }
}
