//! `cargo xtask lives`: seeded lives of thirty virtual days, in which everything happens to a device that can.
//!
//! A seed decides everything about a life, so one that has gone wrong can be lived again, with its timeline.
//!
//! | what | file |
//! | --- | --- |
//! | the device, its network and what befalls it, decided beforehand | `plan`, `weather`, `update` |
//! | its servers, and the world around it | `stage`, `servers` |
//! | its life: starts, strokes, the operator of its server | `life`, `strike`, `operator` |
//! | the carrier, its driver and an application | `device` |
//! | what must hold all the time, and at the end | `watch`, `checks` |
//! | how long there was no service, and why | `service`, `stock` |
//! | what has come of it | `outcome`, `timeline`, `report` |

use core::panic::AssertUnwindSafe;
use core::sync::atomic::{AtomicU64, Ordering};
use std::panic::catch_unwind;
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::thread;

use outcome::Outcome;

mod checks;
mod device;
mod life;
mod operator;
mod outcome;
mod plan;
mod report;
mod servers;
mod service;
mod stage;
mod stock;
mod strike;
mod timeline;
mod update;
mod watch;
mod weather;

#[cfg(test)]
mod tests;

/// Bytes of a thread's stack: a life lies on it as a whole.
const STACK: usize = 32 << 20;

/// Arguments of `cargo xtask lives`.
#[derive(clap::Args)]
pub(super) struct Args {
    /// How many lives are lived
    #[arg(long, default_value_t = 500)]
    seeds: u64,
    /// The first seed
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// Live this life alone
    #[arg(long, conflicts_with_all = ["seeds", "first"])]
    seed: Option<u64>,
    /// Print the timeline
    #[arg(long, requires = "seed")]
    verbose: bool,
    /// Lives at a time; as many as there are processors unless said otherwise
    #[arg(long)]
    threads: Option<usize>,
}

/// Lives. Exit code 1 when a life has not gone as it must, having said which.
pub(super) fn run(args: &Args) -> ExitCode {
    if cfg!(debug_assertions) {
        return run_optimised();
    }
    if let Some(seed) = args.seed {
        let outcome = on_a_stack(|| guarded(seed, args.verbose));
        for line in &outcome.lines {
            println!("{line}");
        }
        return report::one(&outcome);
    }
    let threads = args
        .threads
        .or_else(|| thread::available_parallelism().ok().map(usize::from));
    let began = std::time::Instant::now();
    let seeds = args.first..args.first.saturating_add(args.seeds);
    let outcomes = live_all(seeds, threads.unwrap_or(1).max(1));
    report::all(&outcomes, began.elapsed())
}

/// Unoptimised, a life takes ten times as long: the same again, by the profile that is made for it.
fn run_optimised() -> ExitCode {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = std::env::args_os().skip(1);
    let status = Command::new(cargo)
        .args(["run", "--quiet", "--locked", "--profile", "lives"])
        .args(["--package", "xtask", "--"])
        .args(arguments)
        .status();
    match status {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("cargo cannot be started: {error}");
            ExitCode::FAILURE
        }
    }
}

/// All lives, in the order of their seeds.
fn live_all(seeds: core::ops::Range<u64>, threads: usize) -> Vec<Outcome> {
    let next = AtomicU64::new(seeds.start);
    let outcomes = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..threads {
            let work = || {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        break;
                    }
                    let outcome = guarded(seed, false);
                    report::complain(&outcome);
                    if let Ok(mut outcomes) = outcomes.lock() {
                        outcomes.push(outcome);
                    }
                }
            };
            let spawned = thread::Builder::new()
                .stack_size(STACK)
                .spawn_scoped(scope, work);
            if let Err(error) = spawned {
                eprintln!("a thread cannot be started: {error}");
            }
        }
    });
    let mut outcomes = outcomes.into_inner().unwrap_or_default();
    outcomes.sort_by_key(|outcome| outcome.seed);
    outcomes
}

/// A life; one that panics has failed.
fn guarded(seed: u64, told: bool) -> Outcome {
    catch_unwind(AssertUnwindSafe(|| outcome::live(seed, told))).unwrap_or_else(|_| Outcome {
        seed,
        complaints: vec!["panic, see above".into()],
        ..Outcome::default()
    })
}

/// What comes of `work` on a thread with a large stack.
fn on_a_stack(work: impl FnOnce() -> Outcome + Send) -> Outcome {
    thread::scope(|scope| {
        let thread = thread::Builder::new()
            .stack_size(STACK)
            .spawn_scoped(scope, work);
        thread.ok().and_then(|thread| thread.join().ok())
    })
    .unwrap_or_default()
}
