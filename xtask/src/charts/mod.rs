//! `cargo xtask charts`: the sequence charts as pictures and as mscgen text, drawn from recordings.
//!
//! The recordings are those that the tests of lwm2m-carrier compare with the charts that are expected, and the life of
//! the demo's device. `--check` proves the committed files: see [`check`].

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use carrier_mock::charts::{Part, SCENARIOS, Scenario, blocking};
use carrier_mock::recorder::{Tape, mscgen, projection};
use lwm2m_core::time::Duration;

use picture::{Panel, Picture};

mod check;
mod exchange;
mod font;
mod layout;
mod life;
mod msc;
mod package;
mod page;
mod picture;
mod svg;
mod tool;

/// Arguments of `cargo xtask charts`.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Change nothing; fail when the committed charts are not fresh, not readable or not mscgen
    #[arg(long)]
    check: bool,
    /// Let chromium draw the charts into PNG files in this directory, to be looked at
    #[arg(long, value_name = "DIR", conflicts_with = "check")]
    png: Option<PathBuf>,
}

/// A chart, drawn.
struct Chart {
    name: &'static str,
    svg: String,
    /// The chart as mscgen text.
    msc: Option<String>,
}

impl Chart {
    /// Names and contents of its files.
    fn files(&self) -> impl Iterator<Item = (String, &str)> {
        let svg = (format!("{}.svg", self.name), self.svg.as_str());
        let msc = self.msc.as_deref();
        let msc = msc.map(|text| (format!("{}.msc", self.name), text));
        core::iter::once(svg).chain(msc)
    }
}

/// Writes, checks or photographs the charts. Exit code 1 when something is wrong, having said what.
pub(super) fn run(args: &Args) -> ExitCode {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/charts");
    let done = charts().and_then(|charts| match &args.png {
        Some(png) => photograph(&charts, png),
        None if args.check => check::all(&charts, &directory),
        None => write(&charts, &directory),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// All charts.
fn charts() -> Result<Vec<Chart>, String> {
    let mut charts = Vec::new();
    for scenario in SCENARIOS {
        let chart = chart(scenario).map_err(|error| format!("{}: {error}", scenario.name))?;
        charts.push(chart);
    }
    let life = life::picture()?;
    charts.push(Chart {
        name: life.name,
        svg: svg::draw(&life),
        msc: None,
    });
    Ok(charts)
}

fn chart(scenario: &Scenario) -> Result<Chart, String> {
    let mode = *scenario.modes.first().ok_or("without a key store")?;
    let tape = Tape::new();
    let life = scenario.live(blocking, mode, &tape);
    let life = life.map_err(|fault| fault.to_string())?;
    let recording = tape.take();
    let part = scenario.part.of(&recording);
    let rows = projection::rows(part.ok_or("the part that it draws was not recorded")?);
    let msc::Chart {
        lifelines,
        rows: drawn,
    } = msc::Chart::new(&rows)?;
    let labels: Vec<&str> = drawn.iter().map(|row| row.label.as_str()).collect();
    let description = format!("{} In order: {}.", scenario.about, labels.join("; "));
    let picture = Picture {
        name: scenario.name,
        title: scenario.title.into(),
        about: scenario.about.into(),
        description,
        lifelines,
        panels: vec![Panel {
            title: None,
            rows: drawn,
        }],
        link: None,
        began_before: scenario.part.began_before(),
        goes_on: scenario.part != Part::Whole || life.end.is_ok(),
        leap: Duration::from_secs(1),
    };
    let Scenario { title, about, .. } = scenario;
    Ok(Chart {
        name: scenario.name,
        svg: svg::draw(&picture),
        msc: Some(format!("# {title}. {about}\n{}", mscgen::to_string(&rows))),
    })
}

fn write(charts: &[Chart], directory: &Path) -> Result<(), String> {
    let said = |error| format!("{}: {error}", directory.display());
    std::fs::create_dir_all(directory).map_err(said)?;
    for (name, text) in charts.iter().flat_map(Chart::files) {
        std::fs::write(directory.join(&name), text).map_err(said)?;
        println!("docs/charts/{name}");
    }
    Ok(())
}

fn photograph(charts: &[Chart], directory: &Path) -> Result<(), String> {
    let said = |error| format!("{}: {error}", directory.display());
    std::fs::create_dir_all(directory).map_err(said)?;
    let directory = directory.canonicalize().map_err(said)?;
    let scratch = tool::Scratch::new()?;
    for chart in charts {
        let png = directory.join(format!("{}.png", chart.name));
        page::photograph(&scratch, &chart.svg, &png)?;
        println!("{}", png.display());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture is shown by readers of XML, which forgive nothing.
    #[test]
    fn pictures_are_well_formed_and_hold_what_happens() {
        let charts = charts().unwrap();
        for chart in &charts {
            let document = roxmltree::Document::parse(&chart.svg).unwrap();
            let title = document.root_element().first_element_child().unwrap();
            assert_eq!(title.tag_name().name(), "title");
            assert!(
                !document
                    .descendants()
                    .any(|node| node.has_tag_name("script"))
            );
        }
        let texts = |name: &str| {
            let chart = charts.iter().find(|chart| chart.name == name).unwrap();
            let document = roxmltree::Document::parse(&chart.svg).unwrap();
            let texts = document
                .descendants()
                .filter(|node| node.tag_name().name() == "text");
            texts
                .filter_map(|text| text.text().map(String::from))
                .collect::<Vec<_>>()
        };
        let first = texts("1_initialization");
        let event = "LWM2M_CARRIER_EVENT_BSDLIB_INIT";
        assert!(first.iter().any(|text| text == event), "{first:?}");
        let life = texts("life");
        // RFC 7252, section 4.2: sent once and four times again.
        let outage = "Update /rd/2 \u{d7}5: no answer";
        assert!(life.iter().any(|text| text == outage), "{life:?}");
    }

    #[test]
    fn a_life_shows_no_secret() {
        for chart in charts().unwrap() {
            for (name, text) in chart.files() {
                assert!(!text.contains("secret"), "{name}");
            }
        }
    }
}
