//! `cargo xtask instructions`: what operations cost on an emulated Cortex-M33.
//!
//! Builds and runs `examples/firmware/m33`'s program `instructions` and prints one table of it, in Markdown, beside the
//! budgets and the best peers.

use core::time::Duration;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use crate::baseline::{Baseline, Figures};
use crate::firmware::{self, INSTRUCTIONS, Need};
use crate::readme;

mod profile;
mod table;

/// The emulated program takes about a second.
const PATIENCE: Duration = Duration::from_secs(120);

const HEAD: &str = "\
# Instructions of a Cortex-M33 and bytes of stack that each operation takes: `cargo xtask instructions --check` refuses growth
# of more than 1 %, `cargo xtask instructions --update` writes this file.
";

/// Arguments of `cargo xtask instructions`.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Fail where an operation takes 1 % more than examples/firmware/instructions.txt says
    #[arg(long)]
    check: bool,
    /// Write examples/firmware/instructions.txt and the table in README.md
    #[arg(long, conflicts_with = "check")]
    update: bool,
    /// Print instead in which functions the instructions of one operation are
    #[arg(long, value_name = "OPERATION", value_parser = table::names(), conflicts_with_all = ["check", "update"])]
    profile: Option<String>,
}

/// Prints the table. Exit code 1 when it could not be measured, or with `--check` when an operation takes more than it did.
pub(super) fn run(args: &Args) -> ExitCode {
    let done = match &args.profile {
        Some(operation) => profile(operation).map(|profile| print!("{profile}")),
        None => measure_all(args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn measure_all(args: &Args) -> Result<(), String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let costs = measure(&root)?;
    let table = table::table(&costs);
    print!("{table}");
    let baseline = Baseline::new(root.join("examples/firmware/instructions.txt"), HEAD, None);
    if args.update {
        baseline.update(figures(&costs))?;
        readme::update(&root, "instructions", &table)?;
    }
    if args.check {
        baseline.check(&figures(&costs), |_| true, |_, _, _| String::new())?;
    }
    Ok(())
}

/// Figures by operation: `instructions`, and bytes of `stack`.
fn figures(costs: &[Cost]) -> Figures {
    costs
        .iter()
        .flat_map(|cost| {
            let key = |name: &str| (cost.operation.clone(), name.to_owned());
            [
                (key("instructions"), cost.instructions),
                (key("stack"), cost.stack),
            ]
        })
        .collect()
}

fn measure(root: &Path) -> Result<Vec<Cost>, String> {
    firmware::require([Need::Target, Need::Emulator])?;
    let elf = firmware::build(root, &INSTRUCTIONS)?;
    let printed = firmware::emulate(&elf, PATIENCE);
    printed
        .end
        .map_err(|error| format!("{}{error}", printed.text))?;
    read(&printed.text)
}

fn profile(operation: &str) -> Result<String, String> {
    firmware::require([Need::Target, Need::Emulator])?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let variable = Some(("M33_OPERATION", operation));
    let elf = firmware::build_with(&root, &INSTRUCTIONS, variable)?;
    let log = elf.with_extension("trace");
    let printed = firmware::trace(&elf, &log, PATIENCE);
    printed
        .end
        .map_err(|error| format!("{}{error}", printed.text))?;
    let profile = profile::profile(&elf, &log);
    // Some megabytes, of no further use.
    let _ = fs::remove_file(&log);
    profile
}

/// What an operation costs.
#[derive(Debug, PartialEq, Eq)]
struct Cost {
    operation: String,
    instructions: u64,
    /// Bytes, at most.
    stack: u64,
}

/// Reads what the program prints. It fails by itself when the loop of 2,000 instructions is not counted as such.
fn read(printed: &str) -> Result<Vec<Cost>, String> {
    let costs = printed.lines().filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let ["cost", operation, instructions, stack] = *words.as_slice() else {
            return None;
        };
        Some(Cost {
            operation: operation.to_owned(),
            instructions: instructions.parse().ok()?,
            stack: stack.parse().ok()?,
        })
    });
    let costs: Vec<Cost> = costs.collect();
    let calibrated = printed.lines().any(|line| line == "calibration 2000");
    match table::missing(&costs) {
        _ if !calibrated => Err(format!("{printed}the counter is not calibrated")),
        Some(operation) => Err(format!("{printed}{operation} was not measured")),
        None => Ok(costs),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_printed_is_read() {
        let mut printed = String::from("calibration 2000\n");
        for work in &table::WORK {
            printed.push_str(&format!("cost {} 1234 560\n", work.operation));
        }
        let costs = read(&printed).unwrap_or_default();
        assert_eq!(costs.len(), table::WORK.len());
        let first = costs.first().map(|cost| (cost.instructions, cost.stack));
        assert_eq!(first, Some((1234, 560)));
        assert!(read(&printed.replace("2000", "2050")).is_err());
        assert!(read(&printed.replace("cost idle", "idle")).is_err());
    }
}
