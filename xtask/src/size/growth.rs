//! The figures of the probes for the baseline, and in which crates and modules they have grown.

use std::path::Path;

use super::{measure::Measured, table::ALL};
use crate::baseline::{Baseline, Figures};

/// The file of what the probes took last. Figures by probe and name: `library`, `image`, `ram`, `stack`, and the flash of
/// each crate and module.
pub(super) fn baseline(root: &Path) -> Baseline {
    Baseline::new(
        root.join("examples/firmware/baseline.txt"),
        "\
# Bytes that each firmware takes: `cargo xtask size --check` refuses growth of more than 1 %, `cargo xtask size --update`
# writes this file.
",
        // It is measured in an emulator, which not every machine has.
        Some("stack"),
    )
}

/// Writes what was measured.
pub(super) fn update(root: &Path, measured: &[Measured]) -> Result<(), String> {
    baseline(root).update(figures(measured))
}

/// What has grown by more than is allowed, with the crates and modules that have.
pub(super) fn check(root: &Path, measured: &[Measured]) -> Result<(), String> {
    let new = figures(measured);
    baseline(root).check(&new, is_total, |old, probe, name| match name {
        "library" | "image" => parts(probe, old, &new),
        _ => String::new(),
    })
}

fn is_total(name: &str) -> bool {
    ALL.iter().any(|(total, _)| *total == name)
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

/// The crates and modules of a probe that have grown, the most first.
fn parts(probe: &str, old: &Figures, new: &Figures) -> String {
    let mut parts: Vec<(u64, &str)> = new
        .iter()
        .filter(|((of, name), _)| of == probe && !is_total(name))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_grown_most_is_named_first() {
        let figures = |all: &[(&str, &str, u64)]| -> Figures {
            let all = all.iter();
            all.map(|&(probe, name, bytes)| ((probe.to_owned(), name.to_owned()), bytes))
                .collect()
        };
        let old = figures(&[
            ("a", "core", 500),
            ("a", "core::wire", 200),
            ("b", "core", 1),
        ]);
        let new = figures(&[
            ("a", "image", 1_011),
            ("a", "core", 505),
            ("a", "core::wire", 211),
            ("b", "core", 900),
        ]);
        assert_eq!(parts("a", &old, &new), ": core::wire +11, core +5");
        assert_eq!(parts("a", &new, &new), "");
    }
}
