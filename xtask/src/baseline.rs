//! What was measured last, in a text file, and what has grown since.

use core::fmt::Write as _;
use std::{collections::BTreeMap, fs, path::PathBuf, process::Command};

/// Most in a thousand that a figure may grow by.
const PER_MILLE: u64 = 10;

/// Figures by what was measured and their own name.
pub(crate) type Figures = BTreeMap<(String, String), u64>;

/// The file.
pub(crate) struct Baseline {
    path: PathBuf,
    /// Comment at its start.
    head: &'static str,
    /// What not every machine can measure: it is missed in no measurement, and stays as it was where it is missing.
    optional: Option<&'static str>,
}

impl Baseline {
    pub(crate) const fn new(
        path: PathBuf,
        head: &'static str,
        optional: Option<&'static str>,
    ) -> Self {
        Self {
            path,
            head,
            optional,
        }
    }

    /// Writes what was measured.
    pub(crate) fn update(&self, measured: Figures) -> Result<(), String> {
        let mut text = format!("{}compiler {}\n", self.head, compiler());
        let mut all = self.read().unwrap_or_default().1;
        all.retain(|(_, name), _| Some(name.as_str()) == self.optional);
        all.extend(measured);
        for ((of, name), figure) in all {
            let _ = writeln!(text, "{of} {name} {figure}");
        }
        fs::write(&self.path, text).map_err(|error| self.in_file(&error))
    }

    /// What has grown by more than is allowed, and what is measured no more: of the figures that are `gated`, each with what
    /// `explain` says of it, given the old figures.
    pub(crate) fn check(
        &self,
        measured: &Figures,
        gated: impl Fn(&str) -> bool,
        explain: impl Fn(&Figures, &str, &str) -> String,
    ) -> Result<(), String> {
        let (made_by, old) = self.read()?;
        let mut told = grown(&old, measured, &gated, explain);
        told.extend(missing(&old, measured, |name| {
            gated(name) && Some(name) != self.optional
        }));
        if told.is_empty() {
            return Ok(());
        }
        let used = compiler();
        let compilers = if made_by == used {
            String::new()
        } else {
            format!("\nthe baseline was made by {made_by}, this is {used}")
        };
        Err(format!(
            "more than {} % above {}, or not measured:{}{compilers}",
            PER_MILLE / 10,
            self.path.display(),
            told.concat()
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

/// A line for each gated figure that has grown by too much.
fn grown(
    old: &Figures,
    new: &Figures,
    gated: impl Fn(&str) -> bool,
    explain: impl Fn(&Figures, &str, &str) -> String,
) -> Vec<String> {
    let gated = new.iter().filter(|((_, name), _)| gated(name));
    gated
        .filter_map(|(key, &figure)| {
            let (of, name) = key;
            let Some(&before) = old.get(key) else {
                return Some(format!("\n  {of}: {name} is not in the baseline"));
            };
            let more = figure.saturating_sub(before);
            let is_allowed = more * 1000 <= before * PER_MILLE;
            (!is_allowed).then(|| {
                let explained = explain(old, of, name);
                format!("\n  {of}: {name} {before} -> {figure}, {more} more{explained}")
            })
        })
        .collect()
}

/// A line for each gated figure of the baseline that nothing was measured for.
fn missing(old: &Figures, new: &Figures, gated: impl Fn(&str) -> bool) -> Vec<String> {
    old.keys()
        .filter(|key| gated(&key.1) && !new.contains_key(*key))
        .map(|(of, name)| format!("\n  {of}: {name} is not measured any more"))
        .collect()
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

    fn told(old: &Figures, new: &str) -> Vec<String> {
        let gated = |name: &str| name != "core";
        grown(old, &read(new), gated, |old, of, name| {
            format!(", {} figures, {of} {name}", old.len())
        })
    }

    const OLD: &str = "# of last week\ncompiler x\na image 1000\na core 500\na ram 100\n";

    #[test]
    fn one_per_cent_more_passes_and_one_above_does_not() {
        let old = read(OLD);
        assert!(told(&old, "a image 1010\na ram 101\na core 900").is_empty());
        assert_eq!(
            told(&old, "a image 1011\na ram 100"),
            ["\n  a: image 1000 -> 1011, 11 more, 3 figures, a image"]
        );
        assert_eq!(
            told(&old, "a image 900\na ram 102"),
            ["\n  a: ram 100 -> 102, 2 more, 3 figures, a ram"]
        );
    }

    #[test]
    fn what_is_not_in_the_baseline_is_told() {
        assert_eq!(
            told(&read(OLD), "b image 10"),
            ["\n  b: image is not in the baseline"]
        );
    }

    /// A check that looks at what there is would pass when nothing is.
    #[test]
    fn what_is_measured_no_more_is_told() {
        let gated = |name: &str| name != "core";
        assert_eq!(
            missing(&read(OLD), &read("a image 1000"), gated),
            ["\n  a: ram is not measured any more"]
        );
    }

    #[test]
    fn nonsense_is_no_baseline() {
        assert!(parse("a image x").is_none());
        assert!(parse("a image").is_none());
    }
}
