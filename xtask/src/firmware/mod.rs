//! `cargo xtask firmware`: builds every firmware of `examples/firmware`, and runs those that an emulator can.
//!
//! Nothing is installed: what is missing is named, with the commands that bring it.

use core::time::Duration;
use std::path::Path;
use std::process::ExitCode;

use images::{IMAGES, Image, Run};

mod build;
mod emulator;
mod images;
mod needs;
mod size;

pub(super) use build::{build, build_with, command, executable};
pub(super) use emulator::{run as emulate, trace};
pub(super) use images::{AT_MODEM, INSTRUCTIONS};
pub(super) use needs::{Need, TARGET, require};

/// Arguments of `cargo xtask firmware`.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Only the images whose name contains this
    #[arg(long, value_name = "SUBSTRING", default_value = "")]
    only: String,
}

/// Builds and runs. Exit code 1 when something is missing or wrong, having said what.
pub(super) fn run(args: &Args) -> ExitCode {
    let images: Vec<&Image> = IMAGES
        .iter()
        .filter(|image| image.name.contains(&args.only))
        .collect();
    if images.is_empty() {
        eprintln!("no image has \"{}\" in its name", args.only);
        return ExitCode::FAILURE;
    }
    if let Err(missing) = require(images.iter().flat_map(|image| image.needs()).copied()) {
        eprintln!("{missing}");
        return ExitCode::FAILURE;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut table = String::new();
    let mut good = true;
    for image in images {
        println!("== {}", image.name);
        let row = match make(&root, image) {
            Ok(row) => row,
            Err(error) => {
                good = false;
                println!("{error}");
                format!("{:<22}{:>10}{:>10}  failed", image.name, "", "")
            }
        };
        table.push_str(&row);
        table.push('\n');
    }
    println!("\n{:<22}{:>10}{:>10}", "image, bytes", "flash", "RAM");
    print!("{table}");
    if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Its row in the table.
fn make(root: &Path, image: &Image) -> Result<String, String> {
    let elf = build(root, image)?;
    let size = size::of(&elf)?;
    let end = match image.run {
        Run::Elsewhere(where_) => format!("built; {where_}"),
        Run::Emulated { seconds } => {
            let printed = emulate(&elf, Duration::from_secs(seconds));
            print!("{}", printed.text);
            printed.end?;
            "ran".to_owned()
        }
    };
    Ok(format!(
        "{:<22}{:>10}{:>10}  {end}",
        image.name, size.flash, size.ram
    ))
}
