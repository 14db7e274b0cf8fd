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
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["build", "--release", "--locked", "--target", TARGET])
        .args(["--bin", image.binary])
        .args(["--no-default-features", "--features", image.features])
        .args(["--message-format", "json-render-diagnostics"])
        // There its configuration is found.
        .current_dir(&directory)
        .envs(variable)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cargo: {error}"))?;
    if !output.status.success() {
        return Err(format!("{} does not build", image.name));
    }
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .find_map(|message| message.get("executable")?.as_str().map(PathBuf::from))
        .ok_or_else(|| format!("cargo built no {}", image.name))
}
