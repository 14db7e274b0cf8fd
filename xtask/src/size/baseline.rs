//! What the probes have cost so far, in a text file, and what has grown since.

use core::fmt::Write as _;
use std::{collections::BTreeMap, fs, path::PathBuf, process::Command};

use super::{measure::Measured, table::ALL};

const HEAD: &str = "\
# Bytes that each firmware takes: `cargo xtask size --check` refuses growth of more than 1 %, `cargo xtask size --update`
# writes this file.
";

/// Most bytes in a thousand that a figure may grow by.
const PER_MILLE: u64 = 10;

/// Figures by probe and name: `library`, `image`, `ram`, `stack`, and the flash of each crate and module.
type Figures = BTreeMap<(String, String), u64>;

/// The file.
pub(super) struct Baseline {
    path: PathBuf,
}

impl Baseline {
    pub(super) const fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Writes what was measured. What could not be measured here stays as it was.
    pub(super) fn update(&self, measured: &[Measured]) -> Result<(), String> {
        let mut text = format!("{HEAD}compiler {}\n", compiler());
        let mut all = self.read().unwrap_or_default().1;
        all.retain(|(_, name), _| name == "stack");
        all.extend(figures(measured));
        for ((probe, name), bytes) in all {
            let _ = writeln!(text, "{probe} {name} {bytes}");
        }
        fs::write(&self.path, text).map_err(|error| self.in_file(&error))
    }

    /// What has grown by more than is allowed, with the crates and modules that have.
    pub(super) fn check(&self, measured: &[Measured]) -> Result<(), String> {
        let (made_by, old) = self.read()?;
        let grown = grown(&old, &figures(measured));
        if grown.is_empty() {
            return Ok(());
        }
        let used = compiler();
        let compilers = if made_by == used {
            String::new()
        } else {
            format!("\nthe baseline was made by {made_by}, this is {used}")
        };
        Err(format!(
            "more than {} % above {}:{}{compilers}",
            PER_MILLE / 10,
            self.path.display(),
            grown.concat()
        ))
    }

    fn read(&self) -> Result<(String, Figures), String> {
        let text = fs::read_to_string(&self.path).map_err(|error| self.in_file(&error))?;
        parse(&text).ok_or_else(|| self.in_file(&"not a baseline"))
    }

    fn in_file(&self, error: &dyn core::fmt::Display) -> String {
        format!("{}: {error}", self.path.display())
    }
}

/// The compiler and the figures.
fn parse(text: &str) -> Option<(String, Figures)> {
    let (mut made_by, mut all) = (String::new(), Figures::new());
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if let Some(compiler) = line.strip_prefix("compiler ") {
            compiler.clone_into(&mut made_by);
            continue;
        }
        let mut words = line.split(' ');
        let key = (words.next()?.to_owned(), words.next()?.to_owned());
        all.insert(key, words.next()?.parse().ok()?);
    }
    Some((made_by, all))
}

fn figures(measured: &[Measured]) -> Figures {
    let mut all = Figures::new();
    for probe in measured {
        let mut add = |name: &str, bytes: u64| {
            let key = (probe.variant.name.to_owned(), name.to_owned());
            all.insert(key, bytes);
        };
        for (name, figure) in ALL {
            if let Some(bytes) = figure(&probe.figures) {
                add(name, bytes);
            }
        }
        for (name, &bytes) in probe.image.crates.iter().chain(&probe.image.modules) {
            add(name, bytes);
        }
    }
    all
}

/// A line for each figure of a whole that has grown by too much.
fn grown(old: &Figures, new: &Figures) -> Vec<String> {
    let totals = new
        .iter()
        .filter(|((_, name), _)| ALL.iter().any(|(total, _)| total == name));
    totals
        .filter_map(|(key, &bytes)| {
            let (probe, name) = key;
            let Some(&before) = old.get(key) else {
                return Some(format!("\n  {probe}: {name} is not in the baseline"));
            };
            let more = bytes.saturating_sub(before);
            let is_allowed = more * 1000 <= before * PER_MILLE;
            (!is_allowed).then(|| {
                let parts = match name.as_str() {
                    "library" | "image" => parts(probe, old, new),
                    _ => String::new(),
                };
                format!("\n  {probe}: {name} {before} -> {bytes}, {more} more{parts}")
            })
        })
        .collect()
}

/// The crates and modules of a probe that have grown, the most first.
fn parts(probe: &str, old: &Figures, new: &Figures) -> String {
    let mut parts: Vec<(u64, &str)> = new
        .iter()
        .filter(|((of, name), _)| of == probe && ALL.iter().all(|(total, _)| total != name))
        .map(|(key, bytes)| {
            let before = old.get(key).copied().unwrap_or(0);
            (bytes.saturating_sub(before), key.1.as_str())
        })
        .filter(|&(more, _)| more > 0)
        .collect();
    parts.sort_by_key(|&(more, _)| core::cmp::Reverse(more));
    let named: Vec<String> = parts
        .iter()
        .take(8)
        .map(|(more, name)| format!("{name} +{more}"))
        .collect();
    if named.is_empty() {
        String::new()
    } else {
        format!(": {}", named.join(", "))
    }
}

/// The compiler's version.
fn compiler() -> String {
    let output = Command::new("rustc").arg("--version").output();
    output.map_or_else(
        |error| error.to_string(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Figures {
        parse(text).map(|(_, all)| all).unwrap_or_default()
    }

    const OLD: &str = "compiler x\na image 1000\na core 500\na core::wire 200\na ram 100\n";

    #[test]
    fn one_per_cent_more_passes_and_one_byte_above_does_not() {
        let old = read(OLD);
        assert!(grown(&old, &read("a image 1010\na ram 101")).is_empty());
        let new = read("a image 1011\na core 511\na core::wire 205\na ram 100");
        assert_eq!(
            grown(&old, &new),
            ["\n  a: image 1000 -> 1011, 11 more: core +11, core::wire +5"]
        );
        let new = read("a image 900\na ram 102");
        assert_eq!(grown(&old, &new), ["\n  a: ram 100 -> 102, 2 more"]);
    }

    #[test]
    fn what_is_not_in_the_baseline_is_told() {
        let new = read("b image 10");
        assert_eq!(
            grown(&read(OLD), &new),
            ["\n  b: image is not in the baseline"]
        );
    }

    #[test]
    fn nonsense_is_no_baseline() {
        assert!(parse("a image x").is_none());
        assert!(parse("a image").is_none());
    }
}
