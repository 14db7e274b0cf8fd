//! The table, as text and in Markdown.

use core::fmt::Write as _;
use std::collections::{BTreeMap, BTreeSet};

use super::{
    measure::Measured,
    nrf91::{Bytes, Owner},
    panics,
    variants::{Figures, Peer, SOURCES, VARIANTS, is_ours},
};
use crate::figures::thousands;

/// A line of the table.
struct Row {
    name: String,
    cells: Vec<String>,
}

/// One of the figures of a probe.
pub(super) type Pick = fn(&Figures<Option<u64>>) -> Option<u64>;

/// What a row shows of a probe: a measured figure, its budget, and that of a peer.
type Figure = (&'static str, Pick, fn(&Figures<Peer>) -> Peer);

const FLASH: [Figure; 2] = [
    ("library", |of| of.library, |of| of.library),
    ("image", |of| of.image, |of| of.image),
];

const PANICS: Figure = ("calls that may panic", |of| of.panics, |of| of.panics);

const RAM: [Figure; 3] = [
    ("static RAM", |of| of.ram, |of| of.ram),
    ("stack, deepest", |of| of.stack, |of| of.stack),
    ("RAM, static and stack", |of| of.all_ram, |of| of.all_ram),
];

/// Every figure with its name in baselines.
pub(super) const ALL: [(&str, Pick); 5] = [
    ("library", |of| of.library),
    ("image", |of| of.image),
    ("ram", |of| of.ram),
    ("stack", |of| of.stack),
    ("panics", |of| of.panics),
];

/// Prints the table as text.
pub(super) fn print(measured: &[Measured], signature: u64) {
    let rows = rows(measured, signature);
    let width = |at: usize| {
        let cells = rows.iter().filter_map(|row| row.cells.get(at));
        cells.map(String::len).max().unwrap_or(0).max(8)
    };
    let names = rows.iter().map(|row| row.name.chars().count()).max();
    let (names, widths) = (names.unwrap_or(0), [width(0), width(1), width(2), width(3)]);
    let line = |name: &str, cells: &mut dyn Iterator<Item = &str>| {
        let cells: String = cells
            .zip(widths)
            .map(|(cell, width)| format!("  {cell:>width$}"))
            .collect();
        println!("{}", format!("{name:<names$}{cells}").trim_end());
    };
    line("bytes", &mut VARIANTS.iter().map(|variant| variant.name));
    for row in &rows {
        line(&row.name, &mut row.cells.iter().map(String::as_str));
    }
    println!("\n{SOURCES}");
    for probe in measured.iter().filter(|probe| !probe.panics.is_empty()) {
        println!("\n{}: {}", probe.variant.name, panics::name(&probe.panics));
    }
}

/// The table in Markdown, with the library's own crates only.
pub(super) fn markdown(measured: &[Measured], signature: u64) -> String {
    let head: String = VARIANTS
        .iter()
        .map(|variant| format!(" {} |", variant.name))
        .collect();
    let mut table = format!(
        "| bytes |{head}\n| --- |{}\n",
        " ---: |".repeat(VARIANTS.len())
    );
    let is_of_foreign_crate = |row: &Row| {
        let mut crates = measured.iter().flat_map(|probe| probe.image.crates.keys());
        crates.any(|name| *name == row.name && !is_ours(name))
    };
    for row in rows(measured, signature) {
        if row.name.contains("::") || is_of_foreign_crate(&row) {
            continue;
        }
        let cells: String = row.cells.iter().map(|cell| format!(" {cell} |")).collect();
        let _ = writeln!(table, "| {} |{cells}", row.name.trim_start());
    }
    table
}

fn rows(measured: &[Measured], signature: u64) -> Vec<Row> {
    let mut rows = crates(measured);
    let unnamed = measured.iter().map(|probe| Some(probe.image.unnamed));
    rows.push(numbers("constants without a name, padding", unnamed));
    for figure in &FLASH {
        rows.extend(beside(measured, figure));
    }
    rows.push(Row {
        name: "a verifier of ECDSA signatures more".to_owned(),
        cells: VARIANTS
            .iter()
            .map(|variant| match variant.name {
                "carrier" => thousands(signature),
                _ => String::new(),
            })
            .collect(),
    });
    for figure in &RAM {
        rows.extend(beside(measured, figure));
    }
    // One with an allocator is refused.
    rows.push(numbers("heap", measured.iter().map(|_| Some(0))));
    rows.extend(beside(measured, &PANICS));
    rows
}

/// Flash by crate, the libraries' also by module; the largest first.
fn crates(measured: &[Measured]) -> Vec<Row> {
    let largest = |names: BTreeSet<&str>, of: &dyn Fn(&Measured, &str) -> u64| {
        let sizes = |name: &str| -> Vec<u64> { measured.iter().map(|m| of(m, name)).collect() };
        let mut all: Vec<_> = names.into_iter().map(|name| (name, sizes(name))).collect();
        all.sort_by_key(|(_, sizes)| core::cmp::Reverse(sizes.iter().max().copied()));
        all.into_iter()
            .map(|(name, sizes)| (name.to_owned(), sizes))
            .collect::<Vec<_>>()
    };
    let names = measured.iter().flat_map(|probe| probe.image.crates.keys());
    let of_crate =
        |probe: &Measured, name: &str| probe.image.crates.get(name).copied().unwrap_or(0);
    let mut rows = Vec::new();
    for (name, sizes) in largest(names.map(String::as_str).collect(), &of_crate) {
        rows.push(numbers(&name, sizes.into_iter().map(Some)));
        if !is_ours(&name) {
            continue;
        }
        let inside = format!("{name}::");
        let modules = measured.iter().flat_map(|probe| probe.image.modules.keys());
        let modules = modules
            .map(String::as_str)
            .filter(|it| it.starts_with(&inside));
        let of_module =
            |probe: &Measured, name: &str| probe.image.modules.get(name).copied().unwrap_or(0);
        for (name, sizes) in largest(modules.collect(), &of_module) {
            let module = format!("  ::{}", name.trim_start_matches(&inside));
            rows.push(numbers(&module, sizes.into_iter().map(Some)));
        }
    }
    rows
}

/// A figure, its budget and that of the best peer.
fn beside(measured: &[Measured], (name, figure, peer): &Figure) -> Vec<Row> {
    let mut rows = vec![numbers(name, measured.iter().map(|it| figure(&it.figures)))];
    let budgets: Vec<_> = VARIANTS.iter().map(|it| figure(&it.budget)).collect();
    if budgets.iter().any(Option::is_some) {
        let cells = budgets
            .into_iter()
            .map(|it| it.map_or_else(String::new, thousands));
        rows.push(Row {
            name: "  budget".to_owned(),
            cells: cells.collect(),
        });
    }
    let peers: Vec<_> = VARIANTS.iter().map(|it| peer(&it.peer)).collect();
    if peers.iter().any(Option::is_some) {
        let cell = |peer: Peer| match peer {
            Some((bytes, name)) => format!("{name} {}", thousands(bytes)),
            None => String::new(),
        };
        rows.push(Row {
            name: "  best peer".to_owned(),
            cells: peers.into_iter().map(cell).collect(),
        });
    }
    rows
}

/// A row of figures; what was not measured is told to be so.
fn numbers(name: &str, figures: impl Iterator<Item = Option<u64>>) -> Row {
    Row {
        name: name.to_owned(),
        cells: figures
            .map(|figure| figure.map_or_else(|| "no qemu".to_owned(), thousands))
            .collect(),
    }
}

/// Rows of the firmware for the nRF9160: name, flash, RAM.
fn firmware_rows(owners: &BTreeMap<Owner, Bytes>) -> Vec<[String; 3]> {
    let row = |name: &str, bytes: Bytes| {
        [
            name.to_owned(),
            thousands(bytes.flash),
            thousands(bytes.ram),
        ]
    };
    let of = |owner| owners.get(&owner).copied().unwrap_or_default();
    let all = Bytes {
        flash: owners.values().map(|bytes| bytes.flash).sum(),
        ram: owners.values().map(|bytes| bytes.ram).sum(),
    };
    let mut rows: Vec<_> = Owner::ALL.map(|it| row(it.name(), of(it))).into();
    rows.push(row("all", all));
    rows
}

/// Prints the firmware for the nRF9160, where there is one.
pub(super) fn print_firmware(firmware: Option<&Result<BTreeMap<Owner, Bytes>, String>>) {
    match firmware {
        Some(Ok(owners)) => {
            println!(
                "\n{:<44}{:>10}{:>12}",
                "nRF9160 firmware, bytes", "flash", "static RAM"
            );
            for [name, flash, ram] in firmware_rows(owners) {
                println!("{name:<44}{flash:>10}{ram:>12}");
            }
        }
        Some(Err(error)) => {
            println!("\nthe firmware for the nRF9160 does not build here:\n{error}")
        }
        None => {}
    }
}

/// The same in Markdown.
pub(super) fn firmware_markdown(owners: &BTreeMap<Owner, Bytes>) -> String {
    let mut table =
        "| nRF9160 firmware, bytes | flash | static RAM |\n| --- | ---: | ---: |\n".to_owned();
    for [name, flash, ram] in firmware_rows(owners) {
        let _ = writeln!(table, "| {name} | {flash} | {ram} |");
    }
    table
}
