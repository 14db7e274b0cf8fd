//! Pictures in a browser: measured, or photographed.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::tool::{Output, Scratch};

/// Measures the pictures of a page.
const MEASURE: &str = include_str!("measure.js");
/// What the browser answers stands between these.
const RESULT: [&str; 2] = ["<pre id=\"result\">", "</pre>"];

/// What is wrong with a picture.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// `outside`, `overlap`, `crossed` or `overflow`.
    pub(super) kind: String,
    /// The text that it is about.
    pub(super) text: String,
}

/// What the browser has found in a picture.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) texts: usize,
    pub(super) faults: Vec<Fault>,
}

/// Lets chromium lay the pictures out, and measures every text.
///
/// # Errors
/// A sentence, when chromium is missing or gives no answer.
pub(super) fn measure(scratch: &Scratch, svgs: &[&str]) -> Result<Vec<Finding>, String> {
    let [open, close] = RESULT;
    let svgs = svgs.concat();
    let page = format!(
        "<!doctype html><meta charset=\"utf-8\"><body>{svgs}{open}{close}<script>{MEASURE}</script>"
    );
    let page = scratch.write("page.html", &page)?;
    let output = chromium(scratch, &page, &["--dump-dom"])?;
    let answer = output.stdout.split_once(open);
    let answer = answer.and_then(|(_, rest)| rest.split_once(close));
    let answer = answer.map_or("", |(answer, _)| answer);
    let found = serde_json::from_str(answer)
        .ok()
        .and_then(|answer: Value| answer.as_array()?.iter().map(finding).collect());
    found.ok_or_else(|| format!("chromium gives no answer\n{}", output.stderr))
}

fn finding(value: &Value) -> Option<Finding> {
    let faults = value.get("faults")?.as_array()?.iter().map(|fault| {
        let field = |name| Some(fault.get(name)?.as_str()?.to_owned());
        Some(Fault {
            kind: field("kind")?,
            text: field("text")?,
        })
    });
    Some(Finding {
        texts: usize::try_from(value.get("texts")?.as_u64()?).ok()?,
        faults: faults.collect::<Option<_>>()?,
    })
}

/// Draws a picture into a PNG file.
///
/// # Errors
/// A sentence, when chromium is missing or draws nothing.
pub(super) fn photograph(scratch: &Scratch, svg: &str, png: &Path) -> Result<(), String> {
    let page = format!(
        "<!doctype html><meta charset=\"utf-8\"><body style=\"margin:0;background:#0d1117\">{svg}"
    );
    let page = scratch.write("page.html", &page)?;
    let side = |name| Some(svg.split_once(name)?.1.split_once('"')?.0);
    let size = side(" width=\"").zip(side(" height=\""));
    let (width, height) = size.ok_or("a picture without a size")?;
    let size = format!("--window-size={width},{height}");
    let shot = format!("--screenshot={}", png.display());
    let output = chromium(scratch, &page, &["--hide-scrollbars", &size, &shot])?;
    if png.exists() {
        Ok(())
    } else {
        Err(format!("chromium draws nothing\n{}", output.stderr))
    }
}

/// The sandbox does not start for root; what is opened are our own pages.
fn chromium(scratch: &Scratch, page: &Path, arguments: &[&str]) -> Result<Output, String> {
    let profile = scratch.path().join("profile");
    let mut command = Command::new("chromium");
    command
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
        ])
        .args(["--no-first-run", "--disable-background-networking"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .args(arguments)
        .arg(format!("file://{}", page.display()));
    scratch.run(&mut command, "chromium")
}
