//! Builds the probe firmwares.

use std::path::{Path, PathBuf};

use crate::firmware::{TARGET, command, executable};

/// What the probe's panic handler calls; nothing defines it.
const UNDEFINED: &str = "a_panic_is_reachable";

/// Why there is no image.
pub(super) enum Failure {
    /// It did not link because of the panic handler.
    PanicReachable,
    /// One sentence, or what cargo said.
    Other(String),
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
    let mut command = command(directory);
    let map = map.display();
    let flags = format!("target.{TARGET}.rustflags = ['-Clink-arg=-Map={map}']");
    command.arg("--quiet").args(["--config", &flags]);
    executable(command)
}

fn build(root: &Path, binary: &str, features: &[&str]) -> Result<PathBuf, String> {
    let mut command = command(&root.join("examples/firmware/probe"));
    command
        .args(["--quiet", "--bin", binary])
        .args(["--features", &features.join(",")]);
    executable(command)
}
