//! Builds a firmware.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::images::Image;
use super::needs::TARGET;

/// Builds an image; where it lies.
pub(crate) fn build(root: &Path, image: &Image) -> Result<PathBuf, String> {
    build_with(root, image, None)
}

/// The same with a variable in its environment.
pub(crate) fn build_with(
    root: &Path,
    image: &Image,
    variable: Option<(&str, &str)>,
) -> Result<PathBuf, String> {
    let directory = root.join("examples/firmware").join(image.directory);
    let mut command = command(&directory);
    command
        .args(["--bin", image.binary])
        .args(["--no-default-features", "--features", image.features])
        .envs(variable)
        .stderr(Stdio::inherit());
    // What is wrong has been printed.
    executable(command).map_err(|_| format!("{} does not build", image.name))
}

/// Builds the firmware in `directory`; what of it, and what else is to be, may be added.
pub(crate) fn command(directory: &Path) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args(["build", "--release", "--locked", "--target", TARGET])
        .args(["--message-format", "json-render-diagnostics"])
        // There its configuration is found.
        .current_dir(directory);
    command
}

/// What such a command makes; else what it says, where nobody else hears it.
pub(crate) fn executable(mut command: Command) -> Result<PathBuf, String> {
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
