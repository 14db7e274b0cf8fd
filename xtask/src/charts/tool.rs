//! Running the programs that judge the charts.

use core::time::Duration;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Instant;

/// No program takes so long unless it hangs.
const TIMEOUT: Duration = Duration::from_secs(120);

/// A directory that goes when this does.
pub(super) struct Scratch(PathBuf);

impl Scratch {
    pub(super) fn new() -> Result<Self, String> {
        let path = std::env::temp_dir().join(format!("lwm2m-charts-{}", std::process::id()));
        fs::create_dir_all(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    pub(super) fn write(&self, name: &str, text: &str) -> Result<PathBuf, String> {
        let path = self.0.join(name);
        fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(path)
    }

    /// Runs a program to its end; answers whether it ended well, and what it wrote to stdout and stderr.
    ///
    /// # Errors
    /// A sentence: it is not installed, in which case the sentence names the Debian package, or it hangs.
    pub(super) fn run(&self, command: &mut Command, package: &str) -> Result<Output, String> {
        let [stdout, stderr] = ["stdout", "stderr"].map(|name| self.0.join(name));
        let create = |path| File::create(path).map_err(|error| error.to_string());
        command
            .stdin(Stdio::null())
            .stdout(create(&stdout)?)
            .stderr(create(&stderr)?);
        let mut child = command.spawn().map_err(|error| match error.kind() {
            ErrorKind::NotFound => {
                format!("{package} is missing: apt-get install {package} (Debian)")
            }
            _ => format!("{package} cannot be started: {error}"),
        })?;
        let started = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
                break status;
            }
            if started.elapsed() > TIMEOUT {
                // Both fail only when it has already ended.
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("{package} hangs"));
            }
            thread::sleep(Duration::from_millis(10));
        };
        let read = |path| fs::read_to_string(path).map_err(|error| format!("{package}: {error}"));
        Ok(Output {
            success: status.success(),
            stdout: read(stdout)?,
            stderr: read(stderr)?,
        })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What remains is the system's to clean up.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What a program has said.
pub(super) struct Output {
    pub(super) success: bool,
    pub(super) stdout: String,
    pub(super) stderr: String,
}
