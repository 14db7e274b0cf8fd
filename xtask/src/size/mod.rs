//! `cargo xtask size`: what the library costs on a Cortex-M33.
//!
//! Builds the probe firmware (`examples/firmware/probe`) in its variants and prints where the flash goes. The probe
//! links only if no panic can be reached; when it does not link, the task says from where one can be.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::ExitCode,
};

use image::Image;

mod build;
mod image;
mod panics;

/// The probe's variants: name, features, and the flash that the whole image may take in bytes.
const VARIANTS: [Variant; 2] = [
    Variant {
        name: "minimal",
        features: &[],
        budget: 24 * 1024,
    },
    Variant {
        name: "typical",
        features: &["typical"],
        budget: 44 * 1024,
    },
];

/// Arguments of `cargo xtask size`.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Print also this many of the largest functions and constants of each variant
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    largest: usize,
}

struct Variant {
    name: &'static str,
    features: &'static [&'static str],
    budget: u64,
}

/// Prints the table. Exit code 1 when a variant does not build.
pub(super) fn run(args: &Args) -> ExitCode {
    match measure() {
        Ok(images) => {
            print(&images);
            for (variant, image) in VARIANTS.iter().zip(&images) {
                print_largest(variant, image, args.largest);
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn measure() -> Result<Vec<Image>, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    build::require_target()?;
    let of_variant = |variant: &Variant| {
        let elf = build::probe(&root, variant.features).map_err(|failure| match failure {
            build::Failure::PanicReachable => format!(
                "the {} probe can panic: {}",
                variant.name,
                build::probe_with_panics(&root, variant.features)
                    .and_then(|elf| panics::find(&elf))
                    .unwrap_or_else(|error| error)
            ),
            build::Failure::Other(error) => format!("the {} probe: {error}", variant.name),
        })?;
        Image::read(&elf)
    };
    VARIANTS.iter().map(of_variant).collect()
}

fn print(images: &[Image]) {
    let crates: BTreeSet<&str> = images
        .iter()
        .flat_map(|image| image.crates.keys().map(String::as_str))
        .collect();
    let mut rows: Vec<(&str, Vec<u64>)> = crates
        .into_iter()
        .map(|name| {
            let of = |crates: &BTreeMap<String, u64>| crates.get(name).copied().unwrap_or(0);
            (name, images.iter().map(|image| of(&image.crates)).collect())
        })
        .collect();
    rows.sort_by_key(|(_, sizes)| core::cmp::Reverse(sizes.iter().max().copied()));

    let head: String = VARIANTS
        .iter()
        .map(|variant| format!("{:>10}", variant.name))
        .collect();
    println!("{:<34}{head}", "flash, bytes");
    for (name, sizes) in rows {
        row(name, &sizes);
    }
    let each = |of: fn(&Image) -> u64| images.iter().map(of).collect::<Vec<_>>();
    row("constants without a name, padding", &each(|i| i.unnamed));
    row("image", &each(|i| i.flash));
    row("budget of the image", &VARIANTS.map(|v| v.budget));
    println!("\n{:<34}{head}", "RAM, bytes");
    row("static", &each(|i| i.ram));
}

fn row(name: &str, sizes: &[u64]) {
    let sizes: String = sizes.iter().map(|size| format!("{size:>10}")).collect();
    println!("{name:<34}{sizes}");
}

fn print_largest(variant: &Variant, image: &Image, count: usize) {
    if count > 0 {
        println!("\nlargest in {}, bytes", variant.name);
    }
    for (name, size) in image.symbols.iter().take(count) {
        println!("{size:>8}  {name}");
    }
}
