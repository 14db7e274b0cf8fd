//! Builds the probe firmwares.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;

/// Cortex-M33 with its floating point unit.
const TARGET: &str = "thumbv8m.main-none-eabihf";

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

/// The image of the firmware in `directory`, of which the linker writes its map to `map`.
pub(super) fn firmware(directory: &Path, map: &Path) -> Result<PathBuf, String> {
    let mut command = cargo_build();
    // Its own settings of cargo are found from there.
    command.current_dir(directory);
    command.args([
        "--config",
        &rustflags(&format!("'-Clink-arg=-Map={}'", map.display())),
    ]);
    executable(command)
}

fn build(root: &Path, binary: &str, features: &[&str]) -> Result<PathBuf, String> {
    let mut command = cargo_build();
    command
        .args(["--bin", binary, "--features", &features.join(",")])
        .args(["--config", &rustflags("")])
        .arg("--manifest-path")
        .arg(root.join("examples/firmware/probe/Cargo.toml"));
    executable(command)
}

fn cargo_build() -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args([
            "build",
            "--quiet",
            "--release",
            "--locked",
            "--target",
            TARGET,
        ])
        .args(["--message-format", "json-render-diagnostics"]);
    command
}

/// Flags for the compiler, as a setting of cargo: the smaller of the two implementations of SHA-256, as lwm2m-carrier's
/// documentation advises, and what else there is.
fn rustflags(more: &str) -> String {
    format!(
        r#"target.{TARGET}.rustflags = ['--cfg=sha2_backend="soft"', '--cfg=sha2_backend_soft="compact"', {more}]"#
    )
}

/// What a build makes.
fn executable(mut command: Command) -> Result<PathBuf, String> {
    let output = command
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
