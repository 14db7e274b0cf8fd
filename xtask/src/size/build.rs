//! Builds the probe firmwares.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;

/// Cortex-M33 with its floating point unit.
const TARGET: &str = "thumbv8m.main-none-eabihf";

/// The smaller of the two implementations of SHA-256, as lwm2m-carrier's documentation advises.
const RUSTFLAGS: &str = r#"target.thumbv8m.main-none-eabihf.rustflags = [
    '--cfg=sha2_backend="soft"', '--cfg=sha2_backend_soft="compact"',
]"#;

/// What the probe's panic handler calls; nothing defines it.
const UNDEFINED: &str = "a_panic_is_reachable";

/// Why there is no image.
pub(super) enum Failure {
    /// It did not link because of the panic handler.
    PanicReachable,
    /// One sentence, or what cargo said.
    Other(String),
}

/// Says what to do when the compiler has no library for the target.
pub(super) fn require_target() -> Result<(), String> {
    let printed = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", TARGET])
        .output()
        .map_err(|error| format!("rustc: {error}"))?;
    let directory = String::from_utf8_lossy(&printed.stdout).trim().to_owned();
    if Path::new(&directory).is_dir() {
        Ok(())
    } else {
        Err(format!("the target is missing: rustup target add {TARGET}"))
    }
}

/// The image in which no panic can be reached.
pub(super) fn probe(root: &Path, binary: &str, features: &[&str]) -> Result<PathBuf, Failure> {
    build(root, binary, features).map_err(|error| {
        if error.contains(UNDEFINED) {
            Failure::PanicReachable
        } else {
            Failure::Other(error)
        }
    })
}

/// The image that links although a panic can be reached.
pub(super) fn probe_with_panics(
    root: &Path,
    binary: &str,
    features: &[&str],
) -> Result<PathBuf, String> {
    build(root, binary, &[features, &["find-panics"]].concat())
}

fn build(root: &Path, binary: &str, features: &[&str]) -> Result<PathBuf, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["build", "--quiet", "--release", "--locked"])
        .args(["--target", TARGET, "--bin", binary])
        .args(["--config", &RUSTFLAGS.replace('\n', "")])
        .args(["--features", &features.join(",")])
        .args(["--message-format", "json-render-diagnostics"])
        .arg("--manifest-path")
        .arg(root.join("examples/firmware/probe/Cargo.toml"))
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cargo: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .find_map(|message| message.get("executable")?.as_str().map(PathBuf::from))
        .ok_or_else(|| "cargo built no image".to_owned())
}
