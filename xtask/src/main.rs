//! `cargo xtask …`: tasks of the repository that are not tests.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod interop;

/// Tasks of the repository that are not tests.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run lwm2m-client against a real LwM2M server (Eclipse Leshan) and print what came of it
    Interop(interop::Args),
}

fn main() -> ExitCode {
    match Cli::parse().task {
        Task::Interop(args) => interop::run(&args),
    }
}
