//! `cargo xtask bench`: instructions and wall time of pieces of work on the host, beside other crates that do the same.
//!
//! The benchmarks themselves are in `benches/`; this runs them and makes one table of what they print.

use std::path::Path;
use std::process::ExitCode;

use crate::readme;

mod instructions;
mod table;
mod wall;

/// Measures what the library's work costs on this machine, beside other crates doing the same
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Count instructions only: repeatable, and not disturbed by what else the machine does
    #[arg(long)]
    instructions_only: bool,
    /// Write the table in README.md
    #[arg(long, conflicts_with = "instructions_only")]
    update: bool,
}

/// What a piece of work costs when `who` does it.
struct Cost<T> {
    work: String,
    who: String,
    cost: T,
}

pub(crate) fn run(args: &Args) -> ExitCode {
    match measure(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(args: &Args) -> Result<(), String> {
    instructions::require_tools()?;
    let counted = instructions::count()?;
    let timed = if args.instructions_only {
        Vec::new()
    } else {
        wall::time()?
    };
    let table = table::table(&counted, &timed);
    print!("{table}");
    if args.update {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        readme::update(&root, "bench", &table)?;
    }
    Ok(())
}

/// Runs a benchmark of carrier-benches; what it prints on its standard output.
fn bench(name: &str, arguments: &[&str]) -> Result<String, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    eprintln!("running benches/benches/{name}.rs");
    let output = std::process::Command::new(cargo)
        .args([
            "bench",
            "--quiet",
            "--locked",
            "--package",
            "carrier-benches",
        ])
        .args(["--bench", name, "--"])
        .args(arguments)
        .stdin(std::process::Stdio::null())
        .stderr(std::process::Stdio::inherit())
        .output()
        .map_err(|error| format!("cargo: {error}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(format!(
            "the benchmark {name} has failed: {}",
            output.status
        ))
    }
}
