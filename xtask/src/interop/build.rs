//! Builds the programs of the bench.

use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::SystemTime,
};

use serde_json::Value;

use super::{children::Running, failure::Failure, leshan};

/// Builds `interop/leshan` with Maven, unless the last build is newer than all of its sources.
pub(super) fn leshan(root: &Path) -> Result<(), Failure> {
    require("java", "-version", "a Java runtime, version 17 or newer")?;
    let project = root.join("interop/leshan");
    if is_current(&leshan::jar(root), &project) {
        return Ok(());
    }
    require("mvn", "-version", "Maven, version 3.6.3 or newer")?;
    println!("building interop/leshan (the first time Maven downloads Leshan) …");
    let mut maven = Command::new("mvn");
    maven
        .args(["-q", "-B", "-Dstyle.color=never", "package"])
        .current_dir(project)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    match run(&mut maven, "mvn")? {
        (true, _) => Ok(()),
        // Maven reports errors on stdout.
        (false, printed) => Err(Failure::new(format!("{printed}mvn -q -B package failed"))),
    }
}

/// Builds `lwm2m-client` and returns where it lies.
pub(super) fn client(root: &Path) -> Result<PathBuf, Failure> {
    cargo(root, "lwm2m-client", &["--package", "carrier-host"])
}

/// Builds the program that plays a modem, and returns where it lies.
pub(super) fn modem(root: &Path) -> Result<PathBuf, Failure> {
    cargo(root, "at_modem_host", &["--package", "at-modem-host"])
}

/// Builds the program `bin` and returns where it lies.
fn cargo(root: &Path, bin: &str, args: &[&str]) -> Result<PathBuf, Failure> {
    println!("building {bin} …");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args(["build", "--quiet", "--bin", bin])
        .args(args)
        .args(["--message-format", "json-render-diagnostics"])
        .current_dir(root)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    let (built, printed) = run(&mut command, "cargo")?;
    if !built {
        return Err(Failure::new(format!("cargo build --bin {bin} failed")));
    }
    printed
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .ok_or_else(|| Failure::new(format!("cargo built no {bin}")))
}

/// Runs a build to its end: whether it succeeded, and what it printed on a piped stdout.
fn run(command: &mut Command, name: &str) -> Result<(bool, String), Failure> {
    let failed = |error: io::Error| Failure::new(format!("{name}: {error}"));
    let (running, pipes) = Running::start(command).map_err(failed)?;
    let mut printed = String::new();
    if let Some(mut stdout) = pipes.stdout {
        stdout.read_to_string(&mut printed).map_err(failed)?;
    }
    let status = running.wait(None).map_err(failed)?;
    Ok((status.is_some_and(|status| status.success()), printed))
}

fn require(program: &str, version: &str, what: &str) -> Result<(), Failure> {
    Command::new(program)
        .arg(version)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .map(drop)
        .map_err(|_| Failure::new(format!("interop needs {what}, but there is no `{program}`")))
}

/// Whether `product` is newer than every source of the Maven project.
fn is_current(product: &Path, project: &Path) -> bool {
    let Ok(built) = fs::metadata(product).and_then(|file| file.modified()) else {
        return false;
    };
    newest(&project.join("pom.xml")).max(newest(&project.join("src"))) < Some(built)
}

/// When a file, or the last one below a directory, was changed.
fn newest(path: &Path) -> Option<SystemTime> {
    let changed = fs::metadata(path).and_then(|file| file.modified()).ok();
    let below = fs::read_dir(path).into_iter().flatten().flatten();
    below
        .filter_map(|entry| newest(&entry.path()))
        .max()
        .max(changed)
}
