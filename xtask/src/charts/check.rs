//! What must hold of the charts:
//!
//! - the committed files are those that the recordings give;
//! - Debian's `mscgen` understands the texts;
//! - in `chromium`, every text of a picture lies inside, apart from all others, and within what it labels. Pictures that
//!   are wrong on purpose are looked at too, and must be refused.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::Chart;
use super::page::{self, Finding};
use super::tool::Scratch;

/// Pictures, and the one fault that must be found in each; none in the first.
const SPECIMENS: [(Option<&str>, &str); 7] = [
    (
        None,
        r#"<g data-fit="line"><line x1="10" y1="40" x2="190" y2="40"/><text x="20" y="32">one</text></g>
        <g data-fit="box"><rect x="10" y="50" width="180" height="30"/><text x="20" y="70">two</text></g>"#,
    ),
    (
        Some("outside"),
        r#"<text x="180" y="50">behind the edge</text>"#,
    ),
    (Some("outside"), r#"<text x="20" y="5">above it</text>"#),
    (
        Some("overlap"),
        r#"<text x="20" y="50">one</text><text x="30" y="54">two</text>"#,
    ),
    (
        Some("overflow"),
        r#"<g data-fit="box"><rect x="10" y="30" width="20" height="30"/><text x="12" y="50">too long</text></g>"#,
    ),
    (
        Some("overflow"),
        r#"<g data-fit="line"><line x1="10" y1="60" x2="30" y2="60"/><text x="12" y="50">too long</text></g>"#,
    ),
    (
        Some("crossed"),
        r#"<g data-fit="line"><line x1="10" y1="48" x2="190" y2="48"/><text x="12" y="50">crossed</text></g>"#,
    ),
];

/// Checks everything.
///
/// # Errors
/// All that is wrong, one sentence per line.
pub(super) fn all(charts: &[Chart], directory: &Path) -> Result<(), String> {
    let scratch = Scratch::new()?;
    let mut faults = fresh(charts, directory)?;
    faults.extend(readable(charts, &scratch)?);
    faults.extend(mscgen(charts, &scratch)?);
    if faults.is_empty() {
        let files = charts.iter().flat_map(Chart::files).count();
        println!(
            "{} charts in {files} files are fresh and readable",
            charts.len()
        );
        Ok(())
    } else {
        Err(faults.join("\n"))
    }
}

/// Compares the committed files.
fn fresh(charts: &[Chart], directory: &Path) -> Result<Vec<String>, String> {
    let said = |error| format!("{}: {error}", directory.display());
    let mut committed = BTreeMap::new();
    if directory.exists() {
        for entry in fs::read_dir(directory).map_err(said)? {
            let entry = entry.map_err(said)?;
            let text = fs::read(entry.path()).map_err(said)?;
            committed.insert(entry.file_name().to_string_lossy().into_owned(), text);
        }
    }
    Ok(stale(charts, committed))
}

fn stale(charts: &[Chart], mut committed: BTreeMap<String, Vec<u8>>) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, text) in charts.iter().flat_map(Chart::files) {
        match committed.remove(&name) {
            Some(old) if old == text.as_bytes() => {}
            Some(_) => faults.push(format!("docs/charts/{name} is stale: cargo xtask charts")),
            None => faults.push(format!("docs/charts/{name} is missing: cargo xtask charts")),
        }
    }
    let rest = committed.keys();
    faults.extend(rest.map(|name| format!("docs/charts/{name} is no chart's")));
    faults
}

/// Lets the browser look at all pictures.
fn readable(charts: &[Chart], scratch: &Scratch) -> Result<Vec<String>, String> {
    let specimens = SPECIMENS.map(|(_, content)| {
        format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="200" height="100" viewBox="0 0 200 100">{content}</svg>"#
        )
    });
    let svgs: Vec<&str> = specimens
        .iter()
        .chain(charts.iter().map(|chart| &chart.svg))
        .map(String::as_str)
        .collect();
    let mut findings = page::measure(scratch, &svgs)?.into_iter();
    for (number, (expected, _)) in SPECIMENS.iter().enumerate() {
        let finding = findings.next().ok_or("a specimen was not looked at")?;
        let found: Vec<&str> = finding
            .faults
            .iter()
            .map(|fault| fault.kind.as_str())
            .collect();
        if found != expected.as_slice() {
            return Err(format!(
                "the check itself is wrong: in specimen {number} it has found {found:?}, not {expected:?}"
            ));
        }
    }
    let mut faults = Vec::new();
    for chart in charts {
        let finding = findings.next().ok_or("a chart was not looked at")?;
        faults.extend(unreadable(chart, &finding));
    }
    Ok(faults)
}

fn unreadable(chart: &Chart, finding: &Finding) -> Vec<String> {
    let name = chart.name;
    let texts = chart.svg.matches("<text").count();
    let mut faults: Vec<String> = finding
        .faults
        .iter()
        .map(|fault| format!("{name}.svg: {}: \"{}\"", fault.kind, fault.text))
        .collect();
    if finding.texts != texts {
        let seen = finding.texts;
        faults.push(format!("{name}.svg: of {texts} texts, {seen} were seen"));
    }
    faults
}

/// Lets mscgen draw all texts. It must refuse one that is wrong.
fn mscgen(charts: &[Chart], scratch: &Scratch) -> Result<Vec<String>, String> {
    let draw = |text: &str| {
        let file = scratch.write("chart.msc", text)?;
        let mut command = Command::new("mscgen");
        command.args(["-T", "svg", "-o"]);
        command
            .arg(scratch.path().join("chart.svg"))
            .arg("-i")
            .arg(file);
        scratch.run(&mut command, "mscgen")
    };
    if draw("msc { a, b; a ?? b; }")?.success {
        return Err("the check itself is wrong: mscgen takes anything".into());
    }
    let mut faults = Vec::new();
    for chart in charts {
        let Some(text) = &chart.msc else { continue };
        let output = draw(text)?;
        if !output.success {
            let error = output.stderr.trim();
            faults.push(format!("{}.msc: mscgen refuses it: {error}", chart.name));
        }
    }
    Ok(faults)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charts::page::Fault;

    fn chart() -> Chart {
        Chart {
            name: "1_one",
            svg: "<svg><text>x</text></svg>".into(),
            msc: Some("msc {}".into()),
        }
    }

    #[test]
    fn committed_files_are_those_that_are_drawn() {
        let files = |files: &[(&str, &str)]| {
            let files = files
                .iter()
                .map(|(name, text)| ((*name).into(), (*text).into()));
            stale(&[chart()], files.collect())
        };
        let svg = ("1_one.svg", "<svg><text>x</text></svg>");
        let msc = ("1_one.msc", "msc {}");
        assert_eq!(files(&[svg, msc]), [""; 0]);
        let found = files(&[("1_one.svg", "<svg/>"), ("2_two.svg", "")]);
        let expected = [
            "docs/charts/1_one.svg is stale: cargo xtask charts",
            "docs/charts/1_one.msc is missing: cargo xtask charts",
            "docs/charts/2_two.svg is no chart's",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn what_the_browser_finds_is_told() {
        let finding = |texts, faults| unreadable(&chart(), &Finding { texts, faults });
        assert_eq!(finding(1, vec![]), [""; 0]);
        assert_eq!(finding(0, vec![]), ["1_one.svg: of 1 texts, 0 were seen"]);
        let fault = Fault {
            kind: "overlap".into(),
            text: "x".into(),
        };
        assert_eq!(finding(1, vec![fault]), ["1_one.svg: overlap: \"x\""]);
    }
}
